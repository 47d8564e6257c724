"""Commands share commits, fail alone, and leave either everything or nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_samples import EXAMPLES, opened, settings_of, write_all
from ledger_story import Story
from sqlalchemy import bindparam, select, text

from pratique.canonical import digest_of, parse_json
from pratique.domain.entries import GateRunEvaluated, GateRunOpened, ModelVersionRegistered, SignedIn
from pratique.domain.times import instant_text, parse_instant
from pratique.errors import ConflictError, IntegrityError, UnavailableError
from pratique.services import lookups
from pratique.services.verify import verify_ledger
from pratique.store.changes import table_named
from pratique.store.ledger import Ledger
from pratique.store.ports import new_uuid7
from pratique.store.queries import Query
from pratique.store.tables import JournalEntryRow
from pratique.store.transaction import Transaction

ENTRIES = Query(select(table_named(str(JournalEntryRow.__tablename__))).order_by(text("position")))
OUTBOX = Query(select(lookups.outbox).order_by(lookups.outbox.c.id))
MODELS = Query(select(lookups.model_version).order_by(lookups.model_version.c.id))


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with opened(ledger_url) as made:
        yield made


def registered(name: str) -> ModelVersionRegistered:
    return ModelVersionRegistered(
        id=new_uuid7(), model="m", model_version=name, profile={}, profile_digest=digest_of({})
    )


def register(name: str, *, then: Callable[[], None] = lambda: None) -> Callable[[Transaction], str]:
    """A command that writes a row, an entry and work, and then does something else."""

    def command(tx: Transaction) -> str:
        tx.record(registered(name))
        tx.enqueue("flow", f"flow:{name}", {"name": name})
        then()
        return name

    return command


def fail(error: BaseException) -> Callable[[], None]:
    def raise_it() -> None:
        raise error

    return raise_it


def names_in(ledger: Ledger) -> tuple[set[str], set[str], set[str]]:
    """The versions that the rows, the journal and the outbox know."""
    with ledger.read() as reader:
        bodies = [parse_json(bytes(row["body"]), "entry")["values"] for row in reader.all(ENTRIES)]
        return (
            {row["version"] for row in reader.all(MODELS)},
            {values["model_version"] for values in bodies if "model_version" in values},
            {parse_json(row["payload"].encode(), "payload")["name"] for row in reader.all(OUTBOX)},
        )


def as_one_group(ledger: Ledger, commands: list[Callable[[Transaction], Any]]) -> list[Future[Any]]:
    """Submit commands so that the writer takes them together."""
    at_work, go = threading.Event(), threading.Event()

    def hold(_tx: Transaction) -> None:
        at_work.set()
        go.wait(10)

    held = ledger.submit("engine:test", hold)
    assert at_work.wait(10)
    futures = [ledger.submit("engine:test", command) for command in commands]
    go.set()
    held.result(10)
    return futures


def test_many_threads_write_in_the_order_of_each_and_all_of_it(ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    def work(thread: int) -> None:
        for number in range(20):
            assert ledger.write("engine:test", register(f"{thread:02}-{number:02}")) == f"{thread:02}-{number:02}"

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ledger.read() as reader:
        order = [parse_json(bytes(row["body"]), "entry")["values"]["model_version"] for row in reader.all(ENTRIES)]
    assert len(order) == 240
    for number in range(12):
        mine = [name for name in order if name.startswith(f"{number:02}-")]
        assert mine == sorted(mine)
    assert verify_ledger(settings_of(ledger_url, tmp_path)).problems == []


def test_commands_that_wait_together_share_a_commit(ledger: Ledger) -> None:
    commits: list[int] = []
    ledger.listen(lambda entries: commits.append(len(entries)))
    for future in as_one_group(ledger, [register(str(n)) for n in range(10)]):
        future.result(10)
    assert commits == [10]


def test_a_command_that_fails_or_refuses_does_not_touch_its_neighbours(ledger: Ledger) -> None:
    futures = as_one_group(
        ledger,
        [
            register("a"),
            register("bug", then=fail(ZeroDivisionError("a bug"))),
            register("b"),
            register("late", then=fail(ConflictError("refused after it had written"))),
            lambda tx: fail(ConflictError("refused at once"))(),
            register("exit", then=fail(SystemExit(3))),
            register("c"),
        ],
    )
    ended = [future.exception(10) or future.result() for future in futures]
    kinds = [type(end) if isinstance(end, BaseException) else end for end in ended]
    assert kinds == ["a", ZeroDivisionError, "b", ConflictError, ConflictError, SystemExit, "c"]
    assert names_in(ledger) == ({"a", "b", "c"},) * 3


def test_two_commands_of_a_group_see_one_another(ledger: Ledger) -> None:
    def count(tx: Transaction) -> int:
        return len(tx.all(MODELS))

    ended = as_one_group(ledger, [register("a"), count, register("b"), count])
    assert [future.result(10) for future in ended] == ["a", 1, "b", 2]


def test_a_row_that_is_taken_refuses_the_command_alone(ledger: Ledger) -> None:
    ledger.write("engine:test", register("a"))
    futures = as_one_group(ledger, [register("b"), register("a"), register("c")])
    assert futures[0].result(10) == "b"
    assert isinstance(futures[1].exception(10), UnavailableError)  # no driver's exception leaks
    assert futures[2].result(10) == "c"
    assert names_in(ledger) == ({"a", "b", "c"},) * 3


def test_a_change_of_a_row_that_is_not_there_is_refused_and_undone(ledger: Ledger) -> None:
    def command(tx: Transaction) -> None:
        tx.record(registered("a"))
        tx.record(next(fact for fact in EXAMPLES if fact.tag == "flow:run:ended"))

    with pytest.raises(IntegrityError, match="of table flow_run was expected, found none"):
        ledger.write("engine:test", command)
    assert names_in(ledger) == (set(),) * 3


def test_a_listener_that_fails_does_not_make_commands_run_twice(ledger: Ledger) -> None:
    ledger.listen(lambda entries: fail(ValueError("a broken listener"))())
    runs: list[str] = []
    assert ledger.write("engine:test", register("a", then=lambda: runs.append("a"))) == "a"
    assert ledger.write("engine:test", register("b", then=lambda: runs.append("b"))) == "b"
    assert runs == ["a", "b"]
    assert names_in(ledger) == ({"a", "b"},) * 3


def test_what_was_submitted_before_closing_is_written_and_what_comes_later_refused(ledger_url: str) -> None:
    ledger = Ledger(ledger_url)
    ledger.open()
    futures = [ledger.submit("engine:test", register(str(n))) for n in range(100)]
    ledger.close()
    assert [future.result(0) for future in futures] == [str(n) for n in range(100)]
    with pytest.raises(UnavailableError, match="closing"):
        ledger.submit("engine:test", register("late"))


def test_a_submission_in_the_moment_of_closing_is_answered_or_refused(ledger_url: str) -> None:
    ledger, futures = Ledger(ledger_url), list[Future[None]]()
    ledger.open()

    def submit() -> None:
        try:
            futures.extend(ledger.submit("engine:test", lambda tx: None) for _ in range(10_000))
        except UnavailableError:
            return

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    ledger.close()
    for thread in threads:
        thread.join()
    for future in futures:
        future.result(0)


def test_an_event_loop_awaits_writes_and_may_go_away(ledger: Ledger) -> None:
    async def story() -> list[str]:
        gone = ledger.awrite("engine:test", register("cancelled"))
        gone.cancel()
        return await asyncio.gather(*(ledger.awrite("engine:test", register(str(n))) for n in range(20)))

    assert asyncio.run(story()) == [str(n) for n in range(20)]
    assert "cancelled" in names_in(ledger)[0]  # nobody waited, but it was submitted


def test_a_reader_keeps_its_view_while_others_write(ledger: Ledger) -> None:
    ledger.write("engine:test", register("a"))
    with ledger.read() as before:
        assert len(before.all(MODELS)) == 1
        ledger.write("engine:test", register("b"))
        assert len(before.all(MODELS)) == 1
        assert len(before.all(OUTBOX)) == 1
        with ledger.read() as after:
            assert len(after.all(MODELS)) == 2


def test_a_reader_does_not_see_what_is_not_committed(ledger: Ledger) -> None:
    written, go = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        tx.record(registered("a"))
        written.set()
        go.wait(10)

    future = ledger.submit("engine:test", slow)
    assert written.wait(10)
    with ledger.read() as reader:
        assert reader.all(MODELS) == []
    go.set()
    future.result(10)


KILLED = """
import os, sys
from ledger_samples import opened
from test_ledger import register
with opened(sys.argv[1]) as ledger:
    ledger.write("engine:test", register("kept"))
    print("kept", flush=True)
    ledger.write("engine:test", register("lost", then=lambda: os.kill(os.getpid(), 9)))
