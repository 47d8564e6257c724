"""HTTP to addresses that somebody else chose. Names are looked up once, checked, and connected to by address.

Between a check and a connection that looks the name up again, its owner can change the answer (DNS rebinding); here
nothing looks it up again. The name still stands in `Host` and in the TLS handshake, whose certificate must be its.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

import httpx

from pratique.egress.addresses import refusal
from pratique.egress.bodies import read_body
from pratique.egress.refusal import EgressFailedError, EgressRefusedError
from pratique.egress.resolving import Resolve, system_resolve
from pratique.egress.target import Target, target_of
from pratique.settings import EgressSettings

#: Addresses of one host that are tried; each costs the time of a connection.
_MAX_ADDRESSES = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OWN_HEADERS = {"accept-encoding": "identity", "connection": "close"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A redirect that was followed."""

    url: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    url: str  #: the last one, after redirects
    status: int
    reason: str  #: phrase of the status line
    headers: tuple[tuple[str, str], ...]  #: in order, names as they came
    body: bytes  #: inflated
    address: str | None  #: that was connected to; None behind a proxy
    hops: tuple[Hop, ...] = ()

    def header(self, name: str) -> str | None:
        """Return the first header of that name, or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, kw_only=True)
class Egress:
    """The one way out. Safe to share: it keeps no connection and no cookie."""

    settings: EgressSettings = field(default_factory=EgressSettings)
    resolve: Resolve = system_resolve

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int | None = None) -> Answer:
        """Fetch `url`, following redirects, each checked as the first was.

        Args:
            url: where to; https, unless the settings name its host.
            headers: sent to the host of `url`, and to no other that it redirects to.
            max_bytes: the largest body; None: the setting.

        Raises:
            EgressRefusedError: this address, or one it redirects to, is none that the engine goes to.
            EgressFailedError: no answer in time, too large, too many redirects, a certificate of somebody else.
        """
        first = target = target_of(url, self.settings)
        hops: list[Hop] = []
        async with self._deadline():
            while True:
                sent = headers if target.origin == first.origin else None
                answer = await self._exchange("GET", target, headers=sent, max_bytes=max_bytes)
                location = answer.header("location")
                if answer.status not in _REDIRECTS or location is None:
                    return Answer(
                        url=answer.url, status=answer.status, reason=answer.reason, headers=answer.headers,
                        body=answer.body, address=answer.address, hops=tuple(hops),
                    )  # fmt: skip
                hops.append(Hop(url=answer.url, status=answer.status))
                if len(hops) > self.settings.max_redirects:
                    raise EgressFailedError(f"more than {self.settings.max_redirects} redirects")
                target = self._redirected(target, location)

    async def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str] | None = None, max_bytes: int | None = None
    ) -> Answer:
        """Send `body` to `url` and return the answer; a redirect is one, and is not followed.

        Raises:
            EgressRefusedError: the engine does not go to this address.
            EgressFailedError: no answer in time, too large, a certificate of somebody else.
        """
        target = target_of(url, self.settings)
        async with self._deadline():
            return await self._exchange("POST", target, headers=headers, body=body, max_bytes=max_bytes)

    def get_blocking(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int | None = None
    ) -> Answer:
        """Do as `get`, in a thread that has no event loop."""
        return asyncio.run(self.get(url, headers=headers, max_bytes=max_bytes))

    def post_blocking(self, url: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Do as `post`, in a thread that has no event loop."""
        return asyncio.run(self.post(url, body, headers=headers))

    def _deadline(self) -> _Deadline:
        return _Deadline(self.settings.total_seconds)

    def _redirected(self, target: Target, location: str) -> Target:
        try:
            return target_of(target.url.join(location), self.settings)
        except (httpx.InvalidURL, ValueError):
            raise EgressFailedError("redirected to what is no URL") from None

    async def _exchange(
        self,
        method: str,
        target: Target,
        *,
        headers: Mapping[str, str] | None,
        max_bytes: int | None,
        body: bytes | None = None,
    ) -> Answer:
        *others, last = await self._addresses(target)
        try:
            for address in others:
                with suppress(httpx.ConnectError, httpx.ConnectTimeout):  # nothing was sent; the next one may answer
                    return await self._send(method, target, address, headers, max_bytes, body)
            return await self._send(method, target, last, headers, max_bytes, body)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise EgressFailedError(f"{target.host} gave no usable answer ({type(error).__name__})") from None

    async def _addresses(self, target: Target) -> tuple[str, ...]:
        """Return the addresses to try. One that is refused refuses the host: who mixes them has something in mind."""
        try:
            found = await self.resolve(target.host, target.port)
        except OSError:
            raise EgressFailedError(f"host {target.host} has no address that could be found") from None
        if not found:
            raise EgressFailedError(f"host {target.host} has no address")
        for address in found:
            kind = refusal(address, self.settings.allow_networks)
            if kind is not None:
                raise EgressRefusedError(
                    f"host {target.host} has {kind} address; the engine goes to public ones",
                    hint="the setting egress.allow_networks names exceptions",
                )
        return found[:_MAX_ADDRESSES]

    async def _send(
        self,
        method: str,
        target: Target,
        address: str,
        headers: Mapping[str, str] | None,
        max_bytes: int | None,
        body: bytes | None,
    ) -> Answer:
        limit = self.settings.max_body_bytes if max_bytes is None else min(max_bytes, self.settings.max_body_bytes)
        timeout = httpx.Timeout(self.settings.read_seconds, connect=self.settings.connect_seconds)
        proxy = self.settings.proxy.get_secret_value() if self.settings.proxy is not None else None
        named = {**{name.lower(): value for name, value in (headers or {}).items()}, **_OWN_HEADERS}
        named |= {"host": target.url.netloc.decode("ascii")}
        named.setdefault("user-agent", "pratique")
        # A proxy is given the name: httpx would hold the certificate against the address. It looks the name up itself.
        where = target.at(address) if proxy is None else target.url
        tls = await asyncio.to_thread(self._roots)  # reading some hundred certificates takes a moment
        async with httpx.AsyncClient(
            verify=tls, trust_env=False, proxy=proxy, timeout=timeout, follow_redirects=False
        ) as client:
            request = client.build_request(
                method, where, headers=named, content=body, extensions={"sni_hostname": target.host}
            )
            response = await client.send(request, stream=True)
            try:
                content = await read_body(response.aiter_raw(), response.headers.get("content-encoding", ""), limit)
            finally:
                await response.aclose()
        return Answer(
            url=str(target.url),
            status=response.status_code,
            reason=response.reason_phrase,
            headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw),
            body=content,
            address=address if proxy is None else None,
        )

    def _roots(self) -> ssl.SSLContext:
        return self._tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Certificates are checked against the public roots, and the operator's own."""
        context = httpx.create_ssl_context(trust_env=False)
        if self.settings.ca_file is not None:
            context.load_verify_locations(self.settings.ca_file)
        return context


class _Deadline:
    """Ends everything inside after a time, whatever drips: a read that never times out can still go on for ever."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, *error: object) -> None:
        try:
            await self._timeout.__aexit__(*error)  # type: ignore[arg-type]
        except TimeoutError:
            raise EgressFailedError(f"it took longer than {self._seconds:g} seconds") from None
