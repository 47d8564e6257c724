"""What every answer carries, and which requests are refused before they reach a route.

Two ASGI middlewares. `SecurityHeaders` adds the headers; `CrossSiteGuard` refuses forged writes by Fetch
Metadata and Origin, so that forms need no tokens and compressed pages leak none.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: No script, no frame, no outside source; forms go back to us alone.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

#: `no-referrer` would make a page's own POST send `Origin: null`, hence `same-origin`.
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")

#: A decision's reason may be long; no form of ours needs more.
MAX_FORM_BYTES = 64 * 1024

#: Both names that the session cookie can have (see `pratique.web.dashboard.access`).
SESSION_COOKIES = ("pratique_session", "__Host-pratique_session")


class SecurityHeaders:
    """Adds the headers above to every answer that does not set them itself.

    Args:
        app: the application inside.
        is_https: people reach us over https; then Strict-Transport-Security is sent too.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool = False) -> None:
        self._app = app
        self._headers = dict(_HEADERS)
        if is_https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers as the answer starts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _add(self, headers: MutableHeaders) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        if headers.get("content-type", "").startswith("text/html"):
            headers.setdefault("Cache-Control", "no-store")  # pages hold what only the signed-in may see


class CrossSiteGuard:
    """Refuses unsafe requests that a page of another site could have made.

    A request with a bearer token passes: no browser adds one by itself. A request to the API without our
    cookie passes too, as it carries no authority to forge; the API answers it with 401.

    Args:
        app: the application inside.
        public_url: what browsers call us, where that is configured; behind a proxy `Host` is not to be trusted.
        api_prefixes: paths that bearer tokens guard.
    """

    def __init__(self, app: ASGIApp, *, public_url: str | None = None, api_prefixes: Iterable[str] = ("/v1/",)) -> None:
        self._app = app
        self._origin = _origin_of(public_url) if public_url else None
        self._api_prefixes = tuple(api_prefixes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403, 411 or 413."""
        if scope["type"] == "http" and scope["method"] not in _SAFE_METHODS:
            refusal = self._refusal(scope["path"], Headers(scope=scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> PlainTextResponse | None:
        if headers.get("authorization", "").lower().startswith("bearer "):
            return None
        if path.startswith(self._api_prefixes) and not _carries_session(headers):
            return None
        if not self._is_own_page(headers):
            return PlainTextResponse("Refused: this request did not come from a page of this site.\n", 403)
        return _size_refusal(headers)

    def _is_own_page(self, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        # Over plain http on a name other than localhost, browsers send no Fetch Metadata.
        origin = headers.get("origin")
        if not origin or origin == "null":
            return False
        if self._origin is not None:
            return _origin_of(origin) == self._origin
        return origin.partition("://")[2].lower() == headers.get("host", "").lower()


def _size_refusal(headers: Headers) -> PlainTextResponse | None:
    if not headers.get("content-type", "").lower().startswith(_FORM_TYPES):
        return None
    length = headers.get("content-length", "")
    if not length.isascii() or not length.isdigit():
        return PlainTextResponse("Refused: a form must state its length.\n", 411)
    if int(length[:12]) > MAX_FORM_BYTES:
        return PlainTextResponse(f"Refused: a form holds at most {MAX_FORM_BYTES} bytes.\n", 413)
    return None


def _carries_session(headers: Headers) -> bool:
    cookies = headers.get("cookie", "")
    return any(f"{name}=" in cookies for name in SESSION_COOKIES)


def _origin_of(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port (default ports made plain), so that `https://a` equals `https://a:443`."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ("", "", None)
    return (parts.scheme.lower(), (parts.hostname or "").lower(), port)