"""


def test_a_kill_in_the_middle_of_a_command_leaves_nothing_of_it(ledger_url: str, tmp_path: Path) -> None:
    tests = Path(__file__).parents[1]
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, ledger_url],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tests, tests / "integration", tests.parent)))},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    assert ran.stdout == "kept\n"
    with opened(ledger_url) as ledger:
        assert names_in(ledger) == ({"kept"},) * 3
        ledger.write("engine:test", register("next"))
    report = verify_ledger(settings_of(ledger_url, tmp_path))
    assert report.problems == []
    assert report.counts["unsealed"] == 0


@pytest.mark.postgres
def test_the_writer_survives_the_end_of_its_connection(postgres_url: str) -> None:
    with opened(postgres_url) as ledger:
        ledger.write("engine:test", register("a"))
        for name in ("b", "c"):
            kill_connections(postgres_url)
            assert ledger.write("engine:test", register(name)) == name
        with ledger.read() as reader:
            kill_connections(postgres_url)
            with pytest.raises(Exception, match=r"terminat|closed"):
                reader.all(MODELS)
        assert names_in(ledger) == ({"a", "b", "c"},) * 3


@pytest.mark.postgres
def test_a_connection_that_ends_in_the_middle_of_a_command_writes_it_once(postgres_url: str) -> None:
    kills = iter([lambda: kill_connections(postgres_url)])
    with opened(postgres_url) as ledger:
        assert ledger.write("engine:test", register("a", then=lambda: next(kills, lambda: None)())) == "a"
        assert names_in(ledger) == ({"a"},) * 3


@pytest.mark.postgres
def test_a_database_that_is_away_is_said_to_be_and_serves_again_when_it_is_back(postgres: Any) -> None:
    import psycopg

    name = postgres.create_database()
    admin = postgres.url().replace("+psycopg", "")
    with opened(postgres.url(name)) as ledger, psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        kill_connections(postgres.url(name), through=admin)
        with pytest.raises(UnavailableError):
            ledger.write("engine:test", register("away"))
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
        assert ledger.write("engine:test", register("back")) == "back"
        assert names_in(ledger) == ({"back"},) * 3
    postgres.drop_database(name)


def kill_connections(url: str, *, through: str | None = None) -> None:
    import psycopg

    with psycopg.connect(through or url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (url.rsplit("/", 1)[1],),
        )


def opened_run(ledger: Ledger) -> str:
    model, run = new_uuid7(), new_uuid7()
    digest = "0" * 64
    facts = (
        ModelVersionRegistered(id=model, model="m", model_version=model, profile={}, profile_digest=digest_of({})),
        GateRunOpened(
            id=run, model_version_id=model, gate=run, occasion="default", spec_digest=digest, event_id=new_uuid7(),
            follow_up_at=instant_text(datetime.now(UTC)), due_at=instant_text(datetime.now(UTC)), basis=digest,
            inputs=digest,
        ),
    )  # fmt: skip
    ledger.write("engine:test", lambda tx: [tx.record(fact) for fact in facts])
    return run


def evaluated(run: str) -> Callable[[Transaction], int]:
    """A command that reads a gate run's version and writes the next one, as the services do it."""

    def command(tx: Transaction) -> int:
        row = tx.one(lookups.GATE_RUN, id=run)
        assert row is not None
        version = int(row["row_version"]) + 1
        tx.record(
            GateRunEvaluated(
                id=run, row_version=version, state="open", was="open", cause="test", findings=[], open_findings=0,
                basis="0" * 64, inputs="0" * 64,
            )
        )  # fmt: skip
        return version

    return command


