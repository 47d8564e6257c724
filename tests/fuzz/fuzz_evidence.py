"""Targets: every collector, and what collectors share (ZIP, WARC, DSSE, names of files)."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fuzz_target import DATA, Target, samples
from jsonschema import Draft202012Validator

from pratique.canonical import digest_of
from pratique.collectors import (
    BUILT_IN,
    CollectorRegistry,
    Confidence,
    UnreadableError,
    build_registry,
    load_facts_schemas,
    read_evidence,
    schema_of,
)
from pratique.collectors.archive import open_archive
from pratique.collectors.collector import CollectorContext
from pratique.collectors.dsse import open_envelope
from pratique.collectors.factsheet import check_facts_size, unfit
from pratique.collectors.jsontext import parse_json
from pratique.collectors.warc import captured_at, read_records, read_response, read_warc_fields
from pratique.domain.evidence import Extraction
from pratique.domain.keys import TrustedKey, TrustedKeys
from pratique.errors import InvalidInputError
from pratique.services.evidence import clean_filename

RECEIVED = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

#: Collector -> its samples and the ending under which they come.
SAMPLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "inspect": ("eval", ("inspect/*.eval",)),
    "lm_eval": ("json", ("lm_eval/*/results.json",)),
    "facts": ("yaml", ("facts/*.yaml", "facts/good.json")),
    "in_toto": ("json", ("in_toto/*.json", "model_signing/model.sig")),
    "web_page": ("warc", ("web_page/*.warc",)),
    "garak": ("jsonl", ("garak/*.report.jsonl",)),
    "sarif": ("sarif", ("sarif/*.sarif",)),
    "modelscan": ("json", ("scanners/modelscan-*.json",)),
    "picklescan": ("txt", ("scanners/picklescan-*.txt",)),
    "fickling": ("json", ("scanners/fickling-*",)),
    "pickle": ("pkl", ("weights/*.pkl", "weights/*.pt", "weights/*.bin")),
    "safetensors": ("safetensors", ("weights/*.safetensors",)),
    "junit": ("xml", ("junit/*.xml",)),
    "codecarbon": ("csv", ("codecarbon/*.csv",)),
    "model_card": ("md", ("model_card/*.md",)),
    "cyclonedx": ("cdx.json", ("cyclonedx/*.json",)),
    "spdx3": ("json", ("spdx3/*.json",)),
    "croissant": ("json", ("croissant/*.json",)),
    "oscal": ("json", ("oscal/*.json",)),
    "training": ("json", ("training/*.json", "training/*.yaml")),
    "approval": ("json", ("approvals/*.json",)),
    "mlflow": ("json", ("mlflow/api/*_get*.json", "mlflow/api/MLmodel", "mlflow/answers/*.json")),
    "document": ("docx", ("documents/*.docx", "documents/*.pdf", "documents/*.md", "documents/*.txt")),
}


@functools.cache
def context() -> CollectorContext:
    """What collectors are built with: schemas of facts, and a key that signed some samples."""
    pem = (DATA / "in_toto/public_key.pem").read_text()
    key = TrustedKey(
        id="k", owner="o", trusted_for=frozenset({"*"}), valid_from=datetime(2026, 1, 1, tzinfo=UTC), pem=pem,
        fingerprint="0" * 64,
    )  # fmt: skip
    return CollectorContext(facts_schemas=load_facts_schemas(DATA / "facts"), trusted_keys=TrustedKeys((key,)))


class _Sure:
    """A collector that is asked for any file, and tells what came out of it."""

    def __init__(self, collector: Any) -> None:
        self._collector = collector
        self.name, self.version, self.kinds = collector.name, collector.version, collector.kinds
        self.raised: Exception | None = None

    def sniff(self, head: bytes, filename: str) -> Confidence:
        self._collector.sniff(head, filename)
        return Confidence.SURE

    def read(self, path: Path) -> Extraction:
        self.raised = None
        try:
            if hasattr(self._collector, "read_received"):
                return self._collector.read_received(path, RECEIVED)
            return self._collector.read(path)
        except Exception as error:
            self.raised = error
            raise


@functools.cache
def _workplace() -> Path:
    """Return the file that inputs are written to: memory where the machine has some for files."""
    folder = "/dev/shm" if Path("/dev/shm").is_dir() else None
    kept = tempfile.TemporaryDirectory(prefix="pratique-fuzz-", dir=folder)
    _workplace.kept = kept  # type: ignore[attr-defined]  # until the process ends
    return Path(kept.name) / "input"


def _stored(data: bytes) -> Path:
    path = _workplace()
    path.write_bytes(data)
    return path


def check_extraction(found: Extraction, schema: Any) -> None:
    """Check what the ledger relies on: canonical, clean, small, of the stated shape, no silent gap."""
    facts = dict(found.facts)
    digest_of(facts)
    json.dumps(facts, allow_nan=False).encode()
    assert unfit(facts) is None
    check_facts_size(facts, "facts")
    assert found.complete or found.incomplete_reason
    (found.incomplete_reason or "").encode()
    assert all(count is None or count >= 0 for count in (found.planned, found.done, found.errors))
    if found.complete and found.planned is not None and found.done is not None:
        assert found.done >= found.planned
    assert found.subject_digest is None or len(found.subject_digest) == 64
    assert [error.message for error in Draft202012Validator(schema).iter_errors(facts)] == []


def _collector_target(name: str) -> Target:
    ending, patterns = SAMPLES[name]

    @functools.cache
    def wired() -> tuple[_Sure, CollectorRegistry, Any]:
        collector = BUILT_IN[name](context())
        sure = _Sure(collector)
        return sure, CollectorRegistry([sure]), collector

    def run(data: bytes) -> Extraction:
        sure, registry, collector = wired()
        try:
            found = read_evidence(_stored(data), f"file.{ending}", registry)
        except UnreadableError:
            if sure.raised is not None and not isinstance(sure.raised, UnreadableError):
                raise sure.raised from None
            raise
        check_extraction(found, schema_of(collector))
        return found

    found = samples(*patterns)
    found = tuple(map(_shorter, found)) if name == "garak" else found
    return Target(name=f"collector-{name}", run=run, refusals=(UnreadableError,), samples=found)


def _shorter(report: bytes) -> bytes:
    """Leave out most attempts of a garak report, that damage meets the lines that matter more often."""
    lines = report.splitlines(keepends=True)
    attempts = [line for line in lines if b'"entry_type": "attempt"' in line]
    return b"".join(line for line in lines if line not in attempts[8:])


@functools.cache
def _everything() -> CollectorRegistry:
    return build_registry(context().facts_schemas, context().trusted_keys)


def _any_file(data: bytes) -> Extraction:
    """The first line is the file's name, the rest its content: whichever collector takes it."""
    name, _, content = data.partition(b"\n")
    found = read_evidence(_stored(content), name.decode("utf-8", "surrogatepass" if b"\xed" in name else "replace"),
                          _everything())  # fmt: skip
    collector = _everything().get(found.collector)
    assert collector is not None
    check_extraction(found, schema_of(collector))
    return found


