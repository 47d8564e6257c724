"""Two replicas on PostgreSQL that serve one pipeline: it is told one thing at a time, and last what is true."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Clock, clock_fixture, engine_config_fixture  # noqa: F401 - fixtures are used by name
from forge_fakes import FakeGitlab
from local_site import Site
from pydantic import SecretStr
from test_asking_pipelines import HOOK_SECRET, Asked, hook_of
from webhook_fixtures import secrets_fixture, site_fixture, telling  # noqa: F401

from pratique.answers.subscriptions import topic_of
from pratique.services import answering
from pratique.services.work import claim_in_turn, settle
from pratique.settings import Settings

pytestmark = pytest.mark.postgres
_LONG = 60


@pytest.fixture(name="gitlab")
def gitlab_fixture(site: Site) -> FakeGitlab:
    return FakeGitlab(site)


@pytest.fixture(name="replicas")
def replicas_fixture(
    postgres_url: str, engine_config: Path, tmp_path: Path, clock: Clock, gitlab: FakeGitlab, secrets: Path
) -> Iterator[list[Asked]]:
    (secrets / "hook").write_text(HOOK_SECRET)
    (secrets / "token").write_text("glpat-secret")
    subscription = {
        "format": "pratique.subscription/1",
        "name": "gitlab",
        "kind": "gitlab-status-check",
        "hook": "gitlab",
        "api": f"{gitlab.url}/api/v4",
        "token": {"file": str(secrets / "token")},
    }

    def replica(name: str) -> Any:
        folder = tmp_path / name
        settings = Settings(
            data_dir=folder,
            config_dir=engine_config,
            database_url=SecretStr(postgres_url),
            sweep_seconds=86_400,
            channels={"mail": SecretStr(f"mailfolder://{tmp_path}/mail")},
        )
        return telling(settings, clock, folder, subscription, hook=hook_of("gitlab", secrets), made=Asked)

    engines = [replica("one"), replica("two")]
    engines[0].register()
    yield engines
    for engine in engines:
        engine.client.close()
        engine.parts.ledger.close()


def test_while_one_replica_leases_a_message_the_other_leases_none_and_then_the_next(replicas: list[Asked]) -> None:
    first, second = (replica.parts.ledger for replica in replicas)
    topic, taken, may_end = "test:in-turn", threading.Event(), threading.Event()
    for number in range(2):
        first.write("engine:t", lambda tx, n=number: tx.enqueue(topic, f"in-turn:{n}", {"n": n}))

    def take(worker: str) -> Any:
        return partial(claim_in_turn, worker=worker, topic=topic, lease_seconds=60)

    def slowly(tx: Any) -> Any:
        found = take("a")(tx)
        taken.set()
        assert may_end.wait(_LONG)
        return found

    under_way = first.submit("engine:t", slowly)
    assert taken.wait(_LONG)
    assert second.write("engine:t", take("b")) == [], "the other's lease is not committed yet"
    may_end.set()
    [leased] = under_way.result(_LONG)
    assert second.write("engine:t", take("b")) == [], "the other's lease runs"
    first.write("engine:t", partial(settle, work_id=leased["id"], worker="a", ok=True))
    [next_one] = second.write("engine:t", take("b"))
    assert next_one["id"] != leased["id"]


def test_what_a_slow_replica_says_late_is_put_right_by_what_holds_now(
    replicas: list[Asked], gitlab: FakeGitlab, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = replicas
    real, about_to_pass, may_go_on = answering._tell, threading.Event(), threading.Event()

    async def slow(parts: Any, subscription: Any, raw: bytes, reply: Any) -> Any:
        if reply.verdict == "approve" and not about_to_pass.is_set():
            about_to_pass.set()
            assert await asyncio.to_thread(may_go_on.wait, _LONG)
        return await real(parts, subscription, raw, reply)

    monkeypatch.setattr(answering, "_tell", slow)
    one.ask("gitlab", gitlab.delivery())
    one.until(lambda: len(gitlab.said) == 1)
    one.clear()
    assert about_to_pass.wait(_LONG)
    one.submit("score", value=90, after=0.1)
    assert one.gate("quorum")["state"] == "stale"
    waiting = one.rows(f"SELECT status FROM outbox WHERE topic = '{topic_of('gitlab')}' AND status <> 'done'")
    assert sorted(status for (status,) in waiting)[0] == "leased"
    assert [status for (status,) in waiting].count("leased") == 1, "nobody speaks while the slow one does"
    assert [said["status"] for said in gitlab.said] == ["failed"]
    may_go_on.set()
    one.until(lambda: len(gitlab.said) >= 3)
    one.quiet()
    assert [said["status"] for said in gitlab.said] == ["failed", "passed", "failed"]
