"""`pratique provider`, `scope` and `compute`, and the asynchronous client, on a running engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from engine_fixtures import Engine, clock_fixture, engine_fixture, engine_settings_fixture  # noqa: F401 - fixtures
from test_scope import FREE, engine_config_fixture  # noqa: F401 - a fixture

from pratique.cli import compute, provider, scope
from pratique.cli.main import main
from pratique.client import AsyncClient, Client
from pratique.client.call import Reply, Request


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class AppTransport:
    """Sends what a client says to the application in this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def send(self, request: Request, *, sink: Any = None) -> Reply:
        answer = self._engine.client.request(
            request.method, request.target, headers=dict(request.headers), content=request.body
        )
        return Reply(status=answer.status_code, headers=dict(answer.headers), body=answer.content)


@pytest.fixture(name="run")
def run_fixture(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """The command line as a shell gives it; `holder` says whose token it finds."""

    def connect(url: str | None, token_file: Path | None, holder: str) -> Client:
        who = "mira" if holder == "person" else holder
        return Client("http://engine", engine.headers(who)["Authorization"][7:], transport=AppTransport(engine))

    for module in (compute, provider, scope):
        monkeypatch.setattr(module, "connect", connect)

    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["pratique", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    engine.register(systemic_risk=False, licence=FREE)
    return call


def test_the_provider_is_recorded_from_a_file_and_shown(run: Callable[..., Ended], tmp_path: Path) -> None:
    file = tmp_path / "provider.json"
    file.write_text(json.dumps({"name": "Nordlicht AI", "country": "FI", "signed_chapters": ["copyright"]}))
    assert run("provider", "record", str(file)).out == "Nordlicht AI is recorded\n"
    assert run("provider", "record", str(file)).out == "Nordlicht AI is recorded as given now\n"
    shown = run("provider", "show").out.splitlines()
    assert {"name: Nordlicht AI", "country: FI", "signed chapters: copyright", "representative: -"} <= set(shown)
    assert json.loads(run("provider", "show", "--json").out)["profile"]["country"] == "FI"


def test_a_provider_file_that_cannot_be_is_refused(run: Callable[..., Ended], tmp_path: Path) -> None:
    file = tmp_path / "provider.json"
    file.write_text("[]")
    assert "holds list, expected a JSON object" in run("provider", "record", str(file)).err
    file.write_text("{")
    assert "is not JSON" in run("provider", "record", str(file)).err
    assert "cannot be read" in run("provider", "record", str(tmp_path / "none.json")).err
    file.write_text('{"name": "N", "signed_chapters": ["safety"]}')
    ended = run("provider", "record", str(file))
    assert ended.code == 1
    assert "found 'safety', expected one of copyright" in ended.err
    assert run("provider", "show").code == 1


def test_scope_is_explained_with_reasons_and_sources(run: Callable[..., Ended]) -> None:
    out = run("scope", "explain", "aurora/2.1").out
    assert "aurora/2.1 under eu-gpai-code@2025-07-10\n" in out
    exempt = out[out.index("yes  open_source_exempt") :].splitlines()
    assert exempt[1].strip() == "Open-source licence, no systemic risk: Art. 53(2)."
    assert exempt[2].strip() == "Art. 53(2) [SRC-ACT-CONS, text of 2026-07-27]"
    assert "UNVERIFIED: Read in a third-party overview" in out
    assert "no legal advice" in out
    only = run("scope", "explain", "aurora/2.1", "--applying").out
    assert "no  " not in only
    assert json.loads(run("scope", "explain", "aurora/2.1", "--json").out)["scope"]["open_source_exempt"] is True
    assert run("scope", "explain", "aurora/9.9").code == 1


def test_compute_is_recorded_shown_and_withdrawn(run: Callable[..., Ended]) -> None:
    """By hand: 2e25 FLOP over 1 to 20 October 2026, whole days, 1e24 a day; 10^25 after ten days, on 11 October."""
    words = ("--from", "2026-10-01", "--to", "2026-10-20", "--source", "cluster accounting")
    out = run("compute", "record", "aurora/2.1", "--run", "pre-1", "--flop", "2e25", *words).out
    assert "2e+25 done, 0 planned, 2e+25 projected FLOP; systemic risk is presumed above 1e+25" in out
    assert "crossed at 2026-10-11T00:00:00.000000Z" in out
    table = run("compute", "show", "aurora/2.1").out.splitlines()
    assert table[0].split() == ["ENTRY", "OF", "RUN", "KIND", "FLOP", "FROM", "TO", "SOURCE"]
    entry = table[1].split()[0]
    assert table[1].split()[1:5] == ["aurora/2.1", "pre-1", "done", "2e+25"]
    ended = run("compute", "withdraw", "aurora/2.1", entry, "--reason", "Counted twice.")
    assert "not crossed by what is done and planned" in ended.out
    assert "withdrawn: Counted twice." in run("compute", "show", "aurora/2.1").out


def test_a_plan_says_when_it_will_be_crossed(run: Callable[..., Ended]) -> None:
    """By hand: 2e25 FLOP over the forty days from 1 December 2026, 5e23 a day; 10^25 after twenty, on 21 December."""
    words = ("--from", "2026-12-01", "--to", "2027-01-09", "--source", "plan v3", "--planned")
    out = run("compute", "record", "aurora/2.1", "--run", "pre-1", "--flop", "2e25", *words).out
    assert "to be crossed at 2026-12-21T00:00:00.000000Z" in out
    assert "within the accuracy of the figures: 2026-12-16T" in out
    assert "yes  expected_systemic_risk" in run("scope", "explain", "aurora/2.1").out


def test_a_span_that_is_no_date_is_refused(run: Callable[..., Ended]) -> None:
    words = ("compute", "record", "aurora/2.1", "--run", "a", "--flop", "1e24", "--source", "x", "--to", "2026-10-20")
    assert run(*words, "--from", "yesterday").code == 2
    assert "--flop: found nan" in run(*words, "--from", "2026-10-01", "--flop", "nan").err
    assert "no time zone" in run(*words, "--from", "2026-10-01T00:00").err


def test_the_asynchronous_client_says_the_same(run: Callable[..., Ended], engine: Engine) -> None:
    transport = AppTransport(engine)

    async def send(request: Request, *, sink: Any = None) -> Reply:
        return await asyncio.to_thread(transport.send, request, sink=sink)

    token = engine.headers("mira")["Authorization"][7:]

    async def story() -> None:
        client = AsyncClient("http://engine", token, transport=SimpleNamespace(send=send))  # type: ignore[arg-type]
        found = await client.scope.record_provider({"name": "Nordlicht AI", "country": "FI"})
        assert found == {**await client.scope.provider(), "created": True}
        now = engine.clock.now
        span = {"begins_at": now.replace(month=1), "ends_at": now, "source": "cluster accounting"}
        made = await client.scope.record_compute("aurora", "2.1", run="pre-1", kind="done", flop=1e24, **span)
        assert made["done_flop"] == (await client.scope.compute("aurora", "2.1"))["done_flop"] == 1e24
        left = await client.scope.withdraw_compute("aurora", "2.1", made["id"], "Counted twice.")
        assert left["done_flop"] == 0
        assert (await client.scope.explain("aurora", "2.1"))["scope"]["representative_owed"] is False

    asyncio.run(story())


_TRAINING = Path(__file__).resolve().parents[1] / "data/training"


def _submit(engine: Engine, name: str) -> str:
    answer = engine.client.request(
        "POST",
        f"/v1/models/aurora/versions/2.1/evidence?filename={name}",
        content=(_TRAINING / name).read_bytes(),
        headers=engine.headers("pipeline"),
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["evidence"]["id"])


def test_evidence_of_a_training_run_proposes_an_entry_that_somebody_confirms(
    run: Callable[..., Ended], engine: Engine
) -> None:
    evidence = _submit(engine, "trainer_state.json")
    words = ("compute", "record", "aurora/2.1", "--run", "sft-1", "--from-evidence", evidence)
    assert "--from, --to: found nothing" in run(*words, "--yes").err
    span = ("--from", "2026-10-01", "--to", "2026-10-02")
    unconfirmed = run(*words, *span)
    assert unconfirmed.code == 2
    assert "5.76553e+08 FLOP done of sft-1" in unconfirmed.err
    assert "note: of a run that was resumed" in unconfirmed.err
    assert "no compute is recorded" in run("compute", "show", "aurora/2.1").err  # nothing happens by itself
    assert "5.77e+08 done" in run(*words, *span, "--yes").out
    assert f"evidence {evidence} (trainer_state.json" in run("compute", "show", "aurora/2.1").out


def test_a_launch_file_proposes_what_is_planned(run: Callable[..., Ended], engine: Engine) -> None:
    evidence = _submit(engine, "pretrain.yaml")
    words = ("--from-evidence", evidence, "--from", "2026-12-01", "--to", "2027-01-09", "--yes")
    out = run("compute", "record", "aurora/2.1", "--run", "pre-1", "--source", "plan v3", *words).out
    assert "0 done, 8.1e+22 planned" in out
    assert "plan v3 (evidence" in run("compute", "show", "aurora/2.1").out


def test_evidence_that_names_no_compute_proposes_nothing(run: Callable[..., Ended], engine: Engine) -> None:
    evidence = _submit(engine, "config.json")
    ended = run("compute", "record", "aurora/2.1", "--run", "a", "--from-evidence", evidence)
    assert (ended.code, "names no compute" in ended.err) == (1, True)
    assert run("compute", "record", "aurora/2.1", "--run", "a", "--from-evidence", "none").code == 1
