"""Random facts to fill a ledger with, that hang together."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from ledger_samples import AT, DUE, EXTRACTION, SESSION

from pratique.canonical import digest_of
from pratique.domain import entries as e
from pratique.domain.revisions import revision_of
from pratique.store.ports import new_uuid7

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
            person=self._maybe("jonas"), credential=self._maybe(SESSION),
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
            credential=self._maybe(SESSION),
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
            credential=self._maybe(SESSION),
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
            credential=self._maybe(SESSION),
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
