from __future__ import annotations

import json
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from contract_engine import ContractEngine, Server, serving

from pratique.cli.exits import ExitCode, exit_code_of
from pratique.cli.main import main

GATE = ("aurora/2.1", "training-trigger")


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def engine() -> ContractEngine:
    return ContractEngine()


@pytest.fixture
def server(engine: ContractEngine) -> Iterator[Server]:
    with serving(engine) as server:
        yield server


@pytest.fixture
def run(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """The command line as a shell gives it, with the token files of this machine's engine."""
    tokens = tmp_path / "data" / "tokens"
    tokens.mkdir(parents=True)
    for kind in ("pipeline", "admin", "worker"):
        (tokens / f"{kind}.token").write_text(f"prq_{kind}_x\n")
    monkeypatch.setenv("PRATIQUE_URL", server.url)
    monkeypatch.setenv("PRATIQUE_DATA_DIR", str(tmp_path / "data"))

    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["pratique", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def opened(run: Run) -> Run:
    run("model", "register", "aurora/2.1", "--systemic-risk", "--known-as", "mockllm/model")
    run("gate", "trigger", "aurora/2.1", "training-trigger")
    return run


@pytest.fixture
def mira(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "mira.token").write_text("prq_mira_x")
    return "--token-file", str(tmp_path / "mira.token")


def test_a_blocked_gate_is_exit_code_3_and_says_why_on_whom_until_when(opened: Run) -> None:
    ended = opened("gate", "status", *GATE)
    assert ended.code == 3
    assert "training-trigger of aurora/2.1 is blocked, open" in ended.out
    assert "not tested  security-goal [S-6.1, S-6.2]: no evidence yet (owed by owner)" in ended.out
    assert "waiting on owner (mira) for evidence" in ended.out
    assert "due at 2026-12-03" in ended.out
    assert ended.err == ""


def test_a_gate_in_review_is_exit_code_4_and_shows_its_basis(opened: Run, engine: ContractEngine) -> None:
    engine.meet_all()
    ended = opened("gate", "status", *GATE)
    assert ended.code == 4
    assert "missing  2 more signatures" in ended.out
    assert "basis " in ended.out


def test_a_cleared_gate_is_exit_code_0_and_says_what_it_does_not_show(opened: Run, engine: ContractEngine) -> None:
    engine.meet_all()
    engine.sign("mira")
    engine.sign("jonas")
    ended = opened("gate", "status", *GATE)
    assert ended.code == 0
    assert "It does not show that systemic risks are acceptable." in ended.out


def test_a_rejected_gate_is_exit_code_5(opened: Run, engine: ContractEngine) -> None:
    engine.end("rejected")
    assert opened("gate", "wait", *GATE).code == 5


def test_an_outcome_of_a_later_version_never_reads_as_cleared() -> None:
    assert exit_code_of("of-a-later-version") is ExitCode.ERROR


def test_json_is_the_engines_own_answer(opened: Run) -> None:
    ended = opened("gate", "status", *GATE, "--json")
    assert ended.json["findings"][0]["something_new"]
    assert ended.code == 3


def test_trigger_sends_facts_and_its_own_id(opened: Run, engine: ContractEngine) -> None:
    ended = opened("gate", "trigger", *GATE, "--event-id", "run-7", "--data", "flop=1e25", "--data", "by=ci")
    assert ended.code == 3
    event = json.loads(engine.bodies[-1])
    assert (event["id"], event["data"]["flop"], event["data"]["by"]) == ("run-7", 1e25, "ci")


def once_waited(engine: ContractEngine, *acts: Callable[[], object]) -> None:
    """Act once a command waits, and again at each of its next questions."""

    def follow() -> None:
        for number, act in enumerate(acts, start=1):
            while sum("wait=" in target for _, target, _ in engine.requests) < number:
                time.sleep(0.01)
            act()

    threading.Thread(target=follow, daemon=True).start()


def test_wait_prints_each_change_and_ends_cleared(opened: Run, engine: ContractEngine) -> None:
    once_waited(engine, engine.meet_all, lambda: [engine.sign("mira"), engine.sign("jonas")])
    ended = opened("gate", "wait", *GATE, "--timeout", "20s")
    assert ended.code == 0
    assert "is blocked, open; waiting" in ended.out
    assert "is awaiting a decision\n" in ended.out
    assert "is cleared, signed by mira, jonas" in ended.out


def test_wait_that_times_out_is_exit_code_6_and_says_on_whom(opened: Run) -> None:
    ended = opened("gate", "wait", *GATE, "--timeout", "0.2")
    assert ended.code == 6
    assert "Wait timed out" in ended.err
    assert "waiting on owner (mira)" in ended.err


def test_wait_with_json_keeps_stdout_for_the_result(opened: Run, engine: ContractEngine) -> None:
    once_waited(engine, lambda: engine.end("withdrawn"))
    ended = opened("gate", "wait", *GATE, "--json", "--timeout", "20s")
    assert (ended.code, ended.json["state"]) == (5, "withdrawn")
    assert "waiting" in ended.err


def test_deciding_needs_a_persons_own_token(opened: Run) -> None:
    ended = opened("gate", "decide", *GATE, "clear", "--reason", "read it", "--yes")
    assert ended.code == 1
    assert "no token" in ended.err
    assert "--kind person" in ended.err


def test_deciding_without_saying_what_was_read_is_refused(opened: Run, mira: tuple[str, str]) -> None:
    ended = opened("gate", "decide", *GATE, "clear", "--reason", "read it", *mira)
    assert ended.code == 2
    assert "--basis" in ended.err


def test_a_decision_on_the_basis_that_was_read_is_recorded(
    opened: Run, engine: ContractEngine, mira: tuple[str, str]
) -> None:
    engine.meet_all()
    basis = opened("gate", "status", *GATE, "--json").json["basis"]
    ended = opened("gate", "decide", *GATE, "clear", "--reason", "read it", "--basis", basis[:12], *mira)
    assert ended.code == 0
    assert "signed by mira" in ended.out


def test_a_decision_on_another_basis_is_a_conflict(opened: Run, engine: ContractEngine, mira: tuple[str, str]) -> None:
    basis = opened("gate", "status", *GATE, "--json").json["basis"]
    engine.meet_all()
    ended = opened("gate", "decide", *GATE, "clear", "--reason", "read it", "--basis", basis, *mira)
    assert ended.code == 1
    assert "Conflict" in ended.err


def test_a_waiver_is_sent_with_its_end(opened: Run, engine: ContractEngine, mira: tuple[str, str]) -> None:
    ended = opened("gate", "waive", *GATE, "security-goal", "--reason", "booked", "--until", "2026-12-31", *mira)
    assert ended.code == 0
    assert json.loads(engine.bodies[-1])["expires_at"] == "2026-12-31T23:59:59+00:00"


def test_moved_dates_are_sent_with_the_reason(opened: Run, engine: ContractEngine, mira: tuple[str, str]) -> None:
    days = ("--due", "2026-12-31", "--follow-up", "2026-12-20")
    ended = opened("gate", "dates", *GATE, *days, "--reason", "agreed", *mira)
    assert ended.code == 0, ended.err
    assert json.loads(engine.bodies[-1]) == {
        "due_at": "2026-12-31T23:59:59+00:00",
        "follow_up_at": "2026-12-20T23:59:59+00:00",
        "reason": "agreed",
        "occasion": "default",
    }
    assert "2026-12-31" in ended.out
    assert opened("gate", "dates", *GATE, "--due", "soon", "--reason", "x", *mira).code == 2
    assert opened("gate", "dates", *GATE, "--due", "7d", "--reason", "x").code == 1, "dates need a person's own token"


def test_evidence_is_added_and_listed(opened: Run, tmp_path: Path) -> None:
    (tmp_path / "goal.json").write_text("{}")
    ended = opened("evidence", "add", "aurora/2.1", str(tmp_path / "goal.json"), "--requirement", "security-goal")
    assert ended.code == 0
    assert "goal.json  44136fa355b3  read as facts" in ended.out
    assert "goal.json" in opened("evidence", "list", "aurora/2.1").out


def test_one_refused_file_does_not_keep_the_others_back(opened: Run, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text("{}")
    ended = opened("evidence", "add", "aurora/2.1", str(tmp_path / "none.json"), str(tmp_path / "good.json"))
    assert ended.code == 1
    assert "none.json was refused" in ended.err
    assert "good.json" in ended.out


def test_a_model_version_is_registered_from_a_profile_and_options(
    run: Run, engine: ContractEngine, tmp_path: Path
) -> None:
    (tmp_path / "weights").write_bytes(b"w")
    (tmp_path / "profile.json").write_text('{"systemic_risk": true, "stage": "training"}')
    options = (
        "--profile",
        str(tmp_path / "profile.json"),
        "--weights",
        str(tmp_path / "weights"),
        "--stage",
        "trained",
    )
    assert "is registered" in run("model", "register", "aurora/2.1", *options).out
    assert engine.versions["aurora", "2.1"]["stage"] == "trained"
    assert engine.versions["aurora", "2.1"]["weights_sha256"].startswith("50e721e4")
    assert "aurora  2.1      trained" in run("model", "list").out


def test_a_profile_must_say_whether_there_is_systemic_risk(run: Run) -> None:
    ended = run("model", "register", "aurora/2.1")
    assert ended.code == 2
    assert "--no-systemic-risk" in ended.err


def test_a_data_sheet_says_what_a_gate_is_about(run: Run) -> None:
    ended = run("gate", "sheet", "serious-incident")
    assert ended.code == 0
    assert "serious-incident: Serious incident (version 2, eu-gpai-code@2025-07-10)" in ended.out
    assert "  initial-report [S-9.3]: Initial report within 2, 5, 10 or 15 days" in ended.out
    assert "within 2 days of: Awareness of model involvement" in ended.out
    assert "Whether the causes that were found are the true ones." in ended.out
    assert "not conclusive evidence" in ended.out
    assert run("gate", "sheet", "serious-incident", "--json").json["signs"] == {"incident_lead": 1, "executive": 1}
    assert run("gate", "sheet", "nothing").code == 1


def test_gates_are_listed(opened: Run) -> None:
    ended = opened("gate", "list", "aurora/2.1")
    assert ended.code == 0
    assert "training-trigger  default   open   blocked  2" in ended.out


def test_the_journal_is_read_in_order(run: Run) -> None:
    assert [line.split()[0] for line in run("journal").out.splitlines()] == ["SEQ", "1", "2", "3"]
    assert [item["seq"] for item in run("journal", "--after", "2", "--json").json["entries"]] == [3]


def test_a_token_goes_to_a_new_private_file_and_not_to_the_screen(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "ci.token"
    ended = run("token", "create", "ci", "--kind", "pipeline", "--out", str(out))
    assert out.read_text() == "prq_t1_secret\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "secret" not in ended.out + ended.err
    again = run("token", "create", "ci", "--kind", "pipeline", "--out", str(out))
    assert (again.code, "new file" in again.err) == (1, True)


def test_tokens_are_listed_and_revoked_by_the_admin(run: Run, engine: ContractEngine) -> None:
    assert "t1  ci" in run("token", "list").out
    assert run("token", "revoke", "t1").code == 0
    assert engine.requests[-1][2]["Authorization"] == "Bearer prq_admin_x"


def test_a_login_link_stands_alone_on_stdout(run: Run) -> None:
    assert run("login-link", "mira").out == "http://engine/login/once\n"


def test_an_error_shows_title_detail_and_hint_on_stderr(run: Run) -> None:
    ended = run("gate", "trigger", "nobody/1", "training-trigger")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "Not found: model version nobody 1 is not registered\nhint: register it\n"


def test_an_error_with_json_is_a_problem_document(run: Run) -> None:
    ended = run("gate", "status", "aurora/2.1", "placement", "--json")
    assert (ended.code, ended.out) == (1, "")
    assert json.loads(ended.err)["code"] == "not-found"


def test_a_dead_engine_is_exit_code_1_with_a_hint(
    run: Run, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    ended = run("gate", "status", *GATE, "--url", f"http://127.0.0.1:{free_port()}")
    assert ended.code == 1
    assert "does not answer: Connection refused" in ended.err
    assert "pratique up" in ended.err


def test_this_machines_token_is_never_sent_to_another_machine(run: Run) -> None:
    ended = run("gate", "status", *GATE, "--url", "http://10.255.255.1:8470")
    assert ended.code == 1
    assert "no token" in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("gate", "status", "aurora", "g"),
        ("gate", "wait", "a/1", "g", "--timeout", "soon"),
        ("gate", "trigger", "a/1", "g", "--timeout", "2h"),
        ("gate", "trigger", "a/1", "g", "--data", "nothing"),
        ("gate", "waive", "a/1", "g", "r", "--reason", "x", "--until", "2026-12-31T10:00"),
        ("gate", "decide", "a/1", "g", "approve", "--reason", "x"),
        ("nonsense",),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).code == 2


@pytest.mark.parametrize("group", [("gate",), ("model",), ("evidence",), ("token",), ()])
def test_every_command_has_help(run: Run, group: tuple[str, ...]) -> None:
    ended = run(*group, "--help")
    assert ended.code == 0
    assert "Commands:" in ended.out


def test_verify_names_a_ledger_that_is_not_there(run: Run, tmp_path: Path) -> None:
    ended = run("verify", "--data-dir", str(tmp_path))
    assert ended.code == 1
    assert "the ledger is not intact: 1 problem\n" in ended.out
    assert f"{tmp_path / 'ledger.db'} does not exist" in ended.err
    assert run("verify", "--data-dir", str(tmp_path), "--json").json["ok"] is False


def test_wrong_settings_are_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATIQUE_SWEEP_SECONDS", "soon")
    ended = run("verify")
    assert ended.code == 1
    assert "PRATIQUE_SWEEP_SECONDS: " in ended.err


def test_the_version_is_printed(run: Run) -> None:
    assert run("version").out.startswith("pratique 0.")
    assert "version" in run("version", "--json").json
