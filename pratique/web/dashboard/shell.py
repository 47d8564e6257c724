"""The shell round every page: templates, filters, who is signed in, flash messages, error pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pratique.domain.gates import WAITING_STATES
from pratique.errors import PratiqueError
from pratique.settings import Settings
from pratique.web.dashboard import printing, words
from pratique.web.dashboard.ports import Badges, DashboardActs, DashboardReads, Viewer

WEB = Path(__file__).resolve().parent.parent
STATIC_DIR = WEB / "static"

#: Flash messages by key. The browser holds a key in a cookie of ours, never a text and never in the URL,
#: so that nobody can forge a green banner with a link.
FLASHES = {
    "decided": "Your decision is in the journal.",
    "waived": "The waiver is granted. It stays visible on this page and ends by itself.",
    "revoked": "The waiver is revoked.",
    "dated": "The dates are moved. Who is waited on is reminded on the new ones.",
    "acknowledged": "The notice is acknowledged.",
    "calendar-revoked": "The address of the calendar works no more.",
    "signed-in": "You are signed in.",
    "signed-out": "You are signed out.",
}
_FLASH_SECONDS = 60
_NEXT_SECONDS = 600


class SignInNeededError(Exception):
    """Nobody is signed in; the page sends the browser to `/login`."""


class Shell:
    """What all pages share.

    Args:
        reads: where pages read.
        acts: where forms write.
        settings: public URL and the link to Prefect.
        clock: returns the aware time now.
    """

    def __init__(
        self, reads: DashboardReads, acts: DashboardActs, settings: Settings, *, clock: Callable[[], datetime]
    ) -> None:
        self.reads = reads
        self.acts = acts
        self.clock = clock
        self.prefect_url = settings.prefect.ui_url
        self.is_https = settings.base_url.startswith("https://")
        self._environment = _environment()

    def cookie(self, name: str) -> str:
        """Return the cookie's full name; over https the browser itself holds it to this host."""
        return f"__Host-{name}" if self.is_https else name

    def set_cookie(self, response: Response, name: str, value: str, *, max_age: int) -> None:
        """Set an HttpOnly, SameSite=Lax cookie."""
        response.set_cookie(
            self.cookie(name), value, max_age=max_age, httponly=True, samesite="lax", secure=self.is_https, path="/"
        )

    def drop_cookie(self, response: Response, name: str) -> None:
        """Delete a cookie of ours."""
        response.delete_cookie(self.cookie(name), httponly=True, samesite="lax", secure=self.is_https, path="/")

    def session_token(self, request: Request) -> str | None:
        """Return the session token that the browser sent."""
        return request.cookies.get(self.cookie("pratique_session"))

    def viewer_or_none(self, request: Request) -> Viewer | None:
        """Return who is signed in, if anyone is."""
        token = self.session_token(request)
        return self.acts.session_person(token) if token else None

    def viewer(self, request: Request) -> Viewer:
        """Return who is signed in.

        Raises:
            SignInNeededError: nobody is.
        """
        viewer = self.viewer_or_none(request)
        if viewer is None:
            raise SignInNeededError
        return viewer

    def page(
        self, request: Request, template: str, viewer: Viewer | None, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Render one page in the shell."""
        now = self.clock()
        flash = FLASHES.get(request.cookies.get(self.cookie("pratique_flash"), ""))
        badges = self.reads.badges(viewer.id, now) if viewer else Badges(overdue=0, inbox=0)
        html = self._environment.get_template(template).render(
            viewer=viewer,
            badges=badges,
            now=now,
            path=request.url.path,
            flash=flash,
            prefect_url=self.prefect_url,
            names=self.reads.names() if viewer else {},
            **values,
        )
        response = HTMLResponse(html, status)
        if flash:
            self.drop_cookie(response, "pratique_flash")
        return response

    def go(self, url: str, flash: str | None = None) -> RedirectResponse:
        """Answer a form: 303 to `url`, with a flash message by key."""
        response = RedirectResponse(url, HTTPStatus.SEE_OTHER)
        if flash is not None:
            self.set_cookie(response, "pratique_flash", flash, max_age=_FLASH_SECONDS)
        return response

    def ask_sign_in(self, request: Request) -> Response:
        """Send a reader to `/login` and remember where to; tell a writer that the session ended."""
        if request.method not in ("GET", "HEAD"):
            return self.page(request, "signed_out.html", None, status=HTTPStatus.UNAUTHORIZED)
        response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if target != "/" and len(target) < 1000:  # cookies are small
            self.set_cookie(response, "pratique_next", quote(target, safe=""), max_age=_NEXT_SECONDS)
        return response

    def error_page(self, request: Request, status: int, title: str, detail: str, hint: str | None = None) -> Response:
        """Render an error for people."""
        viewer = self.viewer_or_none(request)
        return self.page(request, "error.html", viewer, status=status, title=title, detail=detail, hint=hint)

    def refusal_page(self, request: Request, error: PratiqueError) -> Response:
        """Render one of our own errors for people."""
        return self.error_page(request, error.status, error.title, error.message, error.hint)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        utc=printing.utc,
        day=printing.day,
        digest=printing.digest,
        size=printing.size,
        pretty=printing.pretty,
        seconds=printing.seconds,
        spoken=words.spoken,
        away=printing.away,
        href=printing.safe_href,
    )
    environment.globals.update(
        state_sign=words.state_sign,
        finding_sign=words.finding_sign,
        run_sign=words.run_sign,
        act_sign=words.act_sign,
        profile_label=words.profile_label,
        readings=words.READINGS,
        states=words.STATES,
        runs=words.RUNS,
        clock_signs=words.CLOCKS,
        gate_url=gate_url,
        waiting_states=WAITING_STATES,
        with_query=with_query,
        static=static_url,
    )
    return environment


def gate_url(model: str, version: str, gate: str, occasion: str | None = None) -> str:
    """Return the path of a gate page."""
    path = f"/models/{quote(model, safe='')}/{quote(version, safe='')}/gates/{quote(gate, safe='')}"
    return path + (f"?{urlencode({'occasion': occasion})}" if occasion else "")


def with_query(path: str, **values: object) -> str:
    """Return `path` with the values that say something as its query."""
    query = urlencode({key: str(value) for key, value in values.items() if value not in (None, "")})
    return f"{path}?{query}" if query else path


def static_url(name: str) -> str:
    """Return the path of a static file; its content digest lets browsers keep it for ever."""
    return f"/static/{name}?v={hashlib.sha256((STATIC_DIR / name).read_bytes()).hexdigest()[:12]}"


def local_path(target: str) -> str:
    """Return `target` when it is a path of this site, else `/`."""
    parts = urlsplit(target)
    is_local = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return target if is_local and target.isprintable() else "/"


def utc_now() -> datetime:
    """Return the aware time now."""
    return datetime.now(UTC)
