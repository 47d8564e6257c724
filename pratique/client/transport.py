"""The synchronous transport: standard library only, so that a CI job pays nothing for it.

One connection a call: it is thread-safe, holds nothing between the calls of a pipeline that sleeps for days,
and never meets a connection that an engine's restart has left half dead.
"""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from pratique.client.call import FileBody, Reply, Request
from pratique.client.connection import is_loopback
from pratique.client.problems import UnexpectedAnswerError, unreachable

#: Takes the pieces of an answer that is too large to hold.
Sink = Callable[[bytes], object]

_CHUNK_BYTES = 256 * 1024

#: A JSON answer beyond this is not one of ours.
_LARGEST_ANSWER_BYTES = 64 * 1024 * 1024


class Transport(Protocol):
    """Sends one request and returns the reply, whatever its status."""

    def send(self, request: Request, *, sink: Sink | None = None) -> Reply:
        """Return the reply; a successful body goes to `sink` when there is one.

        Raises:
            UnavailableError: no connection, or it broke before the reply was whole.
        """


class StandardTransport:
    """`http.client`, honouring `http_proxy`, `https_proxy` and `no_proxy`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._parts = urlsplit(url)

    def send(self, request: Request, *, sink: Sink | None = None) -> Reply:
        """Return the reply; a successful body goes to `sink` when there is one.

        Raises:
            UnavailableError: no connection, or it broke before the reply was whole.
        """
        connection, prefix = self._connect(request.timeout_seconds)
        try:
            return _read(_exchange(connection, request, prefix), sink)
        except (OSError, http.client.HTTPException) as error:
            raise unreachable(self._url, _reason(error)) from None
        finally:
            connection.close()

    def _connect(self, timeout_seconds: float) -> tuple[http.client.HTTPConnection, str]:
        """Return a connection and what stands before each path on it."""
        host, port = self._parts.hostname or "", self._parts.port
        is_tls = self._parts.scheme == "https"
        # A proxy from the environment must not stand between us and our own machine.
        proxy = None if is_loopback(host) else _proxy_for(self._parts.scheme, self._parts.netloc)
        make = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
        if proxy is None:
            return make(host, port, timeout=timeout_seconds), self._parts.path
        through = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        connection = make(through.hostname or "", through.port or 8080, timeout=timeout_seconds)
        if not is_tls:
            return connection, self._url
        connection.set_tunnel(host, port or 443)
        return connection, self._parts.path


def _exchange(connection: http.client.HTTPConnection, request: Request, prefix: str) -> http.client.HTTPResponse:
    body = request.body.chunks() if isinstance(request.body, FileBody) else request.body
    try:
        connection.request(request.method, prefix + request.target, body=body, headers=dict(request.headers))
    except (BrokenPipeError, ConnectionResetError):
        # An engine that refuses an upload answers before it has read the whole: its reason is worth more than ours.
        if connection.sock is None:
            raise
    return connection.getresponse()


def _read(response: http.client.HTTPResponse, sink: Sink | None) -> Reply:
    headers = {name.lower(): value for name, value in response.getheaders()}
    body = b""
    if sink is not None and 200 <= response.status < 300:
        while chunk := response.read(_CHUNK_BYTES):
            sink(chunk)
        if response.length:  # read(n) does not complain about an end that came too early
            raise http.client.IncompleteRead(b"", response.length)
    else:
        body = response.read(_LARGEST_ANSWER_BYTES + 1)
        if len(body) > _LARGEST_ANSWER_BYTES:
            raise UnexpectedAnswerError("the answer is larger than 64 MiB; that is no answer of an engine")
        if response.length:
            raise http.client.IncompleteRead(body, response.length)
    return Reply(status=response.status, headers=headers, body=body)


def _proxy_for(scheme: str, netloc: str) -> str | None:
    names = (f"{scheme}_proxy", "all_proxy")
    if not any(os.environ.get(name) or os.environ.get(name.upper()) for name in names):
        return None
    from urllib.request import getproxies, proxy_bypass  # heavy, and seldom needed

    if proxy_bypass(netloc):
        return None
    proxies = getproxies()
    return proxies.get(scheme) or proxies.get("all")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, http.client.RemoteDisconnected):
        return "the connection was closed without an answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
