"""What starts each clock of a rule, and what ends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pratique.domain.clocks.occurrence import BASIS, SAID_BY_PROFILE, Occurrence, Order, Timeline, takes, values_of
from pratique.domain.counting import day_end, day_of
from pratique.domain.regime.clocks import ClockRule, Limit, Take

ONLY = "-"


@dataclass(frozen=True, slots=True)
class Start:
    """A limit and what it is counted from."""

    limit: Limit
    trigger: Occurrence
    whole_rounds: int = 0  #: counted that many periods from the trigger; 0: the limit as it stands
    after: Occurrence | None = None  #: with whole rounds: the end lies after it
    excused: Occurrence | None = None  #: what it is counted from is an excuse, which may say when to look again


@dataclass(frozen=True, slots=True)
class Round:
    """One clock of a rule, before it is counted."""

    name: str
    starts: tuple[Start, ...]
    met: Occurrence | None = None
    void: Occurrence | None = None
    excused: Occurrence | None = None


def begun(start: Start) -> Start:
    """Return a start as it is counted: what came before the day from which its limit counts, from that day."""
    first = start.limit.from_date
    if first is None or day_of(start.trigger.at) >= first:
        return start
    return replace(start, trigger=replace(start.trigger, at=day_end(first - timedelta(days=1))))


def taken(limit: Limit, timeline: Timeline, planned: frozenset[str]) -> Occurrence | None:
    """Return the occurrence that a limit is counted from; None where there is none, or the limit does not count."""
    found = _taken(limit, timeline, planned)
    if found is None or not (limit.duty_since or limit.after):
        return found
    if limit.after:
        base = timeline.of(limit.after)
        return found if base and _came_later(timeline.of(limit.since), base[0]) else None
    is_later = found.kind not in planned and _came_later(timeline.of(limit.duty_since), found)
    return None if is_later else found


def _taken(limit: Limit, timeline: Timeline, planned: frozenset[str]) -> Occurrence | None:
    if limit.take is Take.FIRST_KNOWN:
        for match in limit.since:
            found = timeline.of([match])
            if found:
                return max(found, key=lambda o: (o.known_at, o.id)) if match.kind in planned else found[0]
        return None
    found = timeline.of(limit.since)
    if not found:
        return None
    return found[0] if limit.take is Take.EARLIEST else found[-1]


def _came_later(duties: Sequence[Occurrence], base: Occurrence) -> bool:
    """True where a duty began after `base`. A profile alone does not show it: it says what is so, not since when."""
    if not duties or duties[0].at <= base.at:
        return False
    return any(SAID_BY_PROFILE not in values_of(duty, BASIS) for duty in duties)


def once(rule: ClockRule, limits: Sequence[Limit], timeline: Timeline, planned: frozenset[str]) -> Iterator[Round]:
    """Yield the one clock of a rule; it may have no starts yet, where its limits look at other clocks."""
    starts = tuple(Start(limit, trigger) for limit in limits if (trigger := taken(limit, timeline, planned)))
    if starts or any(limit.due_of for limit in limits):
        yield _ended(rule, ONLY, starts, timeline)


def each(
    rule: ClockRule, limits: Sequence[Limit], timeline: Timeline, general: Timeline | None = None
) -> Iterator[Round]:
    """Yield a clock for each occurrence that starts one.

    Args:
        rule: the rule.
        limits: those of its limits that apply.
        timeline: what is about the same thing.
        general: what is about nothing; it meets a clock that it comes after, whatever that one is about.
    """
    for trigger in timeline.of([match for limit in limits for match in limit.since]):
        starts = tuple(Start(limit, trigger) for limit in limits if any(takes(m, trigger) for m in limit.since))
        yield _ended(rule, trigger.id, starts, timeline, general)


def in_rounds(rule: ClockRule, limits: Sequence[Limit], timeline: Timeline) -> Iterator[Round]:
    """Yield the clocks of a rule one after another; each ends with what meets it, excuses it or makes it void."""
    since = [(limit, timeline.of(limit.since)) for limit in limits]
    ends = timeline.of([*rule.met_by, *rule.void_by, *rule.excused_by])
    after: Order | None = None
    last: Occurrence | None = None
    met: list[Occurrence] = []
    while True:
        starts = [Start(limit, o) for limit, found in since for o in found if after is None or o.order > after]
        starts += _again(rule, since, last, met)
        if not starts:
            return
        first = _first(starts)
        end = next((o for o in ends if o.order > first.order), None)
        yield _round(rule, first, _earliest(starts, end), end)
        if end is None:
            return
        after = end.order
        is_void = any(takes(match, end) for match in rule.void_by)
        last = None if is_void else end
        met = [] if is_void else [*met, end]


def _again(
    rule: ClockRule, since: Sequence[tuple[Limit, list[Occurrence]]], last: Occurrence | None, met: Sequence[Occurrence]
) -> Iterator[Start]:
    if last is None or not rule.restarts:
        return
    excused = last if any(takes(match, last) for match in rule.excused_by) else None
    for limit, found in since:
        base = found[0] if found else None
        if base is None or base.order > last.order or limit.self_set_days is not None:
            continue
        yield Start(limit, last, excused=excused)
        if limit.anniversaries:
            yield Start(limit, base, whole_rounds=1 + sum(one.order >= base.order for one in met), after=last)


def _first(starts: Sequence[Start]) -> Occurrence:
    return min((start.trigger for start in starts if not start.whole_rounds), key=lambda o: o.order)


def _earliest(starts: Sequence[Start], end: Occurrence | None) -> tuple[Start, ...]:
    """Return the earliest start of each limit that lies before the end, and every start that goes on from before."""
    kept: list[Start] = []
    seen: set[int] = set()
    for start in sorted(starts, key=lambda s: s.trigger.order):
        if end is not None and start.trigger.order >= end.order:
            continue
        if start.whole_rounds or id(start.limit) not in seen:
            kept.append(start)
        if not start.whole_rounds:
            seen.add(id(start.limit))
    return tuple(kept)


def _round(rule: ClockRule, first: Occurrence, starts: tuple[Start, ...], end: Occurrence | None) -> Round:
    if end is None:
        return Round(first.id, starts)
    if any(takes(match, end) for match in rule.met_by):
        return Round(first.id, starts, met=end)
    if any(takes(match, end) for match in rule.excused_by):
        return Round(first.id, starts, excused=end)
    return Round(first.id, starts, void=end)


def _ended(
    rule: ClockRule, name: str, starts: tuple[Start, ...], timeline: Timeline, general: Timeline | None = None
) -> Round:
    first = min((start.trigger.order for start in starts), default=None)
    before = rule.met_before or first is None
    acts = timeline.of(rule.met_by)
    if general is not None:
        acts = sorted([*acts, *general.of(rule.met_by)], key=lambda o: o.order)
    met = next((o for o in acts if before or (first is not None and o.order >= first)), None)
    void = next((o for o in timeline.of(rule.void_by) if first is None or o.at >= first[0]), None)
    return Round(name, starts, met=met, void=void)
