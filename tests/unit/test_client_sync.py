from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contract_engine import ContractEngine, Server, serving

import pratique
from pratique.client import GateChangedError, GateNotOpenedError, GateWaitTimeoutError, UnexpectedAnswerError
from pratique.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    PratiqueError,
    UnauthenticatedError,
    UnavailableError,
)

WEIGHTS = "ab" * 32


@pytest.fixture
def engine() -> ContractEngine:
    return ContractEngine()


@pytest.fixture
def server(engine: ContractEngine) -> Iterator[Server]:
    with serving(engine) as server:
        yield server


@pytest.fixture
def client(server: Server) -> pratique.Client:
    client = pratique.Client(server.url, "prq_pipeline_x")
    client.register("aurora", "2.1", {"systemic_risk": True, "weights_sha256": WEIGHTS})
    return client


@pytest.fixture
def gate(client: pratique.Client) -> pratique.Gate:
    return client.trigger("training-trigger", model="aurora", version="2.1")


def later(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


def test_registering_says_whether_the_version_is_new(client: pratique.Client) -> None:
    assert client.register("aurora", "2.2", {"systemic_risk": True}).is_new
    assert not client.register("aurora", "2.2", {"systemic_risk": True}).is_new


def test_trigger_returns_the_gate_with_its_findings(gate: pratique.Gate) -> None:
    assert (gate.gate, gate.state, gate.outcome) == ("training-trigger", "open", "blocked")
    assert [f.requirement for f in gate.open_findings] == ["mitigations-hold", "security-goal"]
    assert gate.findings[1].measures == ("S-6.1", "S-6.2")


def test_an_unknown_member_is_kept_and_breaks_nothing(gate: pratique.Gate) -> None:
    assert gate.raw["findings"][0]["something_new"] == {"later": "versions may add members"}


def test_the_same_event_id_counts_once(client: pratique.Client) -> None:
    first = client.event("pratique.moment.training_trigger", "aurora", "2.1", {"occasion": "x"}, id="e1")
    second = client.event("pratique.moment.training_trigger", "aurora", "2.1", {"occasion": "x"}, id="e1")
    assert (first.is_duplicate, second.is_duplicate) == (False, True)
    assert first.gates == second.gates


def test_a_kept_trigger_can_be_sent_again(client: pratique.Client, engine: ContractEngine) -> None:
    trigger = pratique.Trigger(gate="training-trigger", model="aurora", version="2.1", data={"loss": 1.5})
    assert client.send_trigger(trigger) == client.send_trigger(trigger)
    assert len(engine.events) == 1


def test_a_gate_that_does_not_open_says_why(client: pratique.Client) -> None:
    with pytest.raises(GateNotOpenedError, match="carries no systemic risk"):
        client.trigger("placement", model="aurora", version="2.1")


def test_an_unknown_model_version_is_not_found_with_the_engines_hint(client: pratique.Client) -> None:
    with pytest.raises(NotFoundError, match="nobody 1 is not registered") as raised:
        client.trigger("training-trigger", model="nobody", version="1")
    assert raised.value.hint == "register it"


def test_require_raises_with_every_open_finding_and_who_is_waited_on(gate: pratique.Gate) -> None:
    with pytest.raises(pratique.GateNotCleared) as raised:
        gate.require()
    text = str(raised.value)
    assert "training-trigger of aurora/2.1 is blocked" in text
    assert "security-goal [S-6.1, S-6.2]: no evidence yet (owed by owner)" in text
    assert "waiting on owner (mira) for evidence" in text
    assert [f.requirement for f in raised.value.findings] == ["mitigations-hold", "security-goal"]


def test_a_cleared_gate_lets_the_pipeline_on(client: pratique.Client, engine: ContractEngine) -> None:
    gate = client.trigger("training-trigger", model="aurora", version="2.1")
    engine.meet_all()
    engine.sign("mira")
    engine.sign("jonas")
    assert gate.refresh().require().is_cleared


def test_wait_returns_when_the_gate_clears_and_tells_each_change(gate: pratique.Gate, engine: ContractEngine) -> None:
    later(0.1, engine.meet_all)
    later(0.2, lambda: engine.sign("mira"))
    later(0.3, lambda: engine.sign("jonas"))
    seen: list[str] = []
    began_at = time.monotonic()
    assert gate.wait(timeout=20, on_change=lambda view: seen.append(view.outcome)).require()
    assert time.monotonic() - began_at < 5
    assert seen[0] == "awaiting_decision"
    assert seen[-1] == "cleared"


def test_wait_returns_a_rejected_gate_which_require_refuses(gate: pratique.Gate, engine: ContractEngine) -> None:
    later(0.1, lambda: engine.end("rejected"))
    ended = gate.wait(timeout=20)
    assert ended.outcome == "rejected"
    with pytest.raises(pratique.GateNotCleared):
        ended.require()


def test_wait_ends_with_a_timeout_that_is_a_timeout_error(gate: pratique.Gate) -> None:
    with pytest.raises(TimeoutError, match="security-goal") as raised:
        gate.wait(timeout=0.3)
    assert isinstance(raised.value, GateWaitTimeoutError)
    assert isinstance(raised.value, PratiqueError)


def test_wait_survives_an_engine_that_is_stopped_and_started(
    gate: pratique.Gate, server: Server, engine: ContractEngine
) -> None:
    engine.meet_all()
    engine.sign("mira")
    engine.sign("jonas")
    server.stop()
    later(1.0, server.start)
    assert gate.wait(timeout=20).is_cleared


def test_wait_that_ends_without_an_engine_says_so(gate: pratique.Gate, server: Server) -> None:
    server.stop()
    with pytest.raises(GateWaitTimeoutError, match="did not answer at the end"):
        gate.wait(timeout=0.5)
    server.start()


def test_an_engine_that_does_not_hold_its_answers_is_not_hammered(gate: pratique.Gate, engine: ContractEngine) -> None:
    engine.is_holding = False
    asked = len(engine.requests)
    with pytest.raises(GateWaitTimeoutError):
        gate.wait(timeout=1.5)
    assert len(engine.requests) - asked <= 4


def test_assert_unchanged_passes_for_the_cleared_weights(gate: pratique.Gate, engine: ContractEngine) -> None:
    engine.meet_all()
    engine.sign("mira")
    engine.sign("jonas")
    assert gate.refresh().assert_unchanged(WEIGHTS.upper()).is_cleared


def test_assert_unchanged_refuses_other_weights(gate: pratique.Gate, engine: ContractEngine) -> None:
    engine.meet_all()
    engine.sign("mira")
    engine.sign("jonas")
    with pytest.raises(GateChangedError, match="not for cdcd"):
        gate.refresh().assert_unchanged("cd" * 32)


def test_assert_unchanged_refuses_a_gate_that_went_stale(gate: pratique.Gate, engine: ContractEngine) -> None:
    engine.meet_all()
    engine.sign("mira")
    engine.sign("jonas")
    cleared = gate.refresh().require()
    engine.end("stale")
    with pytest.raises(pratique.GateNotCleared, match="stale"):
        cleared.assert_unchanged(WEIGHTS)


def test_evidence_travels_whole_with_its_digest_and_progress(
    client: pratique.Client, engine: ContractEngine, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 4096
    file = tmp_path / "log & results.eval"
    file.write_bytes(content)
    steps: list[tuple[int, int]] = []
    evidence = client.add_evidence(
        file, "aurora", "2.1", "security-goal", progress=lambda sent, total: steps.append((sent, total))
    )
    assert evidence.sha256 == hashlib.sha256(content).hexdigest()
    assert evidence.filename == "log & results.eval"
    assert evidence.requirement == "security-goal"
    assert engine.bodies[-1] == content
    assert steps[-1] == (len(content), len(content))
    assert list(client.evidence("aurora", "2.1")) == [evidence]


def test_a_file_with_another_digest_is_refused_and_not_kept(
    client: pratique.Client, engine: ContractEngine, tmp_path: Path
) -> None:
    file = tmp_path / "log.json"
    file.write_text("{}")
    with pytest.raises(InvalidInputError, match="nothing was kept") as raised:
        client.add_evidence(file, "aurora", "2.1", sha256="00" * 32)
    assert raised.value.extra["code"] == "digest-mismatch"
    assert engine.evidence == []


def test_a_missing_file_is_invalid_input_before_anything_is_sent(
    client: pratique.Client, engine: ContractEngine
) -> None:
    asked = len(engine.requests)
    with pytest.raises(InvalidInputError, match="No such file"):
        client.add_evidence("/nowhere/log.eval", "aurora", "2.1")
    assert len(engine.requests) == asked


def test_saved_evidence_is_checked_and_a_wrong_digest_leaves_no_file(client: pratique.Client, tmp_path: Path) -> None:
    file = tmp_path / "in.json"
    file.write_bytes(b"the bytes")
    good = client.add_evidence(file, "aurora", "2.1")
    client.save_evidence(good, tmp_path / "out.json")
    assert (tmp_path / "out.json").read_bytes() == b"the bytes"
    file.write_bytes(b"other bytes")
    bad = client.add_evidence(file, "aurora", "2.1")
    with pytest.raises(PratiqueError, match="expected"):
        client.save_evidence(bad, tmp_path / "bad.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.json", "out.json"]


def test_a_pipeline_token_cannot_decide(client: pratique.Client, gate: pratique.Gate) -> None:
    with pytest.raises(NotAllowedError, match="can never decide"):
        client.decide(gate, "clear", "looks good")


def test_a_decision_on_what_is_no_longer_shown_is_a_conflict(
    server: Server, gate: pratique.Gate, engine: ContractEngine
) -> None:
    mira = pratique.Client(server.url, "prq_mira_x")
    engine.meet_all()
    with pytest.raises(ConflictError, match="something else now"):
        mira.decide(gate, "clear", "read all")
    assert mira.decide(gate.refresh(), "clear", "read all").outcome == "awaiting_decision"


def test_reads_and_events_are_sent_again_while_the_engine_is_unavailable(
    client: pratique.Client, engine: ContractEngine
) -> None:
    engine.failures_to_come = 2
    gate = client.trigger("training-trigger", model="aurora", version="2.1")
    assert gate.outcome == "blocked"
    assert len(engine.events) == 1


def test_a_decision_is_sent_again_under_one_key_and_another_decision_under_another(
    server: Server, gate: pratique.Gate, engine: ContractEngine
) -> None:
    engine.failures_to_come = 1
    mira = pratique.Client(server.url, "prq_mira_x")
    again = mira.decide(gate, "return", "unclear")
    mira.decide(again, "return", "unclear")
    keys = [headers["Idempotency-Key"] for _, target, headers in engine.requests if target.endswith("/decisions")]
    assert len(keys) == 3
    assert keys[0] == keys[1] != keys[2]
    assert all(len(key) > 30 and key.startswith('"') for key in keys)


def test_retries_end(client: pratique.Client, engine: ContractEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    engine.failures_to_come = 1000
    with pytest.raises(UnavailableError):
        client.gates("aurora", "2.1")
    assert engine.failures_to_come == 995


def test_no_engine_is_unavailable_with_a_hint(free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(UnavailableError, match="does not answer: Connection refused") as raised:
        pratique.Client(f"http://127.0.0.1:{free_port()}", "t").whoami()
    assert "pratique up" in (raised.value.hint or "")


def test_no_token_is_unauthenticated(server: Server) -> None:
    with pytest.raises(UnauthenticatedError):
        pratique.Client(server.url).gates("aurora", "2.1")


def test_names_cannot_leave_their_place_in_the_address(client: pratique.Client, engine: ContractEngine) -> None:
    with pytest.raises(NotFoundError):
        client.gate("aurora", "2.1", "../../tokens?x=1")
    assert engine.requests[-1][1].endswith("/gates/..%2F..%2Ftokens%3Fx%3D1")
    with pytest.raises(InvalidInputError):
        client.gate("aurora", "..", "g")


def test_model_versions_are_paged_through(client: pratique.Client) -> None:
    client.register("aurora", "2.2", {"systemic_risk": True})
    assert [item.version for item in client.models()] == ["2.1", "2.2"]


def test_the_token_shows_in_no_repr(client: pratique.Client, gate: pratique.Gate) -> None:
    assert "prq_" not in repr(client.connection) + repr(gate) + repr(client.create_token("ci", "pipeline"))


def test_the_worker_claims_and_learns_that_a_lease_was_lost(client: pratique.Client) -> None:
    work = client.worker.claim("w1", ["flow"], 5)
    assert (work[0].id, work[0].payload["flow"]) == ("7", "training")
    with pytest.raises(ConflictError, match="lease was lost"):
        client.worker.extend("7", "w1")


@pytest.mark.parametrize(
    "answer",
    [b"", b"not http at all", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"],
    ids=["closed", "garbage", "cut short"],
)
def test_a_broken_answer_is_unavailable(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_all, args=(listener, answer), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(UnavailableError, match="does not answer"):
            pratique.Client(url, "t").whoami()


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"items": 3}', b"null"])
def test_an_answer_that_is_none_of_ours_is_said_to_be_unexpected(body: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_all, args=(listener, answer), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(UnexpectedAnswerError, match="cannot be read"):
            pratique.Client(url, "t").gates("aurora", "2.1")


def test_an_upload_that_is_refused_early_gives_the_engines_reason(tmp_path: Path) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(b"\0" * 64 * 1024 * 1024)
    body = b'{"code":"too-large","detail":"larger than 1 MiB; nothing was kept"}'
    answer = b"HTTP/1.1 413 X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_all, args=(listener, answer, True), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(InvalidInputError, match="larger than 1 MiB"):
            pratique.Client(url, "t").add_evidence(file, "aurora", "2.1")


def _answer_all(listener: socket.socket, answer: bytes, drains: bool = False) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            connection.sendall(answer)
            if drains:
                connection.shutdown(socket.SHUT_WR)
                time.sleep(0.2)
