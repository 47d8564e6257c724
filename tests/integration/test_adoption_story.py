"""The shipped rules and gates, a later edition in an overlay, a real server, the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_fixtures import Clock
from pydantic import SecretStr
from regime_fixtures import FINAL, NEXT, write, write_next_edition, write_tightened
from test_clock_story import CONFIG, Office

from pratique.cli.main import main
from pratique.client.async_client import AsyncClient
from pratique.services.verify import verify_ledger
from pratique.settings import Settings

Run = Callable[..., str]
LIST = ("changes", "gates", "gate_runs", "registers")


@pytest.fixture(name="office")
def office_fixture(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Office]:
    (tmp_path / "rules").mkdir()
    settings = Settings(
        data_dir=tmp_path / "data",
        config_dir=CONFIG,
        overlay_dir=tmp_path / "rules",
        port=free_port(),
        sweep_seconds=86_400,
        channels={"mail": SecretStr(f"mailfolder://{tmp_path}/mail")},
    )
    with Office(settings, Clock()) as office:
        yield office


@pytest.fixture(name="run")
def run_fixture(office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line on the machine of the engine; it must end as expected."""
    monkeypatch.setenv("PRATIQUE_URL", office.settings.base_url)
    monkeypatch.setenv("PRATIQUE_DATA_DIR", str(office.settings.data_dir))
    monkeypatch.setenv("PRATIQUE_OVERLAY_DIR", str(office.settings.overlay_dir))

    def call(*words: str, code: int = 0) -> str:
        monkeypatch.setattr("sys.argv", ["pratique", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert int(ended.value.code or 0) == code, (words, out, err)
        return out if "--json" in words else out + err

    return call


def test_an_installation_moves_to_a_later_edition_by_the_command_line(office: Office, run: Run) -> None:
    rules = office.settings.overlay_dir
    assert rules is not None
    run("model", "register", "aurora/2.1", "--systemic-risk")
    for gate in ("training-trigger", "pre-placement", "placement"):
        run("gate", "trigger", "aurora/2.1", gate, code=3)
    write_next_edition(rules)
    write_tightened(rules, "placement", "contact-route", "facts.contact_route.is_public")
    assert "sound: 3 editions" in run("regime", "lint")

    told = run("regime", "diff", FINAL, NEXT)
    for line in (
        "renamed measure S-3.2 to S-3.6",
        "split risk cbrn into chem_bio, rad_nuc",
        "  changed contact-route (criterion)",
    ):
        assert line in told
    assert "aurora/2.1 pre-placement default open is judged anew" in " ".join(told.split())

    rehearsed = json.loads(run("regime", "adopt", NEXT, "--dry-run", "--json"))
    adopted = json.loads(run("regime", "adopt", NEXT, "--reason", "In force", "--json"))
    assert {name: adopted[name] for name in LIST} == {name: rehearsed[name] for name in LIST}
    effects = {run["gate"]: run["effect"] for run in adopted["gate_runs"]}
    assert (effects["pre-placement"], effects["placement"], effects["training-trigger"]) == (
        "judged_anew",
        "judged_anew",
        "carried",
    )
    gate = json.loads(run("gate", "status", "aurora/2.1", "pre-placement", "--json", code=3))
    asked = {finding["requirement"] for finding in gate["findings"]}
    assert gate["edition"] == NEXT
    assert {"risk-scenarios.chem-bio", "risk-scenarios.rad-nuc"} < asked
    assert "risk-scenarios.cbrn" not in asked
    assert "nothing changes: this is adopted already" in run("regime", "adopt", NEXT)
    assert asyncio.run(_told_to_a_program(office)) == [NEXT, FINAL]
    assert verify_ledger(office.settings).problems == []


async def _told_to_a_program(office: Office) -> list[str]:
    """Return what was adopted, newest first, as the asynchronous client tells it."""
    async with AsyncClient(office.settings.base_url, office.token("mira")) as client:
        found = [item async for item in client.regimes.adoptions()]
        adopted = [item["edition"] for item in await client.regimes.editions() if item["is_adopted"]]
        assert adopted == [found[0]["edition"]]
    admin = (office.settings.tokens_dir / "admin.token").read_text().strip()
    async with AsyncClient(office.settings.base_url, admin) as client:
        assert (await client.regimes.impact(adopted[0]))["changes_something"] is False
    return [item["edition"] for item in found]


def test_rules_that_are_not_sound_are_refused_and_the_engine_goes_on(office: Office, run: Run) -> None:
    rules = office.settings.overlay_dir
    assert rules is not None
    run("model", "register", "aurora/2.1", "--systemic-risk")
    demand = {"format": "pratique.gate-overlay/1", "gate": "placement", "because": "We want more."}
    write(rules / "gates/one.yaml", demand | {"tighten": [{"id": "contact-route", "also": "facts.nowhere"}]})
    write(rules / "gates/two.yaml", demand | {"sign_off": {"roles": {"approver": 1}}})
    errors = run("regime", "lint", code=1)
    refused = run("regime", "adopt", FINAL, code=1)
    for part in (
        "overlay/gates/one.yaml: checkpoints[documentation].requirements[contact-route].criterion: found the schema of "
        "facts.placement-readiness has no member 'nowhere'",
        "overlay/gates/two.yaml: sign_off.roles.approver: found 1, expected more than",
    ):
        assert part in errors
        assert part in refused
    opened = json.loads(run("gate", "trigger", "aurora/2.1", "placement", "--json", code=3))
    assert opened["edition"] == FINAL