def _archive(data: bytes) -> int:
    with open_archive(_stored(data), "file") as archive:
        for name in archive.names:
            assert len(archive.head(name, 100)) <= 100
            assert sum(map(len, archive.pieces(name, 2**24))) <= 2**24
        return len(archive.names)


def _warc(data: bytes) -> None:
    for record in read_records(data, "file"):
        captured_at(record, "file")
        if record.type == "response":
            assert 100 <= read_response(record, "file").status <= 999
        else:
            read_warc_fields(record.block, "file")


def _dsse(data: bytes) -> None:
    document = parse_json(data, "file")
    if isinstance(document, dict):
        envelope = open_envelope(document, "file")
        assert all(isinstance(signature, bytes) for _, signature in envelope.signatures)


def _filename(data: bytes) -> str:
    found = clean_filename(data.decode("utf-8", "replace"))
    assert "/" not in found
    assert "\\" not in found
    assert found not in (".", "..")
    assert found.isprintable()
    found.encode()
    return found


def targets() -> Iterator[Target]:
    """Every target that reads evidence."""
    assert set(SAMPLES) == set(BUILT_IN), "each collector has its samples"
    yield from map(_collector_target, SAMPLES)
    named = [
        f"x.{ending}".encode() + b"\n" + data
        for ending, patterns in SAMPLES.values()
        for data in samples(*patterns)[:1]
        if len(data) <= 64_000
    ]
    unreadable = (UnreadableError,)
    zips = samples("inspect/sandbox_local.eval", "weights/*.pt", "documents/*.docx")
    yield Target(name="any-file", run=_any_file, refusals=unreadable, samples=tuple(named))
    yield Target(name="archive", run=_archive, refusals=unreadable, samples=zips)
    yield Target(name="warc", run=_warc, refusals=unreadable, samples=samples("web_page/*.warc"))
    yield Target(name="dsse", run=_dsse, refusals=unreadable, samples=samples("in_toto/*.dsse.json"))
    names = (b"log.eval", b"../../etc/passwd", "\u202egpj.exe".encode(), b"a\\..\\b", b"CON", "\u2028é".encode())
    yield Target(name="filename", run=_filename, refusals=(InvalidInputError,), samples=names)
