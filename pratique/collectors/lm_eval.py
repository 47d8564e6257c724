"""Collector `lm_eval`: results files of lm-evaluation-harness (0.4), plain JSON.

Source: the fields were read from results of lm-eval 0.4.13.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import at, count_at, epoch_at, mapping_at, named, number_at, sha256_at, text_at
from pratique.collectors.jsontext import parse_json
from pratique.collectors.shape import ANYTHING, COUNT, NUMBER, NUMBERS, TEXT, TEXTS, facts_of, record
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

TOOL = "lm_eval"

#: A results file is about 10 kB; large suites stay below a megabyte. Samples are in files of their own.
MAX_RESULTS_BYTES = 16 * 1024**2

#: Members without a type are copied from the file as they are.
_SCHEMA = facts_of(
    *("task", "tasks", "model", "tool", "status", "samples", "metrics"),
    task=TEXT,
    tasks=TEXTS,
    model=TEXT,
    tool=TEXT,
    tool_version=TEXT,
    status=TEXT,
    samples=record(planned=NUMBER, run=NUMBER, done=NUMBER, errors=COUNT),
    metrics=NUMBERS,
    dataset=ANYTHING,
    versions=ANYTHING,
    shots=ANYTHING,
    higher_is_better=ANYTHING,
    task_hashes=ANYTHING,
    model_type=TEXT,
    model_revision=TEXT,
    model_sha=TEXT,
    parameters=NUMBER,
    limit=NUMBER,
    seed=NUMBER,
    revision=ANYTHING,
    weights_sha256=TEXT,
)

_HEAD = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"results"\s*:\s*\{')


class LmEvalCollector:
    """Reads `results_<time>.json`. Partial when a task's effective samples are fewer than its original ones."""

    name = TOOL
    version = "1"
    kinds = frozenset({"evaluation"})
    facts_schema = _SCHEMA

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of JSON that begins with `results`; try any other `.json`."""
        if _HEAD.match(head):
            return Confidence.SURE
        is_json = filename.lower().endswith(".json") and head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        return Confidence.MAYBE if is_json else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what the results file says.

        Raises:
            UnreadableError: too large, not JSON, no lm-eval results, or no model.
        """
        what = "lm-eval results"
        if path.stat().st_size > MAX_RESULTS_BYTES:
            raise UnreadableError(f"{what}: larger than {MAX_RESULTS_BYTES} bytes")
        document = parse_json(path.read_bytes(), what)
        if not mapping_at(document, "results") or not mapping_at(document, "configs"):
            raise UnreadableError(f"{what}: no objects `results` and `configs` found; expected a file of lm-eval")
        return _extract(document, what)


def _extract(document: Mapping[str, Any], what: str) -> Extraction:
    subject = named(document, what, "model_name") if "model_name" in document else _older_name(document, what)
    counts = _counts(document)
    reasons = _reasons(document, counts)
    return Extraction(
        kind="evaluation",
        collector=TOOL,
        collector_version=LmEvalCollector.version,
        tool=f"{TOOL} {shown(text_at(document, 'lm_eval_version') or 'of unknown version', 40)}",
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=sum(planned for planned, _ in counts.values()),
        done=sum(done for _, done in counts.values()),
        errors=0,  # lm-eval stops at the first error and writes no results then
        subject=subject,
        produced_at=epoch_at(document, "date"),
        facts=_facts(document, counts, subject, reasons, what),
    )


def _older_name(document: Mapping[str, Any], what: str) -> str:
    """Return the model of a file from before `model_name` was written."""
    arguments = at(document, "config", "model_args")
    if isinstance(arguments, str):
        arguments = dict(part.split("=", 1) for part in arguments.split(",") if "=" in part)
    return named(arguments if isinstance(arguments, Mapping) else {}, what, "pretrained")


def _leaf_tasks(document: Mapping[str, Any]) -> list[str]:
    groups = mapping_at(document, "groups").keys() | {
        name for name, parts in mapping_at(document, "group_subtasks").items() if parts
    }
    return [task for task in mapping_at(document, "results") if task not in groups]


