"""An engine that goes by the shipped taxonomy, with small gates that ask something of each risk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_fixtures import GATES, VERSION, Engine, ok, write_config

CONFIG = Path(__file__).resolve().parents[2] / "config"
RISKS = f"{VERSION}/risks"
ALWAYS = ["cbrn", "loss_of_control", "cyber_offence", "harmful_manipulation"]


def _requirement(name: str, **members: Any) -> dict[str, Any]:
    return {"id": name, "title": name.title(), "measures": ["S-3.2"], "why": "For the test.", **members}


def _gate(name: str, *requirements: dict[str, Any], **members: Any) -> dict[str, Any]:
    gate = {key: value for key, value in GATES[1].items() if key not in ("checkpoints", "opens_on")}
    checkpoint = {"id": "a", "kind": "assessment", "title": "A", "requirements": list(requirements)}
    return gate | {"id": name, "checkpoints": [checkpoint], "sign_off": {"roles": {"owner": 1}}} | members


_OWNED = _requirement(
    "owned",
    title="{risk} has an owner",
    unmet="Nobody owns {risk}.",
    for_each="identified_risk",
    profile="profile.risks[{risk}].owner != ''",
)
_SCORED = _requirement(
    "scored",
    title="{risk} was scored",
    for_each="identified_risk",
    evidence={"kind": "facts.score", "select": "facts.risk == {risk}"},
    criterion="facts.value < 50",
)
_AGAIN = _requirement("again", per_occasion=True, evidence={"kind": "facts.report"}, criterion="facts.ok")
_SIZED = _requirement("sized", profile="profile.compute.done < 1e30")
_OWED = _requirement("owed", profile="profile.scope.provider")
_REFERRED = _requirement("referred", profile="!profile.references.covers_all")
_TOLD = _requirement("told", clock="art-52-notification")
_NAMED = _requirement("named", profile="size(profile.known_as) > 0")
RISK_GATES = [
    _gate("notices", _TOLD),
    _gate("dated", _NAMED, _TOLD),
    _gate("sizes", _SIZED),
    _gate("scopes", _OWED),
    _gate("references", _REFERRED),
    _gate("owners", _OWNED),
    _gate("scores", _SCORED),
    _gate("again", _AGAIN),
]


@pytest.fixture(name="engine_config", scope="session")
def engine_config_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the configuration folder of these tests, in place of the one without editions."""
    folder = tmp_path_factory.mktemp("risks") / "config"
    write_config(folder)
    for part in ("regimes", "holidays"):
        shutil.copytree(CONFIG / part, folder / part)
    schema = folder / "facts" / "score.schema.json"
    schema.write_text(schema.read_text().replace('"properties": {', '"properties": {"risk": {"type": "string"}, '))
    for gate in RISK_GATES:
        (folder / "gates" / f"{gate['id']}.yaml").write_text(yaml.safe_dump(gate, sort_keys=False))
    return folder


def risk(risk_id: str, **members: Any) -> dict[str, Any]:
    """Return a risk as somebody records it, owned by sam unless another is given."""
    category = "specified" if risk_id in ALWAYS else "provider_defined"
    title = risk_id.replace("_", " ").capitalize()
    return {"id": risk_id, "title": title, "category": category, "owner": "sam", **members}


def record(engine: Engine, who: str, *risks: dict[str, Any]) -> Any:
    """Record a register and return it."""
    return ok(engine.send("PUT", RISKS, who, json={"risks": list(risks)}))


def statuses(view: Any) -> dict[str, str]:
    """Return the status of each finding of a gate."""
    return {finding["requirement"]: finding["status"] for finding in view["findings"]}
