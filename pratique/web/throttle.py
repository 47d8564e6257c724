"""How often something may be asked for: token buckets in this process, one for each client and one for all."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pratique.errors import TooManyRequestsError
from pratique.web.api.responses import problem_of

#: Seconds that only go forward.
Clock = Callable[[], float]

#: Most clients remembered; the one that asked longest ago is forgotten first. All together keep to one bucket anyway.
MAX_CLIENTS = 10_000
#: Who waits for exactly as long as they were told must not be refused for the last bit of a float.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many requests may come at once, and how many a second in the long run."""

    burst: int
    per_second: float


class TokenBucket:
    """Full at first; each request takes a token, and time brings them back."""

    __slots__ = ("_allowance", "_at", "_tokens")

    def __init__(self, allowance: Allowance, now: float) -> None:
        self._allowance = allowance
        self._tokens = float(allowance.burst)
        self._at = now

    def seconds_until_token(self, now: float) -> float:
        """Return how long to wait for a token; 0 when there is one. A clock that goes back brings nothing."""
        gained = max(0.0, now - self._at) * self._allowance.per_second
        self._tokens = min(float(self._allowance.burst), self._tokens + gained)
        self._at = now
        missing = 1.0 - self._tokens
        return missing / self._allowance.per_second if missing > _ROUNDING else 0.0

    def take(self) -> None:
        """Take the token that there is."""
        self._tokens -= 1.0


class RateLimit:
    """An allowance for each client, and one for all of them together."""

    def __init__(self, *, each: Allowance, overall: Allowance, clock: Clock = time.monotonic) -> None:
        self._each = each
        self._clock = clock
        self._overall = TokenBucket(overall, clock())
        self._clients: OrderedDict[str, TokenBucket] = OrderedDict()

    def ask(self, client: str) -> float:
        """Take a token of both buckets and return 0, or take none and return the seconds to wait.

        Who is refused takes nothing of what all share, so that one client cannot use it up.
        """
        now = self._clock()
        bucket = self._bucket_of(client, now)
        wait = max(bucket.seconds_until_token(now), self._overall.seconds_until_token(now))
        if wait <= 0:
            bucket.take()
            self._overall.take()
        return wait

    def _bucket_of(self, client: str, now: float) -> TokenBucket:
        bucket = self._clients.get(client)
        if bucket is None:
            bucket = self._clients[client] = TokenBucket(self._each, now)
            if len(self._clients) > MAX_CLIENTS:
                self._clients.popitem(last=False)
        self._clients.move_to_end(client)
        return bucket


class Throttle:
    """Refuses requests beyond a limit with 429 and `Retry-After`, before a route sees them.

    Args:
        app: the application inside.
        limits: the limit by (method, path).
    """

    def __init__(self, app: ASGIApp, *, limits: Mapping[tuple[str, str], RateLimit]) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        limit = self._limits.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        wait = limit.ask(client_of(scope)) if limit is not None else 0.0
        if wait <= 0:
            await self._app(scope, receive, send)
        else:
            await _refusal(math.ceil(wait), Headers(scope=scope))(scope, receive, send)


def client_of(scope: Scope) -> str:
    """Return what tells clients apart: the address, or the network that one subscriber has in IPv6 (64 bits)."""
    host = str((scope.get("client") or ("unknown", 0))[0])
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped is not None else f"{int(address) >> 64:x}/64"
    return str(address)


def _refusal(seconds: int, headers: Headers) -> Response:
    """A page's form is answered in words, a program with a problem document."""
    error = TooManyRequestsError(
        "too many requests of this kind came in a short time",
        hint=f"try again in {seconds} s",
        retry_after=seconds,
    )
    if "text/html" in headers.get("accept", ""):
        text = f"Too many attempts in a short time. Try again in {seconds} s.\n"
        return PlainTextResponse(text, 429, {"Retry-After": str(seconds)})
    return problem_of(error)