def _counts(document: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Return (original, effective) samples of each task that says both."""
    counts = {}
    for task in _leaf_tasks(document):
        original = count_at(document, "n-samples", task, "original")
        effective = count_at(document, "n-samples", task, "effective")
        if original is not None and effective is not None:
            counts[task] = (original, effective)
    return counts


def _reasons(document: Mapping[str, Any], counts: Mapping[str, tuple[int, int]]) -> list[str]:
    reasons = []
    unknown = [task for task in _leaf_tasks(document) if task not in counts]
    if unknown or not counts:
        reasons.append(f"n-samples is missing for {len(unknown)} tasks, so whether they were cut is unknown")
    limited = " (config.limit)" if at(document, "config", "limit") is not None else ""
    for task, (original, effective) in counts.items():
        if effective < original or not original:
            reasons.append(f"{shown(task, 60)}: {effective} of {original} samples were evaluated{limited}")
    return reasons


def _facts(
    document: Mapping[str, Any],
    counts: Mapping[str, tuple[int, int]],
    subject: str,
    reasons: list[str],
    what: str,
) -> dict[str, Any]:
    sheet = FactSheet()
    roots = _roots(document)
    sheet.put("task", ",".join(roots))
    sheet.put("tasks", list(mapping_at(document, "results")))
    sheet.put("model", subject)
    sheet.put("tool", TOOL)
    sheet.put("tool_version", text_at(document, "lm_eval_version"))
    sheet.put("status", "partial" if reasons else "success")  # lm-eval writes no status of its own
    planned, done = (sum(pair[index] for pair in counts.values()) for index in (0, 1))
    sheet.put("samples", {"planned": planned, "run": done, "done": done, "errors": 0})
    _put_metrics(sheet, document)
    _put_identity(sheet, document, roots)
    return sheet.finish(what)


def _roots(document: Mapping[str, Any]) -> list[str]:
    """Return the tasks and groups that are part of no other group: what the run was asked for."""
    parts = {part for group in mapping_at(document, "group_subtasks").values() for part in _texts(group)}
    return [task for task in mapping_at(document, "results") if task not in parts]


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _put_metrics(sheet: FactSheet, document: Mapping[str, Any]) -> None:
    """Put `<task>/<metric>,<filter>`. A standard error that is the text "N/A" is no number and no loss."""
    metrics: dict[str, Any] = {}
    for task, row in mapping_at(document, "results").items():
        for name, value in row.items() if isinstance(row, Mapping) else ():
            if "," not in name or value == "N/A":
                continue
            number = number_at(row, name)
            if number is None:
                sheet.drop(f"metrics.{task}/{name}")
            else:
                metrics[f"{task}/{name}"] = number
    sheet.put("metrics", metrics)


def _put_identity(sheet: FactSheet, document: Mapping[str, Any], roots: list[str]) -> None:
    configs = mapping_at(document, "configs")
    datasets = {task: text_at(config, "dataset_path") for task, config in configs.items()}
    names = sorted({name for name in datasets.values() if name})
    sheet.put("dataset", {"name": ",".join(names), "by_task": datasets})
    sheet.put("versions", dict(mapping_at(document, "versions")))
    sheet.put("shots", dict(mapping_at(document, "n-shot")))
    sheet.put("higher_is_better", dict(mapping_at(document, "higher_is_better")))
    sheet.put("task_hashes", dict(mapping_at(document, "task_hashes")))
    sheet.put("model_type", text_at(document, "config", "model"))
    sheet.put("model_revision", text_at(document, "config", "model_revision"))
    sheet.put("model_sha", text_at(document, "config", "model_sha"))
    sheet.put("parameters", count_at(document, "config", "model_num_parameters"))
    sheet.put("limit", number_at(document, "config", "limit"))
    sheet.put("seed", count_at(document, "config", "random_seed"))
    sheet.put("revision", {"commit": text_at(document, "git_hash")})
    digests = {sha256_at(config, "metadata", "weights_sha256") for config in configs.values()}
    if len(digests) == 1:
        sheet.put("weights_sha256", digests.pop())


def build(_context: CollectorContext) -> Collector:
    """Entry point `lm_eval`."""
    return LmEvalCollector()
