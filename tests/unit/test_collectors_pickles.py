"""Our own scan of pickled weights: what they would import is told, and nothing is ever loaded."""

from __future__ import annotations

import io
import pickle
import random
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
from eval_files import DATA, pack
from hypothesis import given
from hypothesis import strategies as st
from mutation import BOUNDED, check, damaged

from pratique.collectors import UnreadableError, build_registry, pickles, read_evidence
from pratique.domain.evidence import Extraction

WEIGHTS = DATA / "weights"
_PICKLED = sorted(path for path in WEIGHTS.iterdir() if path.suffix in (".pkl", ".pt", ".bin"))
#: torch.serialization.MAGIC_NUMBER and PROTOCOL_VERSION.
_LEGACY = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})


class _Calls:
    """Pickles as a call of `print`, were it loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('loaded')",))


class _Lambda:
    def __reduce__(self) -> tuple[Any, ...]:
        return (random.Random, ())


def _write(tmp_path: Path, data: bytes, name: str = "w.pkl") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def _read(path: Path, name: str | None = None) -> Extraction:
    found = check(path, name or path.name)
    assert found is not None
    assert found.kind == "weights-scan"
    return found


def _refusal(path: Path) -> str:
    with pytest.raises(UnreadableError) as refused:
        read_evidence(path, path.name, build_registry())
    return refused.value.message


def _legacy(obj: Any, storage: bytes = b"\x93" * 200, protocol: int = 2) -> bytes:
    return b"".join(pickle.dumps(part, protocol) for part in (*_LEGACY, obj, ["0"])) + storage


@pytest.mark.parametrize(
    ("name", "layout", "dangerous", "suspicious"),
    [
        ("benign.pkl", "pickle", [], 0),
        ("malicious_eval.pkl", "pickle", ["__builtin__ eval"], 0),
        ("malicious_os_system.pkl", "pickle", ["posix system"], 0),
        ("malicious_torch_zip.pt", "zip", ["posix system"], 0),
        ("training_args.bin", "zip", [], 10),
    ],
)
def test_the_samples_are_told_apart(name: str, layout: str, dangerous: list[str], suspicious: int) -> None:
    found = _read(WEIGHTS / name)
    assert found.complete
    assert (found.planned, found.done, found.errors) == (1, 1, 0)
    assert found.facts["format"] == layout
    assert found.facts["dangerous"] == dangerous
    assert found.facts["issues"] == len(dangerous) + suspicious
    assert found.tool is not None
    assert found.tool.startswith("picklescan 1.")


def test_the_subject_is_the_file_itself() -> None:
    found = _read(WEIGHTS / "benign.pkl")
    assert found.subject_digest == "77fd2d3901f46479d1375182546edc82f49172b30e0984c292aacbd3cb01887f"
    assert found.facts["weights_sha256"] == found.subject_digest


@pytest.mark.parametrize(
    "call", [b"importlib\nimport_module", b"logging.config\nlisten", b"distutils.spawn\nspawn", b"evilpkg.run\nmain"]
)
def test_calls_that_no_list_knows_are_issues(tmp_path: Path, call: bytes) -> None:
    found = _read(_write(tmp_path, b"\x80\x02c" + call + b"\n(tR."))
    assert (found.complete, found.facts["issues"]) == (True, 1)


def test_imports_that_nobody_knows_are_suspicious() -> None:
    facts = _read(WEIGHTS / "training_args.bin").facts
    assert facts["by_severity"] == {"dangerous": 0, "suspicious": 10, "innocuous": 0}
    assert "transformers.training_args TrainingArguments" in facts["suspicious"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_is_taken_apart_and_never_loaded(tmp_path: Path, protocol: int) -> None:
    found = _read(_write(tmp_path, pickle.dumps({"w": _Calls(), "o": OrderedDict()}, protocol)))
    assert found.complete
    assert found.facts["dangerous"] in (["builtins exec"], ["__builtin__ exec"])


def test_what_torch_wrote_before_its_zips_is_read_up_to_the_raw_numbers(tmp_path: Path) -> None:
    for protocol in (2, 3, 4):
        found = _read(_write(tmp_path, _legacy(OrderedDict(a=_Lambda()), protocol=protocol), "w.pt"))
        assert found.complete
        assert found.facts["format"] == "torch-legacy"
        assert found.facts["suspicious"] == ["random Random"]
        assert found.planned == 5
    found = _read(_write(tmp_path, _legacy(_Calls()), "w.pt"))
    assert found.facts["issues"] == 1


def test_legacy_weights_larger_than_a_pickle_may_be_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pratique.collectors.pickle_scan.MAX_PICKLE_BYTES", 1000)
    assert _read(_write(tmp_path, _legacy({}, b"\x80" * 5000), "w.pt")).complete
    assert "a pickle of 5" in _refusal(_write(tmp_path, pickle.dumps(b"x" * 5000) + b"", "w.pkl"))


def test_a_second_pickle_does_not_hide_behind_a_harmless_first(tmp_path: Path) -> None:
    found = _read(_write(tmp_path, pickle.dumps({}) + pickle.dumps(_Calls())))
    assert found.planned == 2
    assert found.facts["issues"] == 1


def test_a_broken_pickle_is_incomplete_and_still_tells_what_it_imports(tmp_path: Path) -> None:
    whole = pickle.dumps(_Calls(), 2)
    found = _read(_write(tmp_path, whole[:-1]))  # without its last operation: a loader has called exec by then
    assert not found.complete
    assert found.incomplete_reason == "1 pickles could not be taken apart to their end"
    assert found.facts["issues"] == 1


def test_bytes_behind_a_pickle_make_it_incomplete(tmp_path: Path) -> None:
    found = _read(_write(tmp_path, pickle.dumps({}) + b"\xff\xfe rest"))
    assert found.incomplete_reason == "1 pickles could not be taken apart to their end"


def test_an_import_whose_name_is_computed_is_never_harmless(tmp_path: Path) -> None:
    # STACK_GLOBAL on whatever two values a memo holds that was never written.
    found = _read(_write(tmp_path, b"\x80\x04h\x05h\x06\x93."))
    assert not found.complete or found.facts["issues"]


def _zip(tmp_path: Path, *contents: tuple[str, bytes]) -> Path:
    return pack(tmp_path / "w.pt", contents, zipfile.ZIP_STORED)


def test_every_pickle_of_a_zip_counts(tmp_path: Path) -> None:
    path = _zip(
        tmp_path,
        ("a/data.pkl", pickle.dumps({})),
        ("a/constants.pkl", pickle.dumps(_Calls())),
        ("a/code/x.py", b"pass"),
        ("a/data/0", bytes(100)),
    )
    facts = _read(path).facts
    assert (facts["scanned"], facts["issues"], facts["members"], facts["code_members"]) == (2, 1, 4, 1)
    assert facts["files"] == [":a/data.pkl", ":a/constants.pkl"]


def test_a_pickle_under_another_name_is_found_by_its_content(tmp_path: Path) -> None:
    path = _zip(tmp_path, ("a/data.pkl", pickle.dumps({})), ("a/data/0", pickle.dumps(_Calls(), 2)))
    assert _read(path).facts["issues"] == 1


def test_numbers_that_begin_like_a_pickle_are_no_error(tmp_path: Path) -> None:
    path = _zip(tmp_path, ("a/data.pkl", pickle.dumps({})), ("a/data/0", b"\x80\x02\xff\xff" + bytes(100)))
    found = _read(path)
    assert found.complete
    assert found.planned == 1


def _array(descr: str, body: bytes, version: bytes = b"\x01\x00") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY" + version + len(header).to_bytes(2 if version[0] == 1 else 4, "little") + header + body


@pytest.mark.parametrize(
    "body",
    [
        b"cos\nsystem\n(S'id'\ntR.",
        pickle.dumps(_Calls(), 0),
        pickle.dumps(_Calls(), 1),
        *(_array(descr, pickle.dumps(_Calls(), 2)) for descr in ("'|O'", "'|' 'O'", "[('a', '<f4'), ('b', 'O')]", "7")),
        _array("'object'", pickle.dumps(_Calls(), 0), b"\x02\x00"),
    ],
)
@pytest.mark.parametrize("name", ["a/extra.bin", "a/data/0", "a/x.npy"])
def test_pickles_that_are_not_named_so_are_found_in_every_protocol_and_in_arrays(
    tmp_path: Path, name: str, body: bytes
) -> None:
    found = _read(_zip(tmp_path, ("a/data.pkl", pickle.dumps({})), (name, body)))
    assert found.facts["issues"] == 1
    assert (found.facts["scanned"], found.facts["members_not_scanned"]) == (2, 0)


@pytest.mark.parametrize(
    "body",
    [bytes(100_000), b"\x80" * 100_000, b".." * 50_000, b"3.13\n", b"little", _array("'<f4'", b"cos\nsystem\n(tR.")],
)
def test_numbers_and_texts_are_counted_as_not_scanned(tmp_path: Path, body: bytes) -> None:
    found = _read(_zip(tmp_path, ("a/data.pkl", pickle.dumps({})), ("a/data/0", body)))
    assert (found.complete, found.facts["scanned"], found.facts["members_not_scanned"]) == (True, 1, 1)


_FAR = b"N0" * 50_000 + b"cos\nsystem\n(tR."
_LONG = b"X" + (100_000).to_bytes(4, "little") + b"x" * 100_000 + b"0cos\nsystem\n(tR."


def test_a_pickle_behind_what_is_looked_at_first_is_found(tmp_path: Path) -> None:
    found = _read(_zip(tmp_path, ("a/data.pkl", pickle.dumps({})), ("a/data/0", _FAR), ("a/data/1", _LONG)))
    assert (found.facts["scanned"], found.facts["dangerous"]) == (3, ["os system"])


def test_what_could_be_a_pickle_and_is_not_looked_at_to_its_end_is_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pratique.collectors.pickle_scan._MAX_AGAIN", 0)
    found = _read(_zip(tmp_path, ("a/data.pkl", pickle.dumps({})), ("a/data/0", _FAR), ("a/data/1", _LONG)))
    assert (found.planned, found.done, found.errors, found.facts["members_not_scanned"]) == (3, 1, 2, 2)
    assert found.incomplete_reason == "2 members could be pickles and were not looked at to their end"


def test_random_numbers_are_hardly_ever_taken_for_a_pickle(tmp_path: Path) -> None:
    numbers = random.Random(7)
    members = [(f"a/data/{n}", numbers.randbytes(70_000)) for n in range(400)]
    found = _read(_zip(tmp_path, ("a/data.pkl", pickle.dumps({})), *members))
    assert (found.complete, found.facts["issues"]) == (True, 0)


def test_an_array_of_objects_that_is_no_pickle_is_incomplete(tmp_path: Path) -> None:
    found = _read(_zip(tmp_path, ("a/data.pkl", pickle.dumps({})), ("a/x.npy", _array("'|O'", b"rest"))))
    assert not found.complete


def test_a_zip_without_pickles_is_refused(tmp_path: Path) -> None:
    assert "no whole pickle found" in _refusal(_zip(tmp_path, ("a/readme", b"hello")))


def test_a_member_that_stands_twice_is_refused(tmp_path: Path) -> None:
    harmless, harmful = pickle.dumps({}), pickle.dumps(_Calls())
    assert "stands in it twice" in _refusal(_zip(tmp_path, ("a/data.pkl", harmful), ("a/data.pkl", harmless)))


def test_deflated_members_are_read(tmp_path: Path) -> None:
    path = pack(tmp_path / "w.pt", [("a/data.pkl", pickle.dumps(_Calls())), ("a/data/0", b"\x80\x02" + bytes(10**6))])
    assert _read(path).facts["issues"] == 1


@pytest.mark.parametrize("name", ["MAX_OPERATIONS", "MAX_PICKLES", "MAX_IMPORTS"])
def test_pickles_beyond_a_cap_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(pickles, name, 3)
    monkeypatch.setattr(pickles.Imports, "__init__", _with_few_operations(name == "MAX_OPERATIONS"))
    imports = b"".join(b"cmodule\nname%d\n0" % number for number in range(9))
    assert "more than 3" in _refusal(_write(tmp_path, b"\x80\x02" + imports + b"N." + b"N." * 9))


def _with_few_operations(is_capped: bool) -> Any:
    original = pickles.Imports.__init__

    def init(self: pickles.Imports) -> None:
        original(self, operations_left=3 if is_capped else 1000)

    return init


@pytest.mark.parametrize("path", _PICKLED, ids=lambda path: path.name)
def test_weights_cut_anywhere_are_refused_or_incomplete(tmp_path: Path, path: Path) -> None:
    whole = path.read_bytes()
    cut = tmp_path / path.name
    for end in [*(len(whole) * n // 16 for n in range(16)), len(whole) - 1]:
        cut.write_bytes(whole[:end])
        found = check(cut, path.name)
        assert found is None or not found.complete


@BOUNDED
@given(
    data=st.sampled_from(_PICKLED).flatmap(lambda path: damaged(path.read_bytes())),
    name=st.sampled_from(["a.pkl", "a.pt"]),
)
def test_any_damaged_weights_are_read_or_refused(tmp_path: Path, data: bytes, name: str) -> None:
    check(_write(tmp_path, data, name), name)


_OPS = st.lists(
    st.sampled_from([b"N", b"0", b"(", b"t", b"R", b".", b"h\0", b"q\0", b"\x94", b"\x93", b"]", b"cos\nsystem\n"])
    | st.binary(min_size=1, max_size=3),
    max_size=30,
).map(lambda parts: b"\x80\x04" + b"".join(parts))


@BOUNDED
@given(data=_OPS)
def test_any_operations_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = _write(tmp_path, data)
    found = check(path, path.name)
    if found is not None and b"cos\nsystem\n" in data and found.complete:
        # A whole pickle that holds the operation itself, and not its bytes inside of another one.
        assert found.facts["issues"] or b"cos\nsystem\n" not in _operations(data)


def _operations(data: bytes) -> list[bytes]:
    import pickletools

    stream = io.BytesIO(data)
    found: list[bytes] = []
    while stream.tell() < len(data):
        found += [b"cos\nsystem\n" for op, value, _ in pickletools.genops(stream) if value == "os system"]
    return found
