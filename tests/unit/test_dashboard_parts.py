"""The small parts under the pages: words, times, the timeline's geometry, paging."""

from __future__ import annotations

from datetime import timedelta

import pytest
from dashboard_register import NOW, Register, at, run
from hypothesis import given
from hypothesis import strategies as st

from pratique.domain.decisions import Act
from pratique.domain.findings import FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.times import instant_text
from pratique.web.dashboard import printing, words
from pratique.web.dashboard.paging import pager
from pratique.web.dashboard.rows import FlowRunFilter, FlowRunPage, Place, RunRow, Turn
from pratique.web.dashboard.shell import STATIC_DIR, WEB
from pratique.web.dashboard.timeline import LABEL_WIDTH, MIN_BAR, WIDTH, lay_out


def test_every_state_finding_and_act_has_a_word_and_a_sign_that_is_drawn() -> None:
    drawn = (WEB / "templates" / "_marks.html").read_text()
    assert set(words.STATES) == {s.value for s in GateState}
    assert set(words.FINDINGS) == {s.value for s in FindingStatus}
    assert set(words.ACTS) == {a.value for a in Act}
    for table in (words.STATES, words.FINDINGS, words.RUNS, words.ACTS):
        for sign in table.values():
            assert f'id="m-{sign.mark}"' in drawn
            assert sign.word


def test_two_gate_states_never_share_a_sign() -> None:
    assert len({sign.mark for sign in words.STATES.values()}) == len(words.STATES)


def test_an_unknown_state_is_shown_as_itself() -> None:
    assert words.state_sign("sideways").word == "sideways"
    assert words.acts_allowed("sideways") == ()


def test_times_are_utc_and_say_so() -> None:
    assert ">2026-11-23 14:05 UTC</time>" in printing.utc("2026-11-23T14:05:59.999999Z")
    assert ">2026-11-23 14:05 UTC</time>" in printing.utc("2026-11-23T15:05:00+01:00")
    assert printing.utc(None) == "–"


@pytest.mark.parametrize(
    ("delta", "text"),
    [
        (timedelta(days=3, hours=5), "in 3 days"),
        (timedelta(days=-1), "1 day ago"),
        (timedelta(hours=2), "in 2 hours"),
        (timedelta(minutes=-1), "1 minute ago"),
        (timedelta(seconds=20), "now"),
    ],
)
def test_distances_in_time_are_words(delta: timedelta, text: str) -> None:
    assert printing.away(NOW + delta, NOW) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (184_320, "184.3 kB"), (5_000_000_000, "5.0 GB")]
)
def test_sizes_are_words(count: int, text: str) -> None:
    assert printing.size(count) == text


@given(st.lists(st.tuples(st.integers(0, 10**7), st.one_of(st.none(), st.integers(0, 10**5))), min_size=1, max_size=30))
def test_every_bar_stays_inside_the_drawing(spans: list[tuple[int, int | None]]) -> None:
    runs = []
    for number, (ago, length) in enumerate(spans):
        start = NOW - timedelta(seconds=ago)
        ended = None if length is None else instant_text(min(NOW, start + timedelta(seconds=length)))
        runs.append(run(number, started_at=instant_text(start), ended_at=ended))
    timeline = lay_out(runs, NOW)
    assert timeline is not None
    bars = [bar for lane in timeline.lanes for bar in lane.bars]
    assert len(bars) == len(runs)
    for bar in bars:
        assert bar.x >= LABEL_WIDTH
        assert bar.width >= MIN_BAR
        assert bar.x + bar.width <= WIDTH + 0.2
        assert bar.y + 14 <= timeline.height
    assert all(LABEL_WIDTH <= tick.x <= WIDTH for tick in timeline.ticks)


def test_no_runs_draw_nothing() -> None:
    assert lay_out([], NOW) is None


def test_a_run_that_goes_on_reaches_to_now() -> None:
    timeline = lay_out([run(1, started_at=at(hours=2), ended_at=None)], NOW)
    assert timeline is not None
    assert timeline.ends_at == NOW


@given(st.integers(0, 40), st.integers(1, 9))
def test_turning_forward_and_back_shows_every_row_once_in_order(count: int, size: int) -> None:
    rows = [RunRow(id=f"r{n}", flow="f", name="", state="", message="", started_at="", ended_at=None, url=None)
            for n in range(count)]  # fmt: skip
    register = Register()
    register.runs = rows
    forward: list[list[str]] = []
    turn, page = Turn(), register.flow_runs(FlowRunFilter(), Turn(), size)
    assert pager("/", page, turn).first is None
    assert pager("/", page, turn).previous is None
    while True:
        forward.append([row.id for row in page.rows])
        if page.place.following is None:
            break
        page = register.flow_runs(FlowRunFilter(), Turn(after=page.place.following), size)
    assert [name for names in forward for name in names] == [row.id for row in rows]
    backward = [forward[-1]]
    while page.place.previous is not None:
        page = register.flow_runs(FlowRunFilter(), Turn(before=page.place.previous), size)
        backward.insert(0, [row.id for row in page.rows])
    assert [name for names in backward for name in names] == [row.id for row in rows]


def test_the_pager_keeps_the_filter() -> None:
    page = FlowRunPage(rows=(run(1),), flows=(), total=None, place=Place(previous="a/1", following="a/9"))
    turned = pager("/", page, Turn(after="a/0"), q="a b")
    assert (turned.previous, turned.following) == ("/?q=a+b&before=a%2F1", "/?q=a+b&after=a%2F9")
    assert (turned.first, turned.shown, turned.total) == ("/?q=a+b", 1, None)


def test_the_style_sheet_reaches_nothing_outside() -> None:
    css = (STATIC_DIR / "pratique.css").read_text()
    assert "http" not in css
    assert "@import" not in css
