"""Pages of time limits: what is due when, what one date rests on, and one's own calendar."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from pratique.web.dashboard import words
from pratique.web.dashboard.paging import Pager
from pratique.web.dashboard.rows import ClockFilter
from pratique.web.dashboard.shell import Shell, with_query

CLOCKS_SIZE = 50

Text = Annotated[str, Query(max_length=200)]


class ClockPages:
    """The pages of clocks and calendars."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/clocks", self.clocks, methods=["GET"])
        router.add_api_route("/clocks/{clock_id}", self.clock, methods=["GET"])
        router.add_api_route("/calendar", self.calendar, methods=["GET"])
        router.add_api_route("/calendar", self.make_calendar, methods=["POST"])
        router.add_api_route("/calendar/{calendar_id}/revoke", self.revoke_calendar, methods=["POST"])

    def clocks(self, request: Request, q: Text = "", state: Text = "running", after: Text = "") -> Response:
        """Time limits, the next due first."""
        viewer = self._shell.viewer(request)
        wanted = ClockFilter(text=q.strip(), state=state if state in words.CLOCKS else "")
        found = self._shell.reads.clocks(wanted, after or None, CLOCKS_SIZE, self._shell.clock())
        query = {"q": wanted.text, "state": wanted.state or "all"}
        pager = Pager(
            shown=len(found.rows),
            total=None,
            first=with_query("/clocks", **query) if after else None,
            previous=None,
            following=with_query("/clocks", **query, after=found.following) if found.following else None,
        )
        return self._shell.page(request, "clocks.html", viewer, wanted=wanted, rows=found.rows, pager=pager)

    def clock(self, request: Request, clock_id: str) -> Response:
        """One time limit: rule text, source, both readings, what started it."""
        viewer = self._shell.viewer(request)
        found = self._shell.reads.clock(clock_id, self._shell.clock())
        return self._shell.page(request, "clock.html", viewer, clock=found)

    def calendar(self, request: Request) -> Response:
        """One's own calendars, without their addresses."""
        viewer = self._shell.viewer(request)
        found = self._shell.reads.calendars(viewer.id)
        return self._shell.page(request, "calendar.html", viewer, calendars=found, made=None)

    def make_calendar(self, request: Request) -> Response:
        """Make an address; this page is the only one that shows it."""
        viewer = self._shell.viewer(request)
        made = self._shell.acts.make_calendar(viewer)
        found = self._shell.reads.calendars(viewer.id)
        return self._shell.page(request, "calendar.html", viewer, calendars=found, made=made)

    def revoke_calendar(self, request: Request, calendar_id: str) -> Response:
        """End an address of one's own."""
        viewer = self._shell.viewer(request)
        self._shell.acts.revoke_calendar(viewer, calendar_id)
        return self._shell.go("/calendar", "calendar-revoked")
