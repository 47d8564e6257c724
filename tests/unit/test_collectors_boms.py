"""Bills of materials: CycloneDX and SPDX 3, the model in them, and what makes them incomplete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from paper_files import changed, sample

from pratique.collectors import UnreadableError

_ML = "cyclonedx/mlbom-1.7.cdx.json"
_SPDX = "spdx3/model.spdx3.json"
_DIGEST = "457c4b6e26548705b6e2d8a23a2ae66b78789508e504be40d55d62b99f452377"


def _model(bom: Any) -> Any:
    return bom["components"][0]


@pytest.mark.parametrize("name", ["cyclonedx/mlbom-1.6.cdx.json", _ML, _SPDX])
def test_the_model_of_a_bill_is_its_subject_with_version_and_digest(name: str) -> None:
    found = sample(name)
    assert found.kind == "bill-of-materials"
    assert (found.subject, found.subject_version, found.subject_digest) == ("acme-7b-instruct", "2026.11", _DIGEST)
    assert found.produced_at is not None
    assert found.complete


def test_the_model_card_that_libraries_drop_is_read() -> None:
    model = sample(_ML).facts["model"]
    assert model["metrics"] == {"accuracy/wmdp-bio": 0.412}  # free text in the format
    assert model["energy_kwh"] == {"training": 3104}
    assert model["co2_tonnes"] == {"training": 412.0}
    assert model["architecture_family"] == "transformer"
    assert model["limitations"] == ["hallucination"]


@pytest.mark.parametrize(("name", "total", "licensed"), [("1.6", 28, 27), ("1.7", 8, 8)])
def test_components_licences_and_missing_digests_are_counted(name: str, total: int, licensed: int) -> None:
    found = sample(f"cyclonedx/env-{name}.cdx.json")
    assert found.facts["components"]["by_type"] == {"library": total}
    assert found.facts["licences"]["components_with"] == licensed
    assert found.facts["hashes"] == {"components_with": 0, "components_without": total}
    assert (found.subject, found.planned, found.done) == (None, total, total)


def test_a_reference_for_two_components_is_told(tmp_path: Path) -> None:
    found = changed(_ML, lambda bom: bom["components"].append(dict(bom["components"][2], name="other")), tmp_path)
    assert found.facts["references"]["duplicate"] == 1
    assert "stand for two components" in (found.incomplete_reason or "")


def test_a_bill_that_says_of_itself_that_it_is_incomplete_is(tmp_path: Path) -> None:
    found = changed(_ML, lambda bom: bom.update(compositions=[{"aggregate": "incomplete_first_party_only"}]), tmp_path)
    assert "incomplete_first_party_only" in (found.incomplete_reason or "")


def test_a_bill_of_nothing_is_incomplete(tmp_path: Path) -> None:
    assert "lists no component" in (
        changed(_ML, lambda bom: bom.update(components=[]), tmp_path).incomplete_reason or ""
    )


def test_two_models_leave_no_subject(tmp_path: Path) -> None:
    twin = {"type": "machine-learning-model", "name": "twin", "version": "1", "bom-ref": "twin"}
    found = changed(_ML, lambda bom: bom["components"].append(twin), tmp_path)
    assert (found.subject, found.facts["models"]) == (None, ["acme-7b-instruct", "twin"])
    about = changed(
        _ML,
        lambda bom: (bom["components"].append(twin), bom["metadata"].update(component=dict(twin, name="me"))),
        tmp_path,
    )
    assert about.subject == "me"


def test_a_component_inside_another_counts(tmp_path: Path) -> None:
    inner = {"type": "library", "name": "inner", "bom-ref": "inner"}
    found = changed(_ML, lambda bom: bom["components"][2].update(components=[inner]), tmp_path)
    assert found.facts["components"]["total"] == 4


def test_two_digests_of_one_component_are_none(tmp_path: Path) -> None:
    other = {"alg": "SHA-256", "content": "0" * 64}
    assert changed(_ML, lambda bom: _model(bom)["hashes"].append(other), tmp_path).subject_digest is None


def test_a_metric_that_is_no_number_is_named(tmp_path: Path) -> None:
    def change(bom: Any) -> None:
        _model(bom)["modelCard"]["quantitativeAnalysis"]["performanceMetrics"][0]["value"] = "good"

    model = changed(_ML, change, tmp_path)
    assert model.facts["model"]["metrics_done"] == 0
    assert model.facts["dropped"] == ["model.metrics.accuracy/wmdp-bio"]


@pytest.mark.parametrize("version", ["1.4", "1.8", "2.0", 1.7, None])
def test_an_unknown_version_of_the_format_is_refused(tmp_path: Path, version: Any) -> None:
    with pytest.raises(UnreadableError, match="specVersion"):
        changed(_ML, lambda bom: bom.update(specVersion=version), tmp_path)


def test_vulnerabilities_are_counted_by_severity(tmp_path: Path) -> None:
    found = [{"id": "CVE-1", "ratings": [{"severity": "high"}]}, {"id": "CVE-2"}]
    facts = changed(_ML, lambda bom: bom.update(vulnerabilities=found), tmp_path).facts
    assert facts["vulnerabilities"] == {"total": 2, "by_severity": {"high": 1, "none": 1}}


def test_the_ai_profile_is_read() -> None:
    facts = sample(_SPDX).facts
    model = facts["model"]
    assert (model["safety_risk"], model["autonomy"]) == ("high", "no")
    assert model["metrics"] == {"wmdp-bio accuracy": 0.412}
    assert model["metric_thresholds"] == {"wmdp-bio accuracy": 0.6}
    assert model["training_energy_kwh"] == 3104000.0
    assert model["trained_on"] == ["pretrain-mix-v3"]
    assert facts["licences"] == {"declared": ["Apache-2.0"], "concluded": ["Apache-2.0"]}
    assert facts["datasets"][0]["confidentiality"] == "amber"


def _package(document: Any) -> Any:
    return next(item for item in document["@graph"] if item["type"] == "ai_AIPackage")


def test_an_enumeration_written_as_an_iri_means_the_same(tmp_path: Path) -> None:
    iri = "https://spdx.org/rdf/3.0.1/terms/AI/SafetyRiskAssessmentType/serious"
    found = changed(_SPDX, lambda doc: _package(doc).update(ai_safetyRiskAssessment=iri), tmp_path)
    assert found.facts["model"]["safety_risk"] == "serious"


def test_energy_in_another_unit_is_converted_or_left_out(tmp_path: Path) -> None:
    def in_unit(unit: str) -> Any:
        described = [{"type": "x", "ai_energyQuantity": "36", "ai_energyUnit": unit}]
        return lambda doc: _package(doc).update(ai_energyConsumption={"ai_trainingEnergyConsumption": described})

    assert changed(_SPDX, in_unit("megajoule"), tmp_path).facts["model"]["training_energy_kwh"] == pytest.approx(10)
    left_out = changed(_SPDX, in_unit("other"), tmp_path).facts
    assert "training_energy_kwh" not in left_out["model"]
    assert left_out["dropped"] == ["model.training_energy_kwh"]


def test_an_element_that_is_nowhere_makes_it_incomplete(tmp_path: Path) -> None:
    found = changed(_SPDX, lambda doc: doc["@graph"].pop(2), tmp_path)
    assert "neither in the file nor imported" in (found.incomplete_reason or "")
    assert found.errors == 1


def test_two_elements_of_one_id_make_it_incomplete(tmp_path: Path) -> None:
    found = changed(_SPDX, lambda doc: doc["@graph"].append(doc["@graph"][2]), tmp_path)
    assert "ids stand for two elements" in (found.incomplete_reason or "")


def test_json_ld_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        changed(_SPDX, lambda doc: doc.update({"@context": "https://schema.org"}), tmp_path)
