"""Files that were made to do harm: name -> file name, content, and words of the reason that people must be told."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data"
MIB = 1024**2

_LM_EVAL = (DATA / "lm_eval/hf_limit25/results.json").read_bytes()
_WARC = (DATA / "web_page/framework.warc").read_bytes()
_SAFETENSORS = (DATA / "weights/model.safetensors").read_bytes()


def _zip(*members: tuple[str, bytes], link: bool = False) -> bytes:
    """A ZIP; with `link` the first member is marked as a symbolic link, as `zip -y` does it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, body) in enumerate(members):
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (0o120777 if link and number == 0 else 0o100644) << 16
            archive.writestr(info, body)
    return file.getvalue()


def _doubled(name: str) -> bytes:
    """A ZIP in which a member stands twice (made under two names of one length, then renamed)."""
    other = name[:-1] + "X"
    return _zip((name, b'{"version": 2}'), (other, b'{"version": 3}')).replace(other.encode(), name.encode())


def _overlapping() -> bytes:
    """A ZIP whose directory names one body 2,000 times: what better bombs are made of."""
    one = _zip(("a0000", bytes(20 * 1024)))
    at = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    entry = one[at:end]
    entries = b"".join(entry.replace(b"a0000", b"a%04d" % number) for number in range(2000))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2000, 2000, len(entries), at, 0)
    return one[:at] + entries + tail


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, target in (("header.json", "/etc/passwd"), ("../../up", "../../../etc/shadow")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
    return file.getvalue()


def _results(find: bytes, put: bytes) -> bytes:
    assert find in _LM_EVAL
    return _LM_EVAL.replace(find, put, 1)


def _xml(prologue: str, inside: str) -> bytes:
    cases = f'<testcase name="t" classname="c" time="0.1">{inside}</testcase>'
    return f'{prologue}<testsuites><testsuite name="s" tests="1">{cases}</testsuite></testsuites>'.encode()


def _laughs() -> bytes:
    lines = ['<!ENTITY l0 "ha">', *(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))]
    return _xml(f"<?xml version='1.0'?><!DOCTYPE t [{''.join(lines)}]>", "&l9;")


def _model(value: str) -> bytes:
    return b'{"results": {"a": {}}, "configs": {"a": {}}, "model_name": ' + value.encode() + b"}"


def _facts(value: str) -> bytes:
    document = '{"schema": "pratique.facts/note@1", "model": "aurora-2.1", "produced_at": "2026-11-23T14:00:00Z",'
    return f'{document} "facts": {{"score": {value}}}}}'.encode()


def _yaml_bomb() -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return ("schema: pratique.facts/note@1\n" + "\n".join(lines)).encode()


def _pickle_copies() -> bytes:
    """Lists that hold themselves ten times over, thirty levels deep: 10^30 items for whoever follows them."""
    return b"\x80\x04]" + b"".join(b"\x94(" + b"h\x00" * 10 + b"l" for _ in range(30)) + b"."


