"""Facts to fill a ledger with: one fixed example of every class, and random stories that hang together."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pratique.canonical import digest_of
from pratique.domain import entries as e
from pratique.domain.revisions import revision_of
from pratique.settings import Settings
from pratique.store.ledger import Ledger
from pratique.store.ports import new_uuid7
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
_SHA = "ab" * 32
_SESSION = "session:5e55100000aa"

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
        was_due_at=AT, remind_at=AT, person="jonas", credential=_SESSION,
    ),
    e.GateRunReminded(id=_RUN, row_version=5, rung="follow_up", remind_at=DUE),
    e.EvidenceSubmitted(
        id=_EVIDENCE, model_version_id=_MODEL, sha256=_SHA, size=4096, filename="cbrn.eval",
        media_type="application/zip", submitter="token:ci", reading="read", requirement="cbrn-eval",
        reading_reason="as named", extraction=EXTRACTION, credential="token:ci",
    ),
    e.EvidenceRead(
        id=_EVIDENCE, model_version_id=_MODEL, reading="read", reading_reason="late", extraction=EXTRACTION
    ),
    e.DecisionMade(
        id=_DECISION, gate_run_id=_RUN, person="jonas", role="approver", act="clear", reason="the evidence holds",
        basis=_SHA, row_version=6, credential=_SESSION,
    ),
    e.DecisionsDismissed(gate_run_id=_RUN, decisions=[_DECISION], why="new evidence"),
    e.WaiverGranted(
        id=_WAIVER, gate_run_id=_RUN, requirement="cbrn-eval", covers="unmet", evidence=_EVIDENCE, person="ines",
        reason="repeated next week",
        expires_at=DUE, row_version=7, credential=_SESSION,
    ),
    e.WaiverRevoked(
        id=_WAIVER, gate_run_id=_RUN, person="ines", why="the repeat failed", row_version=8, credential=_SESSION
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
)  # fmt: skip

_TEXTS = ("plain", "à – 😀", 'quote " and \\ back', "line\nbreak", "")


class Story:
    """Random facts that hang together: nothing is changed before it was made."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._ids: dict[str, list[str]] = {}
        self._versions: dict[str, int] = {}
        self._findings: dict[str, list[dict[str, Any]]] = {}
        self.sha256: list[str] = []  #: give real digests here to have evidence files

    def facts(self, count: int) -> Iterator[e.Fact]:
        """Yield facts; the first makes a model version and a gate run, the others anything."""
        yield self._model()
        yield self._run()
        makers = [getattr(self, name) for name in dir(self) if name.startswith("_do_")]
        for _ in range(count):
            fact = self._random.choice(makers)()
            if fact is not None:
                yield fact

    def _text(self) -> str:
        return self._random.choice(_TEXTS) + str(self._random.randrange(1000))

    def _maybe(self, value: Any) -> Any:
        return value if self._random.random() < 0.5 else None

    def _new(self, kind: str) -> str:
        made = new_uuid7()
        self._ids.setdefault(kind, []).append(made)
        return made

    def _old(self, kind: str) -> str | None:
        return self._random.choice(self._ids[kind]) if self._ids.get(kind) else None

    def _instant(self) -> str:
        month, day, fraction = (self._random.randrange(n) for n in (3, 10, 10**6))
        return f"2026-1{month}-2{day}T14:00:00.{fraction:06}Z"

    def _digest(self) -> str:
        return self._random.randbytes(32).hex()

    def _bump(self, run: str) -> int:
        self._versions[run] = self._versions.get(run, 1) + 1
        return self._versions[run]

    def _profile(self) -> dict[str, Any]:
        return {"training_flop": self._random.choice([1e25, 3.0, 0.1, 7]), self._text(): [self._text(), None, True]}

    def _extraction(self) -> dict[str, Any] | None:
        kept = {k: v for k, v in EXTRACTION.items() if k in ("complete", "facts") or self._random.random() < 0.7}
        return self._maybe({**kept, "facts": {"accuracy": self._random.random(), "text": self._text()}})

    def _model(self) -> e.Fact:
        profile = self._profile()
        made = self._new("model")
        return e.ModelVersionRegistered(
            id=made, model="m", model_version=made, profile=profile, profile_digest=digest_of(profile)
        )

    def _run(self) -> e.Fact:
        made = self._new("run")
        return e.GateRunOpened(
            id=made, model_version_id=str(self._old("model")), gate=made, occasion="default",
            spec_digest=self._digest(), event_id=new_uuid7(), follow_up_at=self._instant(), due_at=self._instant(),
            basis=self._digest(), inputs=self._digest(),
        )  # fmt: skip

    def _do_model(self) -> e.Fact:
        return self._model()

    def _do_run(self) -> e.Fact:
        return self._run()

    def _do_profile(self) -> e.Fact:
        profile = self._profile()
        return e.ModelVersionChanged(
            id=str(self._old("model")),
            profile=profile,
            profile_digest=digest_of(profile),
            was_digest=self._digest(),
            authors=self._maybe({"training_flop": "mira"}),
        )

    def _do_event(self) -> e.Fact:
        made = new_uuid7()
        return e.EventReceived(
            id=made, source=self._text(), event_id=made, type="t", model_version_id=str(self._old("model")),
            gate_runs=[str(self._old("run"))], not_opened=[{"gate": "g", "reason": self._text()}], body=self._text(),
        )  # fmt: skip

    def _do_spec(self) -> e.Fact:
        body = {"id": new_uuid7(), "text": self._text()}
        return e.GateSpecAdopted(digest=digest_of(body), gate="g", spec_version=3, edition="x", body=body)

    def _do_evaluate(self) -> e.Fact:
        run = str(self._old("run"))
        revision = revision_of(self._findings.get(run, []), self._judged(run))
        self._findings[run] = self._judged_last
        return e.GateRunEvaluated(
            id=run, row_version=self._bump(run), state=self._random.choice(["open", "in_review", "stale"]), was="open",
            cause=self._text(), findings=list(revision.findings), open_findings=1, basis=self._digest(),
            inputs=self._digest(), kept=revision.kept, recheck_at=self._maybe(DUE), remind_at=self._maybe(AT),
            findings_digest=None if revision.kept is None else digest_of(self._judged_last),
        )  # fmt: skip

    def _judged(self, run: str) -> list[dict[str, Any]]:
        """Some findings as they were, some others; now and then those of other requirements."""
        was = self._findings.get(run, [])
        if not was or self._random.random() < 0.1:
            was = [{"requirement": f"r{n}"} for n in range(self._random.randrange(6))]
        self._judged_last = [
            finding if self._random.random() < 0.6 else {**finding, "reason": self._text(), "score": 0.1}
            for finding in was
        ]
        return self._judged_last

    def _do_move(self) -> e.Fact:
        run = str(self._old("run"))
        return e.GateRunMoved(
            id=run, row_version=self._bump(run), state="cleared", was="open", move="clear", cause=self._text(),
            signed_by=self._maybe(["jonas"]), remind_at=self._maybe(AT),
        )  # fmt: skip

    def _do_date(self) -> e.Fact:
        run = str(self._old("run"))
        return e.GateRunDated(
            id=run, row_version=self._bump(run), follow_up_at=self._instant(), due_at=self._instant(),
            reason=self._text(), was_follow_up_at=AT, was_due_at=DUE, remind_at=self._maybe(AT),
            person=self._maybe("jonas"), credential=self._maybe(_SESSION),
        )  # fmt: skip

    def _do_remind(self) -> e.Fact:
        run = str(self._old("run"))
        return e.GateRunReminded(id=run, row_version=self._bump(run), rung="overdue", remind_at=self._maybe(DUE))

    def _do_submit(self) -> e.Fact:
        sha256 = self._random.choice(self.sha256) if self.sha256 else self._digest()
        return e.EvidenceSubmitted(
            id=self._new("evidence"), model_version_id=str(self._old("model")), sha256=sha256, size=5,
            filename=self._text(), media_type="text/plain", submitter="token:ci", reading="pending",
            requirement=self._maybe("r"), reading_reason=self._maybe("why"), extraction=self._extraction(),
            credential=self._maybe("token:ci"),
        )  # fmt: skip

    def _do_read(self) -> e.Fact | None:
        evidence = self._old("evidence")
        return evidence and e.EvidenceRead(
            id=evidence, model_version_id=str(self._old("model")), reading="read", extraction=self._extraction()
        )

    def _do_decide(self) -> e.Fact:
        run = str(self._old("run"))
        return e.DecisionMade(
            id=self._new(f"decision of {run}"), gate_run_id=run, person="jonas", role="approver", act="clear",
            reason=self._text(), basis=self._digest(), row_version=self._bump(run),
            credential=self._maybe(_SESSION),
        )  # fmt: skip

    def _do_dismiss(self) -> e.Fact | None:
        run = str(self._old("run"))
        decisions = self._ids.get(f"decision of {run}")
        return decisions and e.DecisionsDismissed(gate_run_id=run, decisions=list(decisions), why=self._text())

    def _do_waive(self) -> e.Fact:
        run = str(self._old("run"))
        return e.WaiverGranted(
            id=self._new(f"waiver of {run}"), gate_run_id=run, requirement="r", covers="stale", person="ines",
            reason=self._text(), expires_at=self._instant(), row_version=self._bump(run),
            credential=self._maybe(_SESSION),
        )  # fmt: skip

    def _do_revoke(self) -> e.Fact | None:
        run = str(self._old("run"))
        waiver = self._old(f"waiver of {run}")
        return waiver and e.WaiverRevoked(
            id=waiver,
            gate_run_id=run,
            person="ines",
            why=self._text(),
            row_version=self._bump(run),
            credential=self._maybe(_SESSION),
        )

    def _do_tell(self) -> e.Fact:
        run = str(self._old("run"))
        people = ("mira", "jonas")[: self._random.choice([1, 2])]
        told = [{"id": self._new("notice"), "person": person, "deliveries": []} for person in people]
        told[0]["deliveries"] = [{"id": self._new("delivery"), "channel": "mail"}]
        return e.NoticesWritten(
            gate_run_id=run, kind="cleared", occurrence=new_uuid7(), severity="normal", content={"title": self._text()},
            notices=told,
        )  # fmt: skip

    def _do_tell_as_before(self) -> e.Fact:
        made, run, delivery = self._new("notice"), str(self._old("run")), self._new("delivery")
        return e.NoticeWritten(
            id=made, key=made, gate_run_id=run, person="mira", kind="cleared", severity="normal",
            content={"title": self._text()}, deliveries=[{"id": delivery, "channel": "mail"}],
        )  # fmt: skip

    def _do_acknowledge(self) -> e.Fact | None:
        notice = self._old("notice")
        return notice and e.NoticeAcknowledged(id=notice, gate_run_id=str(self._old("run")), person="mira")

    def _do_settle(self) -> e.Fact | None:
        delivery = self._old("delivery")
        return delivery and e.DeliverySettled(
            id=delivery, gate_run_id=str(self._old("run")), status=self._random.choice(["pending", "sent", "dead"]),
            failures=self._random.randrange(4), next_at=self._maybe(DUE), reason=self._maybe(self._text()),
        )  # fmt: skip

    def _do_start(self) -> e.Fact:
        made = self._new("flow")
        return e.FlowRunStarted(
            id=made, key=made, flow="training", name=self._text(), gate_run_id=self._maybe(self._old("run")),
            prefect_run_id=self._maybe(made), url=self._maybe("http://127.0.0.1/"),
        )  # fmt: skip

    def _do_end(self) -> e.Fact | None:
        flow = self._old("flow")
        return flow and e.FlowRunEnded(id=flow, state="Cleared", message=self._maybe(self._text()))

    def _do_issue(self) -> e.Fact:
        return e.TokenIssued(
            id=self._new("token"), label=self._text(), kind="pipeline", scopes=["events:write"],
            secret_sha256=self._digest(), person=self._maybe("mira"), expires_at=self._maybe(DUE),
        )  # fmt: skip

    def _do_revoke_token(self) -> e.Fact | None:
        token = self._old("token")
        return token and e.TokenRevoked(id=token)

    def _do_sign_in(self) -> e.Fact:
        return e.SignedIn(person="mira")

    def _do_make_link(self) -> e.Fact:
        return e.LoginLinkMade(person="mira", expires_at=self._instant())


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
