"""Two replicas on PostgreSQL, one adopts an edition while the other writes: no deadlock, nothing left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Clock,
    Engine,
    clock_fixture,
    forget_configuration,
    ok,
    write_config,
)
from pydantic import SecretStr
from regime_fixtures import FINAL, NEXT, write_gate_of_risks, write_next_edition, write_regimes, write_tightened

from pratique.services import occurrences
from pratique.services.adoptions import settle
from pratique.services.verify import verify_ledger
from pratique.settings import Settings

pytestmark = pytest.mark.postgres
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@pytest.fixture(name="replicas")
def replicas_fixture(postgres_url: str, tmp_path: Path, clock: Clock) -> Iterator[list[Engine]]:
    """Two replicas, each with files of its own that say the same."""

    def replica(name: str) -> Engine:
        folder = tmp_path / name
        write_config(folder / "config")
        write_regimes(folder / "config")
        write_gate_of_risks(folder / "config")
        (folder / "overlay").mkdir()
        settings = Settings(
            data_dir=folder / "data",
            config_dir=folder / "config",
            overlay_dir=folder / "overlay",
            database_url=SecretStr(postgres_url),
            sweep_seconds=86_400,
            channels={"mail": SecretStr(f"mailfolder://{tmp_path}/mail")},
        )
        return Engine(settings, clock)

    engines = [replica("one"), replica("two")]
    yield engines
    for engine in engines:
        engine.client.close()
        engine.parts.ledger.close()
        forget_configuration(engine.settings)


def bring(replicas: list[Engine]) -> None:
    """Put the files of the later edition on both machines."""
    for engine in replicas:
        overlay = engine.settings.overlay_dir
        assert overlay is not None
        write_next_edition(overlay)
        write_tightened(overlay, "quorum", "score", "facts.value < 10")


def adopt(engine: Engine) -> Any:
    return ok(engine.send("POST", "/v1/regimes/adoptions", "admin", json={"edition": NEXT}))


def version_of(name: str) -> str:
    return f"/v1/models/aurora/versions/{name}"


def test_adopting_beside_what_classifies_a_model_ends_in_no_deadlock(
    replicas: list[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version that continues another one was registered before it: its row is the first in order of ids."""
    one, two = replicas
    for name, continues in (("2.2", None), ("2.1", None), ("2.2", "aurora/2.1")):
        ok(one.send("PUT", version_of(name), "kim", json={"systemic_risk": False, "continues": continues}))
    bring(replicas)
    holds_first, inner = threading.Event(), occurrences._follow_later
    tries: list[str] = []

    def follow_later(*given: Any) -> None:
        tries.append("classified")
        holds_first.set()
        threading.Event().wait(1.5)  # the other replica locks what it can meanwhile
        inner(*given)

    monkeypatch.setattr(occurrences, "_follow_later", follow_later)
    with ThreadPoolExecutor(2) as pool:
        body = {"kind": "threshold_met", "why": "For the test."}
        met = pool.submit(one.send, "POST", f"{version_of('2.1')}/occurrences", "mira", json=body)
        assert holds_first.wait(10)
        adopted = pool.submit(adopt, two)
        assert ok(met.result(60))
        assert adopted.result(60)["adoption"] is not None
    assert tries == ["classified"], "nothing was tried again"
    assert one.rows(DEADLOCKS) == [(0,)]


def test_what_is_written_beside_an_adoption_is_moved_in_the_end(replicas: list[Engine]) -> None:
    one, two = replicas
    names = [f"3.{number}" for number in range(4)]
    for name in names:
        ok(one.send("PUT", version_of(name), "kim", json={"systemic_risk": True, "known_as": ["mockllm/model"]}))
    bring(replicas)

    def write() -> list[int]:
        found = []
        for number in range(16):
            path = f"{version_of(names[-1 - number % 4])}/occurrences"
            body = {"kind": "threshold_met", "why": "For the test."}
            found.append(two.send("POST", path, "mira", json=body).status_code)
            found.append(two.event("pratique.gate.triggered", gate="quorum", occasion=f"o-{number}").status_code)
        return found

    ok(one.send("PUT", version_of("2.1"), "kim", json={"systemic_risk": True}))
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write)
        assert adopt(one)["adoption"] is not None
        assert {status // 100 for status in writing.result(120)} == {2}
    for engine in replicas:
        settle(engine.parts, "engine:test")
        assert engine.parts.rules.adopted == {"eu-gpai-code": NEXT}
    assert one.parts.rules.digests == two.parts.rules.digests
    digests = {row[0] for row in one.rows("SELECT spec_digest FROM gate_run WHERE gate = 'quorum'")}
    assert digests == {one.parts.rules.digests["quorum"]}
    assert {row[0] for row in one.rows("SELECT edition FROM adoption")} == {FINAL, NEXT}
    assert one.rows(DEADLOCKS) == [(0,)]
    one.seal()
    assert verify_ledger(one.settings).problems == []
