"""A fictional edition after the final one, as a provider's overlay would bring it, and an engine that can adopt it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_fixtures import Clock, Engine, write_config
from pydantic import SecretStr

from pratique.project import config_root
from pratique.settings import Settings

FINAL, NEXT = "eu-gpai-code@2025-07-10", "eu-gpai-code@2027-01-01"
OWN = "acme-policy@1"
RENAMED = ("S-3.2", "S-3.6")
SPLIT = ("cbrn", ("chem_bio", "rad_nuc"))


def write_regimes(config: Path) -> None:
    """Put the shipped editions beside the gates of a test."""
    shutil.copytree(config_root() / "regimes", config / "regimes")
    shutil.copytree(config_root() / "holidays", config / "holidays")


def write_gate_of_risks(config: Path) -> None:
    """Write a gate that asks of each identified risk whether what remains of it was accepted."""
    gate = yaml.safe_load((config / "gates/quorum.yaml").read_text())
    accepted = {
        "id": "accepted",
        "title": "Accepted: {risk}",
        "measures": ["S-4.1"],
        "why": "For the test.",
        "for_each": "identified_risk",
        "profile": "profile.risks[{risk}].residual.accepted",
        "unmet": "What remains of {risk} was not accepted.",
    }
    gate |= {"id": "risks", "opens_on": ["test.moment.risks"], "sign_off": {"roles": {"approver": 1}}}
    gate["checkpoints"][0]["requirements"] = [accepted]
    write(config / "gates/risks.yaml", gate)


def write_next_edition(overlay: Path) -> None:
    """Write final+1: one measure renamed, one risk category split; the rest is as it was."""
    folder = overlay / "regimes/eu-gpai-code/2027-01-01"
    shutil.copytree(config_root() / "regimes/eu-gpai-code/2025-07-10", folder)
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text().replace(FINAL, NEXT))
    edit(folder / "edition.yaml", lambda e: e | {"published": "2027-01-01", "adequacy_confirmed": "2027-02-01"})
    edit(folder / "safety-security.yaml", _renamed)
    edit(folder / "taxonomy.yaml", _split)
    mapping = {
        "format": "pratique.mapping/1",
        "earlier": FINAL,
        "later": NEXT,
        "rest_equal": True,
        "risks": [
            {"was": SPLIT[0], "relation": "narrower", "now": [*SPLIT[1]], "reassess": True, "why": "Two categories."}
        ],
        "measures": [{"was": RENAMED[0], "relation": "equal", "now": [RENAMED[1]], "why": "Another number."}],
    }
    write(overlay / "regimes/eu-gpai-code/mappings/2025-07-10--2027-01-01.yaml", mapping)


def write_tightened(overlay: Path, gate: str, requirement: str, also: str) -> None:
    """Write an overlay that tightens one criterion of one gate, in final+1 alone."""
    demand = {
        "format": "pratique.gate-overlay/1",
        "gate": gate,
        "edition": NEXT,
        "because": "The later edition asks for more.",
        "tighten": [{"id": requirement, "also": also}],
    }
    write(overlay / f"gates/{gate}-{requirement}.yaml", demand)


def write_own_regime(overlay: Path, gates: Path) -> None:
    """Write a regime of the provider's own, with one measure and one gate that asks what `solo` asks.

    Args:
        overlay: where to.
        gates: folder of the gates of a test.
    """
    shipped = yaml.safe_load((config_root() / "regimes/eu-gpai-code/2025-07-10/copyright.yaml").read_text())
    commitment = shipped["commitments"][0]
    source = {"source": {"document": "ACME-1", "clause": "1", "edition": "2026-06-01"}, "verified": True}
    whole = {**source, "applies_to": "every_model"}
    measure = commitment["measures"][0] | whole | {"id": "P-1.1", "moments": ["any"]}
    measure |= {name: [] for name in ("deadlines", "roles", "proofs", "exemptions")}
    chapter = {**whole, "id": "policy", "prefix": "P", "title": "Policy"}
    chapter["commitments"] = [commitment | source | {"id": "P-C1", "measures": [measure]}]
    imprint = {
        "format": "pratique.edition/1", "id": OWN, "title": "Acme policy", "published": "2026-06-01",
        "status": "in force", "checked": "2026-06-01", "legal_nature": "A policy of our own.",
        "counts": {"chapters": 1, "commitments": 1, "measures": 1, "objectives": 0, "deadlines": 0},
        "sources": [{"id": "ACME-1", "title": "Policy", "tier": "own text"}],
    }  # fmt: skip
    folder = overlay / "regimes/acme-policy/1"
    write(folder / "edition.yaml", imprint)
    moments = [{"id": "any", "title": "Any", "phase": "all"}]
    write(folder / "vocabulary.yaml", {"moments": moments, "applies_to": ["every_model"]})
    write(folder / "taxonomy.yaml", {**source, "always_assess": [{"id": "own", "title": "Own"}]})
    write(folder / "policy.yaml", chapter)
    gate = yaml.safe_load((gates / "solo.yaml").read_text())
    gate |= {"id": "policy", "edition": OWN, "opens_on": ["test.moment.policy"], "measures": ["P-1.1"], "moment": "any"}
    for requirement in gate["checkpoints"][0]["requirements"]:
        requirement["measures"] = ["P-1.1"]
    write(overlay / "gates/policy.yaml", gate)


def edit(path: Path, change: Any) -> None:
    """Change a YAML file."""
    write(path, change(yaml.safe_load(path.read_text())))


def write(path: Path, value: Any) -> None:
    """Write YAML; JSON is that, and dates stay texts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, default=str))


def _renamed(chapter: dict[str, Any]) -> dict[str, Any]:
    for commitment in chapter["commitments"]:
        for measure in commitment["measures"]:
            if measure["id"] == RENAMED[0]:
                measure["id"] = RENAMED[1]
    return chapter


def _split(taxonomy: dict[str, Any]) -> dict[str, Any]:
    first = next(risk for risk in taxonomy["always_assess"] if risk["id"] == SPLIT[0])
    others = [risk for risk in taxonomy["always_assess"] if risk is not first]
    parts = [{"id": name, "title": name.replace("_", " and "), "gloss": first["gloss"]} for name in SPLIT[1]]
    return taxonomy | {"always_assess": [*parts, *others]}


@pytest.fixture(name="regime_settings")
def regime_settings_fixture(ledger_url: str, tmp_path: Path) -> Settings:
    write_config(tmp_path / "config")
    write_regimes(tmp_path / "config")
    write_gate_of_risks(tmp_path / "config")
    (tmp_path / "overlay").mkdir()
    return Settings(
        data_dir=tmp_path / "data",
        config_dir=tmp_path / "config",
        overlay_dir=tmp_path / "overlay",
        database_url=SecretStr(ledger_url),
        sweep_seconds=86_400,
        channels={"mail": SecretStr(f"mailfolder://{tmp_path}/mail")},
    )


@pytest.fixture(name="engine")
def regime_engine_fixture(regime_settings: Settings, clock: Clock) -> Iterator[Engine]:
    engine = Engine(regime_settings, clock)
    try:
        yield engine
    finally:
        engine.client.close()
        engine.parts.ledger.close()
