"""A clearance that is settled: what was valid when the model was placed need not be shown again (S-1.2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    GATES,
    Engine,
    clock_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    write_config,
)


@pytest.fixture(name="engine_config", scope="session")
def engine_config_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gates of other tests, `solo` settled once the model is placed; `final` waits for it, not for `trial`."""
    folder = tmp_path_factory.mktemp("settled") / "config"
    write_config(folder)
    by_id: dict[str, Any] = {gate["id"]: gate for gate in GATES}
    settled = "profile.stage in ['placed', 'in_service', 'withdrawn']"
    solo = by_id["solo"] | {"settled_when": settled, "sign_off": {"roles": {"owner": 1}, "four_eyes": False}}
    checkpoint = by_id["final"]["checkpoints"][0]
    waits = checkpoint["requirements"][0] | {"gate": "solo"}
    final = by_id["auto"] | {"id": "final", "checkpoints": [checkpoint | {"requirements": [waits]}]}
    for gate in (solo, final):
        (folder / "gates" / f"{gate['id']}.yaml").write_text(yaml.safe_dump(gate, sort_keys=False))
    return folder


def states(engine: Engine) -> tuple[str, str]:
    return engine.gate("solo")["state"], engine.gate("final")["state"]


def cleared(engine: Engine, **profile: Any) -> None:
    """Clear both gates on a score that is fresh for thirty days."""
    engine.register(**profile)
    engine.trigger("solo")
    engine.trigger("final")
    engine.submit("score", value=10)
    ok(engine.decide("kim", "solo"))
    assert states(engine) == ("cleared", "cleared")


def test_a_marketed_model_keeps_its_clearances_when_the_work_behind_them_gets_old(engine: Engine) -> None:
    cleared(engine, stage="trained")
    engine.clock.forward(days=20)
    engine.register(stage="placed")
    engine.clock.forward(days=100)
    engine.sweep()
    assert states(engine) == ("cleared", "cleared")
    assert engine.gate("solo")["findings"][0]["status"] == "met"


def test_a_model_that_is_not_placed_shows_it_again(engine: Engine) -> None:
    cleared(engine, stage="trained")
    engine.clock.forward(days=31)
    engine.sweep()
    assert states(engine) == ("stale", "stale")


def test_what_is_cleared_after_placing_is_settled_from_then_on(engine: Engine) -> None:
    """Between two sweeps nobody may read it as stale either."""
    cleared(engine, stage="placed")
    assert engine.rows("SELECT recheck_at FROM gate_run WHERE gate = 'solo'") == [(None,)]
    engine.clock.forward(days=31)
    assert states(engine) == ("cleared", "cleared")


def test_newer_work_that_fails_ends_a_settled_clearance(engine: Engine) -> None:
    cleared(engine, stage="placed")
    engine.clock.forward(days=40)
    engine.submit("score", value=90)
    assert engine.gate("solo")["state"] == "stale"
