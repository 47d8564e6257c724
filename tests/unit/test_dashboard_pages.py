"""The dashboard's pages on an in-memory register."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from dashboard_client import PageClient
from dashboard_register import EVIDENCE, NOW, Register, gate_view, ready_view
from fastapi import FastAPI

from pratique.settings import Settings
from pratique.web.dashboard import mount_dashboard, shell
from pratique.web.security import CONTENT_SECURITY_POLICY

GATE = "/models/aurora/2.1/gates/pre-placement"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def register() -> Register:
    return Register()


def client_of(register: Register, *, person: str | None = "jonas", **settings: str) -> PageClient:
    app = FastAPI()
    mount_dashboard(app, register, register, Settings(**settings), clock=lambda: NOW)  # type: ignore[arg-type]
    client = PageClient(app, SAME_SITE)
    if person is not None:
        register.sessions["s"] = person
        client.cookies.set("pratique_session", "s")
    return client


@pytest.fixture
def client(register: Register) -> PageClient:
    return client_of(register)


PAGES = [
    "/",
    "/models/aurora/2.1",
    GATE,
    "/runs",
    "/overdue",
    "/clocks",
    "/clocks/clock-0",
    "/calendar",
    "/inbox",
    "/journal",
    "/journal/42",
    "/evidence/ev-cyber",
]


@pytest.mark.parametrize("path", [*PAGES, "/login", "/login/link?t=abc"])
def test_every_page_answers_with_strict_headers_and_no_script(client: PageClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert not re.search(r"<script|<style| style=| on\w+=|javascript:", answer.text)


@pytest.mark.parametrize("path", PAGES)
def test_a_reader_who_is_not_signed_in_is_sent_to_login(register: Register, path: str) -> None:
    answer = client_of(register, person=None).get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize("path", PAGES)
def test_pages_never_claim_compliance(client: PageClient, path: str) -> None:
    assert "compliant" not in client.get(path).text.lower()


def test_portfolio_shows_state_word_sign_and_overdue_mark_and_links_to_the_gate(client: PageClient) -> None:
    html = client.get("/").text
    row = html[html.index(">aurora <span") : html.index(">borealis <span")]
    assert f'href="{GATE}"' in row
    assert "#m-open" in row
    assert "Open" in row
    assert "Overdue" in row
    assert "2 open findings" in row


def test_portfolio_filter_stays_in_the_url_and_in_the_links_to_other_pages(register: Register) -> None:
    register.rows = [replace(row, model="aurora", version=f"{n}") for n, row in enumerate(Register(400).rows)]
    client = client_of(register)
    first = client.get("/?q=aurora&state=open").text
    following = re.findall(r'rel="next" href="([^"]*)"', first)[0].replace("&amp;", "&")
    assert following.startswith("/?q=aurora&state=open&after=aurora%2F")
    html = client.get(following).text
    assert 'value="aurora"' in html
    assert '<option value="open" selected>' in html
    assert "/?q=aurora&amp;state=open&amp;after=aurora%2F" in html
    assert "/?q=aurora&amp;state=open&amp;before=aurora%2F" in html
    previous = re.findall(r'rel="prev" href="([^"]*)"', html)[0].replace("&amp;", "&")
    assert rows_of(client.get(previous).text) == rows_of(first)


def rows_of(html: str) -> list[str]:
    return re.findall(r'<th role="rowheader" scope="row"><a href="([^"]*)"', html)


@pytest.mark.parametrize("named", ["after", "before"])
@pytest.mark.parametrize("row", ["", "0", "x/y", "aurora", "/", "%2F%00", "９"])
def test_a_page_beside_no_row_is_the_first_page(client: PageClient, named: str, row: str) -> None:
    html = client.get("/", params={named: row}).text
    assert "50 versions of 60" in html
    assert rows_of(html) == rows_of(client.get("/").text)


@pytest.mark.parametrize(("shown", "said"), [(1, "1 version of 60"), (2, "2 versions of 60"), (0, "0 versions of 60")])
def test_one_of_something_is_said_as_one(shown: int, said: str) -> None:
    template = shell._environment().from_string('{% import "_macros.html" as m %}{{ m.pages(pager, "versions") }}')
    assert said in template.render(pager={"shown": shown, "total": 60, "first": None, "following": None})


def test_what_is_cleared_is_due_no_more(client: PageClient) -> None:
    notices = client.get("/inbox").text.split("<li ")[1:]
    assert [("Due " in notice, "goes on by itself" in notice) for notice in notices] == [
        (True, False),
        (True, False),
        (False, True),
    ]


def test_nothing_that_matches_is_said_in_words(client: PageClient) -> None:
    assert "No model version matches" in client.get("/?q=nothing-like-this").text


def test_gate_page_shows_findings_with_reasons_measures_and_the_evidence_judged(client: PageClient) -> None:
    html = client.get(GATE).text
    assert "131 of 200 samples were scored" in html
    assert '<span class="measure">S-A3.2</span>' in html
    sha = EVIDENCE["ev-bio"]["sha256"]
    assert f'title="{sha}">{sha[:12]}<' in html
    assert "incomplete (131 of 200)" in html
    assert "advice only" in html


def test_gate_page_shows_a_waiver_as_what_it_is(client: PageClient) -> None:
    html = client.get(GATE).text
    mark = html[html.index('class="waiver-mark"') :][:900]
    assert "Waived by" in mark
    assert "2026-12-23 14:05 UTC" in mark
    assert "Without the waiver: not tested" in mark


def test_gate_page_shows_dismissed_decisions_and_why(client: PageClient) -> None:
    html = client.get(GATE).text
    assert 'class="dismissed"' in html
    assert "replaced what was signed" in html


def test_gate_page_says_what_it_does_not_show(client: PageClient) -> None:
    assert "does not show that the model is safe" in client.get(GATE).text


def test_gate_page_shows_its_data_sheet(client: PageClient) -> None:
    html = client.get(GATE).text
    assert "Every enforced requirement is met, waived until a date, or not applicable; and 1 owner signed." in html
    assert "<li>Whether scenarios are the ones that matter.</li>" in html
    assert "before: Placing on the market [S-1.2-FULL]" in html
    assert "Measure 3.2 (SRC-SS-PDF)" in html


def test_gate_page_offers_only_acts_that_the_state_allows(register: Register) -> None:
    client = client_of(register)
    assert 'value="clear"' not in client.get(GATE).text
    register.gate = ready_view()
    assert 'value="clear"' in client.get(GATE).text
    register.gate = gate_view("rejected")
    assert "This state is final" in client.get(GATE).text


def test_who_holds_no_deciding_role_sees_no_form(register: Register) -> None:
    html = client_of(register, person="sam").get(GATE).text
    assert "You hold none of the roles that decide here" in html
    assert "/decisions" not in html
    assert "/waivers" not in html


def test_text_from_files_is_shown_and_never_run(client: PageClient) -> None:
    html = client.get("/evidence/ev-cyber").text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_evidence_is_handed_out_as_an_attachment(client: PageClient) -> None:
    answer = client.get("/evidence/ev-broken/content")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''export-final-FINAL%20%282%29.eval"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert len(answer.content) == 4096


def test_timeline_and_table_hold_the_same_runs(client: PageClient, register: Register) -> None:
    html = client.get("/runs").text
    assert 'role="group"' in html
    for run in register.runs:
        assert html.count(f'"#run-{run.id}"') == 1
        assert html.count(f'id="run-{run.id}"') == 1
    assert html.count("<title>") == len(register.runs) + 1


def test_a_link_out_of_the_ledger_that_is_no_web_address_is_not_a_link(register: Register) -> None:
    register.runs = [replace(register.runs[0], url="javascript:alert(1)")]
    assert "javascript:" not in client_of(register).get("/runs").text


def test_journal_leads_to_older_entries_and_keeps_its_filter(client: PageClient) -> None:
    html = client.get("/journal?tag=gate").text
    assert "230" in html
    assert re.search(r"/journal\?tag=gate&amp;before=\d+", html)


def test_what_does_not_exist_is_a_page_with_its_reason(client: PageClient) -> None:
    for path in ("/models/aurora/9.9", f"{GATE}-x", "/evidence/none", "/journal/0", "/journal/abc"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "Page not shown" in answer.text


def test_a_bad_value_in_the_url_is_a_page(client: PageClient) -> None:
    answer = client.get("/", params={"q": "x" * 201})
    assert answer.status_code == 422
    assert "not understood" in answer.text


def test_static_files_may_be_kept_and_are_typed(client: PageClient) -> None:
    href = re.search(r'href="(/static/pratique.css\?v=\w+)"', client.get("/login").text)
    assert href is not None
    answer = client.get(href[1])
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")
