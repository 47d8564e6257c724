"""Collector `mlflow`: answers of MLflow's REST API about a registered model, its version, its run and its logged model.

One JSON object with one or more of the members `run` (runs/get), `model_version` (model-versions/get), `model`
(logged-models/{id}) and `registered_model` (registered-models/get), each as MLflow answers it. Ours may add
`collected_at`.

Source: answers of MLflow 3.17.2. Values of params are texts; a metric that is NaN is the text "NaN" in runs/get and
0.0 in logged-models, so metrics are taken from the run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import mapping_at, sha256_at, text_at
from pratique.collectors.jsonfile import load_object
from pratique.collectors.jsonhead import confidence, json_head
from pratique.collectors.mlflow_answers import (
    ENTRY_SHAPE,
    RUN_SHAPE,
    entry_facts,
    logged_model_facts,
    pairs,
    run_facts,
    time_at,
)
from pratique.collectors.shape import COUNT, NUMBERS, TEXT, TEXT_BY_NAME, facts_of, record
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

MAX_ANSWERS_BYTES = 16 * 1024**2

_WHAT = "MLflow answers"
_MARKS = ('"info"', '"model_version"', '"registered_model"')
_PARTS = ("run", "model_version", "model", "registered_model")
#: Every answer names its kind, and then `info` or `name`.
_INSIDE = re.compile(
    rb'"(?:run|model)"\s*:\s*\{\s*"(?:info|data)"|"(?:model_version|registered_model)"\s*:\s*\{\s*"name"'
)
_DIGEST_TAGS = ("weights_sha256", "sha256")


class MlflowCollector:
    """Reads answers. Complete when the run that a version comes from is in the file, FINISHED and not deleted."""

    name = "mlflow"
    version = "1"
    kinds = frozenset({"registry-entry"})
    facts_schema = facts_of(
        "metrics",
        "params",
        run=RUN_SHAPE,
        metrics=NUMBERS,
        params=TEXT_BY_NAME,
        tags=TEXT_BY_NAME,
        model_version=ENTRY_SHAPE,
        registered_model=ENTRY_SHAPE,
        logged_model=record(model_id=TEXT, name=TEXT, status=TEXT, source_run_id=TEXT, model_type=TEXT),
        weights_sha256=TEXT,
        metric_count=COUNT,
    )

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of an object whose outermost members are answers of MLflow."""
        seen = json_head(head)
        outermost = seen.opening == "{" and any(seen.members.get(part) == "{" for part in _PARTS)
        return confidence(head, filename, sure=outermost and _INSIDE.search(head) is not None)

    def read(self, path: Path) -> Extraction:
        """Return what the answers say.

        Raises:
            UnreadableError: too large, not JSON, or no answer of MLflow in it.
        """
        document = load_object(path, _WHAT, max_bytes=MAX_ANSWERS_BYTES, one_of=_MARKS)
        known = {
            "run": mapping_at(document, "run", "info"),
            "model_version": text_at(document, "model_version", "name"),
            "model": mapping_at(document, "model", "info"),
            "registered_model": text_at(document, "registered_model", "name"),
        }
        if not any(known.values()):
            raise UnreadableError(f"{_WHAT}: none of {', '.join(_PARTS)} found as MLflow answers them")
        return _extract(document)


def _extract(document: Mapping[str, Any]) -> Extraction:
    version, run = mapping_at(document, "model_version"), mapping_at(document, "run")
    reasons = _reasons(document)
    lost, sheet = 0, FactSheet()
    if run:
        found = run_facts(run, sheet)
        lost = found.lost
        sheet.put("run", found.run)
        sheet.put("tags", found.tags)
    sheet.put("metrics", found.metrics if run else {})
    sheet.put("params", found.params if run else {})
    sheet.put("metric_count", len(found.metrics) + lost if run else 0)
    if version:
        sheet.put("model_version", entry_facts(version))
    if registered := mapping_at(document, "registered_model"):
        sheet.put("registered_model", entry_facts(registered))
    if logged := mapping_at(document, "model"):
        sheet.put("logged_model", logged_model_facts(logged))
    digest = _digest(version)
    sheet.put("weights_sha256", digest)
    return Extraction(
        kind="registry-entry",
        collector=MlflowCollector.name,
        collector_version=MlflowCollector.version,
        tool="mlflow of unknown version",
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=1,
        done=0 if reasons else 1,
        errors=lost,
        subject=text_at(version, "name") or text_at(document, "registered_model", "name"),
        subject_version=text_at(version, "version"),
        subject_digest=digest,
        produced_at=time_at(version, "last_updated_timestamp") or time_at(run, "info", "end_time"),
        observed_from=time_at(run, "info", "start_time"),
        observed_until=time_at(run, "info", "end_time"),
        facts=sheet.finish(_WHAT),
    )


def _reasons(document: Mapping[str, Any]) -> list[str]:
    version, run = mapping_at(document, "model_version"), mapping_at(document, "run")
    reasons = _run_reasons(run) if run else ["the file holds no run, so nothing says that training came to its end"]
    if version and text_at(version, "status") != "READY":
        reasons.append(f"the model version is {_word(version, 'status')}, not READY")
    said = text_at(version, "run_id")
    if run and said is not None and said != text_at(run, "info", "run_id"):
        reasons.append("the run in the file is not the one that the model version comes from")
    name = text_at(document, "registered_model", "name")
    if version and name is not None and name != text_at(version, "name"):
        reasons.append("the registered model in the file is not that of the model version")
    logged = mapping_at(document, "model", "info")
    if logged and text_at(logged, "status") != "LOGGED_MODEL_READY":
        reasons.append(f"the logged model is {_word(logged, 'status')}, not LOGGED_MODEL_READY")
    return reasons


def _run_reasons(run: Mapping[str, Any]) -> list[str]:
    reasons = []
    if text_at(run, "info", "status") != "FINISHED":
        reasons.append(f"the run is {_word(mapping_at(run, 'info'), 'status')}, not FINISHED")
    if text_at(run, "info", "lifecycle_stage") not in (None, "active"):
        reasons.append("the run was deleted")
    if time_at(run, "info", "end_time") is None:
        reasons.append("the run has no end")
    return reasons


def _word(value: Mapping[str, Any], name: str) -> str:
    return shown(text_at(value, name) or "without a status", 40)


def _digest(version: Mapping[str, Any]) -> str | None:
    tags = pairs(version, "tags")
    return next((found for found in (sha256_at(tags, name) for name in _DIGEST_TAGS) if found), None)


def build(_context: CollectorContext) -> Collector:
    """Entry point `mlflow`."""
    return MlflowCollector()
