"""The rule text that gave a date, for people. It never depends on the present time."""

from __future__ import annotations

from collections.abc import Sequence

from pratique.domain.clocks.candidate import Candidate
from pratique.domain.clocks.occurrence import circumstances_of
from pratique.domain.clocks.rounds import Round
from pratique.domain.counting import WITHOUT_HOLIDAYS, Holidays, day_of
from pratique.domain.regime.clocks import ClockRule, Force
from pratique.domain.regime.deadlines import Direction

_THE_LONGER_THE_SAFER = frozenset({Direction.RETAIN_AT_LEAST, Direction.NOT_BEFORE_AFTER, Direction.INDICATIVE_MIN})


def explained(
    rule: ClockRule,
    chosen: Candidate,
    candidates: Sequence[Candidate],
    found: Round,
    notes: Sequence[str],
    holidays: Holidays,
) -> tuple[str, ...]:
    """Return why the clock is due when it is, a sentence a line."""
    text = [chosen.deadline.wording]
    if rule.notes:
        text.append(rule.notes)
    if chosen.trigger is not None:
        kind, day = chosen.trigger.kind.replace("_", " "), day_of(chosen.trigger.at)
        what = f"the first day that counts, as {kind} did not come later" if chosen.limit.from_date == day else kind
        text.append(f"counted from: {what}, {day} (occurrence {chosen.trigger.id})")
    text.extend(_readings(chosen))
    text.extend(_lists(chosen, holidays))
    if chosen.force is Force.SELF_SET:
        text.append("the text gives no figure here: the number of days is the provider's own (self-set)")
    if not chosen.deadline.verified:
        text.append("UNVERIFIED: this time limit was not seen in a source")
    text.extend(_beside(other) for other in candidates if other is not chosen)
    text.extend(f"taken to apply: {note}" if not note.startswith("no limb") else note for note in dict.fromkeys(notes))
    if found.met is not None:
        text.append(f"met by: {found.met.kind.replace('_', ' ')}, {day_of(found.met.at)} (occurrence {found.met.id})")
    named = circumstances_of(found.met)
    if named is not None:
        text.append(f"exceptional circumstances were named, and nothing here judges them: {named}")
    return tuple(text)


def _readings(chosen: Candidate) -> list[str]:
    text = []
    if chosen.strict is not None:
        text.append(f"strict reading: {chosen.strict.due_on}: {'; '.join(chosen.strict.rules)}")
    if chosen.outer is not None and (chosen.strict is None or chosen.outer.due_on != chosen.strict.due_on):
        text.append(f"longest that can be argued for: {chosen.outer.due_on}: {'; '.join(chosen.outer.rules)}")
        if chosen.deadline.direction in _THE_LONGER_THE_SAFER:
            text.append("to wait or to keep until the later of the two is the safe side")
    if chosen.unknown is not None:
        text.append(f"cannot be told: {chosen.unknown}")
    return text


def _lists(chosen: Candidate, holidays: Holidays) -> list[str]:
    """Return the lists of holidays that either reading rests on."""
    strict, outer = chosen.strict, chosen.outer
    if strict is None or outer is None:
        return []
    if strict.due_on == outer.due_on and not any(WITHOUT_HOLIDAYS in line for line in strict.rules):
        return []
    first, last = sorted((day_of(chosen.start_at), outer.due_on))
    return [found.wording for found in holidays.between(first, last)]


def _beside(other: Candidate) -> str:
    if other.strict is None:
        return f"beside it {other.deadline.id}, whose date cannot be told: {other.unknown}"
    return f"beside it {other.deadline.id} ({other.deadline.source.clause}) would be due {other.strict.due_on}"
