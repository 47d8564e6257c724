"""Geometry of the run timeline: bars on one lane per gate, ticks on a UTC axis. The template draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pratique.domain.times import parse_instant
from pratique.web.dashboard.rows import RunRow

#: User units of the drawing; the SVG scales with the page.
WIDTH = 1000
LABEL_WIDTH = 250
LANE_HEIGHT = 26
TOP = 24
MIN_BAR = 4  #: a run of 150 ms on an axis of days must still be seen

_STEPS = (
    1,
    5,
    15,
    30,
    60,
    300,
    900,
    1800,
    3600,
    3 * 3600,
    6 * 3600,
    12 * 3600,
    86400,
    2 * 86400,
    7 * 86400,
    30 * 86400,
)
_MAX_TICKS = 7
_DAY = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One run."""

    x: float
    width: float
    y: float
    run: RunRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Runs of one gate (or of one flow without a gate)."""

    label: str
    y: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark of the axis."""

    x: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A whole drawing."""

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    height: float
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class _Scale:
    starts_at: datetime
    seconds: float

    def x(self, at: datetime) -> float:
        share = (at - self.starts_at).total_seconds() / self.seconds
        return round(LABEL_WIDTH + max(0.0, min(1.0, share)) * (WIDTH - LABEL_WIDTH - MIN_BAR), 1)


def lay_out(runs: Sequence[RunRow], now: datetime) -> Timeline | None:
    """Return the drawing of these runs, or None when there are none. A run without an end reaches to `now`."""
    if not runs:
        return None
    spans = [(run, parse_instant(run.started_at), _end_of(run, now)) for run in runs]
    starts_at = min(start for _, start, _ in spans)
    ends_at = max(max(end for _, _, end in spans), starts_at + timedelta(seconds=1))
    scale = _Scale(starts_at, (ends_at - starts_at).total_seconds())
    lanes: dict[str, list[tuple[RunRow, datetime, datetime]]] = {}
    for span in spans:
        lanes.setdefault(_lane_of(span[0]), []).append(span)
    return Timeline(
        lanes=tuple(_lane(label, i, members, scale) for i, (label, members) in enumerate(lanes.items())),
        ticks=_ticks(starts_at, ends_at, scale),
        height=TOP + LANE_HEIGHT * len(lanes) + 6,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _end_of(run: RunRow, now: datetime) -> datetime:
    return parse_instant(run.ended_at) if run.ended_at else now


def _lane_of(run: RunRow) -> str:
    if run.model and run.gate:
        return f"{run.model}/{run.version} {run.gate}"
    return run.flow


def _lane(label: str, index: int, members: list[tuple[RunRow, datetime, datetime]], scale: _Scale) -> Lane:
    y = TOP + index * LANE_HEIGHT
    bars = []
    for run, start, end in sorted(members, key=lambda m: m[1]):
        x = scale.x(start)
        bars.append(Bar(x=x, width=round(max(MIN_BAR, scale.x(end) - x), 1), y=y + 6, run=run))
    return Lane(label=label, y=y, bars=tuple(bars))


def _ticks(starts_at: datetime, ends_at: datetime, scale: _Scale) -> tuple[Tick, ...]:
    step = next((s for s in _STEPS if scale.seconds / s <= _MAX_TICKS), _STEPS[-1] * 12)
    first = -(-starts_at.timestamp() // step) * step
    wanted = [datetime.fromtimestamp(first + i * step, UTC) for i in range(_MAX_TICKS + 1)]
    pattern = "%Y-%m-%d" if step >= _DAY else "%m-%d %H:%M" if scale.seconds > _DAY / 2 else "%H:%M:%S"
    return tuple(Tick(x=scale.x(at), label=at.strftime(pattern)) for at in wanted if at <= ends_at)
