"""Rule files that are not as they were adopted: no engine goes by them until somebody accepts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    VERSION,
    Engine,
    clock_fixture,
    forget_configuration,
    ok,
    refused,
)
from regime_fixtures import (  # noqa: F401 - fixtures are used by name
    FINAL,
    NEXT,
    OWN,
    edit,
    regime_engine_fixture,
    regime_settings_fixture,
    write_next_edition,
    write_own_regime,
    write_tightened,
)
from test_adoption import LIST, adopt, cleared_and_open, moves, overlay_fixture, tighter  # noqa: F401 - used by name

from pratique.bootstrap import accept_changed_files, only_engine
from pratique.errors import ConfigError, NotFoundError
from pratique.services.verify import verify_ledger
from pratique.settings import Settings
from pratique.store.lock import LedgerBusyError


@pytest.fixture(name="restart")
def restart_fixture(engine: Engine, regime_settings: Settings) -> Iterator[Callable[[], Engine]]:
    """Stop the engine, and start it again on the files as they are then."""
    running: list[Engine] = []

    def again() -> Engine:
        engine.parts.ledger.close()
        forget_configuration(regime_settings)
        running.append(Engine(regime_settings, engine.clock))
        return running[-1]

    yield again
    for one in running:
        one.client.close()
        one.parts.ledger.close()


def test_an_engine_does_not_start_on_files_that_are_not_as_adopted(
    engine: Engine, regime_settings: Settings, restart: Callable[[], Engine]
) -> None:
    cleared_and_open(engine)
    gate = regime_settings.config_dir / "gates/quorum.yaml"
    was = gate.read_text()
    edit(gate, tighter)
    acts = regime_settings.config_dir / "regimes/eu-gpai-code/2025-07-10/acts.yaml"
    was_acts = acts.read_text()
    edit(acts, lambda a: a | {"acts": [a["acts"][0] | {"title": "Another title"}, *a["acts"][1:]]})
    with pytest.raises(ConfigError) as refusal:
        restart()
    assert refusal.value.errors == [
        f"{FINAL} is not as it was adopted on 2026-11-23: gates quorum and the edition itself changed"
    ]
    assert "put the files back" in str(refusal.value.hint)
    assert "pratique regime accept-files" in str(refusal.value.hint)
    gate.write_text(was)
    acts.write_text(was_acts)
    again = restart()
    assert again.gate("quorum")["state"] == "cleared"
    assert len(again.get("/v1/regimes/adoptions")["items"]) == 1


def test_changed_files_are_accepted_as_an_adoption_before_the_engine_starts(
    engine: Engine, regime_settings: Settings, restart: Callable[[], Engine]
) -> None:
    cleared_and_open(engine)
    edit(regime_settings.config_dir / "gates/quorum.yaml", tighter)
    online = ok(adopt(engine, FINAL, dry_run=True))
    engine.parts.ledger.close()
    (rehearsed,) = accept_changed_files(regime_settings, None, clock=engine.clock)
    assert {name: rehearsed[name] for name in LIST} == {name: online[name] for name in LIST}
    with pytest.raises(ConfigError, match="gates quorum changed"):
        restart()
    engine.clock.forward(minutes=1)
    (accepted,) = accept_changed_files(regime_settings, "The upgrade tightens it.", clock=engine.clock)
    assert {name: accepted[name] for name in LIST} == {name: online[name] for name in LIST}
    assert accept_changed_files(regime_settings, "Again.", clock=engine.clock) == []
    again = restart()
    assert (again.gate("quorum")["state"], moves(accepted)) == ("stale", {"quorum": "stale"})
    newest = again.get("/v1/regimes/adoptions")["items"][0]
    assert (newest["edition"], newest["was_edition"], newest["reason"], newest["person"]) == (
        FINAL,
        FINAL,
        "The upgrade tightens it.",
        None,
    )
    again.seal()
    entries = again.get("/v1/journal", "mira", limit=1000, tag="regime:edition:adopted")["entries"]
    assert entries[-1]["entry"]["actor"] == "operator:accept-files"
    assert verify_ledger(again.settings).problems == []


def test_files_of_a_running_engine_are_not_accepted_behind_its_back(regime_settings: Settings, engine: Engine) -> None:
    if not engine.parts.ledger.url.startswith("sqlite"):
        pytest.skip("PostgreSQL takes several writers")
    settings = regime_settings.model_copy(update={"database_url": None})
    settings.data_dir.mkdir(exist_ok=True)
    with pytest.raises(NotFoundError, match="there is no ledger"):
        accept_changed_files(settings, "Behind its back.")
    (settings.data_dir / "ledger.db").touch()
    with only_engine(settings), pytest.raises(LedgerBusyError):
        accept_changed_files(settings, "Behind its back.")


def test_adopting_one_regime_takes_no_changed_files_of_another(engine: Engine, overlay: Path) -> None:
    """Two regimes, one adopted anew: what else changed on disk waits for an adoption of its own."""
    write_next_edition(overlay)
    ok(adopt(engine))
    write_own_regime(overlay, engine.settings.config_dir / "gates")
    ok(adopt(engine, OWN))
    write_tightened(overlay, "quorum", "score", "facts.value < 10")
    for dry_run in (True, False):
        problem = refused(adopt(engine, OWN, dry_run=dry_run), 422, "invalid-config")
        assert problem["errors"] == [f"{NEXT} is not as it was adopted on 2026-11-23: gates quorum changed"]
    ok(adopt(engine))
    assert ok(adopt(engine, OWN))["changes_something"] is False


def test_a_replica_whose_files_differ_does_not_follow(engine: Engine, overlay: Path) -> None:
    """It holds an edition of that name, and would judge by something else."""
    write_next_edition(overlay)
    engine.register()
    before, followed = engine.parts.running.now, engine.parts.running.followed
    ok(adopt(engine))
    ok(engine.send("GET", VERSION, "mira"))
    engine.parts.running.put(before, followed)
    write_tightened(overlay, "quorum", "score", "facts.value < 10")
    answer = engine.send("PUT", VERSION, "mira", json={"systemic_risk": True, "crawls": False})
    assert answer.status_code == 503
    assert "gates quorum changed" in answer.json()["detail"]
