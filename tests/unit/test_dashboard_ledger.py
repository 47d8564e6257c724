"""The pages on a real ledger: what they read there, and what their forms write."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dashboard_client import PageClient
from fastapi import FastAPI
from pydantic import SecretStr

from pratique.bootstrap import build_parts, open_parts
from pratique.domain.events import CloudEvent
from pratique.domain.models import Designation, ModelProfile
from pratique.services.access import make_login_link
from pratique.services.events import record_event
from pratique.services.evidence import Submission, read_file, submit_evidence
from pratique.services.flow_runs import end_flow_run, start_flow_run
from pratique.services.parts import Parts
from pratique.services.profiles import GivenProfile, register_model_version
from pratique.services.sweep import sweep
from pratique.settings import Settings
from pratique.web.dashboard import GateRef, mount_dashboard
from pratique.web.dashboard.acts import LedgerActs
from pratique.web.dashboard.reads import LedgerReads
from pratique.web.dashboard.rows import FlowRunFilter, JournalFilter, JournalRow, PortfolioFilter, Turn

GATE = "/models/aurora/2.1/gates/training-trigger"
REF = GateRef(model="aurora", version="2.1", gate="training-trigger")
FIRST = Turn()
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "evidence"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def parts(ledger_url: str, tmp_path: Path, clock: Clock) -> Iterator[Parts]:
    config = Settings().config_dir
    settings = Settings(
        data_dir=tmp_path, database_url=SecretStr(ledger_url), people_file=config / "people.example.yaml"
    )
    parts = build_parts(settings, clock=clock)
    try:
        open_parts(parts)
        _tell_the_story(parts)
        yield parts
    finally:
        parts.ledger.close()


def _tell_the_story(parts: Parts) -> None:
    given = GivenProfile(
        profile=ModelProfile(
            systemic_risk=True, designation=Designation.DESIGNATED, known_as=("mockllm/model",), training_flop=9e24
        )
    )
    event = CloudEvent(
        id="e1",
        source="/pipeline",
        type="pratique.gate.triggered",
        subject="aurora/2.1",
        time=None,
        data={"gate": "training-trigger"},
        text="{}",
    )
    write = parts.ledger.write
    write("token:t", lambda tx: register_model_version(tx, parts, model="aurora", version="2.1", given=given))
    write("token:t", lambda tx: register_model_version(tx, parts, model="borealis", version="1.0", given=given))
    runs = write("token:t", lambda tx: record_event(tx, parts, event)).body["gates"]
    _submit(parts, EXAMPLES / "mitigation-record.json")
    run = runs[0]["gate_run"]
    flow = write("worker:w", lambda tx: start_flow_run(tx, key="k", flow="training", name="Aurora run", gate_run=run))
    write("worker:w", lambda tx: end_flow_run(tx, flow, state="Blocked", message="findings are open"))


def _submit(parts: Parts, path: Path) -> None:
    kept = parts.files.store([path.read_bytes()])
    submission = Submission(
        sha256=kept.sha256,
        size=kept.size,
        filename=path.name,
        media_type="application/json",
        submitter="mira",
        requirement=None,
        read=read_file(parts, kept.path, path.name),
    )
    parts.ledger.write(
        "token:t", lambda tx: submit_evidence(tx, parts, model="aurora", version="2.1", submission=submission)
    )


@pytest.fixture
def reads(parts: Parts) -> LedgerReads:
    return LedgerReads(parts)


def sign_in(parts: Parts, clock: Clock, person: str) -> PageClient:
    app = FastAPI()
    mount_dashboard(app, LedgerReads(parts), LedgerActs(parts), parts.settings, clock=clock)
    client = PageClient(app, {"Sec-Fetch-Site": "same-origin"})
    link = parts.ledger.write("engine", lambda tx: make_login_link(tx, parts, person))
    token = link["url"].partition("?t=")[2]
    assert client.post("/login/link", data={"t": token}).status_code == 303
    return client


def hidden(html: str) -> dict[str, str]:
    form = html[html.index('class="decision"') :]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[: form.index("<fieldset")]))


def test_every_page_shows_what_the_ledger_holds(parts: Parts, clock: Clock) -> None:
    client = sign_in(parts, clock, "jonas")
    evidence = LedgerReads(parts).model("aurora", "2.1", clock()).evidence[0]["id"]
    wanted = {
        "/": "borealis",
        "/?state=open&q=aur": "aurora",
        "/models/aurora/2.1": "mitigation-record.json",
        GATE: "Waive an open requirement",
        f"{GATE}?occasion=default": "What this does not show",
        "/runs": "Aurora run",
        "/overdue": "Nothing is overdue",
        "/inbox": "",
        "/journal": "access:person:signed_in",
        "/journal?subject=aurora/2.1&tag=gate": "aurora 2.1, training-trigger",
        "/journal/1": "gate:spec:adopted",
        f"/evidence/{evidence}": "facts.mitigation-record",
    }
    for path, text in wanted.items():
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert text in answer.text, path
    content = client.get(f"/evidence/{evidence}/content")
    assert content.content == (EXAMPLES / "mitigation-record.json").read_bytes()


def test_the_portfolio_counts_and_filters(reads: LedgerReads, clock: Clock) -> None:
    def names(text: str = "", state: str = "", turn: Turn = FIRST, size: int = 50) -> list[str]:
        found = reads.portfolio(PortfolioFilter(text=text, state=state), turn, size, clock())
        assert found.counts["open"] == 1
        assert found.total == (None if text or state else 2)
        return [f"{row.model}/{row.version}" for row in found.rows]

    assert names() == ["aurora/2.1", "borealis/1.0"]
    assert names(turn=Turn(after="aurora/2.1"), size=1) == ["borealis/1.0"]
    assert names(turn=Turn(after="borealis/1.0"), size=1) == []
    assert names(turn=Turn(before="borealis/1.0"), size=1) == ["aurora/2.1"]
    assert names(turn=Turn(after="nobody/1"), size=1) == ["aurora/2.1"]
    assert names(text="ra/2") == ["aurora/2.1"]
    assert names(text="_") == names(text="%") == names(text="!") == []
    assert names(state="open") == ["aurora/2.1"]
    assert names(state="cleared") == names(state="overdue") == []


def test_what_is_past_its_date_is_overdue_on_every_page(parts: Parts, reads: LedgerReads, clock: Clock) -> None:
    clock.now += timedelta(days=400)
    for _ in range(3):  # the follow-up rung fires before the overdue one
        sweep(parts)
    found = reads.overdue(FIRST, 50, clock())
    assert [row.gate for row in found.rows] == ["training-trigger"]
    assert found.total == 1
    assert list(found.rows[0].waiting_on) == reads.gate_view(REF, clock())["waiting_on"]
    assert reads.badges("mira", clock()).overdue == 1
    assert reads.gate_view(REF, clock())["is_overdue"]
    shown = reads.portfolio(PortfolioFilter(state="overdue"), FIRST, 50, clock())
    assert (len(shown.rows), shown.counts["overdue"]) == (1, 1)
    assert shown.rows[0].cells["training-trigger"].is_overdue


def test_runs_are_found_by_name_model_flow_and_end(reads: LedgerReads) -> None:
    def count(**wanted: str) -> int:
        found = reads.flow_runs(FlowRunFilter(**wanted), FIRST, 50)
        assert found.total == (None if wanted.get("text") else len(found.rows))
        return len(found.rows)

    assert count() == count(text="aurora r") == count(text="aurora/2") == count(flow="training", state="Blocked") == 1
    assert count(text="zzz") == count(flow="train") == count(state="Cleared") == 0
    run = reads.flow_runs(FlowRunFilter(), FIRST, 50).rows[0]
    assert (run.model, run.gate, run.message) == ("aurora", "training-trigger", "findings are open")
    assert reads.gate_runs_history(run.gate_run or "") == (run,)


def test_the_journal_is_paged_from_its_end_without_a_gap(reads: LedgerReads, parts: Parts) -> None:
    if parts.ledger.url.startswith("postgresql"):
        _wait_until_sealed(reads)
    seen: list[int | None] = []
    before: int | None = None
    while True:
        page = reads.journal(JournalFilter(), before, 4)
        seen += [entry.seq for entry in page.entries]
        before = page.older
        if before is None:
            break
    assert seen == list(range(len(seen), 0, -1))
    assert reads.journal(JournalFilter(subject="nobody/1"), None, 4).entries == ()


def _wait_until_sealed(reads: LedgerReads) -> None:
    for _ in range(200):
        if any(e.tag == "flow:run:ended" for e in reads.journal(JournalFilter(), None, 1).entries):
            return
        time.sleep(0.05)


def test_the_gate_page_shows_the_sheet_of_the_spec_that_its_run_pinned(parts: Parts, clock: Clock) -> None:
    page = sign_in(parts, clock, "jonas").get(GATE).text
    assert "Whether the trigger points of the Framework sit where danger would begin." in page
    assert "1 owner, 1 approver signed on just that." in page
    assert "Safety and Security chapter, Measure 3.2 (SRC-SS-PDF)" in page


def test_a_waiver_granted_on_the_page_is_in_the_journal_under_the_persons_name(parts: Parts, clock: Clock) -> None:
    client = sign_in(parts, clock, "jonas")
    page = client.get(GATE).text
    requirement = re.search(r'<select name="requirement".*?<option value="([\w-]+)"', page, re.S)
    assert requirement is not None
    data = {"requirement": requirement[1], "reason": "Booked.", "last_day": "2026-12-01"}
    answer = client.post(f"{GATE}/waivers", data=data | {"row_version": "1"})
    assert answer.status_code == 409
    answer = client.post(f"{GATE}/waivers", data=data | {"row_version": hidden(page)["row_version"]})
    assert answer.status_code == 303, answer.text
    assert "Without the waiver" in client.get(GATE).text
    view = LedgerReads(parts).gate_view(REF, clock())
    assert [w["person"] for w in view["waivers"]] == ["jonas"]


def test_dates_that_are_moved_on_the_page_stand_in_the_ledger_with_the_reason(parts: Parts, clock: Clock) -> None:
    client = sign_in(parts, clock, "jonas")
    data = {"due_day": "2026-12-31", "follow_up_day": "2026-12-20", "reason": "The lab is late."}
    assert client.post(f"{GATE}/dates", data=data | {"row_version": "1"}).status_code == 409
    seen = hidden(client.get(GATE).text)["row_version"]
    assert client.post(f"{GATE}/dates", data=data | {"row_version": seen}).status_code == 303
    view = LedgerReads(parts).gate_view(REF, clock())
    assert (view["follow_up_at"], view["due_at"]) == ("2026-12-20T00:00:00.000000Z", "2027-01-01T00:00:00.000000Z")
    dated = _entries(parts, "gate:run:dated")
    assert [entry.values["reason"] for entry in dated] == ["The lab is late."]
    assert dated[0].actor == "person:jonas"
    far = data | {"due_day": "2046-12-31", "row_version": hidden(client.get(GATE).text)["row_version"]}
    assert client.post(f"{GATE}/dates", data=far).status_code == 422
    sam = sign_in(parts, clock, "sam")
    refused = sam.post(f"{GATE}/dates", data=data | {"row_version": far["row_version"]})
    assert refused.status_code == 403, "sam holds no role that signs this gate"


def _entries(parts: Parts, tag: str) -> list[JournalRow]:
    for _ in range(200):  # PostgreSQL's sealer links entries a moment later
        found = LedgerReads(parts).journal(JournalFilter(tag=tag), None, 50).entries
        if found:
            return list(found)
        time.sleep(0.05)
    return []


def test_a_decision_returns_the_gate_and_a_second_one_on_the_old_page_is_refused(parts: Parts, clock: Clock) -> None:
    client = sign_in(parts, clock, "jonas")
    data = hidden(client.get(GATE).text) | {"act": "return", "role": "approver", "reason": "The run was cancelled."}
    answer = client.post(f"{GATE}/decisions", data=data)
    assert answer.status_code == 303, answer.text
    page = client.get(GATE).text
    assert "Returned" in page
    assert "The run was cancelled." in page
    again = client.post(f"{GATE}/decisions", data=data)
    assert again.status_code == 409
    assert "The run was cancelled.</textarea>" in again.text


def test_a_session_ends_when_idle_and_a_link_works_once(parts: Parts, clock: Clock) -> None:
    client = sign_in(parts, clock, "jonas")
    assert client.get("/").status_code == 200
    clock.now += timedelta(minutes=31)
    assert client.get("/").status_code == 303
    link = parts.ledger.write("engine", lambda tx: make_login_link(tx, parts, "ines"))
    token = link["url"].partition("?t=")[2]
    assert client.post("/login/link", data={"t": token}).status_code == 303
    assert client.post("/login/link", data={"t": token}).status_code == 401


def test_a_notice_of_somebody_else_cannot_be_acknowledged(parts: Parts, reads: LedgerReads, clock: Clock) -> None:
    told = next(person for person in ("mira", "sam", "jonas") if reads.inbox(person))
    notice = reads.inbox(told)[0]
    assert sign_in(parts, clock, "ines").post(f"/inbox/{notice['id']}/acknowledge").status_code == 403
    client = sign_in(parts, clock, told)
    assert client.post(f"/inbox/{notice['id']}/acknowledge").status_code == 303
    assert reads.inbox(told)[-1]["acknowledged_at"]


def test_a_notice_names_its_model_version_once(reads: LedgerReads) -> None:
    notices = [notice for person in ("mira", "sam", "jonas") for notice in reads.inbox(person)]
    assert notices
    assert {notice["title"].count(f"{notice['model']} {notice['version']}") for notice in notices} == {1}
