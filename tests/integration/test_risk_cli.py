"""`pratique risk` and the SDK on a real engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Engine,
    clock_fixture,
    engine_fixture,
    engine_settings_fixture,
)
from risk_fixtures import ALWAYS, engine_config_fixture, risk  # noqa: F401 - fixtures are used by name

import pratique.cli.risk
from pratique.cli.main import main
from pratique.client.call import Reply, Request
from pratique.client.sync_client import Client
from pratique.client.transport import Sink


class Bridge:
    """Reaches an engine in this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def send(self, request: Request, *, sink: Sink | None = None) -> Reply:
        assert sink is None
        answer = self._engine.client.request(
            request.method, request.target, headers=dict(request.headers), content=request.body
        )
        return Reply(status=answer.status_code, headers=dict(answer.headers), body=answer.content)


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture(name="sdk")
def sdk_fixture(engine: Engine) -> Client:
    engine.register()
    return Client("http://127.0.0.1:8470", engine.tokens["pipeline"], transport=Bridge(engine))


@pytest.fixture(name="run")
def run_fixture(sdk: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setattr(pratique.cli.risk, "connect", lambda *_: sdk)

    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["pratique", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture(name="register")
def register_fixture(tmp_path: Path) -> Path:
    known: dict[str, Any] = {
        "scenarios": [{"id": "s1", "title": "A student asks"}],
        "tiers": [{"id": "t1", "title": "Uplift", "criterion": "Above the baseline", "reached": False}],
        "estimate": {"with_mitigations": "one in a million"},
        "mitigations": [{"id": "m1", "title": "Filter", "status": "in_place"}],
        "residual": {"accepted": True, "by": "ines", "on": "2026-11-20", "margin": "Two tiers"},
        "sources": {"propensities": ["lawlessness"]},
    }
    path = tmp_path / "register.json"
    path.write_text(json.dumps({"risks": [risk("cbrn", **known), risk("grid_collapse")]}))
    return path


def test_a_register_is_recorded_listed_and_shown(run: Run, register: Path) -> None:
    done = run("risk", "record", "aurora/2.1", str(register))
    assert done == (
        0,
        "aurora/2.1: 2 risks recorded, nothing yet of loss_of_control, cyber_offence, harmful_manipulation, "
        "checked against eu-gpai-code@2025-07-10\n",
        "",
    )
    listed = run("risk", "list", "aurora/2.1").out.splitlines()
    assert [line.split()[0] for line in listed] == ["RISK", *ALWAYS, "grid_collapse"]
    assert "accepted by ines on 2026-11-20" in listed[1]
    shown = run("risk", "show", "aurora/2.1", "cbrn").out
    assert shown.splitlines()[0] == "cbrn: Cbrn (specified)"
    for line in (
        "  scenario s1: A student asks",
        "  tier t1: Uplift, not reached, not acceptable; criterion: Above the baseline",
        "  estimate, with mitigations: one in a million",
        "  mitigation m1: Filter, in place",
        "  residual risk: accepted by ines on 2026-11-20",
        "  margin: Two tiers",
        "  propensities: lawlessness",
    ):
        assert line in shown.splitlines()
    assert "  nothing is recorded of it" in run("risk", "show", "aurora/2.1").out


def test_what_is_shown_as_json_can_be_recorded_again(run: Run, register: Path) -> None:
    first = json.loads(run("risk", "record", "aurora/2.1", str(register), "--json").out)
    risks = [{k: v for k, v in one.items() if k != "recorded"} for one in first["risks"] if one["recorded"]]
    register.write_text(json.dumps(risks))
    assert json.loads(run("risk", "record", "aurora/2.1", str(register), "--json").out) == first
    assert json.loads(run("risk", "list", "aurora/2.1", "--json").out) == first


def test_every_flaw_is_printed_and_the_exit_code_says_so(run: Run, register: Path) -> None:
    register.write_text(json.dumps([risk("grid_collapse", owner="nobody", types=["weather"])]))
    done = run("risk", "record", "aurora/2.1", str(register))
    assert done.code == 1
    assert "risks[grid_collapse].types: found 'weather'" in done.err
    assert "risks[grid_collapse].owner: found 'nobody'" in done.err


@pytest.mark.parametrize("text", ["{", "3", '{"risk": []}'])
def test_a_file_that_holds_no_risks_is_refused_before_anything_is_sent(run: Run, register: Path, text: str) -> None:
    register.write_text(text)
    done = run("risk", "record", "aurora/2.1", str(register))
    assert done.code == 1
    assert str(register) in done.err


def test_a_risk_that_is_not_identified_is_named_with_those_that_are(run: Run) -> None:
    done = run("risk", "show", "aurora/2.1", "weather")
    assert done.code == 1
    assert "'weather'; identified are cbrn, loss_of_control" in done.err


def test_the_sdk_records_and_returns_the_register(sdk: Client) -> None:
    done = sdk.risks.record("aurora", "2.1", [risk("cbrn")])
    assert done == sdk.risks.register("aurora", "2.1")
    assert done["risks"][0]["recorded"] is True