#: Files that no collector may take.
UNREADABLE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "zip bomb": ("bomb.eval", lambda: _zip(("header.json", bytes(50 * MIB))), "at most 16777216 expected"),
    "overlapping zip bomb": ("overlap.eval", _overlapping, "expected an Inspect log"),
    "duplicate member": ("twice.eval", lambda: _doubled("header.json"), "header.json stands in it twice"),
    "path traversal": ("out.eval", lambda: _zip(("header.json", b"{}"), ("../../x", b"")), "leads out of the archive"),
    "absolute path": ("root.eval", lambda: _zip(("header.json", b"{}"), ("/etc/x", b"")), "leads out of the archive"),
    "symlink in a zip": ("link.eval", lambda: _zip(("header.json", b"/etc/passwd"), link=True), "link.eval"),
    "symlinks in a tar": ("links.tar.gz", _tar, "expected a file of one of the collectors"),
    "XML entities": ("junit.xml", _laughs, "a document type or an entity found"),
    "XML that reads a file": (
        "junit.xml",
        lambda: _xml("<!DOCTYPE t [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>", "&f;"),
        "a document type or an entity found",
    ),
    "XML that asks a server": (
        "junit.xml",
        lambda: _xml("<!DOCTYPE t SYSTEM 'http://192.0.2.1/t.dtd'>", ""),
        "a document type or an entity found",
    ),
    "deep XML": ("junit.xml", lambda: b"<testsuites>" + b"<testsuite>" * 50_000, "junit.xml"),
    "deep JSON": ("results.json", lambda: _model("[" * 200_000), "results.json"),
    "JSON of many objects": ("results.json", lambda: _model("[" + "{}," * 300_000 + "{}]"), "results.json"),
    "NaN in facts": ("note.json", lambda: _facts("NaN"), "note.json"),
    "Infinity in facts": ("note.json", lambda: _facts("-Infinity"), "note.json"),
    "a number beyond floats": ("note.json", lambda: _facts("1e999"), "note.json"),
    "a huge integer": ("note.json", lambda: _facts("9" * 5000), "note.json"),
    "an integer beyond 2^53": ("note.json", lambda: _facts("9007199254740993"), "note.json"),
    "NUL in a name": ("results.json", lambda: _model('"a\\u0000b"'), "results.json"),
    "a lone surrogate": ("results.json", lambda: _model('"\\ud800"'), "results.json"),
    "a lone surrogate as bytes": (
        "results.json",
        lambda: _model('"\u1234"').replace("\u1234".encode(), b"\xed\xa0\x80"),
        "results.json",
    ),
    "a key twice": ("results.json", lambda: _results(b'"results"', b'"results": {}, "results"'), "results.json"),
    "YAML of aliases": ("note.yaml", _yaml_bomb, "note.yaml"),
    "YAML that makes objects": ("note.yaml", lambda: b"schema: !!python/object/apply:os.system [id]\n", "note.yaml"),
    "safetensors with a header of 2^63 bytes": (
        "m.safetensors",
        lambda: struct.pack("<Q", 2**63) + b"{}",
        "m.safetensors",
    ),
    "safetensors with a header of many tensors": (
        "m.safetensors",
        lambda: struct.pack("<Q", MIB // 2) + b'{"a":' * (MIB // 10) + b"   ",
        "m.safetensors",
    ),
    "a capture whose digest is wrong": ("page.warc", lambda: _WARC.replace(b"<html", b"[html", 1), "page.warc"),
    "a capture cut in the middle": ("page.warc", lambda: _WARC[: len(_WARC) // 2], "page.warc"),
    "weights cut in the middle": ("m.safetensors", lambda: _SAFETENSORS[: len(_SAFETENSORS) // 2], "m.safetensors"),
    "a log cut in the middle": (
        "cut.eval",
        lambda: (DATA / "inspect/sandbox_local.eval").read_bytes()[:5000],
        "cut.eval",
    ),
    "results cut in the middle": ("results.json", lambda: _LM_EVAL[: len(_LM_EVAL) // 2], "results.json"),
    "an envelope cut in the middle": (
        "a.dsse.json",
        lambda: (DATA / "in_toto/vsa.dsse.json").read_bytes()[:700],
        "a.dsse.json",
    ),
    "an envelope without a signature": (
        "a.dsse.json",
        lambda: json.dumps(
            {"payloadType": "application/vnd.in-toto+json", "payload": "e30=", "signatures": []}
        ).encode(),
        "a.dsse.json",
    ),
    "only NUL": ("nul.json", lambda: bytes(1000), "nul.json"),
    "nothing": ("empty.eval", lambda: b"", "empty.eval"),
}

#: Files that are read for what they are, and pass for nothing: incomplete, with a reason.
INCOMPLETE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "zip of a pickle that is a symlink": ("w.pt", lambda: _zip(("a/data.pkl", b"../../etc/passwd"), link=True), ""),
    "a pickle cut in the middle": ("w.pkl", lambda: (DATA / "weights/malicious_os_system.pkl").read_bytes()[:50], ""),
    "a pickle whose text has 2^62 bytes": ("w.pkl", lambda: b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"x.", ""),
    "a signature over another payload": (
        "a.dsse.json",
        lambda: (DATA / "in_toto/vsa.dsse.json").read_bytes().replace(b'"sig": "', b'"sig": "AAAA', 1),
        "",
    ),
}

#: Files that look harmful and are harmless to us: read, never run.
READ: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a pickle that runs a program": ("w.pkl", lambda: (DATA / "weights/malicious_os_system.pkl").read_bytes()),
    "a pickle of copies of copies": ("w.pkl", _pickle_copies),
}
