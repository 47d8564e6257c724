"""The parts of MLflow's answers: a run, an entry of the registry, a logged model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pratique.collectors.factsheet import FactSheet
from pratique.collectors.figures import figure
from pratique.collectors.foreign import at, epoch_at, list_at, text_at
from pratique.collectors.shape import COUNT, TEXT, TEXT_BY_NAME, TEXTS, record

#: Shape of the fact `run`.
RUN_SHAPE = record(
    run_id=TEXT, run_name=TEXT, experiment_id=TEXT, user=TEXT, status=TEXT, lifecycle_stage=TEXT, datasets=TEXTS
)
#: Shape of the facts `model_version` and `registered_model`.
ENTRY_SHAPE = record(
    name=TEXT,
    version=TEXT,
    status=TEXT,
    stage=TEXT,
    source=TEXT,
    run_id=TEXT,
    description=TEXT,
    aliases=TEXTS,
    tags=TEXT_BY_NAME,
    latest_versions=COUNT,
)

_SHOWN = 200
#: Tags that MLflow writes for itself; those with whole documents in them say nothing to a criterion.
_INTERNAL = "mlflow."


@dataclass(slots=True)
class RunFacts:
    """What a run says; `lost` metrics are NaN, infinite or no number."""

    run: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    lost: int = 0


def run_facts(run: Mapping[str, Any], sheet: FactSheet) -> RunFacts:
    """Return what an answer of runs/get says; names of metrics that were left out go to `sheet`."""
    found = RunFacts(params=pairs(run, "data", "params"), tags=_own(pairs(run, "data", "tags")))
    for item in list_at(run, "data", "metrics"):
        name, number = text_at(item, "key"), figure(at(item, "value"))
        if name is None or number is None or isinstance(at(item, "value"), str):
            found.lost += 1
            sheet.drop(f"metrics.{name}")
        else:
            found.metrics[name] = number
    info = {name: text_at(run, "info", name) for name in ("run_name", "experiment_id", "status", "lifecycle_stage")}
    identity = text_at(run, "info", "run_id") or text_at(run, "info", "run_uuid")
    names = [text_at(entry, "dataset", "name") for entry in list_at(run, "inputs", "dataset_inputs")]
    datasets = sorted({name for name in names if name})[:_SHOWN]
    found.run = {**info, "run_id": identity, "user": text_at(run, "info", "user_id"), "datasets": datasets}
    return found


def entry_facts(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answer of model-versions/get or registered-models/get says."""
    aliases = [a if isinstance(a, str) else text_at(a, "alias") for a in list_at(entry, "aliases")]
    stage = text_at(entry, "current_stage")
    latest = list_at(entry, "latest_versions")
    return {
        **{name: text_at(entry, name) for name in ("name", "version", "status", "source", "run_id", "description")},
        "stage": None if stage == "None" else stage,
        "aliases": [alias for alias in aliases if alias][:_SHOWN],
        "tags": _own(pairs(entry, "tags")),
        "latest_versions": len(latest) if latest else None,
    }


def logged_model_facts(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answer of logged-models says of itself; its metrics show 0.0 for NaN and are left alone."""
    return {
        name: text_at(model, "info", name) for name in ("model_id", "name", "status", "source_run_id", "model_type")
    }


def pairs(value: Any, *path: str) -> dict[str, str]:
    """Return a list of {key, value} as an object; values are texts in MLflow."""
    found = {}
    for item in list_at(value, *path)[:_SHOWN]:
        name, said = text_at(item, "key"), at(item, "value")
        if name is not None and isinstance(said, str):
            found[name] = said
    return found


def time_at(value: Any, *path: str) -> datetime | None:
    """Return the time that the milliseconds since 1970 at `path` name, a number or a text of one; zero is none."""
    said = figure(at(value, *path))
    return epoch_at({"at": said / 1000}, "at") if said else None


def _own(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in tags.items() if not name.startswith(_INTERNAL)}
