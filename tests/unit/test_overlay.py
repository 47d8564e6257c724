"""A provider's own rules beside the shipped ones: they add and tighten, and replace nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from pratique.criteria import CelCriteria
from pratique.domain.spec import Gating
from pratique.errors import ConfigError
from pratique.project import config_root
from pratique.regimes import Configuration, load_configuration, spec_json

CRITERIA = CelCriteria()
FINAL, NEXT, OWN = "eu-gpai-code@2025-07-10", "eu-gpai-code@2027-01-01", "acme-policy@1"
GATE: dict[str, Any] = {
    "format": "pratique.gate/1",
    "id": "trial",
    "version": 1,
    "edition": FINAL,
    "title": "Trial",
    "decides": "Whether.",
    "stage": "training",
    "moment": "training_trigger",
    "measures": ["S-1.2"],
    "does_not_show": "Much.",
    "opens_on": ["trial.event"],
    "checkpoints": [
        {
            "id": "a",
            "kind": "assessment",
            "title": "A",
            "requirements": [
                {"id": "score", "title": "T", "measures": ["S-3.2"], "why": "W",
                 "evidence": {"kind": "evaluation"}, "criterion": "facts.score < 0.5", "fresh_for_days": 90},
                {"id": "advice", "title": "T", "measures": ["S-3.3"], "why": "W", "gating": "advise",
                 "evidence": {"kind": "evaluation"}, "criterion": "facts.ok"},
                {"id": "said", "title": "T", "measures": ["S-3.3"], "why": "W", "profile": "profile.systemic_risk"},
            ],
        }
    ],
    "sign_off": {"roles": {"approver": 1}},
    "due": {"follow_up_days": 1, "due_days": 2},
}  # fmt: skip
OVERLAY = {"format": "pratique.gate-overlay/1", "gate": "trial", "because": "We want more."}


@pytest.fixture(name="config")
def config_fixture(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(config_root() / "regimes", folder / "regimes")
    write(folder / "gates/trial.yaml", GATE)
    return folder


@pytest.fixture(name="overlay")
def overlay_fixture(tmp_path: Path) -> Path:
    (tmp_path / "overlay").mkdir()
    return tmp_path / "overlay"


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, default=str))


def load(config: Path, overlay: Path | None, **given: Any) -> Configuration:
    return load_configuration(config, people_file=None, criteria=CRITERIA, overlay_dir=overlay, **given)


def errors_of(config: Path, overlay: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(config, overlay)
    return caught.value.errors


def own_requirement(name: str, **members: Any) -> dict[str, Any]:
    return {"id": name, "title": "T", "measures": ["S-3.2"], "why": "W", "profile": "profile.systemic_risk", **members}


def test_an_empty_overlay_changes_nothing(config: Path, overlay: Path) -> None:
    assert load(config, overlay).rulebook.digests == load(config, None).rulebook.digests


def test_a_shipped_gate_is_made_stricter_in_every_way(config: Path, overlay: Path) -> None:
    demand = OVERLAY | {
        "tighten": [
            {"id": "score", "also": "facts.score < 0.1 || facts.waived", "fresh_for_days": 30},
            {"id": "advice", "gating": "enforce"},
            {"id": "said", "also": "!profile.open_source"},
        ],
        "checkpoints": [
            {"id": "a", "requirements": [own_requirement("mine")]},
            {"id": "b", "kind": "governance", "title": "B", "requirements": [own_requirement("board")]},
        ],
        "sign_off": {"roles": {"approver": 2, "executive": 1}},
    }
    write(overlay / "gates/mine.yaml", demand)
    spec = load(config, overlay).rulebook.spec("trial")
    found = {requirement.id: requirement for requirement in spec.requirements()}
    assert list(found) == ["score", "advice", "said", "mine", "board"]
    assert found["score"].criterion == "(facts.score < 0.5) && (facts.score < 0.1 || facts.waived)"
    assert found["score"].fresh_for_days == 30
    assert found["advice"].gating is Gating.ENFORCE
    assert found["said"].profile == "(profile.systemic_risk) && (!profile.open_source)"
    assert [checkpoint.id for checkpoint in spec.checkpoints] == ["a", "b"]
    assert (spec.sign_off.roles, spec.edition) == ({"approver": 2, "executive": 1}, FINAL)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"tighten": [{"id": "score", "fresh_for_days": 90}]}, "fresh_for_days: found 90, expected fewer than 90"),
        ({"tighten": [{"id": "said", "fresh_for_days": 9}]}, "expected a requirement with evidence to date"),
        ({"tighten": [{"id": "score", "gating": "enforce"}]}, "gating: found a requirement that is enforced"),
        ({"tighten": [{"id": "score", "gating": "advise"}]}, "gating: found \"advise\", expected 'enforce'"),
        ({"tighten": [{"id": "score"}]}, "tighten[score]: found nothing stricter"),
        ({"tighten": [{"id": "nowhere", "also": "facts.x"}]}, "tighten[nowhere]: found no such requirement"),
        ({"tighten": [{"id": "score", "also": "facts.x <"}]}, "does not compile"),
        (
            {"tighten": [{"id": "score", "also": "true) || (size(facts.from) >= 0"}]},
            "tighten[score].also: found does not",
        ),
        ({"tighten": [{"id": "said", "also": "true // \n) || (true"}]}, "expected one whole boolean expression"),
        ({"tighten": [{"id": "score", "applies_when": "false"}]}, "applies_when: found this key"),
        ({"sign_off": {"roles": {"approver": 1}}}, "sign_off.roles.approver: found 1, expected more than 1"),
        ({"sign_off": {"four_eyes": False}}, "sign_off.four_eyes: found false"),
        ({"checkpoints": [{"id": "a", "requirements": [own_requirement("score")]}]}, "found an id that the gate has"),
        ({"checkpoints": [{"id": "c", "requirements": [own_requirement("x")]}]}, "found no such checkpoint"),
        (
            {"checkpoints": [{"id": "a", "title": "Other", "requirements": [own_requirement("x")]}]},
            "found a checkpoint of the gate, anew",
        ),
        ({"checkpoints": [{"id": "a", "requirements": [own_requirement("x", measures=["S-99.1"])]}]}, "'S-99.1'"),
        ({"checkpoints": [{"id": "a", "requirements": [own_requirement("x", profile="profile.no")]}]}, "member 'no'"),
        ({"gate": "nowhere"}, "found 'nowhere', which is no gate"),
        ({"edition": "eu-gpai-code@1999"}, "of eu-gpai-code@1999, which is no gate"),
    ],
)
def test_what_is_looser_or_has_no_place_is_an_error(
    config: Path, overlay: Path, members: dict[str, Any], expected: str
) -> None:
    write(overlay / "gates/mine.yaml", OVERLAY | members)
    errors = errors_of(config, overlay)
    assert any(expected in line for line in errors), errors
    assert all(": found " in line and ", expected " in line for line in errors)


def test_a_regime_of_ones_own_brings_its_measures_and_gates(config: Path, overlay: Path) -> None:
    folder = overlay / "regimes/acme-policy/1"
    write(
        folder / "edition.yaml",
        {
            "format": "pratique.edition/1", "id": OWN, "title": "Acme policy", "published": "2026-06-01",
            "status": "in force", "checked": "2026-06-01", "legal_nature": "A policy of our own.",
            "counts": {"chapters": 1, "commitments": 1, "measures": 1, "objectives": 0, "deadlines": 0},
            "sources": [{"id": "ACME-1", "title": "Policy", "tier": "own text"}],
        },
    )  # fmt: skip
    source = {"source": {"document": "ACME-1", "clause": "1", "edition": "2026-06-01"}, "verified": True}
    write(
        folder / "vocabulary.yaml",
        {"moments": [{"id": "any", "title": "Any", "phase": "all"}], "applies_to": ["every_model"]},
    )
    write(folder / "taxonomy.yaml", {**source, "always_assess": [{"id": "own", "title": "Own"}]})
    final = yaml.safe_load((config / "regimes/eu-gpai-code/2025-07-10/copyright.yaml").read_text())
    commitment = final["commitments"][0]
    measure = commitment["measures"][0] | {
        **source, "id": "P-1.1", "applies_to": "every_model", "moments": ["any"], "deadlines": [], "roles": [],
        "proofs": [], "exemptions": [],
    }  # fmt: skip
    chapter = {**source, "id": "policy", "prefix": "P", "title": "Policy", "applies_to": "every_model"}
    write(
        folder / "policy.yaml", chapter | {"commitments": [commitment | source | {"id": "P-C1", "measures": [measure]}]}
    )
    asked = [own_requirement("ours", measures=["P-1.1"])]
    gate = GATE | {"id": "policy", "edition": OWN, "measures": ["P-1.1"]}
    gate |= {"checkpoints": [GATE["checkpoints"][0] | {"requirements": asked}]}
    write(overlay / "gates/policy.yaml", gate)
    loaded = load(config, overlay)
    assert loaded.rulebook.adopted == {"eu-gpai-code": FINAL, "acme-policy": OWN}
    assert set(loaded.rulebook.specs) == {"trial", "policy"}
    assert loaded.rulebook.edition is not None
    assert loaded.rulebook.edition.id == FINAL
    write(overlay / "gates/policy.yaml", gate | {"measures": ["P-1.2"]})
    assert errors_of(config, overlay) == [
        f"overlay/gates/policy.yaml: measures: found 'P-1.2', expected a measure, commitment or appendix item of {OWN}"
    ]


def next_edition(overlay: Path) -> None:
    folder = overlay / "regimes/eu-gpai-code/2027-01-01"
    shutil.copytree(config_root() / "regimes/eu-gpai-code/2025-07-10", folder)
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text().replace(FINAL, NEXT))
    imprint = yaml.safe_load((folder / "edition.yaml").read_text())
    write(folder / "edition.yaml", imprint | {"published": "2027-01-01"})
    mapping = {"format": "pratique.mapping/1", "earlier": FINAL, "later": NEXT, "rest_equal": True}
    write(overlay / "regimes/eu-gpai-code/mappings/next.yaml", mapping)


def test_gates_are_carried_to_a_later_edition_unless_it_gives_them_anew(config: Path, overlay: Path) -> None:
    next_edition(overlay)
    write(config / "gates/other.yaml", GATE | {"id": "other"})
    write(overlay / "gates/other.yaml", GATE | {"id": "other", "edition": NEXT, "title": "Anew"})
    loaded = load(config, overlay)
    assert loaded.rulebook.adopted == {"eu-gpai-code": FINAL}  # until somebody adopts
    later = load(config, overlay, adopted={"eu-gpai-code": NEXT}).rulebook
    assert {gate: (spec.edition, spec.title) for gate, spec in later.specs.items()} == {
        "trial": (NEXT, "Trial"),
        "other": (NEXT, "Anew"),
    }
    was = loaded.rulebook.spec("trial")
    assert spec_json(later.spec("trial")) == spec_json(was) | {"edition": NEXT}


def test_an_edition_that_is_adopted_but_gone_is_an_error(config: Path, overlay: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(config, overlay, adopted={"eu-gpai-code": NEXT})
    assert caught.value.errors == [f"regimes/: found no edition {NEXT}, which is adopted, expected one of {FINAL}"]


def test_nothing_that_is_shipped_is_replaced(config: Path, overlay: Path) -> None:
    shutil.copytree(config / "regimes", overlay / "regimes")
    shutil.copytree(config_root() / "facts", config / "facts")
    schema = next((config_root() / "facts").glob("*.json"))
    write(overlay / "facts" / schema.name, json.loads(schema.read_text()))
    write(overlay / "gates/trial.yaml", GATE)
    errors = errors_of(config, overlay)
    assert f"overlay/eu-gpai-code/2025-07-10/edition.yaml: id: found {FINAL}, which is shipped" in "\n".join(errors)
    assert any("overlay/facts/: " in line and "a schema that config/ has too" in line for line in errors)
    assert (
        "overlay/gates/trial.yaml: id: found 'trial', which another file has too, expected each gate id once" in errors
    )


MAPPING = {"format": "pratique.mapping/1", "earlier": FINAL, "later": NEXT, "rest_equal": True}


@pytest.mark.parametrize(
    ("file", "value", "expected"),
    [
        ("regimes/eu-gpai-code/mappings/x.yaml", MAPPING | {"later": FINAL}, "two editions of one regime"),
        ("regimes/eu-gpai-code/mappings/x.yaml", MAPPING | {"later": "acme@1"}, "two editions of one regime"),
        ("regimes/eu-gpai-code/mappings/x.yaml", MAPPING, "a second mapping between these editions"),
        ("regimes/eu-gpai-code/mappings/x.yaml", MAPPING | {"rest_equal": False}, "or `rest_equal: true`"),
        ("gates/mine.yaml", GATE | {"id": "mine", "edition": "acme@1"}, "edition: found acme@1, expected one of"),
        ("holidays/2028.yaml", {"year": 2028}, "overlay/holidays/2028.yaml: format: found nothing"),
        ("gates/mine.yaml", [1], "overlay/gates/mine.yaml: found a list, expected an object"),
        ("regimes/eu-gpai-code/2030-01-01/edition.yaml", {}, "eu-gpai-code/2030-01-01/vocabulary.yaml: found no file"),
    ],
)
def test_what_cannot_stand_is_named(config: Path, overlay: Path, file: str, value: Any, expected: str) -> None:
    next_edition(overlay)
    write(overlay / file, value)
    errors = errors_of(config, overlay)
    assert any(expected in line for line in errors), errors


def test_an_overlay_folder_that_is_not_there_is_an_error(config: Path, tmp_path: Path) -> None:
    assert errors_of(config, tmp_path / "nothing")[0].startswith("overlay/: found no folder")


def test_two_broken_editions_are_told_of_together_and_nothing_follows_from_them(config: Path, overlay: Path) -> None:
    next_edition(overlay)
    for folder, part in ((config, "2025-07-10"), (overlay, "2027-01-01")):
        path = folder / f"regimes/eu-gpai-code/{part}/acts.yaml"
        path.write_text(path.read_text().replace("verified: true", "verified: maybe", 1))
    errors = errors_of(config, overlay)
    assert len(errors) == 2, errors
    assert errors[0].startswith("eu-gpai-code/2025-07-10/acts.yaml: acts[")
    assert errors[1].startswith("overlay/eu-gpai-code/2027-01-01/acts.yaml: acts[")
