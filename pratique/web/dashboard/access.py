"""Signing in by a one-time link, signing out, and a person's own notices."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from pratique.errors import PratiqueError
from pratique.web.dashboard.shell import Shell, local_path

Token = Annotated[str, Query(max_length=2000)]


class Access:
    """Login, logout and the inbox."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/login", self.login, methods=["GET"])
        router.add_api_route("/login/link", self.show_link, methods=["GET"])
        router.add_api_route("/login/link", self.use_link, methods=["POST"])
        router.add_api_route("/logout", self.logout, methods=["POST"])
        router.add_api_route("/inbox", self.inbox, methods=["GET"])
        router.add_api_route("/inbox/{notice_id}/acknowledge", self.acknowledge, methods=["POST"])

    def login(self, request: Request) -> Response:
        """Say how to sign in."""
        viewer = self._shell.viewer_or_none(request)
        return self._shell.page(request, "login.html", viewer)

    def show_link(self, request: Request, t: Token = "") -> Response:
        """Show a button; mail scanners open every link, so a GET must not use it up."""
        viewer = self._shell.viewer_or_none(request)
        return self._shell.page(request, "login_link.html", viewer, token=t, refused=None)

    def use_link(self, request: Request, t: Annotated[str, Form()] = "") -> Response:
        """Use the link up: open a session, go to where the person wanted to go."""
        try:
            opened = self._shell.acts.consume_login_link(t)
        except PratiqueError as error:
            return self._shell.page(
                request, "login_link.html", None, status=error.status, token="", refused=error.message
            )
        before = self._shell.session_token(request)
        if before is not None:
            self._shell.acts.logout(before)
        wanted = unquote(request.cookies.get(self._shell.cookie("pratique_next"), "/"))
        response = self._shell.go(local_path(wanted), "signed-in")
        left = int((opened.expires_at - self._shell.clock()).total_seconds())
        self._shell.set_cookie(response, "pratique_session", opened.token, max_age=max(0, left))
        self._shell.drop_cookie(response, "pratique_next")
        return response

    def logout(self, request: Request) -> Response:
        """End the session."""
        token = self._shell.session_token(request)
        if token is not None:
            self._shell.acts.logout(token)
        response = self._shell.go("/login", "signed-out")
        self._shell.drop_cookie(response, "pratique_session")
        return response

    def inbox(self, request: Request) -> Response:
        """Show the person's own notices."""
        viewer = self._shell.viewer(request)
        return self._shell.page(request, "inbox.html", viewer, notices=self._shell.reads.inbox(viewer.id))

    def acknowledge(self, request: Request, notice_id: str) -> Response:
        """Mark one notice as read."""
        viewer = self._shell.viewer(request)
        self._shell.acts.acknowledge(viewer.id, notice_id)
        return self._shell.go("/inbox", "acknowledged")
