"""`pratique webhook`, and `client.subscriptions` both ways, on a running engine; `add` and `lint` without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    clock_fixture,
    engine_config_fixture,
    engine_settings_fixture,
)
from test_hook_cli import Run, runner
from test_scope_cli import AppTransport
from webhook_fixtures import SECRET, Told, secrets_fixture, site_fixture, tell_fixture  # noqa: F401

from pratique.cli import webhook
from pratique.client import AsyncClient, Client
from pratique.client.call import Reply, Request

Tell = Callable[..., Told]


def token_of(told: Told) -> str:
    return told.headers("admin")["Authorization"][7:]


@pytest.fixture(name="run")
def run_fixture(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys, "webhook")


@pytest.fixture(name="told")
def told_fixture(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> Told:
    told = tell(filter={"events": ["opened"]})

    def connect(url: str | None, token_file: Path | None, holder: str) -> Client:
        return Client("http://engine", token_of(told), transport=AppTransport(told))

    monkeypatch.setattr(webhook, "connect", connect)
    return told


def test_an_administrator_finds_a_dead_letter_reads_why_and_sends_it_again(told: Told, run: Run) -> None:
    told.site.page("/in", b"no", status=403)
    told.trigger("solo")
    dead = told.until(lambda: told.answers(state="dead"))[0]["id"]
    assert f"{dead}  chat          pratique.gate.opened  dead" in run("deliveries", "--state", "dead").out
    shown = run("show", dead)
    assert shown.code == 1
    assert "1. 2026-11-23T14:00:00.000000Z refused: answered 403 (" in shown.out
    told.site.page("/in", b"thanks")
    assert run("replay", dead).code == 0
    told.until(lambda: told.answers(state="delivered"))
    assert json.loads(run("show", dead, "--json").out)["body"]["type"] == "pratique.gate.opened"


def test_a_subscription_is_paused_tried_out_and_goes_on(told: Told, run: Run) -> None:
    assert run("pause", "chat", "--reason", "It moves.").out == "chat: paused; 0 waiting, 0 dead\n"
    assert "pratique.gate.test, waiting" in run("test", "chat").out
    listed = run("list").out
    assert "127.0.0.1" in listed
    assert "It moves." in listed
    assert run("resume", "chat", "--reason", "It moved.").out == "chat: active; 1 waiting, 0 dead\n"
    told.until(lambda: told.answers(state="delivered"))
    assert json.loads(run("deliveries", "--name", "chat", "--json").out)["items"][0]["attempts"] == 1
    assert json.loads(run("list", "--json").out)["items"][0]["state"] == "active"


def test_the_asynchronous_client_asks_the_same(told: Told) -> None:
    sync = AppTransport(told)

    class Asked:
        async def send(self, request: Request, *, sink: Any = None) -> Reply:
            return await asyncio.to_thread(sync.send, request)

        async def close(self) -> None:
            """Nothing to close."""

    async def body() -> None:
        client = AsyncClient("http://engine", token_of(told), transport=Asked())
        assert (await client.subscriptions.pause("chat", "It moves."))["state"] == "paused"
        sent = await client.subscriptions.test("chat")
        assert [one["id"] async for one in client.subscriptions.deliveries(state="waiting")] == [sent["id"]]
        assert (await client.subscriptions.show(sent["id"]))["log"] == []
        assert (await client.subscriptions.resume("chat", "It moved."))["state"] == "active"
        await asyncio.to_thread(told.until, lambda: told.answers(state="delivered"))
        assert (await client.subscriptions.replay(sent["id"]))["state"] == "waiting"
        assert (await client.subscriptions.list())[0]["name"] == "chat"
        assert (await client.subscriptions.newest(1))[0]["id"] == sent["id"]

    asyncio.run(body())


def test_adding_writes_a_checked_file_that_names_the_secret(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = ("add", "chat", "--url", "https://chat.example/in", "--secret-env", "CHAT_SECRET", "--event", "cleared")
    assert "PRATIQUE_OVERLAY_DIR is not set" in run(*add).err
    monkeypatch.setenv("PRATIQUE_OVERLAY_DIR", str(tmp_path))
    monkeypatch.setenv("CHAT_SECRET", SECRET)
    assert run(*add).code == 0
    text = (tmp_path / "subscriptions" / "chat.yaml").read_text()
    assert "CHAT_SECRET" in text
    assert SECRET not in text
    assert "is there already" in run(*add).err
    assert run("lint").out == "1 subscriptions: chat\n"
    assert json.loads(run("lint", "--json").out) == {"subscriptions": ["chat"], "warnings": []}
    wrong = run("add", "other", "--url", "http//chat", "--secret-env", "CHAT_SECRET")
    assert wrong.code != 0
    assert "url: found" in wrong.err
    assert not (tmp_path / "subscriptions" / "other.yaml").exists()
    monkeypatch.delenv("CHAT_SECRET")
    assert "no secret in $CHAT_SECRET" in run("lint").err
