"""Collector `inspect`: evaluation logs of inspect-ai, read without importing it."""

from __future__ import annotations

from pathlib import Path

from pratique.collectors import inspect_eval, inspect_json, inspect_log
from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.shape import ANYTHING, COUNT, COUNTS, FLAG, NUMBER, NUMBERS, TEXT, TEXTS, facts_of, record
from pratique.domain.evidence import Extraction

_ZIP_HEAD = b"PK\x03\x04"

#: Members without a type are copied from the log as they are.
_SCHEMA = facts_of(
    *("task", "model", "tool", "status", "invalidated", "samples", "limits_hit", "edits", "metrics", "epochs"),
    task=TEXT,
    model=TEXT,
    tool=TEXT,
    tool_version=TEXT,
    status=TEXT,
    invalidated=FLAG,
    samples=record(**dict.fromkeys(("planned", "run", "done", "errors", "logged", "unscored"), COUNT)),
    limits_hit=record(total=COUNT, by_kind=COUNTS),
    edits=record(scores=COUNT, log=COUNT),
    metrics=NUMBERS,
    headline=NUMBER,
    headline_metric=TEXT,
    dataset=ANYTHING,
    eval_id={},
    run_id={},
    task_id={},
    task_version={},
    created={},
    solver={},
    revision=ANYTHING,
    model_roles=ANYTHING,
    tags=TEXTS,
    metadata=ANYTHING,
    weights_sha256=TEXT,
    epochs=COUNT,
    limits=NUMBERS,
    generation=ANYTHING,
    sandbox=TEXT,
    tokens=NUMBER,
)


class InspectCollector:
    """Reads `.eval` and `.json` logs of schema version 2. Importing inspect-ai would cost 2.5 s and 217 MB."""

    name = inspect_log.COLLECTOR
    version = inspect_log.COLLECTOR_VERSION
    kinds = frozenset({inspect_log.KIND})
    facts_schema = _SCHEMA

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of a ZIP named `.eval` and of JSON that begins like a log; try other ZIPs."""
        if head.startswith(_ZIP_HEAD):
            return Confidence.SURE if filename.lower().endswith(".eval") else Confidence.MAYBE
        if filename.lower().endswith(".eval") or inspect_log.JSON_HEAD.match(head):
            return Confidence.SURE
        return Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what the log says; see `inspect_log.extract`."""
        with path.open("rb") as file:
            is_zip = file.read(len(_ZIP_HEAD)) == _ZIP_HEAD
        return inspect_eval.read_eval(path, "Inspect log") if is_zip else inspect_json.read_json(path, "Inspect log")


def build(_context: CollectorContext) -> Collector:
    """Entry point `inspect`."""
    return InspectCollector()
