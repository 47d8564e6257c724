"""What makes clock rules whole: every time limit used or set aside, every name known, no rule waiting for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from pratique.domain.regime.clocks import ClockRule, Clocks, Limit, Mode
from pratique.domain.regime.deadlines import DeadlineRule, Direction

#: Limits that are counted back from an event, or end with it.
BACKWARD = frozenset({Direction.BEFORE, Direction.BY_EVENT})
#: Limits that have no figure of their own in the text.
_WITHOUT_FIGURE = frozenset({Direction.WITHOUT_UNDUE_DELAY, Direction.REASONABLE_TIME})
_DATED = frozenset({Direction.BY_DATE, Direction.FROM_DATE})

#: (path, found, expected) of one thing that is wrong.
Wrong = tuple[str, str, str]


def unsound(clocks: Clocks, deadlines: Mapping[str, DeadlineRule]) -> Iterator[Wrong]:
    """Yield everything that is wrong with clock rules whose parts are each well formed."""
    yield from _doubled("clocks.occurrences", [kind.id for kind in clocks.occurrences])
    yield from _doubled("clocks.rules", [rule.id for rule in clocks.rules])
    yield from _doubled("clocks.context", [one.deadline for one in clocks.context])
    for rule in clocks.rules:
        yield from _names(rule, clocks)
        for limit in rule.limits:
            path = f"clocks.rules[{rule.id}].limits[{limit.deadline}]"
            deadline = deadlines.get(limit.deadline)
            if deadline is None:
                yield f"{path}.deadline", f"unknown time limit {limit.deadline!r}", "an id of deadlines.yaml"
            else:
                yield from _fits(path, rule, limit, deadline)
    yield from _left_out(clocks, deadlines)
    yield from _circles(clocks)


def _doubled(path: str, ids: Iterable[str]) -> Iterator[Wrong]:
    yield from ((path, f"{name!r} {times} times", "each once") for name, times in Counter(ids).items() if times > 1)


def _names(rule: ClockRule, clocks: Clocks) -> Iterator[Wrong]:
    for match in rule.matches():
        if match.kind not in clocks.kind_by_id:
            yield f"clocks.rules[{rule.id}]", f"unknown kind of occurrence {match.kind!r}", "one of clocks.occurrences"
    for limit in rule.limits:
        for other in (*limit.extends, *([limit.due_of] if limit.due_of else [])):
            if other not in clocks.rule_by_id:
                yield f"clocks.rules[{rule.id}].limits", f"unknown clock rule {other!r}", "one of clocks.rules"


def _fits(path: str, rule: ClockRule, limit: Limit, deadline: DeadlineRule) -> Iterator[Wrong]:
    """Yield where a limit is not of the form that its direction needs."""
    if deadline.direction is Direction.LOOK_AHEAD:
        yield path, "a horizon to look ahead to", "a time limit by which something is due; list it under `context`"
    if not limit.since and limit.due_of is None:
        yield f"{path}.since", "nothing", "what it is counted from"
    if limit.from_date is not None and (deadline.period is None or deadline.direction in BACKWARD or not limit.since):
        yield f"{path}.from_date", str(limit.from_date), "a limit with a period that is counted on from `since`"
    if (deadline.direction in _DATED) != (limit.date is not None):
        yield f"{path}.date", str(limit.date), "a date for a limit that ends on one, and for no other"
    if deadline.direction in _WITHOUT_FIGURE and limit.self_set_days is None:
        yield f"{path}.self_set_days", "nothing", "a figure of one's own, as the text has none"
    if deadline.direction in BACKWARD and not rule.met_before:
        yield path, "`met_before: false`", "true, as what it asks for comes before the event"
    if limit.extends and rule.mode is not Mode.EACH:
        yield f"{path}.extends", f"mode {rule.mode.value}", "mode each"
    if limit.anniversaries and (rule.mode is not Mode.ROUNDS or deadline.period is None):
        yield f"{path}.anniversaries", f"mode {rule.mode.value}", "mode rounds, and a limit with a period"


def _left_out(clocks: Clocks, deadlines: Mapping[str, DeadlineRule]) -> Iterator[Wrong]:
    used = {limit.deadline for rule in clocks.rules for limit in rule.limits}
    context = {one.deadline for one in clocks.context}
    for name in sorted(set(deadlines) - used - context):
        yield "clocks", f"no word on time limit {name}", "a rule that uses it, or a reason under `context`"
    for name in sorted(used & context):
        yield "clocks.context", f"{name}, which a rule uses", "only what no rule uses"
    for name in sorted(context - set(deadlines)):
        yield "clocks.context", f"unknown time limit {name!r}", "an id of deadlines.yaml"


def _circles(clocks: Clocks) -> Iterator[Wrong]:
    needs = {
        rule.id: [other for limit in rule.limits for other in (*limit.extends, limit.due_of) if other is not None]
        for rule in clocks.rules
    }
    for rule in clocks.rules:
        seen: set[str] = set()
        ahead = list(needs[rule.id])
        while ahead:
            name = ahead.pop()
            if name == rule.id:
                yield f"clocks.rules[{rule.id}]", "a circle of rules that wait for each other", "an end to it"
                break
            if name not in seen:
                seen.add(name)
                ahead.extend(needs.get(name, ()))
