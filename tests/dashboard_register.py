# ruff: noqa: E501 - rows of example data read best as rows
"""An in-memory register behind the dashboard's two ports, with enough in it to look at."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pratique.domain.times import instant_text, parse_instant
from pratique.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from pratique.web.dashboard import Badges, DatesInput, DecisionInput, GateRef, OpenedSession, Viewer, WaiverInput
from pratique.web.dashboard.paging import Cut
from pratique.web.dashboard.rows import (
    ClockFilter,
    ClockPage,
    FlowRunFilter,
    FlowRunPage,
    GateColumn,
    JournalFilter,
    JournalPage,
    JournalRow,
    ModelSheet,
    Occasion,
    OverduePage,
    OverdueRow,
    Place,
    PortfolioCell,
    PortfolioFilter,
    PortfolioPage,
    PortfolioRow,
    RunRow,
    Turn,
)
from pratique.web.dashboard.views import DecisionView, EvidenceView, FindingView, GateView, NoticeView, SheetView

NOW = datetime(2026, 11, 23, 14, 5, 30, tzinfo=UTC)
WAITING = ("open", "in_review", "returned", "stale")
NAMES = {"mira": "Mira Lindqvist", "jonas": "Jonas Weber", "ines": "Ines Moreau", "sam": "Sam Okafor"}
ROLES = {"mira": ("owner", "eval_lead"), "jonas": ("approver",), "ines": ("executive",), "sam": ("security_lead",)}
GATES = {
    "training-trigger": "Training trigger point",
    "pre-placement": "Pre-placement assessment and mitigation",
    "placement": "Placement on the Union market",
}
RUN_ID = "0199a3c2-7c11-7d2e-9b1f-0c5a8e4d2a10"


def at(**ago: float) -> str:
    """Return the instant that long before NOW."""
    return instant_text(NOW - timedelta(**ago))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def evidence(id: str, filename: str, **given: Any) -> EvidenceView:
    view: dict[str, Any] = {
        "id": id,
        "model": "aurora",
        "version": "2.1",
        "filename": filename,
        "size": 184_320,
        "sha256": sha(id),
        "media_type": "application/octet-stream",
        "received_at": at(days=2, hours=3),
        "submitter": "mira",
        "reading": "read",
        "reading_reason": None,
        "requirement": None,
        "kind": "evaluation",
        "collector": "inspect",
        "collector_version": "1",
        "tool": "inspect_ai 0.3.285",
        "complete": True,
        "incomplete_reason": None,
        "planned": 200,
        "done": 200,
        "errors": 0,
        "subject": "mockllm/model",
        "produced_at": at(days=2, hours=5),
        "valid_until": None,
        "facts": {},
    }
    return view | given  # type: ignore[return-value]


EVIDENCE = {
    e["id"]: e
    for e in (
        evidence(
            "ev-cyber",
            "2026-11-21T08-05-11+00-00_cyber-range_7hGk2.eval",
            facts={
                "task": "cyber-range",
                "task_version": 3,
                "status": "success",
                "scores": {"accuracy": {"mean": 0.18, "stderr": 0.027}, "refusals": {"mean": 0.61}},
                "samples": {"planned": 200, "scored": 200, "errors": 0},
                "epochs": 1,
                "solver": ["system_message", "basic_agent", "<script>alert('not run')</script>"],
            },
        ),
        evidence(
            "ev-bio",
            "2026-11-21T09-42-50+00-00_wmdp-bio_Qe81.eval",
            complete=False,
            incomplete_reason="the run was cancelled: 131 of 200 samples were scored",
            done=131,
        ),
        evidence(
            "ev-mitigation",
            "mitigation-record.json",
            kind="facts.mitigation-record",
            collector="facts",
            collector_version="2",
            tool=None,
            size=2_114,
            planned=None,
            done=None,
            errors=None,
            submitter="sam",
            subject="aurora/2.1",
            produced_at=at(days=1),
            received_at=at(hours=20),
            valid_until=instant_text(NOW + timedelta(days=180)),
        ),
        evidence(
            "ev-broken",
            "export-final-FINAL (2).eval",
            reading="unreadable",
            reading_reason="the ZIP archive is cut off after 4096 bytes",
            kind=None,
            collector=None,
            collector_version=None,
            tool=None,
            complete=False,
            planned=None,
            done=None,
            errors=None,
            subject=None,
            produced_at=None,
            size=4096,
        ),
    )
}


def finding(requirement: str, title: str, status: str, **given: Any) -> FindingView:
    view: dict[str, Any] = {
        "requirement": requirement,
        "title": title,
        "checkpoint": "assessment",
        "checkpoint_kind": "assessment",
        "measures": ["S-3.2"],
        "owner": "eval_lead",
        "status": status,
        "enforced": True,
    }
    return view | given  # type: ignore[return-value]


MITIGATION = {"checkpoint": "mitigation", "checkpoint_kind": "mitigation", "owner": "owner"}

FINDINGS = [
    finding("cyber-uplift", "Cyber offence capability is measured and below tier", "met", evidence="ev-cyber",
            measures=["S-3.2", "S-A3.1"], until=instant_text(NOW + timedelta(days=88))),
    finding("cbrn-uplift", "CBRN uplift is measured", "not_tested", evidence="ev-bio", measures=["S-3.2", "S-A3.2"],
            reason="2026-11-21T09-42-50+00-00_wmdp-bio_Qe81.eval is incomplete: the run was cancelled: 131 of 200 "
                   "samples were scored"),
    finding("control-evaluation", "Loss of control was evaluated", "unmet", measures=["S-3.2"], evidence="ev-cyber",
            reason="refusal rate 0.61 is below the 0.90 that the Framework sets for this tier"),
    finding("external-evaluation", "An independent evaluator had access", "not_applicable", measures=["S-A3.5"],
            reason="a similarly safe model was assessed before (S-A3.5)"),
    finding("safety-mitigations", "Safety mitigations are in place and tested", "met", evidence="ev-mitigation",
            measures=["S-5.1"], **MITIGATION),
    finding("security-goal", "The security goal is met", "waived", measures=["S-6.1", "S-6.2"], waiver="wv-1",
            without_waiver="not_tested", until=instant_text(NOW + timedelta(days=30)),
            reason="waived by ines: audit is booked (no evidence of kind facts.security-goal was submitted)",
            **{**MITIGATION, "owner": "security_lead"}),
    finding("red-team", "The mitigation was attacked within the last quarter", "stale", evidence="ev-mitigation",
            reason="red-team-2026Q2.json ran out on 2026-10-30; newer evidence is needed", enforced=False,
            measures=["S-5.1"], **MITIGATION),
]  # fmt: skip


def gate_view(state: str = "open", **given: Any) -> GateView:
    view: dict[str, Any] = {
        "gate_run": RUN_ID,
        "model": "aurora",
        "version": "2.1",
        "gate": "pre-placement",
        "title": GATES["pre-placement"],
        "decides": "May this version be placed on the Union market as far as its systemic risks are concerned: are they "
        "identified, analysed, judged acceptable with reason, and mitigated?",
        "occasion": "default",
        "edition": "eu-gpai-code@2025-07-10",
        "spec_version": 3,
        "spec_digest": sha("spec"),
        "stage": "deployment",
        "state": state,
        "outcome": {"cleared": "cleared", "in_review": "awaiting_decision"}.get(state, "blocked"),
        "row_version": 7,
        "opened_at": at(days=16),
        "changed_at": at(hours=2),
        "follow_up_at": at(days=9),
        "due_at": at(days=2),
        "is_overdue": state in WAITING,
        "basis": sha("basis-7"),
        "inputs": sha("inputs-7"),
        "findings": FINDINGS,
        "open_findings": 2,
        "sign_off": {
            "roles": {"approver": 1, "executive": 1},
            "four_eyes": True,
            "signed": [],
            "missing": ["1 more signature in the role approver", "1 more signature in the role executive"],
        },
        "waiting_on": [
            {"role": "eval_lead", "people": ["mira"], "for": "evidence",
             "requirements": ["cbrn-uplift", "control-evaluation"]},
        ],
        "waivers": [
            {"id": "wv-1", "requirement": "security-goal", "person": "ines", "granted_at": at(days=3),
             "expires_at": instant_text(NOW + timedelta(days=30)), "revoked_at": None,
             "reason": "The outside audit of the weight store is booked for 4 December; until then the store is offline."},
            {"id": "wv-0", "requirement": "cyber-uplift", "person": "jonas", "granted_at": at(days=12),
             "expires_at": at(days=5), "revoked_at": at(days=6), "reason": "Range was being repaired."},
        ],
        "decisions": [
            {"id": "d-1", "person": "mira", "role": "owner", "act": "clear", "at": at(days=5), "dismissed":
             {"at": at(days=2), "why": "new evidence 2026-11-21T09-42-50+00-00_wmdp-bio_Qe81.eval replaced what was signed"},
             "reason": "All requirements were met on the October runs."},
            {"id": "d-2", "person": "jonas", "role": "approver", "act": "return", "at": at(days=1), "dismissed": None,
             "reason": "The bio run was cancelled half-way.\nPlease run it again with all 200 samples."},
        ],
        "weights_sha256": sha("weights"),
        "does_not_show": "Clearing this gate does not show that the model is safe, nor that the Code is fulfilled. It shows "
        "that named people saw the evidence listed here and answered for it on that day.",
        "links": {"self": "/v1/models/aurora/versions/2.1/gates/pre-placement", "page": "/", "evidence": "/",
                  "prefect": "http://127.0.0.1:8471/runs"},
    }  # fmt: skip
    return view | given  # type: ignore[return-value]


def ready_view() -> GateView:
    """A gate in review: one signature given, one missing."""
    done = [f | {"status": "met", "reason": "", "evidence": "ev-cyber"} if f["status"] in ("unmet", "not_tested") else f
            for f in FINDINGS]  # fmt: skip
    return gate_view(
        "in_review",
        findings=done,
        open_findings=0,
        sign_off={
            "roles": {"approver": 1, "executive": 1},
            "four_eyes": True,
            "signed": [{"person": "ines", "role": "executive", "at": at(hours=1)}],
            "missing": ["1 more signature in the role approver"],
        },
        waiting_on=[{"role": "approver", "people": ["jonas"], "for": "decision", "requirements": []}],
    )


def run(number: int, **given: Any) -> RunRow:
    ended = NOW - timedelta(minutes=37 * number)
    states = ("Blocked", "Cleared", "AwaitingDecision", "Completed", "Failed")
    state = states[number % 5]
    gate = list(GATES)[number % 3]
    values: dict[str, Any] = {
        "id": f"fr-{number}",
        "flow": ("training", "deployment", "sweep")[number % 3],
        "name": f"aurora/2.{number % 4} {gate} #{number}",
        "state": state,
        "message": {"Blocked": "2 open findings", "Failed": "the engine did not answer within 20 s"}.get(state, ""),
        "started_at": instant_text(ended - timedelta(seconds=3 + 211 * (number % 4))),
        "ended_at": instant_text(ended),
        "url": f"http://127.0.0.1:8471/runs/flow-run/{number}",
        "gate_run": RUN_ID,
        "model": "aurora",
        "version": f"2.{number % 4}",
        "gate": gate,
        "occasion": "default",
    }
    return RunRow(**(values | given))


class Register:
    """Both ports on plain lists."""

    def __init__(self, versions: int = 60) -> None:
        self.gate = gate_view()
        self.sessions: dict[str, str] = {}
        self.links = {"good-link": "jonas"}
        self.decided: list[tuple[str, GateRef, DecisionInput]] = []
        self.dated: list[tuple[str, GateRef, DatesInput]] = []
        self.waived: list[tuple[str, GateRef, WaiverInput]] = []
        self.revoked: list[tuple[str, str, str]] = []
        self.runs = [run(n) for n in range(24)]
        self.runs.insert(
            0,
            run(
                0,
                id="fr-now",
                state="Running",
                ended_at=None,
                started_at=at(minutes=9),
                name="aurora/2.1 pre-placement",
            ),
        )
        self.rows = [self._row(n) for n in range(versions)]
        self.notices = _notices()
        self.limits = [_limit(n) for n in range(60)]
        self.feeds: list[dict[str, Any]] = []
        self.entries = [_entry(n) for n in range(1, 231)]

    # -- reads ---------------------------------------------------------------------------------------------

    def portfolio(self, wanted: PortfolioFilter, turn: Turn, size: int, now: datetime) -> PortfolioPage:
        rows = [r for r in self.rows if wanted.text in f"{r.model}/{r.version}" and _has(r, wanted.state)]
        cells = [c for r in self.rows for c in r.cells.values()]
        counts = {
            state: sum(c.state == state for c in cells) for state in (*WAITING, "cleared", "rejected", "withdrawn")
        }
        counts["overdue"] = sum(c.is_overdue for c in cells)
        shown, cut = _cut(rows, [row.name for row in rows], turn, size)
        return PortfolioPage(
            gates=tuple(GateColumn(id=i, title=t) for i, t in GATES.items()),
            rows=tuple(shown),
            counts=counts,
            total=None if wanted.text or wanted.state else len(rows),
            place=cut.place(shown[0].name, shown[-1].name) if shown else cut.place("", ""),
        )

    @staticmethod
    def _row(n: int) -> PortfolioRow:
        names = ("aurora", "borealis", "cirrus", "dulcimer-long-name-of-a-model")
        states = ("cleared", "in_review", "open", "stale", "returned", "rejected", "withdrawn", "cleared")
        cells = {}
        for i, gate in enumerate(GATES):
            if (n + i) % 4 != 3:
                state = states[(n * 3 + i) % 8] if n else ("cleared", "open", "in_review")[i]
                cells[gate] = PortfolioCell(
                    state=state, is_overdue=state in WAITING and (n + i) % 3 == 1,
                    open_findings=2 if state in ("open", "returned", "stale") else 0, has_waiver=(n + i) % 5 == 0,
                )  # fmt: skip
        return PortfolioRow(
            model=names[n % 4], version=f"{2 + n // 10}.{n % 10}" if n else "2.1",
            stage=("training", "trained", "placed", "in_service")[n % 4], systemic_risk=n % 2 == 0, cells=cells,
        )  # fmt: skip

    def model(self, model: str, version: str, now: datetime) -> ModelSheet:
        if (model, version) != ("aurora", "2.1"):
            raise NotFoundError(f"model version {model}/{version} is not registered", hint="register it first")
        profile = {
            "systemic_risk": True, "stage": "trained", "provider_size": "small_mid_cap", "open_source": False,
            "training_flop": 3.1e25, "modalities": ["text", "image"], "known_as": ["mockllm/model"],
            "weights_sha256": sha("weights"), "placement_planned_at": instant_text(NOW + timedelta(days=40)),
            "attributes": {"cluster": "north-2", "owner_team": "safety"},
        }  # fmt: skip
        gates = (gate_view("cleared", gate="training-trigger", title=GATES["training-trigger"], open_findings=0,
                           waiting_on=[]), self.gate)  # fmt: skip
        return ModelSheet(
            model=model, version=version, registered_at=at(days=30), profile=profile, gates=gates,
            evidence=tuple(EVIDENCE.values()),
        )  # fmt: skip

    def gate_view(self, ref: GateRef, now: datetime) -> GateView:
        if (ref.model, ref.version, ref.gate) != ("aurora", "2.1", "pre-placement"):
            raise NotFoundError(f"gate {ref.gate} was never opened for {ref.model}/{ref.version}")
        return self.gate

    def sheet(self, spec_digest: str) -> SheetView:
        return {
            "clears": "Every enforced requirement is met, waived until a date, or not applicable; and 1 owner signed.",
            "not_checked": ["Whether scenarios are the ones that matter."],
            "opens_on": ["pratique.moment.pre_placement"],
            "sources": [
                {
                    "id": "S-3.2",
                    "title": "Model evaluations",
                    "read_in": "Measure 3.2 (SRC-SS-PDF)",
                    "is_verified": True,
                }
            ],
            "clocks": [
                {
                    "id": "full-process-at-placement",
                    "title": "Full process before placement",
                    "limits": ["before: Placing on the market [S-1.2-FULL]"],
                    "force": "hard",
                }
            ],
        }

    def occasions(self, ref: GateRef) -> Sequence[Occasion]:
        return [
            Occasion(occasion="default", state=self.gate["state"], opened_at=at(days=16)),
            Occasion(occasion="release candidate 1", state="rejected", opened_at=at(days=40)),
        ]

    def gate_runs_history(self, gate_run: str) -> Sequence[RunRow]:
        return self.runs[:4]

    def evidence_by_id(self, ids: Collection[str]) -> Mapping[str, EvidenceView]:
        return {i: EVIDENCE[i] for i in ids if i in EVIDENCE}

    def evidence(self, evidence_id: str) -> EvidenceView:
        if evidence_id not in EVIDENCE:
            raise NotFoundError(f"evidence {evidence_id} does not exist")
        return EVIDENCE[evidence_id]

    def evidence_content(self, evidence_id: str) -> Iterator[bytes]:
        size = self.evidence(evidence_id)["size"]
        return iter([b"\0" * size])

    def flow_runs(self, wanted: FlowRunFilter, turn: Turn, size: int) -> FlowRunPage:
        rows = [
            r for r in self.runs
            if wanted.text in r.name and wanted.flow in ("", r.flow) and wanted.state in ("", r.state)
        ]  # fmt: skip
        shown, cut = _cut(rows, [r.id for r in rows], turn, size)
        return FlowRunPage(
            rows=tuple(shown), flows=("deployment", "sweep", "training"), total=None if wanted.text else len(rows),
            place=cut.place(shown[0].id, shown[-1].id) if shown else cut.place("", ""),
        )  # fmt: skip

    def overdue(self, turn: Turn, size: int, now: datetime) -> OverduePage:
        def late(n: int, gate: str, days: int) -> OverdueRow:
            return OverdueRow(
                model="aurora", version=f"2.{n}", gate=gate, title=GATES[gate], occasion="default",
                state=WAITING[n % 4], due_at=at(days=days), open_findings=n,
                waiting_on=tuple(self.gate["waiting_on"]),
            )  # fmt: skip

        rows = (late(0, "placement", 19), late(1, "pre-placement", 2), late(3, "training-trigger", 1))
        return OverduePage(rows=rows, total=3, place=Place())

    def clocks(self, wanted: ClockFilter, after: str | None, size: int, now: datetime) -> ClockPage:
        rows = [
            c for c in self.limits if wanted.state in (c["state"], "") and wanted.text in ("", "aurora", "aurora/2.1")
        ]
        first = int(after or 0)
        following = str(first + size) if len(rows) > first + size else None
        return ClockPage(rows=tuple(rows[first : first + size]), following=following)

    def clock(self, clock_id: str, now: datetime) -> Mapping[str, Any]:
        for limit in self.limits:
            if limit["id"] == clock_id:
                return limit
        raise NotFoundError(f"clock {clock_id} does not exist")

    def calendars(self, person: str) -> Sequence[Mapping[str, Any]]:
        return self.feeds

    def make_calendar(self, viewer: Viewer) -> str:
        self.feeds.append({"id": f"feed-{len(self.feeds)}", "made_at": at(hours=1), "revoked_at": None})
        return "http://127.0.0.1:8470/calendar/secret-of-the-day.ics"

    def revoke_calendar(self, viewer: Viewer, calendar_id: str) -> None:
        self.feeds = [f | {"revoked_at": at() if f["id"] == calendar_id else f["revoked_at"]} for f in self.feeds]

    def inbox(self, person: str) -> Sequence[NoticeView]:
        return self.notices.get(person, [])

    def journal(self, wanted: JournalFilter, before: int | None, limit: int) -> JournalPage:
        rows = [
            e for e in reversed(self.entries)
            if (before is None or (e.seq or 0) < before) and wanted.subject in (e.subject, "", "aurora/2.1")
            and e.tag.startswith(wanted.tag)
        ]  # fmt: skip
        shown = rows[:limit]
        return JournalPage(
            entries=tuple(shown), older=shown[-1].seq if len(rows) > limit else None,
            tags=("gate:run:opened", "gate:run:evaluated", "evidence:file:submitted"),
        )  # fmt: skip

    def journal_entry(self, seq: int) -> JournalRow:
        if not 1 <= seq <= len(self.entries):
            raise NotFoundError(f"journal entry {seq} does not exist")
        return self.entries[seq - 1]

    def badges(self, person: str, now: datetime) -> Badges:
        unread = sum(n["acknowledged_at"] is None for n in self.notices.get(person, []))
        return Badges(overdue=3, inbox=unread)

    def names(self) -> Mapping[str, str]:
        return NAMES

    def roles_of(self, person: str, model: str) -> Sequence[str]:
        return ROLES.get(person, ())

    # -- acts ----------------------------------------------------------------------------------------------

    def decide(self, viewer: Viewer, ref: GateRef, decision: DecisionInput) -> None:
        person = viewer.id
        if decision.basis != self.gate["basis"] or decision.row_version != self.gate["row_version"]:
            raise ConflictError(
                f"the gate moved on: you saw row version {decision.row_version}, it is {self.gate['row_version']} now"
            )
        if decision.role not in ROLES.get(person, ()):
            raise NotAllowedError(f"{person} does not hold the role {decision.role}")
        self.decided.append((person, ref, decision))
        made: DecisionView = {"id": "d-9", "person": person, "role": decision.role, "act": decision.act,
                              "reason": decision.reason, "at": instant_text(NOW), "dismissed": None,
                              "credential": viewer.credential}  # fmt: skip
        self.gate = self.gate | {"decisions": [*self.gate["decisions"], made]}  # type: ignore[assignment]

    def waive(self, viewer: Viewer, ref: GateRef, waiver: WaiverInput) -> None:
        if waiver.expires_at > NOW + timedelta(days=366):
            raise InvalidInputError("a waiver lasts at most 366 days")
        self.waived.append((viewer.id, ref, waiver))

    def revoke_waiver(self, viewer: Viewer, ref: GateRef, waiver_id: str, reason: str, basis: str) -> None:
        if basis != self.gate["basis"]:
            raise ConflictError("the gate is no longer what was shown")
        if waiver_id != "wv-1":
            raise NotFoundError(f"waiver {waiver_id} does not exist")
        self.revoked.append((viewer.id, waiver_id, reason))

    def move_dates(self, viewer: Viewer, ref: GateRef, dates: DatesInput) -> None:
        if dates.row_version != self.gate["row_version"]:
            raise ConflictError(
                f"the gate run changed meanwhile: row_version found {dates.row_version}, "
                f"expected {self.gate['row_version']}"
            )
        self.dated.append((viewer.id, ref, dates))

    def acknowledge(self, person: str, notice_id: str) -> None:
        for notice in self.notices.get(person, []):
            if notice["id"] == notice_id:
                notice["acknowledged_at"] = instant_text(NOW)
                return
        raise NotFoundError(f"notice {notice_id} does not exist")

    def consume_login_link(self, token: str) -> OpenedSession:
        person = self.links.pop(token, None)
        if person is None:
            raise NotAllowedError("this login link was used, ran out or was altered")
        self.sessions[f"session-of-{person}"] = person
        return OpenedSession(token=f"session-of-{person}", person=person, expires_at=NOW + timedelta(hours=12))

    def session_person(self, session_token: str) -> Viewer | None:
        person = self.sessions.get(session_token)
        return Viewer(id=person, name=NAMES[person], credential=f"session:of-{person}") if person else None

    def logout(self, session_token: str) -> None:
        self.sessions.pop(session_token, None)


def _cut(rows: list[Any], names: list[str], turn: Turn, size: int) -> tuple[list[Any], Cut[Any]]:
    """Cut a page as the ledger does: one row more than fits, read away from the row that is named."""
    named = turn.after or turn.before
    if named not in names:
        cut = Cut(rows[: size + 1], size, turn, is_anchored=False)
    elif turn.after:
        start = names.index(named) + 1
        cut = Cut(rows[start : start + size + 1], size, turn, is_anchored=True)
    else:
        cut = Cut(rows[: names.index(named)][::-1][: size + 1], size, turn, is_anchored=True)
    return cut.rows, cut


def _has(row: PortfolioRow, state: str) -> bool:
    if not state:
        return True
    return any(c.is_overdue if state == "overdue" else c.state == state for c in row.cells.values())


def _notices() -> dict[str, list[NoticeView]]:
    first: NoticeView = {
        "id": "n-1", "kind": "overdue", "severity": "warning", "title": "Pre-placement of aurora 2.1 is overdue",
        "model": "aurora", "version": "2.1", "gate": "pre-placement", "occasion": "default", "state": "in_review",
        "reasons": ["Every requirement is met or waived; a signature in the role approver is missing."], "due_at": at(days=2),
        "next": "Read the gate page and decide.", "created_at": at(days=1), "acknowledged_at": None,
    }  # fmt: skip
    second: NoticeView = first | {  # type: ignore[assignment]
        "id": "n-2", "kind": "opened", "severity": "info", "title": "Pre-placement of aurora 2.1 was opened",
        "state": "open", "created_at": at(days=16), "acknowledged_at": at(days=15),
    }  # fmt: skip
    third: NoticeView = second | {  # type: ignore[assignment]
        "id": "n-3", "kind": "cleared", "title": "Placement of aurora 2.1 is cleared", "state": "cleared",
        "next": "The waiting pipeline goes on by itself.",
    }  # fmt: skip
    return {"jonas": [first, second, third]}


def _limit(n: int) -> dict[str, Any]:
    state = ("running", "missed", "met", "void")[n % 4]
    due_at = at(days=-n) if state == "running" else at(days=n)
    source = {"document": "SRC-SS-PDF", "clause": "S&S M9.3(1)", "edition": "2025-07-10"}
    return {
        "id": f"clock-{n}", "rule": "incident-initial", "about": "inc-1" if n % 2 else None, "state": state,
        "force": ("hard", "self_set")[n % 2], "start_at": at(days=n), "due_on": due_at[:10] if n != 8 else None,
        "due_at": due_at if n != 8 else None, "met_at": at(days=1) if state == "met" else None, "model": "aurora",
        "version": "2.1", "title": "File the initial report <b>", "gate": "serious-incident", "recipient": "AI Office",
        "reason": "the incident was recorded twice" if state == "void" else None,
        "unknown": "holidays of 2031: no list found" if n == 8 else None, "verified": True, "outer_due_on": None,
        "seconds_left": 86_400 * n if state == "running" else -86_400 * n if state == "missed" else None,
        "trigger": {"kind": "incident_aware", "at": at(days=n), "person": "mira", "why": "Paged <b>"},
        "rule_text": {"id": "S-9.3-2D", "source": source, "verified": n != 4, "summary": "Items 1 to 7 of S-9.2."},
        "explanation": ["S-9.3-2D (S&S M9.3(1)): within after, 2 days"],
    }  # fmt: skip


def _entry(n: int) -> JournalRow:
    kinds = (("gate:run:opened", f"gate:{RUN_ID}", "aurora 2.1, pre-placement"),
             ("evidence:file:submitted", "model:0199a3c2-0000-7000-8000-000000000001", "aurora 2.1"),
             ("gate:run:evaluated", f"gate:{RUN_ID}", "aurora 2.1, pre-placement"),
             ("decision:act:recorded", f"gate:{RUN_ID}", "aurora 2.1, pre-placement"))  # fmt: skip
    tag, subject, about = kinds[n % 4]
    return JournalRow(
        seq=n, link=sha(f"link {n}"), id=f"0199a3c2-7c11-7d2e-9b1f-{n:012d}", at=at(minutes=6 * (230 - n)), tag=tag,
        actor=("mira", "engine", "token:pipeline", "jonas")[n % 4], subject=subject, about=about, v=1,
        values={"gate_run": RUN_ID, "state": "open", "was": None, "findings": FINDINGS[:2], "row_version": n},
    )  # fmt: skip


assert parse_instant(at(days=1)) < NOW
