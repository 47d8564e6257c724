"""`pratique hook`, and `client.hooks` both ways, on a running engine; `lint` and `try` without one."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    clock_fixture,
    engine_config_fixture,
    engine_settings_fixture,
)
from hook_fixtures import MLFLOW, Hooked, created, hook_config_fixture, hooked_fixture  # noqa: F401
from mlflow_fake import FakeMlflow
from test_scope_cli import AppTransport

from pratique.cli import hook
from pratique.cli.main import main
from pratique.client import AsyncClient, Client
from pratique.client.call import Reply, Request
from pratique.domain.hooks import HookSource
from pratique.hooks import Hooks
from pratique.project import config_root

DATA = Path(__file__).resolve().parents[1] / "data" / "hooks"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], noun: str = "hook") -> Run:
    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["pratique", noun, *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call


def token_of(engine: Hooked, holder: str) -> str:
    return engine.headers("mira" if holder == "person" else holder)["Authorization"][7:]


@pytest.fixture(name="run")
def run_fixture(hooked: Hooked, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def connect(url: str | None, token_file: Path | None, holder: str) -> Client:
        return Client("http://engine", token_of(hooked, holder), transport=AppTransport(hooked))

    monkeypatch.setattr(hook, "connect", connect)
    return runner(monkeypatch, capsys)


@pytest.fixture(name="tool")
def tool_fixture(hooked: Hooked) -> Iterator[FakeMlflow]:
    fake = FakeMlflow()
    settings = HookSource.model_validate({**MLFLOW, "registry": {"url": fake.url}})
    source = replace(hooked.parts.hooks.sources["mlflow"], settings=settings)
    object.__setattr__(hooked.parts, "hooks", Hooks({"mlflow": source}))
    yield fake
    fake.close()


def test_a_person_finds_a_dead_letter_reads_it_and_has_it_mapped_again(hooked: Hooked, run: Run) -> None:
    assert "there is no such delivery" in run("list").err
    delivery = hooked.mlflow(created()).json()["delivery"]
    listed = run("list", "--state", "dead")
    assert f"{delivery}  mlflow  dead" in listed.out
    assert "model version aurora/2.1 is not registered" in listed.out
    shown = run("show", delivery).out
    assert shown.startswith("mlflow d-1: dead\n  model version aurora/2.1 is not registered\n")
    assert shown.endswith(created().decode() + "\n")
    assert run("replay", delivery).code == 1
    hooked.register()
    again = run("replay", delivery)
    assert again.code == 0
    assert "d-1: replayed" in again.out
    assert "by mira, rules " in again.out
    assert "event model-version/aurora/2.1: test.moment.auto aurora/2.1" in again.out
    assert (
        json.loads(run("list", "--source", "mlflow", "--limit", "1", "--json").out)["items"][0]["state"] == "replayed"
    )
    assert json.loads(run("show", delivery, "--json").out)["body"] == created().decode()
    refused = run("replay", delivery)
    assert (refused.code, "Move refused" in refused.err) == (1, True)


def test_a_lost_webhook_is_found_by_asking(hooked: Hooked, tool: FakeMlflow, run: Run) -> None:
    hooked.register()
    assert run("reconcile", "mlflow").out == "mlflow: 0 seen, nothing was missing\n"
    tool.add("aurora", "2.1", int(hooked.clock.now.timestamp() * 1000))
    found = run("reconcile", "mlflow", "--since", "2026-11-23").out
    assert found.startswith("mlflow: 1 seen, 1 missing\n")
    assert found.endswith("  mapped\n")
    assert json.loads(run("reconcile", "mlflow", "--json").out)["found"] == {}


def test_the_asynchronous_client_asks_the_same(hooked: Hooked, tool: FakeMlflow) -> None:
    sync = AppTransport(hooked)

    class Asked:
        async def send(self, request: Request, *, sink: Any = None) -> Reply:
            return await asyncio.to_thread(sync.send, request)

        async def close(self) -> None:
            """Nothing to close."""

    delivery = hooked.mlflow(created()).json()["delivery"]

    async def body() -> None:
        client = AsyncClient("http://engine", token_of(hooked, "person"), transport=Asked())
        assert [one["id"] async for one in client.hooks.list(state="dead")] == [delivery]
        assert (await client.hooks.newest(1))[0]["id"] == delivery
        assert (await client.hooks.show(delivery))["state"] == "dead"
        assert (await client.hooks.replay(delivery))["state"] == "dead"
        admin = AsyncClient("http://engine", token_of(hooked, "admin"), transport=Asked())
        assert (await admin.hooks.reconcile("mlflow", "2026-11-23T00:00:00Z"))["seen"] == 0
        worker = AsyncClient("http://engine", token_of(hooked, "worker"), transport=Asked())
        assert [one.trouble for one in await worker.worker.reconcile()] == [None]

    asyncio.run(body())
    plain = Client("http://engine", token_of(hooked, "worker"), transport=sync)
    assert [(one.source, one.seen, one.missing) for one in plain.worker.reconcile()] == [("mlflow", 0, 0)]
    assert len(list(Client("http://engine", token_of(hooked, "person"), transport=sync).hooks.list())) == 1


@pytest.fixture(name="offline")
def offline_fixture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> SimpleNamespace:
    """A machine without an engine, whose overlay folder has the shipped examples as sources."""
    shutil.copytree(config_root() / "hooks" / "examples", tmp_path / "overlay" / "hooks")
    monkeypatch.setenv("PRATIQUE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PRATIQUE_OVERLAY_DIR", str(tmp_path / "overlay"))
    monkeypatch.setenv("HOOK_GITHUB_SECRET", "set")
    return SimpleNamespace(run=runner(monkeypatch, capsys), hooks=tmp_path / "overlay" / "hooks", folder=tmp_path)


def test_sources_are_checked_without_an_engine_all_errors_at_once(offline: SimpleNamespace) -> None:
    sound = offline.run("lint")
    assert (sound.code, sound.out.startswith("13 sources: airflow (airflow), argo (argo)")) == (0, True)
    assert "warning: hooks/mlflow: no secret in $HOOK_MLFLOW_SECRET" in sound.err
    assert "HOOK_GITHUB_SECRET" not in sound.err
    assert len(json.loads(offline.run("lint", "--json").out)["sources"]) == 13
    for name in ("argo", "mlflow"):
        path = offline.hooks / f"{name}.yaml"
        path.write_text(path.read_text().replace("body.", "nothing."))
    wrong = offline.run("lint")
    assert wrong.code == 1
    assert "overlay/hooks/argo.yaml: map[registered].when: found" in wrong.err
    assert "overlay/hooks/mlflow.yaml: map[version-registered].model: found" in wrong.err


def test_a_saved_delivery_is_tried_out_without_an_engine(offline: SimpleNamespace) -> None:
    body, details = str(DATA / "mlflow" / "004.body"), str(DATA / "mlflow" / "model_version_get.json")
    tried = offline.run("try", "mlflow", body, "--details", details)
    assert tried.code == 0, tried.err
    assert tried.out.startswith("mapped: mapped by version-registered\n  version-registered: pratique.gate.triggered ")
    assert "model=acme-7b-instruct version=1 (id model-version/acme-7b-instruct/1/1795441736853)" in tried.out
    without = offline.run("try", "mlflow", body, "--json")
    assert (without.code, json.loads(without.out)["state"]) == (1, "dead")
    ping = offline.run("try", "github", str(DATA / "github" / "ping.body"), "--header", "X-GitHub-Event=ping")
    assert ping.out == "ignored: GitHub's ping: it only tries the hook out\n"
    assert offline.run("try", "nobody", body).code == 1
    assert offline.run("try", "github", body, "--header", "no equals sign").code == 2
    assert offline.run("try", "mlflow", str(offline.folder / "none")).code == 1
