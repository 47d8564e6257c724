"""A URL that the engine may be asked to go to: held to the operator's lists before anything is looked up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from pratique.egress.refusal import EgressRefusedError
from pratique.settings import EgressSettings

#: Longer ones are an attack on somebody's parser, and no fact.
MAX_URL_CHARACTERS = 2000

#: A name, an IPv4 or an IPv6 address; whatever else a resolver would take.
_HOST = re.compile(r"[a-z0-9._:-]+")
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a request goes."""

    url: httpx.URL  #: without fragment
    host: str  #: ASCII, lower case, without a final dot
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a secret in a header may be sent to again."""
        return (self.url.scheme, self.host, self.port)

    def at(self, address: str) -> httpx.URL:
        """Return the URL with an address in place of the name, so that nobody looks the name up again."""
        return self.url.copy_with(host=address)


def target_of(url: str | httpx.URL, settings: EgressSettings) -> Target:
    """Return where `url` leads.

    Raises:
        EgressRefusedError: not a URL, another scheme, with credentials, or a host that the settings do not allow.
    """
    if len(str(url)) > MAX_URL_CHARACTERS:
        raise EgressRefusedError(f"URL: {len(str(url))} characters found, at most {MAX_URL_CHARACTERS} expected")
    try:
        parsed = httpx.URL(url).copy_with(fragment=None)
        host = parsed.raw_host.decode("ascii").lower().rstrip(".")
    except (httpx.InvalidURL, ValueError, TypeError):
        raise EgressRefusedError("URL: not a URL, such as https://example.org/page") from None
    if parsed.userinfo:
        raise EgressRefusedError("URL: it holds a user name or password; expected none")
    if parsed.scheme not in _PORTS or not _HOST.fullmatch(host):
        raise EgressRefusedError("URL: expected https:// and the name of a host")
    if parsed.scheme == "http" and not _is_one_of(host, settings.http_hosts):
        raise EgressRefusedError(
            f"URL: http to {host} is not allowed; expected https", hint="the setting egress.http_hosts names exceptions"
        )
    if _is_one_of(host, settings.deny_hosts):
        raise EgressRefusedError(f"host {host} is denied", hint="the setting egress.deny_hosts names it")
    if settings.allow_hosts is not None and not _is_one_of(host, settings.allow_hosts):
        raise EgressRefusedError(
            f"host {host} is not allowed", hint="the setting egress.allow_hosts lists those that are"
        )
    port = parsed.port if parsed.port is not None else _PORTS[parsed.scheme]
    if not 1 <= port <= 65535:
        raise EgressRefusedError(f"URL: port {port} found, 1 to 65535 expected")
    return Target(url=parsed, host=host, port=port)


def _is_one_of(host: str, patterns: Iterable[str]) -> bool:
    """True for a host that is named; `.example.org` names the domain and everything below."""
    for pattern in (one.lower().rstrip(".") for one in patterns):
        if host == pattern.removeprefix(".") or (pattern.startswith(".") and host.endswith(pattern)):
            return True
    return False
