"""Two replicas on PostgreSQL that write at once: neither loses who set what, and none waits for the other for ever."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from engine_fixtures import VERSION, Clock, Engine, clock_fixture, ok  # noqa: F401 - fixtures are used by name
from pydantic import SecretStr
from risk_fixtures import RISKS, engine_config_fixture, risk  # noqa: F401 - fixtures are used by name

from pratique.domain.models import ModelProfile
from pratique.domain.provider import ProviderProfile
from pratique.domain.risks import Risk
from pratique.errors import ConflictError
from pratique.services.compute_ledger import withdraw_compute
from pratique.services.loaded_run import load_run
from pratique.services.models import find_model_version
from pratique.services.parts import Parts
from pratique.services.profiles import GivenProfile, register_model_version
from pratique.services.providers import GivenProvider, record_provider
from pratique.services.registering import GivenRegister, record_register
from pratique.settings import Settings
from pratique.store.transaction import Transaction

pytestmark = pytest.mark.postgres
Command = Callable[[Transaction, Parts], Any]


@pytest.fixture(name="replicas")
def replicas_fixture(postgres_url: str, engine_config: Any, tmp_path: Any, clock: Clock) -> Iterator[list[Engine]]:
    def replica(name: str) -> Engine:
        settings = Settings(
            data_dir=tmp_path / name,
            config_dir=engine_config,
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


def at_once(replicas: list[Engine], first: Command, second: Command) -> None:
    """Run two commands so that the second begins once the first has written, and before it is committed."""
    has_written, may_end = threading.Event(), threading.Event()
    one, two = replicas

    def slow(tx: Transaction) -> None:
        first(tx, one.parts)
        has_written.set()
        may_end.wait(1.0)

    def other() -> None:
        has_written.wait(10)
        two.parts.ledger.write("engine:test", lambda tx: second(tx, two.parts))

    threads = [
        threading.Thread(target=one.parts.ledger.write, args=("engine:test", slow)),
        threading.Thread(target=other),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def test_authors_of_the_provider_are_kept(replicas: list[Engine]) -> None:
    ok(replicas[0].send("PUT", "/v1/provider", "kim", json={"name": "Aurora", "country": "FR"}))

    def change(by: str, **members: Any) -> Command:
        profile = ProviderProfile.model_validate({"name": "Aurora", "country": "FR", "size": "small", **members})
        return lambda tx, parts: record_provider(tx, parts, GivenProvider(profile=profile, by=by))

    at_once(replicas, change("mira"), change("jonas", country="DE"))
    authors = replicas[0].get("/v1/provider")["authors"]
    assert (authors["size"], authors["country"], authors["name"]) == ("mira", "jonas", "kim")


def test_authors_of_a_profile_are_kept(replicas: list[Engine]) -> None:
    ok(replicas[0].send("PUT", VERSION, "kim", json={"systemic_risk": False}))

    def change(by: str, *names: str) -> Command:
        given = GivenProfile(profile=ModelProfile(systemic_risk=False, known_as=names), by=by)
        return lambda tx, parts: register_model_version(tx, parts, model="aurora", version="2.1", given=given)

    at_once(replicas, change("mira", "a"), change("jonas", "b"))
    authors = replicas[0].get(VERSION)["authors"]
    assert (authors["known_as[a]"], authors["known_as[b]"]) == ("jonas", "jonas")  # jonas took away what mira put


def test_authors_of_a_register_are_kept(replicas: list[Engine]) -> None:
    ok(replicas[0].send("PUT", VERSION, "kim", json={"systemic_risk": True}))

    def change(by: str, *names: str) -> Command:
        given = GivenRegister(risks=[Risk.model_validate(risk(name)) for name in names], by=by)
        return lambda tx, parts: record_register(tx, parts, model="aurora", version="2.1", given=given)

    at_once(replicas, change("mira", "cbrn", "own_risk"), change("jonas", "cbrn"))
    authors = replicas[0].get(RISKS)["authors"]
    assert (authors["risks.cbrn"], authors["risks.own_risk"]) == ("mira", "jonas")


def test_gate_runs_of_one_version_are_taken_in_any_order_without_a_deadlock(replicas: list[Engine]) -> None:
    one, two = replicas
    ok(one.send("PUT", VERSION, "kim", json={"systemic_risk": True, "known_as": ["mockllm/model"]}))
    runs = [one.trigger(gate)["gate_run"] for gate in ("sizes", "dated")]
    tries: list[str] = []
    begun = threading.Barrier(2)

    def taking(engine: Engine, order: list[str]) -> Callable[[Transaction], None]:
        def command(tx: Transaction) -> None:
            tries.append(order[0])
            load_run(tx, engine.parts, order[0], tx.now)
            with contextlib.suppress(threading.BrokenBarrierError):
                begun.wait(1.0)  # both hold their first where rows are locked in other orders
            load_run(tx, engine.parts, order[1], tx.now)

        return command

    with ThreadPoolExecutor(2) as pool:
        work = [
            pool.submit(engine.parts.ledger.write, "engine:test", taking(engine, order))
            for engine, order in ((one, runs), (two, runs[::-1]))
        ]
        for each in work:
            each.result(30)
    assert sorted(tries) == sorted(runs), "nothing was tried again"


def test_evidence_and_occurrences_at_once_end_in_no_deadlock(replicas: list[Engine]) -> None:
    one, two = replicas
    ok(one.send("PUT", VERSION, "kim", json={"systemic_risk": True, "known_as": ["mockllm/model"]}))
    for gate in ("final", "trial", "auto", "solo", "dated", "notices"):
        one.trigger(gate)

    def happen() -> list[int]:
        body = {"kind": "threshold_met", "why": "For the test."}
        return [one.send("POST", f"{VERSION}/occurrences", "mira", json=body).status_code for _ in range(12)]

    def submit() -> list[int]:
        for number in range(12):
            two.submit("report", after=number / 60, ok=number % 2 == 0)
        return []

    with ThreadPoolExecutor(2) as pool:
        work = [pool.submit(happen), pool.submit(submit)]
        assert work[0].result(60) == [201] * 12
        work[1].result(60)
    assert one.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]


def test_an_entry_of_the_compute_ledger_is_withdrawn_once(replicas: list[Engine]) -> None:
    ok(replicas[0].send("PUT", VERSION, "kim", json={"systemic_risk": False}))
    times = {"begins_at": "2026-10-01T00:00:00Z", "ends_at": "2026-11-01T00:00:00Z"}
    body = {"run": "r1", "kind": "done", "flop": 1e24, "purpose": "pre_training", "source": "counted", **times}
    entry = ok(replicas[0].send("POST", f"{VERSION}/compute", "kim", json=body))["id"]
    refused: list[str] = []

    def withdraw(person: str) -> Command:
        def command(tx: Transaction, parts: Parts) -> None:
            version = find_model_version(tx, "aurora", "2.1")
            try:
                withdraw_compute(tx, parts, version, entry, reason="Twice.", person=person, credential="token:t")
            except ConflictError:
                refused.append(person)

        return command

    at_once(replicas, withdraw("mira"), withdraw("jonas"))
    assert refused == ["jonas"]
    assert replicas[0].rows("SELECT withdrawn_by FROM compute") == [("mira",)]
