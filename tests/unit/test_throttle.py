"""Rate limits: what may come at once, what time brings back, and that one client cannot use up what all share."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pratique.web import throttle
from pratique.web.app import login_limits
from pratique.web.throttle import Allowance, RateLimit, Throttle, client_of


class Seconds:
    """A clock that goes where the test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="seconds")
def seconds_fixture() -> Seconds:
    return Seconds()


def limit_of(seconds: Seconds, *, each: int = 3, overall: int = 100, per_second: float = 0.5) -> RateLimit:
    return RateLimit(
        each=Allowance(burst=each, per_second=per_second),
        overall=Allowance(burst=overall, per_second=per_second),
        clock=seconds,
    )


def test_a_burst_passes_and_then_each_request_waits_its_time(seconds: Seconds) -> None:
    limit = limit_of(seconds)
    assert [limit.ask("a") for _ in range(4)] == [0, 0, 0, 2.0]
    seconds.now += 1.5
    assert limit.ask("a") == pytest.approx(0.5)
    seconds.now += 0.5
    assert [limit.ask("a"), limit.ask("a")] == [0, 2.0]


def test_a_long_pause_brings_back_a_burst_and_no_more(seconds: Seconds) -> None:
    limit = limit_of(seconds)
    assert [limit.ask("a") for _ in range(3)] == [0, 0, 0]
    seconds.now += 1e6
    assert [limit.ask("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_clients_do_not_share_their_own_bucket(seconds: Seconds) -> None:
    limit = limit_of(seconds, each=1)
    assert [limit.ask("a"), limit.ask("b")] == [0, 0]
    assert limit.ask("a") > 0


def test_all_together_keep_to_the_overall_limit(seconds: Seconds) -> None:
    limit = limit_of(seconds, each=10, overall=2)
    assert [limit.ask(client) > 0 for client in "abc"] == [False, False, True]


def test_who_is_refused_takes_nothing_from_the_others(seconds: Seconds) -> None:
    limit = limit_of(seconds, each=1, overall=2)
    assert [limit.ask("a") > 0 for _ in range(50)] == [False] + [True] * 49
    assert limit.ask("b") == 0


def test_a_clock_that_goes_back_brings_nothing(seconds: Seconds) -> None:
    limit = limit_of(seconds, each=1)
    assert limit.ask("a") == 0
    seconds.now -= 3600
    assert limit.ask("a") == pytest.approx(2.0)


def test_a_flood_of_addresses_is_forgotten_and_still_limited(seconds: Seconds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MAX_CLIENTS", 10)
    limit = limit_of(seconds, each=1, overall=50)
    passed = sum(limit.ask(f"client-{n}") == 0 for n in range(1000))
    assert passed == 50
    assert len(limit._clients) == 10


@pytest.mark.parametrize("path", [("POST", "/login/link"), ("POST", "/v1/login-links")])
def test_a_dozen_addresses_that_never_stop_lock_nobody_out(
    path: tuple[str, str], seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pratique.web.throttle.RateLimit.__init__.__kwdefaults__", {"clock": seconds})
    limit = login_limits()[path]
    for _ in range(300):
        seconds.now += 0.1
        for address in range(12):
            limit.ask(f"flood-{address}")
    assert limit.ask("somebody else") == 0


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2::1", "20010db800010002/64"),
        ("2001:db8:1:2:ffff::9", "20010db800010002/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_network_is_one_client(host: str, client: str) -> None:
    assert client_of({"client": (host, 4711)}) == client


def test_a_request_without_an_address_is_limited_too() -> None:
    assert client_of({"client": None}) == "unknown"


def send(app: Any, *requests: tuple[str, str, dict[str, str]]) -> list[httpx.Response]:
    async def all_of_them() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [await client.request(method, path, headers=headers) for method, path, headers in requests]

    return asyncio.run(all_of_them())


def test_beyond_the_limit_the_answer_says_when_to_come_back(seconds: Seconds) -> None:
    inner = Starlette(
        routes=[
            Route("/login/link", lambda _: PlainTextResponse("in"), methods=["GET", "POST"]),
            Route("/other", lambda _: PlainTextResponse("in"), methods=["POST"]),
        ]
    )
    app = Throttle(inner, limits={("POST", "/login/link"): limit_of(seconds, each=1, per_second=0.1)})
    first, second, page, read, other = send(
        app,
        ("POST", "/login/link", {}),
        ("POST", "/login/link", {}),
        ("POST", "/login/link", {"Accept": "text/html,*/*"}),
        ("GET", "/login/link", {}),
        ("POST", "/other", {}),
    )
    assert [answer.status_code for answer in (first, second, page, read, other)] == [200, 429, 429, 200, 200]
    assert second.headers["retry-after"] == page.headers["retry-after"] == "10"
    assert second.headers["content-type"] == "application/problem+json"
    assert second.json()["code"] == "too-many-requests"
    assert "Try again in 10 s" in page.text
    seconds.now += 10
    assert send(app, ("POST", "/login/link", {}))[0].status_code == 200
