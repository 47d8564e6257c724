"""The model inside a CycloneDX bill of materials: component `machine-learning-model` and its `modelCard`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.collectors.factsheet import FactSheet
from pratique.collectors.figures import figure
from pratique.collectors.foreign import at, list_at, mapping_at, number_at, sha256_at, text_at
from pratique.collectors.shape import COUNT, NUMBERS, TEXT, TEXTS, record

MODEL_TYPE = "machine-learning-model"

#: Shape of the fact `model`.
MODEL_SHAPE = record(
    name=TEXT,
    version=TEXT,
    purl=TEXT,
    sha256=TEXT,
    approach=TEXT,
    task=TEXT,
    architecture_family=TEXT,
    architecture=TEXT,
    datasets=COUNT,
    metrics=NUMBERS,
    metrics_planned=COUNT,
    metrics_done=COUNT,
    users=TEXTS,
    use_cases=TEXTS,
    limitations=TEXTS,
    ethical_considerations=COUNT,
    energy_kwh=NUMBERS,
    co2_tonnes=NUMBERS,
)

_SHOWN = 50


def sha256_of(component: Mapping[str, Any]) -> str | None:
    """Return the SHA-256 of a component; None where it has none, or two that differ."""
    found = {
        sha256_at(item, "content") for item in list_at(component, "hashes") if text_at(item, "alg") == "SHA-256"
    } - {None}
    return found.pop() if len(found) == 1 else None


def model_facts(component: Mapping[str, Any], sheet: FactSheet) -> dict[str, Any]:
    """Return what the component and its model card say; names of metrics that are no numbers go to `sheet`."""
    card = mapping_at(component, "modelCard")
    parameters = mapping_at(card, "modelParameters")
    considered = mapping_at(card, "considerations")
    named = {name: text_at(component, name) for name in ("name", "version", "purl")}
    return {
        **named,
        "sha256": sha256_of(component),
        "approach": text_at(parameters, "approach", "type"),
        "task": text_at(parameters, "task"),
        "architecture_family": text_at(parameters, "architectureFamily"),
        "architecture": text_at(parameters, "modelArchitecture"),
        "datasets": len(list_at(parameters, "datasets")),
        **_metrics(card, sheet),
        "users": _texts(considered, "users"),
        "use_cases": _texts(considered, "useCases"),
        "limitations": _texts(considered, "technicalLimitations"),
        "ethical_considerations": len(list_at(considered, "ethicalConsiderations")),
        **_environment(considered, sheet),
    }


def _metrics(card: Mapping[str, Any], sheet: FactSheet) -> dict[str, Any]:
    """Return `<type>[/<slice>]` -> number. The format's values are free text; what stands twice counts for none."""
    metrics: dict[str, float] = {}
    lost = set()
    said = list_at(card, "quantitativeAnalysis", "performanceMetrics")
    for item in said:
        name = "/".join(filter(None, (text_at(item, "type") or "metric", text_at(item, "slice"))))
        number = figure(at(item, "value"))
        if number is None or name in metrics:
            lost.add(name)
        else:
            metrics[name] = number
    for name in sorted(lost):
        metrics.pop(name, None)
        sheet.drop(f"model.metrics.{name}")
    return {"metrics": metrics, "metrics_planned": len(said), "metrics_done": len(metrics)}


def _environment(considered: Mapping[str, Any], sheet: FactSheet) -> dict[str, Any]:
    """Return energy and emissions by activity. The schema allows kWh and tonnes only; another unit is left out."""
    energy: dict[str, float] = {}
    emissions: dict[str, float] = {}
    for used in list_at(considered, "environmentalConsiderations", "energyConsumptions"):
        activity = text_at(used, "activity") or "other"
        for part, unit, sums in (
            ("activityEnergyCost", "kWh", energy),
            ("co2CostEquivalent", "tCO2eq", emissions),
        ):
            amount = number_at(used, part, "value")
            if amount is None:
                continue
            if text_at(used, part, "unit") == unit:
                sums[activity] = sums.get(activity, 0) + amount
            else:
                sheet.drop(f"model.{part}")
    return {"energy_kwh": energy, "co2_tonnes": emissions}


def _texts(value: Mapping[str, Any], name: str) -> list[str]:
    return [item for item in list_at(value, name) if isinstance(item, str)][:_SHOWN]
