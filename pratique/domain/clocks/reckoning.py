"""Every clock of a model version: pure, and the same on any machine for the same occurrences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pratique.domain.clocks.candidate import (
    Candidate,
    counted_from,
    counted_in_rounds,
    counted_over,
    due_with,
    extended,
)
from pratique.domain.clocks.clock import Clock, ClockSettings, ClockState, exempted
from pratique.domain.clocks.explanation import explained
from pratique.domain.clocks.occurrence import Occurrence, Timeline, circumstances_of, values_of
from pratique.domain.clocks.rounds import Round, Start, begun, each, in_rounds, once
from pratique.domain.clocks.standing import Standing, standing_of
from pratique.domain.counting import Counted, Holidays, Period
from pratique.domain.regime.clocks import ClockRule, Limit, Mode
from pratique.domain.regime.deadlines import DeadlineRule, Direction
from pratique.domain.situation import Judgement

_FAR = datetime.max.replace(tzinfo=UTC)
_ENOUGH = 400  #: rounds of an anniversary that are looked through


def clocks_of(
    rules: Sequence[ClockRule],
    deadlines: Mapping[str, DeadlineRule],
    occurrences: Iterable[Occurrence],
    applies: Callable[[str], Judgement],
    holidays: Holidays,
    now: datetime,
    settings: ClockSettings | None = None,
    *,
    planned: frozenset[str],
) -> list[Clock]:
    """Return every clock that these occurrences start, by due time. Nothing raises on account of the occurrences.

    Args:
        rules: of an edition that has been checked, `Clocks.rules`.
        deadlines: its time limits by id.
        occurrences: of one model version, with those of the provider; in any order, each id once.
        applies: judges a CEL expression over the profile; what cannot be judged applies.
        holidays: by year.
        now: aware; decides only between running, missed and over.
        settings: the reading acted on, and figures of one's own; None: the strict one, the rules' defaults.
        planned: kinds that are plans, `Clocks.planned`.
    """
    reckoning = _Reckoning(rules, deadlines, Timeline(occurrences), applies, holidays, now, settings, planned)
    found = [clock for rule in rules for clock in reckoning.of(rule.id)]
    return sorted(reckoning.with_extensions(found), key=lambda clock: (clock.due_at or _FAR, clock.key))


class _Reckoning:
    """One pass over the rules; a rule that another looks at is counted first."""

    def __init__(
        self,
        rules: Sequence[ClockRule],
        deadlines: Mapping[str, DeadlineRule],
        timeline: Timeline,
        applies: Callable[[str], Judgement],
        holidays: Holidays,
        now: datetime,
        settings: ClockSettings | None,
        planned: frozenset[str],
    ) -> None:
        self._rules, self._planned = {rule.id: rule for rule in rules}, planned
        self._deadlines, self._timeline, self._applies = deadlines, timeline, applies
        self._holidays, self._now, self._settings = holidays, now, settings or ClockSettings()
        self._found: dict[str, list[Clock]] = {}
        self._extended: dict[str, Clock] = {}

    def of(self, rule_id: str) -> list[Clock]:
        """Return the clocks of a rule; a rule that looks at itself in a circle has none."""
        if rule_id not in self._found:
            self._found[rule_id] = []
            self._found[rule_id] = list(self._clocks(self._rules[rule_id])) if rule_id in self._rules else []
        return self._found[rule_id]

    def with_extensions(self, clocks: Iterable[Clock]) -> Iterator[Clock]:
        """Yield the clocks; one that was lawfully put off, and not met in time, is void."""
        for clock in clocks:
            later = self._extended.get(clock.key)
            if later is None or clock.state in (ClockState.MET, ClockState.VOID):
                yield clock
            else:
                reason = (
                    f"put off until {later.due_on}: clock {later.rule}" if later.due_on else f"put off: {later.rule}"
                )
                yield replace(clock, state=ClockState.VOID, met_at=None, met_by=None, reason=reason)

    def _clocks(self, rule: ClockRule) -> Iterator[Clock]:
        if not self._can_start(rule):
            return
        limits, unjudged = [], []
        for limit in rule.limits:
            judged = self._applies(limit.when) if limit.when is not None else Judgement(True)
            if judged.holds is not False:
                limits.append(limit)
            if judged.holds is None:
                unjudged.append(judged.reason)
        if rule.about == "model":
            yield from self._about(rule, limits, None, self._timeline, unjudged)
            return
        for about, timeline in self._timeline.by_about.items():
            if timeline.has(rule.starting_kinds):
                yield from self._about(rule, limits, about, timeline, unjudged)

    def _can_start(self, rule: ClockRule) -> bool:
        return rule.leans or self._timeline.has(rule.starting_kinds)

    def _about(
        self, rule: ClockRule, limits: list[Limit], about: str | None, timeline: Timeline, notes: Sequence[str]
    ) -> Iterator[Clock]:
        limits, assumed = _by_limb(rule, limits, timeline)
        for found in self._rounds(rule, limits, timeline):
            candidates = [self._count(rule, start) for start in found.starts if not start.limit.extends]
            if rule.leans:
                candidates += self._leaning(rule, limits, found)
            if candidates:
                yield self._clock(rule, about, found, candidates, [*notes, *assumed])

    def _rounds(self, rule: ClockRule, limits: list[Limit], timeline: Timeline) -> Iterator[Round]:
        match rule.mode:
            case Mode.ONCE:
                return once(rule, limits, timeline, self._planned)
            case Mode.EACH:
                general = self._timeline.by_about.get(None) if timeline is not self._timeline else None
                return each(rule, limits, timeline, general if general is not timeline else None)
            case Mode.ROUNDS:
                return in_rounds(rule, limits, timeline)

    def _count(self, rule: ClockRule, start: Start) -> Candidate:
        start = begun(start)
        limit, deadline = start.limit, self._deadlines[start.limit.deadline]
        if start.whole_rounds:
            return self._anniversary(rule, start)
        again = _look_again(rule, start)
        if again is not None:
            return counted_over(limit, deadline, start.trigger, again, force=rule.force, holidays=self._holidays)
        days = limit.self_set_days
        days = self._settings.self_set_days.get(rule.id, days) if days is not None else None
        return counted_from(limit, deadline, start.trigger, force=rule.force, days=days, holidays=self._holidays)

    def _anniversary(self, rule: ClockRule, start: Start) -> Candidate:
        limit, deadline = start.limit, self._deadlines[start.limit.deadline]
        for number in range(start.whole_rounds, start.whole_rounds + _ENOUGH):
            found = counted_in_rounds(limit, deadline, start.trigger, number, force=rule.force, holidays=self._holidays)
            if found.strict is None or start.after is None or found.strict.due_at > start.after.at:
                return found
        return found

    def _leaning(self, rule: ClockRule, limits: Iterable[Limit], found: Round) -> Iterator[Candidate]:
        """Yield what is due with, or a while after, the clocks of other rules."""
        started = {id(start.limit) for start in found.starts}
        for limit in limits:
            deadline = self._deadlines[limit.deadline]
            if limit.due_of is not None and id(limit) not in started:
                yield from (due_with(limit, deadline, other, force=rule.force) for other in self.of(limit.due_of)[:1])
        for start in found.starts:
            if start.limit.extends:
                other = self._open_at(start.limit.extends, start.trigger.at)
                if other is not None:
                    deadline = self._deadlines[start.limit.deadline]
                    yield extended(
                        start.limit, deadline, start.trigger, other, force=rule.force, holidays=self._holidays
                    )

    def _open_at(self, rules: Sequence[str], at: datetime) -> Clock | None:
        """Return the clock of these rules that was running at a time, the one due first."""
        running = [
            clock
            for rule in rules
            for clock in self.of(rule)
            if clock.due_at is not None
            and at < clock.due_at
            and (clock.met_at is None or clock.met_at > at)
            and clock.state is not ClockState.VOID
        ]
        return min(running, key=lambda clock: (clock.due_at or _FAR, clock.key), default=None)

    def _ends_at(self, candidate: Candidate) -> tuple[bool, datetime]:
        due = candidate.due(self._settings.count)
        return due is None, due.due_at if due is not None else _FAR

    def _clock(
        self, rule: ClockRule, about: str | None, found: Round, candidates: list[Candidate], notes: list[str]
    ) -> Clock:
        chosen = candidates[0] if len(candidates) == 1 else min(candidates, key=self._ends_at)
        due = chosen.due(self._settings.count)
        applies = self._applies(rule.applies_when) if rule.applies_when is not None else Judgement(True)
        if applies.holds is None:
            notes.append(applies.reason)
        stands = standing_of(rule, chosen, due, found, self._now)
        text = explained(rule, chosen, candidates, found, notes, self._holidays)
        clock = _as_clock(rule, about, found, candidates, chosen, due, stands, text)
        if applies.holds is False and stands.state is not ClockState.MET:
            stands = Standing(ClockState.VOID, reason=rule.not_applicable_because)
            clock = exempted(clock, rule.not_applicable_because)
        if chosen.limit.extends and chosen.trigger is not None and stands.state is not ClockState.VOID:
            other = self._open_at(chosen.limit.extends, chosen.trigger.at)
            if other is not None:
                self._extended[other.key] = clock
        return clock


def _as_clock(
    rule: ClockRule,
    about: str | None,
    found: Round,
    candidates: list[Candidate],
    chosen: Candidate,
    due: Counted | None,
    stands: Standing,
    text: tuple[str, ...],
) -> Clock:
    return Clock(
        rule=rule.id,
        about=about,
        round=found.name,
        title=rule.title,
        gate=rule.gate,
        deadline=chosen.deadline.id,
        trigger=chosen.trigger.id if chosen.trigger else None,
        start_at=min(c.start_at for c in candidates),
        due_on=due.due_on if due is not None else None,
        due_at=due.due_at if due is not None else None,
        strict=chosen.strict,
        outer=chosen.outer,
        unknown=chosen.unknown,
        recipient=chosen.deadline.recipient,
        force=chosen.force,
        state=stands.state,
        met_at=stands.met_at,
        met_by=stands.met_by,
        reason=stands.reason,
        excuse=stands.excuse,
        circumstances=circumstances_of(found.met),
        verified=chosen.deadline.verified,
        is_kept=chosen.deadline.direction is Direction.RETAIN_AT_LEAST,
        explanation=text,
    )


def _by_limb(rule: ClockRule, limits: list[Limit], timeline: Timeline) -> tuple[list[Limit], list[str]]:
    """Return the limits of the limbs that are known; all of them, so that the strictest counts, while none is."""
    if not rule.limbs_from:
        return limits, []
    known = {limb for one in timeline.of(rule.limbs_from) for limb in values_of(one, "limbs")}
    kept = [limit for limit in limits if limit.limb is None or limit.limb in known]
    if kept:
        return kept, []
    return limits, ["no limb is known yet: the strictest limit is assumed"]


def _look_again(rule: ClockRule, start: Start) -> Period | None:
    if start.excused is None:
        return None
    named = values_of(start.excused, "exception")
    return next((excuse.again for excuse in rule.excuses if excuse.id in named), None)
