"""A clock that is wrong: dates and sweep behave, nothing crashes, the journal stays one chain."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fault_checks import JournalReader, assert_verified
from fault_processes import await_that, free_port, http_client
from fault_requests import GATE, register, trigger
from fault_story import DOCUMENTS

from pratique.bootstrap import build_parts, open_parts
from pratique.settings import Settings
from pratique.web.app import create_app

YEARS_10 = timedelta(days=3653)


class Clock:
    """What the machine claims the time is."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Site:
    """An engine in this process, with people who act on it."""

    def __init__(self, client: httpx.Client, clock: Clock, tokens: dict[str, str]) -> None:
        self.client, self.clock, self._tokens = client, clock, tokens
        self.be("pipeline")

    def be(self, who: str) -> None:
        self.client.headers["authorization"] = f"Bearer {self._tokens[who]}"

    def clear_training_trigger(self) -> str:
        """Bring a gate to cleared, with two waivers of 30 days; return the root of its model version."""
        root = register(self.client)
        assert trigger(self.client, "e1").status_code == 200
        for name, content in DOCUMENTS.items():
            assert self.client.post(f"{root}/evidence", params={"filename": name}, content=content).status_code == 201
        self.be("jonas")
        for requirement in ("cbrn-evaluation", "cyber-evaluation"):
            expires_at = (self.clock.now + timedelta(days=30)).isoformat()
            body = {"requirement": requirement, "reason": "known model", "expires_at": expires_at}
            assert self.client.post(f"{root}/gates/{GATE}/waivers", json=body).status_code == 200
        for person in ("mira", "jonas"):
            self.decide(root, person)
        return root

    def decide(self, root: str, person: str, act: str = "clear") -> None:
        self.be(person)
        basis = self.view(root)["basis"]
        body = {"act": act, "reason": "seen", "basis": basis}
        reply = self.client.post(f"{root}/gates/{GATE}/decisions", json=body)
        assert reply.status_code == 200, reply.text

    def view(self, root: str, **given: str) -> dict[str, object]:
        reply = self.client.get(f"{root}/gates/{GATE}", params=given)
        assert reply.status_code == 200, reply.text
        view: dict[str, object] = reply.json()
        return view

    def sweep(self) -> dict[str, int]:
        self.be("worker")
        reply = self.client.post("/v1/sweep")
        assert reply.status_code == 200, reply.text
        self.be("pipeline")
        return {k: v for k, v in reply.json().items() if k != "at" and v}

    def journal(self) -> JournalReader:
        self.be("pipeline")
        journal = JournalReader()
        journal.follow(self.client)
        return journal


@pytest.fixture
def site(tmp_path: Path, now: datetime) -> Iterator[Site]:
    with _site(tmp_path, Clock(now)) as site:
        yield site
    assert_verified(tmp_path, 8470)


@contextmanager
def _site(folder: Path, clock: Clock) -> Iterator[Site]:
    parts = build_parts(Settings(data_dir=folder, sweep_seconds=3600), clock=clock)
    open_parts(parts)
    tokens = {name: (folder / "tokens" / f"{name}.token").read_text().strip() for name in ("pipeline", "worker")}
    admin = (folder / "tokens" / "admin.token").read_text().strip()
    try:
        with _served(create_app(parts)) as client:
            for person in ("mira", "jonas"):
                reply = client.post(
                    "/v1/tokens",
                    json={"label": person, "kind": "person", "person": person},
                    headers={"authorization": f"Bearer {admin}"},
                )
                tokens[person] = reply.json()["token"]
            yield Site(client, clock, tokens)
    finally:
        parts.ledger.close()


