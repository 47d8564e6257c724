"""The model inside an SPDX 3 document: an `ai_AIPackage` of the AI profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.collectors.factsheet import FactSheet
from pratique.collectors.figures import figure
from pratique.collectors.foreign import at, list_at, sha256_at, text_at
from pratique.collectors.shape import NUMBER, NUMBERS, TEXT, TEXT_BY_NAME, TEXTS, record

#: Shape of the fact `model`.
MODEL_SHAPE = record(
    name=TEXT,
    version=TEXT,
    sha256=TEXT,
    type_of_model=TEXTS,
    domain=TEXTS,
    limitation=TEXT,
    safety_risk=TEXT,
    autonomy=TEXT,
    sensitive_personal_information=TEXT,
    training=TEXT,
    application=TEXT,
    metrics=NUMBERS,
    metric_thresholds=NUMBERS,
    hyperparameters=TEXT_BY_NAME,
    training_energy_kwh=NUMBER,
    finetuning_energy_kwh=NUMBER,
    inference_energy_kwh=NUMBER,
    release_time=TEXT,
    download_location=TEXT,
    trained_on=TEXTS,
)

_SHOWN = 100
#: Unit of SPDX -> kWh of one.
_KWH = {"kilowattHour": 1.0, "megajoule": 1 / 3.6}
_ENERGY = {
    "training_energy_kwh": "ai_trainingEnergyConsumption",
    "finetuning_energy_kwh": "ai_finetuningEnergyConsumption",
    "inference_energy_kwh": "ai_inferenceEnergyConsumption",
}


def sha256_of(package: Mapping[str, Any]) -> str | None:
    """Return the SHA-256 that a package is verified by; None where it has none, or two that differ."""
    hashes = listed(package.get("verifiedUsing"))
    found = {sha256_at(item, "hashValue") for item in hashes if enum_at(item, "algorithm") == "sha256"} - {None}
    return found.pop() if len(found) == 1 else None


def model_facts(package: Mapping[str, Any], sheet: FactSheet) -> dict[str, Any]:
    """Return what the package says of the model; names of what is no number or has another unit go to `sheet`."""
    return {
        "name": text_at(package, "name"),
        "version": text_at(package, "software_packageVersion"),
        "sha256": sha256_of(package),
        "type_of_model": _texts(package, "ai_typeOfModel"),
        "domain": _texts(package, "ai_domain"),
        "limitation": text_at(package, "ai_limitation"),
        "safety_risk": enum_at(package, "ai_safetyRiskAssessment"),
        "autonomy": enum_at(package, "ai_autonomyType"),
        "sensitive_personal_information": enum_at(package, "ai_useSensitivePersonalInformation"),
        "training": text_at(package, "ai_informationAboutTraining"),
        "application": text_at(package, "ai_informationAboutApplication"),
        "metrics": _numbers(package, "ai_metric", "metrics", sheet),
        "metric_thresholds": _numbers(package, "ai_metricDecisionThreshold", "metric_thresholds", sheet),
        "hyperparameters": dict(_entries(package, "ai_hyperparameter")),
        "release_time": text_at(package, "releaseTime"),
        "download_location": text_at(package, "software_downloadLocation"),
        **{fact: _energy(package, member, fact, sheet) for fact, member in _ENERGY.items()},
    }


def listed(value: Any) -> list[Any]:
    """Return a list as it is, None as nothing, anything else as the only item: JSON-LD leaves single brackets out."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def enum_at(value: Any, name: str) -> str | None:
    """Return the member of an enumeration at `name`, whether written short or as an IRI."""
    found = text_at(value, name)
    return found.rpartition("/")[2] if found else None


def _entries(package: Mapping[str, Any], member: str) -> list[tuple[str, str]]:
    found = ((text_at(entry, "key"), text_at(entry, "value")) for entry in listed(package.get(member)))
    return [(key, value) for key, value in found if key and value is not None][:_SHOWN]


def _numbers(package: Mapping[str, Any], member: str, fact: str, sheet: FactSheet) -> dict[str, float]:
    """Return key -> number of a dictionary whose values are texts; a key that stands twice counts for none."""
    found: dict[str, float] = {}
    lost = set()
    for key, value in _entries(package, member):
        number = figure(value)
        if number is None or key in found:
            lost.add(key)
        else:
            found[key] = number
    for key in sorted(lost):
        found.pop(key, None)
        sheet.drop(f"model.{fact}.{key}")
    return found


def _energy(package: Mapping[str, Any], member: str, fact: str, sheet: FactSheet) -> float | None:
    described = [item for used in listed(package.get("ai_energyConsumption")) for item in listed(at(used, member))]
    if not described:
        return None
    total = 0.0
    for item in described:
        amount, unit = figure(at(item, "ai_energyQuantity")), enum_at(item, "ai_energyUnit")
        if amount is None or unit not in _KWH:
            sheet.drop(f"model.{fact}")
            return None
        total += amount * _KWH[unit]
    return total


def _texts(package: Mapping[str, Any], member: str) -> list[str]:
    found = list_at(package, member) or listed(package.get(member))
    return [item for item in found if isinstance(item, str)][:_SHOWN]
