"""What the forms do, on the ledger: the real `DashboardActs`. Each act is one transaction."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial

from pratique.domain.decisions import Act
from pratique.domain.times import instant_text
from pratique.errors import ConflictError
from pratique.services import access, calendars, decisions, notices, rescheduling, waivers
from pratique.services.parts import Parts
from pratique.store.reader import Row
from pratique.store.transaction import Transaction
from pratique.web.dashboard.ports import DatesInput, DecisionInput, GateRef, OpenedSession, Viewer, WaiverInput
from pratique.web.dashboard.reads import find_ref

#: A session's last use is written at most this often; a page must not cost a transaction.
_TOUCH_SECONDS = 60.0
_MAX_TOUCHED = 10_000


class LedgerActs:
    """Acts of signed-in people."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._ledger = parts.ledger
        self._touched: dict[str, float] = {}

    def decide(self, viewer: Viewer, ref: GateRef, decision: DecisionInput) -> None:
        """Record a decision on what the page showed."""
        verdict = decisions.Verdict(
            act=Act(decision.act),
            reason=decision.reason,
            basis=decision.basis,
            role=decision.role,
            row_version=decision.row_version,
        )

        def command(tx: Transaction) -> None:
            run_id = find_ref(tx, ref)["id"]
            decisions.decide(tx, self._parts, run_id, viewer.id, verdict, credential=viewer.credential)

        self._ledger.write(f"person:{viewer.id}", command)

    def waive(self, viewer: Viewer, ref: GateRef, waiver: WaiverInput) -> None:
        """Grant a waiver, unless the gate changed since the page was made."""
        asked = waivers.WaiverRequest(
            requirement=waiver.requirement, reason=waiver.reason, expires_at=waiver.expires_at
        )

        def command(tx: Transaction) -> None:
            run = _unchanged(tx, ref, waiver.row_version)
            waivers.grant_waiver(tx, self._parts, run["id"], viewer.id, asked, credential=viewer.credential)

        self._ledger.write(f"person:{viewer.id}", command)

    def revoke_waiver(self, viewer: Viewer, ref: GateRef, waiver_id: str, reason: str, basis: str) -> None:
        """Revoke a waiver on what the page showed."""

        def command(tx: Transaction) -> None:
            run_id = find_ref(tx, ref)["id"]
            waivers.revoke_waiver(
                tx,
                self._parts,
                run_id,
                viewer.id,
                waiver_id=waiver_id,
                reason=reason,
                basis=basis,
                credential=viewer.credential,
            )

        self._ledger.write(f"person:{viewer.id}", command)

    def move_dates(self, viewer: Viewer, ref: GateRef, dates: DatesInput) -> None:
        """Move the dates, unless the gate changed since the page was made."""

        def command(tx: Transaction) -> None:
            rescheduling.move_dates(
                tx,
                self._parts,
                _unchanged(tx, ref, dates.row_version)["id"],
                viewer.id,
                due_at=dates.due_at,
                follow_up_at=dates.follow_up_at,
                reason=dates.reason,
                credential=viewer.credential,
            )

        self._ledger.write(f"person:{viewer.id}", command)

    def make_calendar(self, viewer: Viewer) -> str:
        """Make an address for a person's deadlines and return it."""
        command = partial(calendars.make_calendar, parts=self._parts, person=viewer.id, credential=viewer.credential)
        return str(self._ledger.write(f"person:{viewer.id}", command)["url"])

    def revoke_calendar(self, viewer: Viewer, calendar_id: str) -> None:
        """End an address of the person's own."""
        command = partial(
            calendars.revoke_calendar, feed_id=calendar_id, person=viewer.id, credential=viewer.credential
        )
        self._ledger.write(f"person:{viewer.id}", command)

    def acknowledge(self, person: str, notice_id: str) -> None:
        """Mark the person's own notice as read."""
        self._ledger.write(f"person:{person}", lambda tx: notices.acknowledge(tx, notice_id, person))

    def consume_login_link(self, token: str) -> OpenedSession:
        """Use a login link up and open a session."""

        def command(tx: Transaction) -> OpenedSession:
            session, person = access.use_login_link(tx, token)
            return OpenedSession(
                token=session, person=person, expires_at=tx.now + timedelta(hours=access.SESSION_HOURS)
            )

        return self._ledger.write("engine:login", command)

    def session_person(self, session_token: str) -> Viewer | None:
        """Return whose session this is, and note that it was used."""
        now = self._ledger.clock()
        idle_since = instant_text(now - timedelta(minutes=access.SESSION_IDLE_MINUTES))
        with self._ledger.read() as reader:
            session = access.live_session(reader, self._parts, session_token, instant_text(now), idle_since)
        if session is None:
            return None
        self._touch(session_token)
        return Viewer(id=session.person.id, name=session.person.name, credential=session.credential)

    def logout(self, session_token: str) -> None:
        """End the session."""
        self._touched.pop(session_token, None)
        self._ledger.write("engine:login", lambda tx: access.end_session(tx, session_token))

    def _touch(self, session_token: str) -> None:
        moment = time.monotonic()
        if moment - self._touched.get(session_token, float("-inf")) < _TOUCH_SECONDS:
            return
        if len(self._touched) >= _MAX_TOUCHED:
            self._touched.clear()
        self._touched[session_token] = moment
        self._ledger.submit("engine:login", lambda tx: access.touch_session(tx, session_token))


def _unchanged(tx: Transaction, ref: GateRef, row_version: int) -> Row:
    """Return the gate run as the page showed it.

    Raises:
        ConflictError: it changed since.
    """
    run = find_ref(tx, ref)
    if run["row_version"] != row_version:
        raise ConflictError(
            f"the gate run changed meanwhile: row_version found {row_version}, expected {run['row_version']}"
        )
    return run
