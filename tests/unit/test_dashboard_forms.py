"""Deciding, waiving, acknowledging and signing in through the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from dashboard_client import PageClient
from dashboard_register import NOW, Register, ready_view
from test_dashboard_pages import GATE, SAME_SITE, client_of

from pratique.errors import InvalidInputError
from pratique.web.dashboard.forms import DecisionForm, WaiverForm
from pratique.web.dashboard.shell import local_path


@pytest.fixture
def register() -> Register:
    register = Register()
    register.gate = ready_view()
    return register


@pytest.fixture
def client(register: Register) -> PageClient:
    return client_of(register)


def typed(register: Register, **changed: str) -> dict[str, str]:
    given = {"act": "clear", "role": "approver", "reason": "Read all of it.", "basis": register.gate["basis"]}
    return given | {"row_version": str(register.gate["row_version"])} | changed


def test_a_decision_is_recorded_with_what_was_shown_and_leads_back(client: PageClient, register: Register) -> None:
    answer = client.post(f"{GATE}/decisions?occasion=default", data=typed(register))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{GATE}?occasion=default")
    person, ref, decision = register.decided[0]
    assert (person, ref.occasion, decision.act, decision.role) == ("jonas", "default", "clear", "approver")
    assert decision.basis == register.gate["basis"]


def test_the_flash_message_is_shown_once_and_never_comes_from_the_url(client: PageClient, register: Register) -> None:
    client.post(f"{GATE}/decisions", data=typed(register))
    assert "Your decision is in the journal" in client.get(GATE).text
    assert "Your decision is in the journal" not in client.get(GATE).text
    assert "journal." not in client.get(f"{GATE}?flash=decided&done=decided").text.split("<dl")[0]


def test_a_conflict_comes_back_with_its_message_and_what_was_typed(client: PageClient, register: Register) -> None:
    answer = client.post(f"{GATE}/decisions", data=typed(register, row_version="3", reason="My <long> reason."))
    assert answer.status_code == 409
    assert "The gate changed while you were reading" in answer.text
    assert "The gate moved on: you saw row version 3, it is 7 now" in answer.text
    assert ">My &lt;long&gt; reason.</textarea>" in answer.text
    assert 'value="clear" required checked' in answer.text
    assert f'name="row_version" value="{register.gate["row_version"]}"' in answer.text
    assert register.decided == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"act": ""}, "Choose what you decide"),
        ({"act": "bless"}, "Choose what you decide"),
        ({"role": ""}, "Choose the role"),
        ({"reason": " \r\n "}, "Write the reason"),
        ({"reason": "x" * 4001}, "at most 4000"),
        ({"row_version": "-1"}, "open the page again"),
    ],
)
def test_an_incomplete_decision_comes_back(
    client: PageClient, register: Register, changed: dict[str, str], said: str
) -> None:
    answer = client.post(f"{GATE}/decisions", data=typed(register, **changed))
    assert answer.status_code == 422
    assert said in answer.text
    assert register.decided == []


def test_a_role_that_one_does_not_hold_is_refused_on_the_page(client: PageClient, register: Register) -> None:
    answer = client.post(f"{GATE}/decisions", data=typed(register, role="executive"))
    assert answer.status_code == 403
    assert "does not hold the role" in answer.text


def test_a_waiver_ends_with_its_last_day_in_utc(client: PageClient, register: Register) -> None:
    register.gate = register.gate | {"state": "open"}  # type: ignore[assignment]
    data = {"requirement": "cbrn-uplift", "reason": "Booked.", "last_day": "2026-12-31", "row_version": "7"}
    assert client.post(f"{GATE}/waivers", data=data).status_code == 303
    assert register.waived[0][2].expires_at == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("last_day", ["", "31.12.2026", "2026-11-22", "9999-12-31", "2031-01-01"])
def test_a_waiver_without_a_fitting_last_day_comes_back_open(
    client: PageClient, register: Register, last_day: str
) -> None:
    register.gate = Register().gate
    data = {"requirement": "cbrn-uplift", "reason": "Booked for then.", "last_day": last_day, "row_version": "7"}
    answer = client.post(f"{GATE}/waivers", data=data)
    assert answer.status_code == 422
    assert '<details class="waive" open>' in answer.text
    assert "Booked for then.</textarea>" in answer.text
    assert register.waived == []


def test_a_waiver_is_revoked_with_a_reason(client: PageClient, register: Register) -> None:
    data = {"reason": "Audit is done.", "basis": register.gate["basis"]}
    assert client.post(f"{GATE}/waivers/wv-1/revoke", data={**data, "reason": ""}).status_code == 422
    assert client.post(f"{GATE}/waivers/wv-1/revoke", data={**data, "basis": "0" * 64}).status_code == 409
    assert client.post(f"{GATE}/waivers/wv-1/revoke", data=data).status_code == 303
    assert register.revoked == [("jonas", "wv-1", "Audit is done.")]


def test_the_dates_of_a_waiting_gate_are_moved_with_a_reason(client: PageClient, register: Register) -> None:
    page = client.get(GATE).text
    assert f'action="{GATE}/dates?occasion=default"' in page
    data = {"due_day": "2026-12-31", "follow_up_day": "2026-12-20", "reason": "Agreed.", "row_version": "7"}
    answer = client.post(f"{GATE}/dates?occasion=default", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{GATE}?occasion=default")
    person, ref, dates = register.dated[0]
    assert (person, ref.occasion, dates.reason) == ("jonas", "default", "Agreed.")
    assert dates.due_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert dates.follow_up_at == datetime(2026, 12, 20, tzinfo=UTC)
    assert "The dates are moved" in client.get(GATE).text
    assert client.post(f"{GATE}/dates", data=data | {"follow_up_day": ""}).status_code == 303
    assert register.dated[1][2].follow_up_at is None


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"due_day": ""}, 422, "Give the due day as a date"),
        ({"due_day": "9999-12-31"}, 422, "Give the due day as a date"),
        ({"due_day": "2026-11-22"}, 422, "The due day must not be past"),
        ({"follow_up_day": "soon"}, 422, "Give the day of the reminder as a date"),
        ({"follow_up_day": "0001-01-01", "due_day": "x"}, 422, "Give the due day as a date"),
        ({"follow_up_day": "2027-01-01"}, 422, "must not come after"),
        ({"reason": " "}, 422, "Write the reason"),
        ({"row_version": ""}, 422, "open the page again"),
        ({"row_version": "3"}, 409, "The gate changed while you were reading"),
    ],
)
def test_dates_that_do_not_fit_come_back_open(
    client: PageClient, register: Register, changed: dict[str, str], status: int, said: str
) -> None:
    data = {"due_day": "2026-12-31", "follow_up_day": "", "reason": "The lab is late.", "row_version": "7"} | changed
    answer = client.post(f"{GATE}/dates", data=data)
    assert answer.status_code == status
    assert said in answer.text
    assert '<details class="dates" open>' in answer.text
    assert f'name="due_day" required value="{data["due_day"]}"' in answer.text
    assert register.dated == []


def test_dates_are_moved_by_a_post_from_our_own_pages_alone(client: PageClient, register: Register) -> None:
    data = {"due_day": "2026-12-31", "reason": "x", "row_version": "7"}
    assert client.get(f"{GATE}/dates", params=data).status_code == 405
    assert client.post(f"{GATE}/dates", data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client_of(register, person=None).post(f"{GATE}/dates", data=data).status_code == 401
    assert register.dated == []


def test_who_may_not_move_dates_is_not_offered_to(register: Register) -> None:
    sam = client_of(register, person="sam").get(GATE).text  # neither owner nor in a role that signs
    assert "Move the dates" not in sam
    register.gate = register.gate | {"state": "cleared"}  # type: ignore[assignment]
    assert "Move the dates" not in client_of(register).get(GATE).text


def test_a_notice_is_acknowledged(client: PageClient, register: Register) -> None:
    assert "Inbox <span" in client.get("/").text
    assert client.post("/inbox/n-1/acknowledge").headers["location"] == "/inbox"
    assert "Inbox <span" not in client.get("/").text
    assert client.post("/inbox/unknown/acknowledge").status_code == 404


def test_a_notice_about_the_installation_links_to_no_gate(client: PageClient, register: Register) -> None:
    none = {"model": "", "version": "", "gate": "", "occasion": "", "state": "", "due_at": None}
    told = {
        "kind": "hook_dead",
        "title": "What a tool reported could not be mapped: hook mlflow",
        "reasons": ["no rule"],
    }
    register.notices["jonas"] = [register.notices["jonas"][0] | none | told]  # type: ignore[operator]
    page = client.get("/inbox")
    assert page.status_code == 200
    assert "<h2>What a tool reported could not be mapped: hook mlflow</h2>" in page.text
    assert "/models//" not in page.text


def test_a_login_link_is_not_used_up_by_opening_it(register: Register) -> None:
    client = client_of(register, person=None)
    for _ in range(3):
        assert client.get("/login/link?t=good-link").status_code == 200
    answer = client.post("/login/link", data={"t": "good-link"})
    assert answer.status_code == 303
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("pratique_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert "Jonas Weber" in client.get("/").text
    assert client.post("/login/link", data={"t": "good-link"}).status_code == 403


def test_over_https_the_session_cookie_is_bound_to_the_host(register: Register) -> None:
    client = client_of(register, person=None, public_url="https://gates.example")
    answer = client.post("/login/link", data={"t": "good-link"})
    cookie = next(c for c in answer.headers.get_list("set-cookie") if "pratique_session=" in c)
    assert cookie.startswith("__Host-pratique_session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert answer.headers["strict-transport-security"]


def test_signing_in_leads_to_the_page_that_was_wanted(register: Register) -> None:
    client = client_of(register, person=None)
    client.get(f"{GATE}?occasion=default")
    assert client.post("/login/link", data={"t": "good-link"}).headers["location"] == f"{GATE}?occasion=default"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "javascript:x", "", "/a\nb"])
def test_signing_in_never_leads_to_another_site(target: str) -> None:
    assert local_path(target) == "/"


def test_signing_out_ends_the_session(client: PageClient, register: Register) -> None:
    assert client.post("/logout").headers["location"] == "/login"
    assert register.sessions == {}


def test_a_form_sent_after_the_session_ended_says_so(register: Register) -> None:
    answer = client_of(register, person=None).post(f"{GATE}/decisions", data=typed(register))
    assert answer.status_code == 401
    assert "Your session has ended" in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:8470"}, 303),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[bad"}, 403),
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8470"}, 403),
    ],
)
def test_only_our_own_pages_can_write(
    client: PageClient, register: Register, headers: dict[str, str], status: int
) -> None:
    for name in SAME_SITE:
        del client.headers[name]
    assert client.post(f"{GATE}/decisions", data=typed(register), headers=headers).status_code == status
    assert len(register.decided) == (1 if status == 303 else 0)


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://gates.example", 303), ("https://gates.example:443", 303), ("http://gates.example", 403)],
)
def test_behind_a_proxy_the_configured_address_counts_not_the_host(
    register: Register, origin: str, status: int
) -> None:
    client = client_of(register, person=None, public_url="https://gates.example")
    register.sessions["s"] = "jonas"
    client.cookies.set("__Host-pratique_session", "s")
    del client.headers["Sec-Fetch-Site"]
    answer = client.post(f"{GATE}/decisions", data=typed(register), headers={"Origin": origin})
    assert answer.status_code == status


def test_an_oversized_form_is_refused_before_it_is_read(client: PageClient, register: Register) -> None:
    assert client.post(f"{GATE}/decisions", data=typed(register, reason="x" * 70_000)).status_code == 413


def test_a_form_without_a_length_is_refused(client: PageClient) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"act=clear"

    answer = client.post(
        f"{GATE}/decisions",
        content=parts(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 411


def test_forms_read_what_was_typed() -> None:
    form = DecisionForm(act="clear", role="approver", reason=" a\r\nb ", basis="x", row_version="7")
    assert form.read().reason == "a\nb"
    with pytest.raises(InvalidInputError, match="requirement"):
        WaiverForm(reason="x", last_day="2027-01-01", row_version="1").read(NOW)