@contextmanager
def _served(app: FastAPI) -> Iterator[httpx.Client]:
    """Serve the engine over HTTP from a thread of this process, where the test holds its clock."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        await_that(lambda: server.started, "the engine to listen")
        with http_client(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def test_ten_years_ahead_everything_that_ran_out_is_told_once(site: Site) -> None:
    root = site.clear_training_trigger()
    assert site.view(root)["state"] == "cleared"
    assert trigger(site.client, "e2", occasion="second").status_code == 200
    site.clock.now += YEARS_10
    first = site.sweep()
    assert first["expired"] == 1  # the waivers and the evidence of the cleared gate ran out
    assert first["overdue"] == 1  # the second occasion; its missed follow-up is named in the same notice
    assert site.sweep() == {}
    assert site.view(root, occasion="default")["state"] == "stale"
    assert site.view(root)["is_overdue"] is True


def test_after_a_leap_ahead_the_right_time_changes_nothing_by_itself(site: Site, now: datetime) -> None:
    root = site.clear_training_trigger()
    site.clock.now = now + YEARS_10
    site.sweep()
    site.clock.now = now
    assert site.sweep() == {}
    assert site.view(root)["state"] == "stale"  # time alone never clears a gate
    register(site.client)
    assert trigger(site.client, "e3", occasion="third").status_code == 200
    assert site.view(root)["state"] in ("in_review", "open")


def test_a_clock_that_goes_back_loses_nothing_and_clears_nothing(site: Site, now: datetime) -> None:
    root = site.clear_training_trigger()
    cleared = site.view(root)
    site.clock.now = now - timedelta(days=400)
    assert site.sweep() == {}
    assert trigger(site.client, "e1").headers["pratique-duplicate"] == "true"
    assert trigger(site.client, "e2", occasion="second").status_code == 200
    second = site.view(root)
    assert second["state"] != "cleared"
    assert str(second["due_at"]) < str(cleared["due_at"])
    journal = site.journal()  # re-computes the chain
    times = [entry["at"] for entry in journal.entries]
    assert times != sorted(times)  # the journal says what the clock said, in the order it was written
    site.clock.now = now
    assert site.sweep()["overdue"] == 1


def test_a_return_stands_though_the_clock_says_it_came_before_the_signature(site: Site, now: datetime) -> None:
    root = register(site.client)
    assert trigger(site.client, "e1").status_code == 200
    for name, content in DOCUMENTS.items():
        site.client.post(f"{root}/evidence", params={"filename": name}, content=content)
    site.be("jonas")
    for requirement in ("cbrn-evaluation", "cyber-evaluation"):
        expires_at = (now + timedelta(days=300)).isoformat()
        body = {"requirement": requirement, "reason": "known model", "expires_at": expires_at}
        assert site.client.post(f"{root}/gates/{GATE}/waivers", json=body).status_code == 200
    site.clock.now = now + timedelta(hours=10)
    site.decide(root, "mira")
    site.clock.now = now + timedelta(hours=5)
    site.decide(root, "jonas", "return")
    view = site.view(root)
    assert view["state"] == "returned"
    assert [bool(d["dismissed"]) for d in view["decisions"] if d["act"] == "clear"] == [True]  # type: ignore[attr-defined]


def test_a_decision_on_what_the_clock_says_was_not_granted_yet_is_refused(site: Site, now: datetime) -> None:
    root = site.clear_training_trigger()
    assert trigger(site.client, "e2", occasion="second").status_code == 200
    site.be("jonas")
    for requirement in ("cbrn-evaluation", "cyber-evaluation"):
        expires_at = (now + timedelta(days=30)).isoformat()
        body = {"requirement": requirement, "reason": "known model", "expires_at": expires_at}
        assert site.client.post(f"{root}/gates/{GATE}/waivers", json=body).status_code == 200
    view = site.view(root)
    assert view["state"] == "in_review"
    site.clock.now = now - timedelta(hours=5)
    site.be("mira")
    body = {"act": "clear", "reason": "seen", "basis": view["basis"]}
    reply = site.client.post(f"{root}/gates/{GATE}/decisions", json=body)
    assert reply.status_code == 409, reply.text
    assert site.view(root)["state"] != "cleared"


def test_an_engine_that_starts_with_its_clock_in_the_past_opens_its_ledger(tmp_path: Path, now: datetime) -> None:
    with _site(tmp_path, Clock(now)) as site:
        root = site.clear_training_trigger()
    with _site(tmp_path, Clock(datetime(2020, 2, 29, 23, 59, 59, tzinfo=UTC))) as site:
        assert site.sweep() == {}
        assert site.view(root)["state"] == "cleared"
    assert_verified(tmp_path, 8470)
