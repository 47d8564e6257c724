"""One fixed example of every fact class, and what writes facts into a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pratique.canonical import digest_of
from pratique.domain import entries as e
from pratique.settings import Settings
from pratique.store.ledger import Ledger
from pratique.store.transaction import Transaction

AT = "2026-11-23T14:00:00.000000Z"
DUE = "2026-12-07T14:00:00.000000Z"
PROFILE = {"systemic_risk": True, "training_flop": 3e25, "known_as": ["mockllm/model"], "note": "à la carte – 😀"}
SPEC = {"id": "training-trigger", "version": 1, "sign_off": {"roles": {"owner": 1}, "four_eyes": True}}
CONTENT = {"title": "Training trigger", "state": "open", "reasons": ["an event opened the gate"], "due_at": DUE}
KEPT = {"requirement": "cyber-eval", "status": "met"}
FINDINGS = [{"requirement": "cbrn-eval", "status": "unmet", "reason": "score 0.61, expected below 0.5"}]
EXTRACTION = {
    "kind": "eval.results", "collector": "inspect", "collector_version": "1", "tool": "inspect_ai 0.3.199",
    "complete": True, "planned": 30, "done": 30, "errors": 0, "subject": "mockllm/model", "produced_at": AT,
    "observed_from": AT, "observed_until": AT, "valid_until": DUE, "facts": {"accuracy": 0.61, "samples": 30},
}  # fmt: skip


def fixed_id(number: int) -> str:
    """A UUIDv7 that never changes."""
    return f"0199f0a0-0000-7000-8000-{number:012x}"


_MODEL, _EVENT, _RUN, _EVIDENCE, _DECISION, _WAIVER, _NOTICE, _DELIVERY, _FLOW, _TOKEN = map(fixed_id, range(1, 11))
_COMPUTE, _OCCURRENCE, _CLOCK, _FEED, _ADOPTION = map(fixed_id, range(31, 36))
_HOOK, _MARK, _TURN, _ANSWER = map(fixed_id, (36, 37, 60, 61))
_COLLECTION = fixed_id(64)
_SHA = "ab" * 32
PROVIDER = {"name": "Example"}
REGISTER = {"risks": [{"id": "cbrn"}]}
SESSION = "session:5e55100000aa"

#: One example of every fact class, with every member that can be there.
EXAMPLES: tuple[e.Fact, ...] = (
    e.ModelVersionRegistered(
        id=_MODEL, model="aurora", model_version="2.1", profile=PROFILE, profile_digest=digest_of(PROFILE),
        authors={"systemic_risk": "mira"}, credential="token:ci",
    ),
    e.ModelVersionChanged(
        id=_MODEL, profile=PROFILE, profile_digest=digest_of(PROFILE), was_digest=_SHA, weights_at=AT,
        authors={"systemic_risk": "token:ci"}, credential="token:ci",
    ),
    e.EventReceived(
        id=_EVENT, source="/ci", event_id="e1", type="pratique.gate.triggered", model_version_id=_MODEL,
        gate_runs=[_RUN], not_opened=[{"gate": "placement", "reason": "not yet"}], body='{"specversion":"1.0"}',
    ),
    e.GateSpecAdopted(
        digest=digest_of(SPEC), gate="training-trigger", spec_version=1, edition="eu-gpai-code@2025-07-10", body=SPEC
    ),
    e.GateRunOpened(
        id=_RUN, model_version_id=_MODEL, gate="training-trigger", occasion="default", spec_digest=digest_of(SPEC),
        event_id=_EVENT, follow_up_at=AT, due_at=DUE, basis="0" * 64, inputs="0" * 64, supersedes=fixed_id(99),
    ),
    e.GateRunEvaluated(
        id=_RUN, row_version=2, state="in_review", was="open", cause="evidence", findings=FINDINGS, open_findings=1,
        basis=_SHA, inputs=_SHA, kept=1, findings_digest=digest_of([KEPT, *FINDINGS]), recheck_at=DUE, remind_at=AT,
    ),
    e.GateRunMoved(
        id=_RUN, row_version=3, state="cleared", was="in_review", move="clear", cause="signed by jonas, mira",
        signed_by=["jonas", "mira"], remind_at=DUE,
    ),
    e.GateRunDated(
        id=_RUN, row_version=4, follow_up_at=AT, due_at=DUE, reason="the lab is late", was_follow_up_at=AT,
        was_due_at=AT, remind_at=AT, person="jonas", credential=SESSION,
    ),
    e.GateRunReminded(id=_RUN, row_version=5, rung="follow_up", remind_at=DUE),
    e.EvidenceSubmitted(
        id=_EVIDENCE, model_version_id=_MODEL, sha256=_SHA, size=4096, filename="cbrn.eval",
        media_type="application/zip", submitter="token:ci", reading="read", requirement="cbrn-eval",
        reading_reason="as named", extraction=EXTRACTION, credential="token:ci", revises=fixed_id(41),
    ),
    e.EvidenceRead(
        id=_EVIDENCE, model_version_id=_MODEL, reading="read", reading_reason="late", extraction=EXTRACTION
    ),
    e.EvidenceAttested(
        id=fixed_id(44), evidence=_EVIDENCE, model_version_id=_MODEL, sha256=_SHA,
        statement="The policy of 20 November.", person="mira", role="security_lead", credential=SESSION,
    ),
    e.AttestationWithdrawn(
        id=fixed_id(44), model_version_id=_MODEL, reason="the wrong file", person="mira", credential=SESSION,
    ),
    e.HoldPlaced(
        id=fixed_id(42), reason="a case is pending", person="mira", sha256=_SHA, model_version_id=_MODEL,
        credential=SESSION,
    ),
    e.HoldLifted(id=fixed_id(42), reason="the case was closed", person="mira", credential=SESSION),
    e.EvidencePurged(
        id=fixed_id(43), sha256=_SHA, size=4096, reason="kept long enough", allowed=["kept until 2026-12-07"],
        evidence=[{"id": _EVIDENCE, "model_version_id": _MODEL, "filename": "cbrn.eval", "received_at": AT}],
        kept_until=DUE, credential="token:admin",
    ),
    e.DecisionMade(
        id=_DECISION, gate_run_id=_RUN, person="jonas", role="approver", act="clear", reason="the evidence holds",
        basis=_SHA, row_version=6, credential=SESSION,
    ),
    e.DecisionsDismissed(gate_run_id=_RUN, decisions=[_DECISION], why="new evidence"),
    e.WaiverGranted(
        id=_WAIVER, gate_run_id=_RUN, requirement="cbrn-eval", covers="unmet", evidence=_EVIDENCE, person="ines",
        reason="repeated next week",
        expires_at=DUE, row_version=7, credential=SESSION,
    ),
    e.WaiverRevoked(
        id=_WAIVER, gate_run_id=_RUN, person="ines", why="the repeat failed", row_version=8, credential=SESSION
    ),
    e.NoticesWritten(
        gate_run_id=_RUN, kind="review_opened", occurrence="2", severity="normal", content=CONTENT,
        notices=[
            {"id": fixed_id(17), "person": "mira", "deliveries": [{"id": fixed_id(18), "channel": "mail"}]},
            {"id": fixed_id(27), "person": "jonas", "deliveries": []},
        ],
    ),
    e.NoticeWritten(
        id=_NOTICE, key=f"{_RUN}:review_opened:1:mira", gate_run_id=_RUN, person="mira", kind="review_opened",
        severity="normal", content=CONTENT, deliveries=[{"id": _DELIVERY, "channel": "mail"}],
    ),
    e.NoticeAcknowledged(id=_NOTICE, gate_run_id=_RUN, person="mira"),
    e.DeliverySettled(
        id=_DELIVERY, gate_run_id=_RUN, status="pending", failures=1, next_at=DUE, reason="the mail server is away"
    ),
    e.FlowRunStarted(
        id=_FLOW, key="flow:1", flow="training", name="aurora-2.1", gate_run_id=_RUN, prefect_run_id=fixed_id(77),
        url="http://127.0.0.1:8471/runs/1",
    ),
    e.FlowRunEnded(id=_FLOW, state="Blocked", message="1 finding is open"),
    e.TokenIssued(
        id=_TOKEN, label="ci", kind="pipeline", scopes=["events:write"], secret_sha256=_SHA, person="mira",
        expires_at=DUE,
    ),
    e.TokenRevoked(id=_TOKEN),
    e.SignedIn(person="mira", session="5e55100000aa", link="11600000bb"),
    e.LoginLinkMade(person="mira", expires_at=DUE, id="11600000bb"),
    e.RiskRegisterRecorded(
        id=_MODEL, register=REGISTER, digest=digest_of(REGISTER), was_digest=_SHA, authors={"cbrn": "mira"},
        credential=SESSION,
    ),
    e.ProviderRecorded(
        id="provider", profile=PROVIDER, digest=digest_of(PROVIDER), authors={"name": "mira"}, credential=SESSION
    ),
    e.ProviderChanged(
        id="provider", profile=PROVIDER, digest=digest_of(PROVIDER), was_digest=_SHA, authors={"name": "mira"},
        credential=SESSION,
    ),
    e.ComputeRecorded(
        id=_COMPUTE, model_version_id=_MODEL, run="pretraining-1", kind="done", flop=4.2e24, begins_at=AT, ends_at=DUE,
        purpose="pre_training", source="cluster accounting", person="mira", credential=SESSION,
    ),
    e.ComputeWithdrawn(
        id=_COMPUTE, model_version_id=_MODEL, reason="counted twice", person="mira", credential=SESSION
    ),
    e.OccurrenceRecorded(
        id=_OCCURRENCE, kind="incident_aware", at=AT, why="a customer's report", model_version_id=_MODEL,
        about="inc-1", data={"limbs": ["cybersecurity"]}, person="mira", credential=SESSION,
    ),
    e.OccurrenceWithdrawn(id=_OCCURRENCE, reason="another model", person="mira", credential=SESSION),
    e.ClockStarted(
        id=_CLOCK, key=f"{_MODEL}/incident-initial/inc-1/1", model_version_id=_MODEL, rule="incident-initial",
        edition="eu-gpai-code@2025-07-10", start_at=AT, state="running", force="hard", content={"title": "Initial"},
        cause="incident_aware", about="inc-1", due_on="2026-12-07", due_at=DUE, met_at=DUE,
    ),
    e.ProfileDated(id=_MODEL, changes_at=DUE),
    e.ClockRevised(
        id=_CLOCK, start_at=AT, state="met", was="running", content={"title": "Initial"}, cause="report filed",
        due_on="2026-12-07", due_at=DUE, met_at=DUE, force="self_set",
    ),
    e.CalendarFeedMade(id=_FEED, person="mira", secret_sha256=_SHA, credential=SESSION),
    e.CalendarFeedRevoked(id=_FEED, person="mira", credential=SESSION),
    e.GateRunRepinned(
        id=_RUN, row_version=9, spec_digest=_SHA, was_spec_digest=digest_of(SPEC), adoption=_ADOPTION,
        reason="cbrn-eval: criterion changed",
    ),
    e.EditionAdopted(
        id=_ADOPTION, regime="eu-gpai-code", edition="eu-gpai-code@2027-01-01", digest=_SHA,
        gates={"training-trigger": _SHA}, reason="a new edition", content={"gate_runs": [_RUN]},
        was_edition="eu-gpai-code@2025-07-10", was_digest=_SHA, person="mira", credential=SESSION,
    ),
    e.HookReceived(
        id=_HOOK, source="mlflow", kind="mlflow", delivery="5b93b71b-a227-4231-a993-0c3ae82d46f6", found_by="hook",
        headers={"content-type": "application/json"}, body='{"entity":"model_version"}', is_base64=False, sha256=_SHA,
        size=26,
    ),
    e.HookSettled(
        id=_HOOK, source="mlflow", state="replayed", was="dead", reason="mapped by rule model-registered",
        events=[
            {"rule": "model-registered", "source": "urn:pratique:hook:mlflow", "id": "aurora/2.1/1795441736853",
             "type": "example.model.registered", "model": "aurora", "version": "2.1", "is_duplicate": False}
        ],
        rules_digest=_SHA, person="mira", credential=SESSION,
    ),
    e.HookReconciled(id=_MARK, source="mlflow", mark=1795441736853, seen=3, found=[_HOOK]),
    e.SubscriptionTurned(
        id=_TURN, subscription="chat", state="paused", reason="the receiver is being moved", credential=SESSION
    ),
    e.AnswerSettled(
        id=_ANSWER, subscription="chat", type="pratique.gate.cleared", state="dead", attempts=12,
        reason="answered 500", gate_run_id=_RUN,
    ),
    e.SourceCollected(
        id=_COLLECTION, source="eval-results", model_version_id=_MODEL, state="collected", reason="", failures=0,
        as_of=AT, succeeded_at=AT,
        files=[{"evidence": _EVIDENCE, "filename": "cbrn.eval", "sha256": _SHA}], credential="token:0a1b2c3d4e5f",
    ),
)  # fmt: skip


def write_fact(tx: Transaction, fact: e.Fact) -> None:
    """Write a fact, and the work that the engine enqueues with it."""
    tx.record(fact)
    told = fact.notices if isinstance(fact, e.NoticesWritten) else []
    deliveries = [d for notice in told for d in notice["deliveries"]]
    if isinstance(fact, e.NoticeWritten):
        deliveries = fact.deliveries
    for delivery in deliveries:
        tx.enqueue("delivery", f"delivery:{delivery['id']}", {"delivery": delivery["id"]})


def write_all(ledger: Ledger, facts: Iterator[e.Fact] | tuple[e.Fact, ...], *, at_once: int = 10) -> None:
    """Write facts, some in each command."""
    waiting = list(facts)
    for start in range(0, len(waiting), at_once):
        part = waiting[start : start + at_once]
        ledger.write("engine:test", lambda tx, part=part: [write_fact(tx, fact) for fact in part])


@contextmanager
def opened(url: str, **given: Any) -> Iterator[Ledger]:
    """An open ledger, closed at the end."""
    ledger = Ledger(url, **given)
    ledger.open()
    try:
        yield ledger
    finally:
        ledger.close()


def settings_of(url: str, folder: Path) -> Settings:
    """The settings under which `verify_ledger` finds this ledger, with its evidence in `folder`."""
    return Settings(data_dir=folder, database_url=url)  # type: ignore[arg-type]
