"""Pages that only show: portfolio, model, runs, overdue, journal, evidence."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from pratique.web.dashboard import words
from pratique.web.dashboard.paging import pager
from pratique.web.dashboard.rows import FlowRunFilter, JournalFilter, PortfolioFilter, Turn
from pratique.web.dashboard.shell import Shell
from pratique.web.dashboard.timeline import lay_out

PORTFOLIO_SIZE = 50
RUNS_SIZE = 50
OVERDUE_SIZE = 50
JOURNAL_SIZE = 100

#: Filters are typed by people; longer ones match nothing anyway.
Text = Annotated[str, Query(max_length=200)]


class Pages:
    """The pages that change nothing."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        for path, endpoint in (
            ("/", self.portfolio),
            ("/models/{model}/{version}", self.model),
            ("/runs", self.runs),
            ("/overdue", self.overdue),
            ("/journal", self.journal),
            ("/journal/{seq}", self.journal_entry),
            ("/evidence/{evidence_id}", self.evidence),
            ("/evidence/{evidence_id}/content", self.evidence_content),
        ):
            router.add_api_route(path, endpoint, methods=["GET"])

    def portfolio(
        self, request: Request, q: Text = "", state: Text = "", after: Text = "", before: Text = ""
    ) -> Response:
        """Model versions by gates."""
        viewer = self._shell.viewer(request)
        wanted = PortfolioFilter(text=q.strip(), state=state if state in (*words.STATES, "overdue") else "")
        turn = _turn(after, before)
        found = self._shell.reads.portfolio(wanted, turn, PORTFOLIO_SIZE, self._shell.clock())
        return self._shell.page(
            request,
            "portfolio.html",
            viewer,
            wanted=wanted,
            found=found,
            pager=pager("/", found, turn, q=wanted.text, state=wanted.state),
        )

    def model(self, request: Request, model: str, version: str) -> Response:
        """One model version."""
        viewer = self._shell.viewer(request)
        sheet = self._shell.reads.model(model, version, self._shell.clock())
        return self._shell.page(request, "model.html", viewer, sheet=sheet)

    def runs(
        self,
        request: Request,
        q: Text = "",
        flow: Text = "",
        state: Text = "",
        after: Text = "",
        before: Text = "",
    ) -> Response:
        """The ledger's own run history."""
        viewer = self._shell.viewer(request)
        wanted = FlowRunFilter(text=q.strip(), flow=flow, state=state)
        turn = _turn(after, before)
        found = self._shell.reads.flow_runs(wanted, turn, RUNS_SIZE)
        return self._shell.page(
            request,
            "runs.html",
            viewer,
            wanted=wanted,
            found=found,
            timeline=lay_out(found.rows, self._shell.clock()),
            pager=pager("/runs", found, turn, q=wanted.text, flow=flow, state=state),
        )

    def overdue(self, request: Request, after: Text = "", before: Text = "") -> Response:
        """Waiting gates past their date."""
        viewer = self._shell.viewer(request)
        turn = _turn(after, before)
        found = self._shell.reads.overdue(turn, OVERDUE_SIZE, self._shell.clock())
        return self._shell.page(request, "overdue.html", viewer, rows=found.rows, pager=pager("/overdue", found, turn))

    def journal(self, request: Request, subject: Text = "", tag: Text = "", before: Text = "") -> Response:
        """The journal, newest first."""
        viewer = self._shell.viewer(request)
        wanted = JournalFilter(subject=subject.strip(), tag=tag.strip())
        below = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
        found = self._shell.reads.journal(wanted, below, JOURNAL_SIZE)
        return self._shell.page(request, "journal.html", viewer, wanted=wanted, found=found, before=below)

    def journal_entry(self, request: Request, seq: str) -> Response:
        """One journal entry in full."""
        viewer = self._shell.viewer(request)
        entry = self._shell.reads.journal_entry(int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 18 else 0)
        return self._shell.page(request, "journal_entry.html", viewer, entry=entry)

    def evidence(self, request: Request, evidence_id: str) -> Response:
        """One piece of evidence: what was read in the file."""
        viewer = self._shell.viewer(request)
        found = self._shell.reads.evidence(evidence_id)
        return self._shell.page(request, "evidence.html", viewer, evidence=found)

    def evidence_content(self, request: Request, evidence_id: str) -> Response:
        """Hand out the file as received: as an attachment, never as something a browser would open."""
        self._shell.viewer(request)
        found = self._shell.reads.evidence(evidence_id)
        return StreamingResponse(
            self._shell.reads.evidence_content(evidence_id),
            media_type="application/octet-stream",
            headers={
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found['filename'], safe='')}",
                "Content-Length": str(found["size"]),
                "Content-Security-Policy": "sandbox",
                "X-Content-Type-Options": "nosniff",
            },
        )


def _turn(after: str, before: str) -> Turn:
    """Return where a page begins; what could not be typed names no row."""
    return Turn(after=after if after.isprintable() else "", before=before if before.isprintable() else "")
