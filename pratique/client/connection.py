"""Where the engine is and with which token it is asked: arguments first, then the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pratique.errors import InvalidInputError

#: Where `pratique up` listens when nothing else is said.
DEFAULT_URL = "http://127.0.0.1:8470"

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Address and credential of one engine."""

    url: str  #: scheme, host, port and perhaps a path prefix; no slash at the end
    token: str | None = field(default=None, repr=False)

    @property
    def is_local(self) -> bool:
        """True when the engine is on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")

    @classmethod
    def resolve(
        cls, url: str | None = None, token: str | None = None, *, environ: Mapping[str, str] | None = None
    ) -> Connection:
        """Return the connection that the arguments and, where they are None, the environment name.

        Reads `PRATIQUE_URL` (else `PRATIQUE_HOST` and `PRATIQUE_PORT`), and `PRATIQUE_TOKEN`, else the file
        named by `PRATIQUE_TOKEN_FILE`.

        Raises:
            InvalidInputError: the URL is not an http or https URL, or the token file cannot be read.
        """
        env = os.environ if environ is None else environ
        if token is None:
            token = env.get("PRATIQUE_TOKEN") or _token_in(env.get("PRATIQUE_TOKEN_FILE"))
        return cls(url=checked_url(url or _url_in(env)), token=token)


def is_loopback(host: str) -> bool:
    """True when `host` names this machine."""
    return host in _LOOPBACK


def read_token(path: Path) -> str:
    """Return the token in the one-line file `path`.

    Raises:
        InvalidInputError: no such file, not readable, or empty.
    """
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise InvalidInputError(f"token file {path} cannot be read: {reason}") from None
    if not token or len(token.split()) != 1:
        raise InvalidInputError(f"token file {path} does not hold one token on one line")
    return token


def checked_url(url: str) -> str:
    """Return `url` without a slash at its end.

    Raises:
        InvalidInputError: not an http or https URL with a host, or one that holds a password.
    """
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_usable = False
    if not is_usable or not url.isprintable():
        raise InvalidInputError(f"engine address {url!r} is not usable; expected a URL such as {DEFAULT_URL}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidInputError("the engine address must hold no user, password, query or fragment")
    return url.rstrip("/")


def _url_in(env: Mapping[str, str]) -> str:
    if url := env.get("PRATIQUE_URL"):
        return url
    host = env.get("PRATIQUE_HOST", "127.0.0.1")
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - what the engine binds to; a client needs an address to call
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{env.get('PRATIQUE_PORT', '8470')}"


def _token_in(path: str | None) -> str | None:
    return read_token(Path(path)) if path else None
