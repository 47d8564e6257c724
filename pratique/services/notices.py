"""Telling people: who is told what, once, in the transaction that gives the reason."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from pratique.domain.decisions import tally
from pratique.domain.entries import NO_GATE, NoticeAcknowledged, NoticesWritten, notice_key
from pratique.domain.gates import GateState
from pratique.domain.instances import owner_of, placed_requirement
from pratique.domain.people import Person
from pratique.errors import NotAllowedError, NotFoundError
from pratique.services import lookups
from pratique.services.loaded_run import LoadedRun
from pratique.services.parts import Parts
from pratique.services.submitters import submitters_of_run
from pratique.store.transaction import Transaction

_log = logging.getLogger(__name__)


class NoticeKind(StrEnum):
    """Why a person is told."""

    REVIEW_OPENED = "review_opened"  #: a gate opened and evidence is owed
    FINDINGS_OPEN = "findings_open"  #: findings hold the gate shut again
    DECISION_NEEDED = "decision_needed"  #: everything is met or waived; people must decide
    CLEARED = "cleared"
    RETURNED = "returned"
    REJECTED = "rejected"
    STALE = "stale"
    SIGN_OFFS_DISMISSED = "sign_offs_dismissed"
    CHANGED_SINCE = "changed_since"  #: the gate stays cleared, but on other evidence than was signed
    SUPERSEDED = "superseded"  #: another occasion of the gate was opened; who was asked need not act on this one
    FOLLOW_UP = "follow_up"
    OVERDUE = "overdue"
    LIMIT_AHEAD = "limit_ahead"  #: a time limit of the Code or the Act runs out soon
    LIMIT_MISSED = "limit_missed"  #: it ran out
    WITHDRAWN = "withdrawn"  #: something that was recorded of an incident was taken back
    HOOK_DEAD = "hook_dead"  #: what a tool reported could not be mapped; about the installation, not a gate


#: Kinds that ask somebody for something, and so are pointless once the gate moved on.
ASKING = frozenset(
    {
        NoticeKind.REVIEW_OPENED,
        NoticeKind.FINDINGS_OPEN,
        NoticeKind.DECISION_NEEDED,
        NoticeKind.FOLLOW_UP,
        NoticeKind.OVERDUE,
    }
)
#: The role of those who look after the installation.
KEEPER = "admin"
#: Reasons that one notice gives.
MOST_REASONS = 20
_URGENT = frozenset({NoticeKind.OVERDUE, NoticeKind.LIMIT_MISSED})
#: Kinds that nobody is told once another occasion took the run's place: the duty is carried on there.
_MOOT_WHEN_SUPERSEDED = ASKING | {NoticeKind.STALE}
_NEXT = {
    NoticeKind.REVIEW_OPENED: "Submit the evidence that is owed, or ask for a waiver.",
    NoticeKind.FINDINGS_OPEN: "Submit the evidence that is owed, or ask for a waiver.",
    NoticeKind.DECISION_NEEDED: "Read the evidence, then clear, return or reject.",
    NoticeKind.CLEARED: "The waiting pipeline goes on by itself.",
    NoticeKind.RETURNED: "Answer what the reviewer asked for with new evidence.",
    NoticeKind.REJECTED: "This occasion is closed; a new one needs a new trigger.",
    NoticeKind.STALE: "Renew the evidence that ran out; the gate then goes to review again.",
    NoticeKind.SIGN_OFFS_DISMISSED: "Look at what changed, then decide again.",
    NoticeKind.CHANGED_SINCE: "Look at what came since you signed; withdraw the clearance if it no longer holds.",
    NoticeKind.SUPERSEDED: "Nothing more is asked here. If a pipeline still waits on it, decide it, or withdraw it.",
    NoticeKind.FOLLOW_UP: "Act before the due date.",
    NoticeKind.OVERDUE: "Act now; the due date has passed.",
    NoticeKind.LIMIT_AHEAD: "Do what the time limit asks for, and record it.",
    NoticeKind.LIMIT_MISSED: "Do it now, record it, and write down why it is late.",
    NoticeKind.WITHDRAWN: "Look at whether that is right; time limits that rested on it run no more.",
    NoticeKind.HOOK_DEAD: "Put right what is in the way, then replay each: `pratique hook list --state dead`.",
}
_TITLE = {
    NoticeKind.REVIEW_OPENED: "Evidence is owed",
    NoticeKind.FINDINGS_OPEN: "Evidence is owed again",
    NoticeKind.DECISION_NEEDED: "A decision is needed",
    NoticeKind.CLEARED: "Cleared",
    NoticeKind.RETURNED: "Returned for changes",
    NoticeKind.REJECTED: "Rejected",
    NoticeKind.STALE: "No longer cleared",
    NoticeKind.SIGN_OFFS_DISMISSED: "Your signature no longer counts",
    NoticeKind.CHANGED_SINCE: "Changed since you signed",
    NoticeKind.SUPERSEDED: "Another occasion took its place",
    NoticeKind.FOLLOW_UP: "Reminder",
    NoticeKind.OVERDUE: "Overdue",
    NoticeKind.LIMIT_AHEAD: "A time limit runs out soon",
    NoticeKind.LIMIT_MISSED: "A time limit was missed",
    NoticeKind.WITHDRAWN: "A record of an incident was withdrawn",
    NoticeKind.HOOK_DEAD: "What a tool reported could not be mapped",
}


def tell(
    tx: Transaction,
    parts: Parts,
    run: LoadedRun,
    kind: NoticeKind,
    *,
    reasons: Sequence[str],
    people: Iterable[str] | None = None,
    occurrence: str | None = None,
    is_first: bool = False,
    limits: Sequence[str] = (),
) -> int:
    """Write one notice for each person concerned; return how many are new.

    Args:
        tx: the open transaction.
        parts: the engine.
        run: the gate run it is about.
        kind: why they are told.
        reasons: what happened, for people.
        people: who; None means those whom the kind concerns.
        occurrence: what makes this notice one of a kind; None means the row's version.
        is_first: the caller knows that nobody was told of this kind at this gate run yet.
        limits: clocks that it tells of, each with its date.
    """
    if kind in _MOOT_WHEN_SUPERSEDED and not run.row.get("is_latest", True):
        return 0  # reminders come without the column: only the latest run of a gate is ever due for one
    concerned = recipients(parts, run, kind) if people is None else _named(parts, people)
    mark = occurrence if occurrence is not None else str(run.row["row_version"])
    new = [
        person
        for person in concerned
        if is_first
        or tx.value(lookups.NOTICE_BY_KEY, key=notice_key(run.row["id"], kind.value, mark, person.id)) is None
    ]
    if new:
        content = _content(run, kind, reasons) | ({"limits": list(limits)} if limits else {})
        _write(tx, parts, run.row["id"], kind, new, occurrence=mark, content=content)
    return len(new)


def tell_keepers(
    tx: Transaction, parts: Parts, kind: NoticeKind, *, about: str, why: str, reasons: Sequence[str]
) -> int:
    """Tell those who look after the installation, each once a day of each thing; return how many are new.

    Args:
        tx: the open transaction.
        parts: the engine.
        kind: why they are told.
        about: what it is about, such as a hook's name.
        why: why that matters.
        reasons: what happened, for people.
    """
    mark = f"{about}:{tx.at[:10]}"
    keepers = parts.people.holding(KEEPER, None)
    if not keepers:
        _log.warning("%s (%s): nobody holds the role %s, so nobody was told", _TITLE[kind], about, KEEPER)
    keys = {person.id: notice_key(NO_GATE, kind.value, mark, person.id) for person in keepers}
    new = [person for person in keepers if tx.value(lookups.NOTICE_BY_KEY, key=keys[person.id]) is None]
    if new:
        content = {
            "title": f"{_TITLE[kind]}: {about}",
            "state": "",
            "why": why,
            "measures": [],
            "due_at": None,
            "next": _NEXT[kind],
            "reasons": list(reasons)[:MOST_REASONS],
        }
        _write(tx, parts, NO_GATE, kind, new, occurrence=mark, content=content)
    return len(new)


def tell_superseded(tx: Transaction, parts: Parts, run: LoadedRun, occasion: str) -> None:
    """Tell whoever was asked for something at a gate run that another occasion took its place."""
    told = tx.all(lookups.NOTICES_OF_RUN, gate_run_id=run.row["id"])
    asked = sorted({row["person"] for row in told if row["kind"] in ASKING})
    reason = (
        f"occasion {occasion} of the gate was opened; nobody is reminded of occasion {run.row['occasion']} any more"
    )
    tell(tx, parts, run, NoticeKind.SUPERSEDED, reasons=[reason], people=asked)


def recipients(parts: Parts, run: LoadedRun, kind: NoticeKind) -> list[Person]:
    """Return the people whom a notice of this kind concerns, each once."""
    roles = {"owner", *run.spec.sign_off.roles}
    if kind in ASKING:
        roles = {role for role, _ in waiting_roles(run)}
        if kind is NoticeKind.OVERDUE:
            roles.add("owner")
    elif kind is NoticeKind.STALE:
        roles |= {role for role, _ in waiting_roles(run)}  # who owes what ran out is asked to renew it
    found: dict[str, Person] = {}
    for role in sorted(roles):
        for person in parts.people.holding(role, run.version["model"]):
            found.setdefault(person.id, person)
    return list(found.values())


def waiting_roles(run: LoadedRun) -> list[tuple[str, list[str]]]:
    """Return who is waited on: (role, requirements that role owes), or roles that must decide with no requirement."""
    if run.state is GateState.IN_REVIEW:
        count = tally(
            run.spec.sign_off,
            run.decisions,
            basis=run.evaluation.basis,
            submitters=submitters_of_run(run),
        )
        return [(role, []) for role in count.waiting_roles]
    owed: dict[str, list[str]] = {}
    for finding in run.evaluation.open_findings:
        owed.setdefault(owner_of(run.spec, finding.requirement), []).append(finding.requirement)
    if not owed and run.state in (GateState.RETURNED, GateState.STALE, GateState.OPEN):
        owed["owner"] = []
    return list(owed.items())


def acknowledge(tx: Transaction, notice_id: str, person: str) -> None:
    """Record that a person saw a notice of their own; doing it again changes nothing.

    Raises:
        NotFoundError: no such notice.
        NotAllowedError: it was written to somebody else.
    """
    row = tx.one(lookups.NOTICE, id=notice_id)
    if row is None:
        raise NotFoundError(f"notice {notice_id} does not exist")
    if row["person"] != person:
        raise NotAllowedError("this notice was written to somebody else; only they can acknowledge it")
    if row["acknowledged_at"] is None:
        tx.record(NoticeAcknowledged(id=notice_id, gate_run_id=row["gate_run_id"], person=person))


def _named(parts: Parts, people: Iterable[str]) -> list[Person]:
    return [p for p in (parts.people.find(person) for person in dict.fromkeys(people)) if p is not None]


def _content(run: LoadedRun, kind: NoticeKind, reasons: Sequence[str]) -> dict[str, Any]:
    open_findings = run.evaluation.open_findings
    measures = {m for f in open_findings for m in _measures(run, f.requirement)} or set(run.spec.measures)
    told = list(reasons)
    if kind in ASKING or kind is NoticeKind.STALE:
        told += [f"{f.requirement}: {f.reason}" for f in open_findings]
    return {
        "title": f"{_TITLE[kind]}: {run.version['model']} {run.version['version']} at {run.row['gate']}",
        "state": run.row["state"],
        "why": run.spec.decides,
        "measures": sorted(measures),
        "due_at": run.row["due_at"],
        "next": _NEXT[kind],
        "reasons": told[:MOST_REASONS],
    }


def _measures(run: LoadedRun, requirement_id: str) -> tuple[str, ...]:
    placed = placed_requirement(run.spec, requirement_id)
    return placed[1].measures if placed is not None else ()


def _write(
    tx: Transaction,
    parts: Parts,
    run_id: str,
    kind: NoticeKind,
    people: Sequence[Person],
    *,
    occurrence: str,
    content: dict[str, Any],
) -> None:
    deliveries = [_deliveries(tx, parts, person) for person in people]
    tx.record(
        NoticesWritten(
            gate_run_id=run_id,
            kind=kind.value,
            occurrence=occurrence,
            severity="high" if kind in _URGENT else "normal",
            content=content,
            notices=[
                {"id": tx.new_id(), "person": person.id, "deliveries": own}
                for person, own in zip(people, deliveries, strict=True)
            ],
        )
    )
    for delivery in (delivery for own in deliveries for delivery in own):
        tx.enqueue("delivery", f"delivery:{delivery['id']}", {"delivery": delivery["id"]})


def _deliveries(tx: Transaction, parts: Parts, person: Person) -> list[dict[str, str]]:
    return [{"id": tx.new_id(), "channel": c} for c in person.channels if c in parts.settings.channels]
