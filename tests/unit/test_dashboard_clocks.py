"""The pages of time limits on an in-memory register."""

from __future__ import annotations

import pytest
from dashboard_client import PageClient
from dashboard_register import NOW, Register
from fastapi import FastAPI

from pratique.settings import Settings
from pratique.web.dashboard import mount_dashboard


@pytest.fixture(name="client")
def client_fixture() -> PageClient:
    register, app = Register(), FastAPI()
    mount_dashboard(app, register, register, Settings(), clock=lambda: NOW)
    register.sessions["s"] = "jonas"
    client = PageClient(app, {"Sec-Fetch-Site": "same-origin"})
    client.cookies.set("pratique_session", "s")
    return client


def test_what_runs_is_listed_with_its_day_and_whom_it_is_owed_to(client: PageClient) -> None:
    page = client.get("/clocks").text
    assert page.count("Missed") == 0, "the list begins with what runs"
    assert "2026-11-23" in page
    assert "AI Office" in page
    assert "cannot be told" in page
    assert "File the initial report &lt;b&gt;" in page
    assert 'aria-current="page">Time limits' in page


@pytest.mark.parametrize(("query", "shown"), [("state=missed", "Missed"), ("state=void", "Void"), ("state=all", "Met")])
def test_the_list_is_narrowed_by_state(client: PageClient, query: str, shown: str) -> None:
    assert f"</svg>{shown}</span>" in client.get(f"/clocks?{query}").text


def test_a_long_list_is_turned(client: PageClient) -> None:
    first = client.get("/clocks?state=all").text
    assert "after=50" in first
    second = client.get("/clocks?state=all&after=50").text
    assert "First page" in second
    assert "clock-59" in second


def test_nothing_that_matches_is_said(client: PageClient) -> None:
    assert "No time limit matches." in client.get("/clocks?q=nothing").text


def test_one_limit_shows_its_source_its_mark_and_what_started_it(client: PageClient) -> None:
    page = client.get("/clocks/clock-0").text
    assert "S-9.3-2D: SRC-SS-PDF, S&amp;S M9.3(1), edition of 2025-07-10 (verified)" in page
    assert "incident aware" in page.lower()
    assert "Mira Lindqvist" in page
    assert "(UNVERIFIED)" in client.get("/clocks/clock-4").text
    assert client.get("/clocks/none").status_code == 404


def test_an_address_of_a_calendar_is_shown_once_and_revoked_with_a_button(client: PageClient) -> None:
    assert "You have no address yet." in client.get("/calendar").text
    made = client.post("/calendar", data={})
    assert "secret-of-the-day" in made.text
    assert made.headers["cache-control"] == "no-store"
    again = client.get("/calendar").text
    assert "secret-of-the-day" not in again
    assert "in use" in again
    assert client.post("/calendar/feed-0/revoke", data={}).headers["location"] == "/calendar"
    after = client.get("/calendar").text
    assert "The address of the calendar works no more." in after
    assert "revoked" in after
    assert "in use" not in after
