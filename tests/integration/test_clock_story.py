"""One story as people live it: the shipped rules and gates, a real server, the command line, a calendar program."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import icalendar
import pytest
import uvicorn
from engine_fixtures import Clock
from pydantic import SecretStr

from pratique.bootstrap import build_parts, open_parts
from pratique.cli.main import main
from pratique.client.async_client import AsyncClient
from pratique.client.sync_client import Client
from pratique.errors import InvalidInputError
from pratique.services.access import TokenRequest, issue_token
from pratique.services.sweep import sweep
from pratique.services.verify import verify_ledger
from pratique.settings import Settings
from pratique.web.app import create_app

CONFIG = Path(__file__).resolve().parents[2] / "config"
Run = Callable[..., str]


class Office:
    """An engine with the shipped configuration, on a port of this machine."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self.parts = build_parts(settings, clock=clock)
        open_parts(self.parts)
        config = uvicorn.Config(create_app(self.parts), port=settings.port, log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def token(self, person: str) -> str:
        request = TokenRequest(label="story", kind="person", person=person)
        return str(self.parts.ledger.write("test", lambda tx: issue_token(tx, self.parts, request))["token"])

    def __enter__(self) -> Office:
        self._thread.start()
        for _ in range(500):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.settings.base_url}/healthz", timeout=5).close()
                return self
            time.sleep(0.02)
        raise AssertionError("the engine did not come up")

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=30)
        self.parts.ledger.close()


@pytest.fixture(name="office")
def office_fixture(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Office]:
    settings = Settings(
        data_dir=tmp_path / "data",
        config_dir=CONFIG,
        port=free_port(),
        sweep_seconds=86_400,
        channels={"mail": SecretStr(f"mailfolder://{tmp_path}/mail")},
    )
    with Office(settings, Clock()) as office:
        yield office


