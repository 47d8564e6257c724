"""An engine that goes by the shipped rules of the Code, with small gates of its own that clocks belong to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_fixtures import VERSION, Clock, Engine, ok, write_people
from pydantic import SecretStr

from pratique.domain.times import instant_text
from pratique.settings import Settings

CONFIG = Path(__file__).resolve().parents[2] / "config"
#: Gates that the shipped clock rules belong to, and what opens them here.
_GATES = {
    "serious-incident": ["pratique.occurrence.incident_aware", "pratique.occurrence.near_miss"],
    "requests": ["pratique.occurrence.request_received", "pratique.occurrence.complaint_received"],
    "notification-and-framework": ["pratique.occurrence.threshold_known", "pratique.occurrence.threshold_met"],
    "placement": [],
}
_TIMED = {
    "serious-incident": [
        {
            "id": "in-time",
            "title": "The initial report went out in time",
            "measures": ["S-9.3"],
            "why": "For the test.",
            "clock": "incident-initial",
        }
    ]
}
PEOPLE = {
    "mira": ["owner"],
    "jonas": ["approver"],
    "lea": ["incident_lead"],
    "sam": ["security_lead"],
    "zed": [],
}


def _gate(name: str, opens_on: list[str]) -> dict[str, Any]:
    requirement = {
        "id": "noted",
        "title": "Noted",
        "measures": ["S-9.1"],
        "why": "For the test.",
        "evidence": {"kind": "facts.noted"},
        "criterion": "facts.ok",
    }
    return {
        "format": "pratique.gate/1",
        "id": name,
        "version": 1,
        "edition": "eu-gpai-code@2025-07-10",
        "title": f"The {name} gate",
        "decides": f"Whether {name} is in order.",
        "stage": "post_deployment",
        "moment": "post_market",
        "measures": ["S-9.3"],
        "does_not_show": "Much.",
        "opens_on": opens_on,
        "checkpoints": [
            {"id": "a", "kind": "assessment", "title": "A", "requirements": [requirement, *_TIMED.get(name, [])]}
        ],
        "sign_off": {"roles": {"approver": 1}},
        "due": {"follow_up_days": 5, "due_days": 10},
    }


@pytest.fixture(name="clock_config", scope="session")
def clock_config_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clocks") / "config"
    for part in ("regimes", "holidays"):
        shutil.copytree(CONFIG / part, folder / part)
    (folder / "gates").mkdir()
    (folder / "facts").mkdir()
    for name, opens_on in _GATES.items():
        (folder / "gates" / f"{name}.yaml").write_text(yaml.safe_dump(_gate(name, opens_on), sort_keys=False))
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:pratique.facts/noted@1",
        "type": "object",
        "additionalProperties": False,
        "required": ["ok"],
        "properties": {"ok": {"type": "boolean"}},
    }
    (folder / "facts" / "noted.schema.json").write_text(json.dumps(schema))
    write_people(folder, PEOPLE)
    return folder


@pytest.fixture(name="clock_settings")
def clock_settings_fixture(ledger_url: str, tmp_path: Path, clock_config: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        config_dir=clock_config,
        database_url=SecretStr(ledger_url),
        sweep_seconds=86_400,
        channels={"mail": SecretStr(f"mailfolder://{tmp_path}/mail")},
    )


@pytest.fixture(name="bureau")
def bureau_fixture(clock_settings: Settings, clock: Clock) -> Iterator[Engine]:
    """An engine with aurora 2.1 registered: designated, so that nothing is to be notified; nothing placed yet."""
    engine = Engine(clock_settings, clock)
    try:
        engine.register(designation="designated")
        yield engine
    finally:
        engine.client.close()
        engine.parts.ledger.close()


def record(
    engine: Engine, kind: str, *, who: str = "mira", at: Any = None, about: str | None = None, **data: Any
) -> Any:
    """Record an occurrence of aurora 2.1 and return the answer, whatever it is."""
    body: dict[str, Any] = {"kind": kind, "why": "As the log says.", "data": data}
    if at is not None:
        body["at"] = at if isinstance(at, str) else instant_text(at)
    if about is not None:
        body["about"] = about
    return engine.send("POST", f"{VERSION}/occurrences", who, json=body)


def recorded(engine: Engine, kind: str, **given: Any) -> Any:
    """Record an occurrence and return what the engine made of it."""
    return ok(record(engine, kind, **given))
