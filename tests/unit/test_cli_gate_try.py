"""`pratique gate try`: the engine's judge on saved files, and nothing that only a ledger knows taken for granted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from shipped_gates import EXAMPLES, INSPECT, MEETS, OCCASIONS, OVERSEAS, REGISTER, RULEBOOK, see
from test_cli_gate_lint import Ended, gate, log, write

from pratique.cli.main import main
from pratique.domain.findings import FindingStatus

Run = Callable[..., Ended]
PROFILE = {
    "systemic_risk": True,
    "general_purpose": True,
    "known_as": ["mockllm/model"],
    "training_flop": 1.2e25,
    "provider": OVERSEAS,
}
AT = "2026-11-23T20:00:00Z"


@pytest.fixture(name="run")
def run_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line on a machine where no engine runs; a profile of the examples lies in the folder."""
    monkeypatch.setenv("PRATIQUE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PRATIQUE_URL", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profile.json").write_text(json.dumps(PROFILE))

    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["pratique", "gate", "try", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(str(ended.value.code or 0)), out, err)

    return call


def paths(names: Iterable[str]) -> list[str]:
    return [str((INSPECT if name.endswith(".eval") else EXAMPLES) / name) for name in names]


def found(ended: Ended) -> dict[str, dict[str, Any]]:
    return {one["requirement"]: one for one in ended.json["findings"]}


NAMED = ("--model", "aurora", "--version", "2.1", "--at", AT)


@pytest.mark.parametrize("gate_id", sorted(RULEBOOK.specs))
def test_what_an_engine_finds_met_by_evidence_is_found_met_here_and_nothing_else(run: Run, gate_id: str) -> None:
    stage = {"stage": "placed" if gate_id == "post-market" else "training"}
    Path("profile.json").write_text(json.dumps(PROFILE | stage))
    words = (gate_id, *paths(MEETS[gate_id]), "--profile", "profile.json", "--register", str(REGISTER), *NAMED)
    ended = run(*words, "--occasion", OCCASIONS.get(gate_id, "default"), "--json")
    by_engine = {f.requirement: f for f in see(gate_id, MEETS[gate_id]).findings}
    seen = found(ended)
    spec = RULEBOOK.spec(gate_id)
    of_ledger = {r.id for r in spec.requirements() if r.gate is not None or r.clock is not None}
    assert set(seen) == set(by_engine)
    for name, one in seen.items():
        base = name if name in of_ledger else name.partition(".")[0]
        if base in of_ledger and one["status"] != "not_applicable":
            assert one["status"] == "not_tested", name
            assert one["reason"].endswith("is not known here"), name
        elif one["status"] == "met":
            assert by_engine[name].status is FindingStatus.MET, name
    met = {name for name, one in seen.items() if one["status"] == "met"}
    assert met >= {name for name, one in by_engine.items() if one.evidence and one.status is FindingStatus.MET}
    assert ended.code == (3 if ended.json["open"] else 0)


def test_nothing_open_ends_with_zero_and_a_table(run: Run, tmp_path: Path) -> None:
    name = write(tmp_path / "x.yaml", gate(log('facts.status == "success"')))
    ended = run(name, "--evidence", str(INSPECT / "cbrn_mc_epochs3.eval"), "--at", AT)
    assert ended.code == 0
    head, columns, row = ended.out.splitlines()
    assert head == "own-gate (version 1, eu-gpai-code@2025-07-10) at 2026-11-23 20:00 UTC: nothing is open"
    assert columns.split() == ["REQUIREMENT", "MEASURE", "STATUS", "EVIDENCE", "REASON"]
    assert row.split()[:3] == ["log", "S-3.2", "met"]
    assert "assumed: no model was named: mockllm/model, of which files speak, is meant" in ended.err
    assert "nothing is cleared by it" in ended.err


def test_an_unmet_criterion_ends_with_three_and_its_reason(run: Run, tmp_path: Path) -> None:
    name = write(tmp_path / "x.yaml", gate(log('facts.status == "error"', unmet="It did not fail.")))
    ended = run(name, str(INSPECT / "cbrn_mc_epochs3.eval"), "--at", AT, "--json")
    assert ended.code == 3
    assert found(ended)["log"] | {"evidence": ""} == {
        "requirement": "log",
        "checkpoint": "a",
        "status": "unmet",
        "reason": "It did not fail.",
        "evidence": "",
        "enforced": True,
        "title": "Log",
        "measures": ["S-3.2"],
    }
    assert ended.json["ready"] is False
    assert ended.json["files"][0]["facts"]["status"] == "success"
    assert len(ended.json["files"][0]["sha256"]) == 64


def test_a_file_that_cannot_be_read_is_shown_and_never_ends_with_zero(run: Run, tmp_path: Path) -> None:
    name = write(tmp_path / "x.yaml", gate(log('facts.status == "success"')))
    (tmp_path / "cut.eval").write_bytes((INSPECT / "cbrn_mc_epochs3.eval").read_bytes()[:5000])
    ended = run(name, str(INSPECT / "cbrn_mc_epochs3.eval"), "cut.eval", "nowhere.json", "--at", AT)
    assert ended.code == 1
    assert "could not be read: cut.eval: cut.eval:" in ended.err
    assert "could not be read: nowhere.json: nowhere.json: No such file or directory" in ended.err
    ended = run(name, "cut.eval", "--at", AT)
    assert ended.code == 3
    assert "no evidence of kind evaluation could be read; 1 unread" in ended.out


def test_without_profile_and_register_what_asks_for_them_is_not_tested(run: Run, tmp_path: Path) -> None:
    ended = run("training-trigger", *paths(MEETS["training-trigger"]), *NAMED, "--json")
    assert found(ended)["security-goal"]["reason"] == "nothing is known of the model version here; give its profile"
    ended = run("training-start", *paths(MEETS["training-start"]), "--profile", "profile.json", *NAMED, "--json")
    seen = found(ended)
    assert seen["planned-mitigations.cbrn"]["status"] == "not_tested"
    assert seen["planned-mitigations.cbrn"]["reason"] == "the risk register is not known here; give one"
    assert any("no risk register" in one for one in ended.json["assumed"])


def test_a_time_limit_that_may_not_have_begun_is_not_taken_as_not_begun(run: Run) -> None:
    ended = run("serious-incident", *paths(MEETS["serious-incident"]), "--profile", "profile.json", *NAMED, "--json")
    spec = RULEBOOK.spec("serious-incident")
    waiting = [r.id for r in spec.requirements() if r.if_begun]
    assert waiting
    seen = found(ended)
    assert {seen[name]["status"] for name in waiting} == {"not_tested"}


def test_files_of_several_models_are_nobodys_until_one_is_named(run: Run, tmp_path: Path) -> None:
    name = write(tmp_path / "x.yaml", gate(log('facts.status == "success"')))
    files = (str(INSPECT / "cbrn_mc_epochs3.eval"), str(EXAMPLES / "framework.json"))
    ended = run(name, *files, "--at", AT)
    assert ended.code == 3
    assert "speaks of model 'mockllm/model'" in ended.out
    assert "files speak of several models" in ended.err


def test_the_moment_counts(run: Run, tmp_path: Path) -> None:
    name = write(tmp_path / "x.yaml", gate(log('facts.status == "success"', fresh_for_days=30)))
    file = str(INSPECT / "cbrn_mc_epochs3.eval")
    assert run(name, file, "--at", AT).code == 0
    late = run(name, file, "--at", "2027-11-23T20:00:00Z", "--json")
    assert (late.code, found(late)["log"]["status"]) == (3, "stale")


def test_what_is_wrong_with_profile_register_or_spec_is_said_at_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("systemic_risk: 'yes'\nnonsense: 1\nprovider: {name: 3}\n")
    (tmp_path / "r.yaml").write_text("- {id: cbrn}\n")
    ended = run("retirement", "--profile", "p.yaml", "--register", "r.yaml")
    assert ended.code == 1
    for said in ("p.yaml: systemic_risk", "p.yaml: nonsense", "p.yaml: provider: name", "r.yaml: risks[cbrn].title"):
        assert said in ended.err, ended.err
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(gate(log("facts.a >"))))
    assert "does not compile" in run("x.yaml").err
    assert "there is no file y.yaml" in run("y.yaml").err
    assert "no gate 'y'" in run("y").err


def test_an_overlay_is_tried_as_the_gate_becomes(run: Run, tmp_path: Path) -> None:
    overlay = {
        "format": "pratique.gate-overlay/1",
        "gate": "training-trigger",
        "because": "For the test.",
        "tighten": [{"id": "cbrn-evaluation", "also": "facts.samples.done > 1000000"}],
    }
    name = write(tmp_path / "own.yaml", overlay)
    files = paths(MEETS["training-trigger"])
    before = found(run("training-trigger", *files, "--profile", "profile.json", *NAMED, "--json"))
    after = found(run(name, *files, "--profile", "profile.json", *NAMED, "--json"))
    assert (before["cbrn-evaluation"]["status"], after["cbrn-evaluation"]["status"]) == ("met", "unmet")