@pytest.fixture(name="run")
def run_fixture(office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line of Mira, as a shell gives it; it must end well."""
    monkeypatch.setenv("PRATIQUE_URL", office.settings.base_url)
    monkeypatch.setenv("PRATIQUE_TOKEN", office.token("mira"))

    def call(*words: str, code: int = 0) -> str:
        monkeypatch.setattr("sys.argv", ["pratique", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert int(ended.value.code or 0) == code, (words, out, err)
        return out + err

    return call


def test_an_incident_from_awareness_to_the_final_report(office: Office, run: Run) -> None:
    """S-9.3: aware on Monday 23 November 2026. Unknown harm: 25 November (2 days); death: 3 December (10 days).

    Filed on the 24th: intermediate by 22 December (4 weeks). Resolved on 14 December: final by 12 February (60 days).
    """
    run("model", "register", "aurora/2.1", "--systemic-risk")
    shown = run(
        "incident", "open", "aurora/2.1", "--at", "2026-11-23T12:00:00Z", "--by", "on-call", "--why", "Ticket 7"
    )
    assert "2026-11-25  running" in shown
    assert "the strictest is assumed: critical_infrastructure" in shown
    name = shown.split()[0]
    gate = json.loads(run("gate", "status", "aurora/2.1", "serious-incident", "--json", code=3))
    assert gate["occasion"] == name
    office.clock.forward(days=1)
    assert "2026-12-03  running" in run("incident", "limb", "aurora/2.1", name, "death", "--why", "Hospital confirmed")
    early = run("incident", "report", "aurora/2.1", name, "initial", "--items", "1-5", "--why", "Filed", code=1)
    assert "missing response, recommendations" in early
    other = run("incident", "open", "aurora/2.1", "--limb", "death", "--why", "Ticket 8").split()[0]
    report = ("initial", "--items", "1-6", "--not-yet-known", "7", "--also", other, "--why", "Filed by Lea")
    filed = run("incident", "report", "aurora/2.1", name, *report)
    assert "2026-12-03  met" in filed
    assert "said to be not yet known: recommendations" in filed
    assert f"in one report with {name}" in run("incident", "show", "aurora/2.1", other)
    assert "2026-12-22  running" in filed
    office.clock.forward(days=20)
    run("incident", "resolve", "aurora/2.1", name, "--why", "Patch is out")
    lacking = run("incident", "report", "aurora/2.1", name, "final", "--items", "1-8", "--why", "Filed", code=1)
    assert "missing monitoring_patterns" in lacking
    assert "2027-02-12  running" in run("incident", "show", "aurora/2.1", name)
    assert f"{name} of aurora/2.1: closed" in run(
        "incident", "report", "aurora/2.1", name, "final", "--items", "all", "--why", "Filed by Lea"
    )
    assert "closed" in run("incident", "list", "aurora/2.1")
    assert "near miss near-" in run("incident", "near-miss", "aurora/2.1", "--why", "Filter caught it")
    assert verify_ledger(office.settings).ok


def test_a_limit_is_listed_explained_reminded_of_and_stands_in_a_calendar(office: Office, run: Run) -> None:
    """Art. 52(1): known on 23 November 2026, so notified by 7 December (two weeks)."""
    run("model", "register", "aurora/2.1", "--no-systemic-risk")
    run("occurrence", "record", "threshold_known", "--model", "aurora/2.1", "--at", "2026-11-23", "--why", "Plan v4")
    listed = run("clock", "list", "--model", "aurora/2.1", "--state", "running")
    assert "2026-12-07" in listed
    assert "Notify the Commission of systemic risk" in listed
    clocks = json.loads(run("clock", "list", "--rule", "art-52-notification", "--json"))["items"]
    told = run("clock", "explain", clocks[0]["id"])
    assert "SRC-ACT-CONS, Art. 52(1), edition of 2026-07-27 (verified)" in told
    assert "started by threshold known at 2026-11-23" in told
    made = json.loads(run("clock", "calendar", "make", "--json"))
    with urllib.request.urlopen(made["url"], timeout=10) as answer:
        events = list(icalendar.Calendar.from_ical(answer.read()).walk("VEVENT"))
    assert any(str(event["uid"]) == f"{clocks[0]['id']}@pratique" for event in events)
    office.clock.forward(days=12)
    assert sweep(office.parts).limits_ahead >= 1
    office.clock.forward(days=3)
    assert sweep(office.parts).limits_missed >= 1
    assert "missed" in run("clock", "list", "--rule", "art-52-notification")
    run("clock", "calendar", "revoke", made["id"])
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(made["url"], timeout=10)
    found = json.loads(run("occurrence", "list", "--model", "aurora/2.1", "--json"))["items"]
    assert "withdrawn: threshold known" in run("occurrence", "withdraw", found[0]["id"], "--reason", "Another model")
    assert "void" in run("clock", "list", "--rule", "art-52-notification")
    assert verify_ledger(office.settings).ok


def test_requests_are_opened_listed_and_answered(office: Office, run: Run) -> None:
    run("model", "register", "aurora/2.1", "--systemic-risk")
    words: list[Any] = ["request", "open", "aurora/2.1", "--from", "ai_office", "--basis", "art_91", "--why", "Ares 1"]
    assert "an authority sets the time in its request" in run(*words, code=1)
    shown = run(*words, "--period", "10 business_days")
    assert "2026-12-07  running" in shown, "23 November + 10 business days"
    assert "2026-12-07" in run("request", "list", "aurora/2.1")
    answered = run("request", "answer", "aurora/2.1", shown.split()[0], "--receipt", "SEND-2", "--why", "Sent by Lea")
    assert "answered" in answered
    assert "2026-12-07  met" in answered


def test_both_clients_of_the_sdk_record_and_ask_the_same(office: Office) -> None:
    token, aurora = office.token("mira"), ("aurora", "2.1")
    client = Client(office.settings.base_url, token)
    client.register(*aurora, {"systemic_risk": True})
    opened = client.clocks.open_incident(aurora, at=office.clock.now, why="Ticket 7", limbs=["death"])
    client.clocks.record("framework_confirmed", why="Board minutes")
    asked = client.clocks.open_request(aurora, why="Ares 1", sender="ai_office", basis="art_91", due_on="2026-12-18")

    async def ask() -> list[Any]:
        async with AsyncClient(office.settings.base_url, token) as other:
            await other.clocks.answer_request(aurora, asked["request"], why="Sent", receipt="SEND-1")
            found = [clock async for clock in other.clocks.list(model="aurora")]
            explained = await other.clocks.explain(str(found[0]["id"]))
            incidents = [incident async for incident in other.clocks.incidents(aurora)]
            wide = [one async for one in other.clocks.occurrences()]
            return [found, explained, incidents, wide, await other.clocks.request(aurora, asked["request"])]

    found, explained, incidents, wide, request = asyncio.run(ask())
    assert found == list(client.clocks.list(model="aurora"))
    assert explained == client.clocks.explain(found[0]["id"])
    assert [incident["incident"] for incident in incidents] == [opened["incident"]]
    assert [one["kind"] for one in wide] == ["framework_confirmed"]
    assert request["state"] == "answered"
    assert client.clocks.calendars() == []
    with pytest.raises(InvalidInputError, match="has no time zone"):
        client.clocks.record("placed", why="x", version=aurora, at=datetime(2026, 11, 23))  # noqa: DTZ001 - the point