@pytest.mark.postgres
def test_replicas_on_the_same_rows_lose_no_update_and_chain_in_order(postgres_url: str, tmp_path: Path) -> None:
    with opened(postgres_url) as first, opened(postgres_url) as second, opened(postgres_url) as third:
        runs = [opened_run(first) for _ in range(3)]

        def work(ledger: Ledger, turn: int) -> None:
            order = runs[turn:] + runs[:turn]  # in other orders, so that groups meet as deadlocks too
            for number in range(30):
                ledger.write("engine:test", evaluated(order[number % 3]))

        threads = [threading.Thread(target=work, args=(ledger, n)) for n, ledger in enumerate((first, second, third))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        by_id = Query(select(lookups.gate_run.c.row_version).where(lookups.gate_run.c.id == bindparam("id")))
        with first.read() as reader:
            assert [reader.value(by_id, id=run) for run in runs] == [31, 31, 31]
    report = verify_ledger(settings_of(postgres_url, tmp_path))
    assert report.problems == []
    assert report.counts["unsealed"] == 0


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(seeds=st.lists(st.integers(0, 2**32), min_size=1, max_size=3), at_once=st.integers(1, 20))
def test_random_stories_replay_to_the_stored_rows(
    ledger: Ledger, ledger_url: str, tmp_path: Path, seeds: list[int], at_once: int
) -> None:
    for seed in seeds:
        write_all(ledger, Story(seed).facts(25), at_once=at_once)
    problems = verify_ledger(settings_of(ledger_url, tmp_path)).problems
    assert [line for line in problems if not line.startswith(("evidence file", "evidence files"))] == []


def test_ids_are_ordered_and_times_are_utc(ledger: Ledger) -> None:
    write = [ledger.submit("engine:test", lambda tx: tx.record(SignedIn(person="mira"))) for _ in range(200)]
    for future in write:
        future.result(10)
    with ledger.read() as reader:
        rows = reader.all(ENTRIES)
    ids, times = [row["id"] for row in rows], [row["at"] for row in rows]
    assert ids == sorted(set(ids))
    assert all(id_[14] == "7" for id_ in ids)
    assert times == sorted(times)
    assert all(parse_instant(at).tzinfo is UTC and at.endswith("Z") and len(at) == 27 for at in times)
    assert abs((parse_instant(times[-1]) - datetime.now(UTC)).total_seconds()) < 60


def test_a_clock_from_outside_is_the_one_of_every_entry(ledger_url: str, now: datetime) -> None:
    with opened(ledger_url, clock=lambda: now) as ledger:
        ledger.write("engine:test", register("a"))
        with ledger.read() as reader:
            assert {row["at"] for row in reader.all(ENTRIES)} == {instant_text(now)}
            assert {row["registered_at"] for row in reader.all(MODELS)} == {instant_text(now)}


def test_a_read_that_outlives_the_ledger_leaves_no_connection_behind(ledger_url: str) -> None:
    """A request whose client went away reads on in its thread while the engine stops."""
    with opened(ledger_url) as ledger:
        reading = ledger.read()
        reader = reading.__enter__()
        connection: Any = reader._cursor.connection
    reading.__exit__(None, None, None)
    with pytest.raises(Exception, match="closed"):
        connection.execute("SELECT 1")
