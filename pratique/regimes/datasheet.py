"""Data sheets of gates: what each decides, on what it rests, who signs, and what a pass does not prove."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pratique.domain.regime import Act, DeadlineRule, Edition
from pratique.domain.regime.appendices import SimilarlySafe
from pratique.domain.regime.clocks import ClockRule
from pratique.domain.regime.deadlines import Direction
from pratique.domain.regime.items import Sourced
from pratique.domain.spec import Checkpoint, GateSpec, Gating, Requirement

#: What a time limit amounts to, in words; `{period}` is its length, `{start}` what it runs from.
_LIMIT_WORDS = {
    Direction.WITHIN_AFTER: "within {period} of: {start}",
    Direction.BEFORE: "before: {start}",
    Direction.BY_EVENT: "by: {start}",
    Direction.ON_EVENT: "at once on: {start}",
    Direction.AT_LEAST_EVERY: "at least every {period} from: {start}",
    Direction.MAX_DELAY: "at most {period} later, if: {start}",
    Direction.MAX_BLOCK: "held back for at most {period} from: {start}",
    Direction.RETAIN_AT_LEAST: "kept for at least {period} from: {start}",
    Direction.NOT_BEFORE_AFTER: "not earlier than {period} after: {start}",
    Direction.AS_SET_IN_REQUEST: "as the request sets: {start}",
    Direction.WITHOUT_UNDUE_DELAY: "without undue delay from: {start}",
    Direction.REASONABLE_TIME: "in reasonable time from: {start}",
    Direction.IMMEDIATELY: "immediately on: {start}",
    Direction.INDICATIVE_MIN: "about {period} at least: {start}",
    Direction.ADMIN_LEAD_TIME: "takes up to {period}: {start}",
    Direction.LOOK_AHEAD: "looks {period} ahead: {start}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One requirement on a data sheet."""

    id: str
    title: str
    measures: tuple[str, ...]
    why: str
    rests_on: str  #: evidence, another gate, what is recorded, a time limit
    open_while: str | None  #: what a false criterion means
    criterion: str | None  #: as the gate judges it, in CEL
    not_applicable_because: str | None
    fresh_for_days: int | None
    owner: str
    is_enforced: bool
    is_per_risk: bool
    is_per_occasion: bool
    is_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetCheckpoint:
    """One checkpoint on a data sheet."""

    id: str
    kind: str
    title: str
    requirements: tuple[SheetRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetSource:
    """A measure, appendix item or article that a gate serves."""

    id: str
    title: str
    read_in: str  #: document and clause
    is_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetClock:
    """A clock that belongs to a gate."""

    id: str
    title: str
    limits: tuple[str, ...]  #: each time limit in words
    force: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSheet:
    """What there is to know about a gate before it is opened."""

    gate: str
    version: int
    edition: str
    title: str
    decides: str
    stage: str
    moment: str
    opens_on: tuple[str, ...]
    applies_when: str | None
    settled_when: str | None  #: while it holds, evidence of a cleared gate does not run out by age
    sources: tuple[SheetSource, ...]
    signs: dict[str, int]  #: role -> number of people
    four_eyes: bool
    clears: str
    follow_up_days: int
    due_days: int
    checkpoints: tuple[SheetCheckpoint, ...]
    clocks: tuple[SheetClock, ...]
    not_checked: tuple[str, ...]
    does_not_show: str

    def as_json(self) -> dict[str, Any]:
        """Return the sheet as plain JSON."""
        return asdict(self)


def data_sheet(spec: GateSpec, edition: Edition | None) -> DataSheet:
    """Return the data sheet of a gate; without its edition it names no sources and no clocks."""
    return DataSheet(
        gate=spec.id,
        version=spec.version,
        edition=spec.edition,
        title=spec.title,
        decides=_line(spec.decides),
        stage=spec.stage.value,
        moment=spec.moment,
        opens_on=spec.opens_on,
        applies_when=spec.applies_when,
        settled_when=spec.settled_when,
        sources=tuple(_sources(spec, edition)) if edition is not None else (),
        signs=dict(spec.sign_off.roles),
        four_eyes=spec.sign_off.four_eyes,
        clears=_clears(spec),
        follow_up_days=spec.due.follow_up_days,
        due_days=spec.due.due_days,
        checkpoints=tuple(_checkpoint(checkpoint) for checkpoint in spec.checkpoints),
        clocks=tuple(_clocks(spec, edition)) if edition is not None else (),
        not_checked=tuple(_line(text) for text in spec.not_checked),
        does_not_show=_line(spec.does_not_show),
    )


def limit_words(rule: DeadlineRule) -> str:
    """Return a time limit in a sentence's end, such as `within 2 weeks of: ...`."""
    unit = rule.unit.replace("_", " ")
    period = f"{rule.amount} {unit.removesuffix('s') if rule.amount == 1 else unit}" if rule.unit != "none" else ""
    if period and rule.direction is Direction.BEFORE:
        return f"at least {period} before: {rule.title}"
    words = _LIMIT_WORDS.get(rule.direction, "on its date: {start}")
    return words.format(period=period or "the time set", start=rule.title)


def _checkpoint(checkpoint: Checkpoint) -> SheetCheckpoint:
    return SheetCheckpoint(
        id=checkpoint.id,
        kind=checkpoint.kind.value,
        title=checkpoint.title,
        requirements=tuple(_row(requirement) for requirement in checkpoint.requirements),
    )


def _row(requirement: Requirement) -> SheetRow:
    is_per_risk = requirement.for_each is not None
    return SheetRow(
        id=requirement.id,
        title=_shown(requirement.title),
        measures=requirement.measures,
        why=_shown(requirement.why),
        rests_on=_rests_on(requirement),
        open_while=_shown(requirement.unmet) if requirement.unmet is not None else None,
        criterion=requirement.criterion or requirement.profile,
        not_applicable_because=_line(requirement.not_applicable_because)
        if requirement.not_applicable_because
        else None,
        fresh_for_days=requirement.fresh_for_days,
        owner=requirement.owner,
        is_enforced=requirement.gating is Gating.ENFORCE,
        is_per_risk=is_per_risk,
        is_per_occasion=requirement.per_occasion,
        is_verified=requirement.verified,
    )


def _rests_on(requirement: Requirement) -> str:
    if requirement.gate is not None:
        return f"gate {requirement.gate} is cleared"
    if requirement.clock is not None:
        when = "is not missed" if requirement.may_run else "was met"
        return f"time limit {requirement.clock} {when}{', where it has begun' if requirement.if_begun else ''}"
    if requirement.evidence is not None:
        return f"evidence of kind {requirement.evidence.kind}"
    return "what is recorded of model, provider and risks"


def _clears(spec: GateSpec) -> str:
    if not spec.sign_off.roles:
        return "It clears itself when every enforced requirement is met, waived or not applicable."
    who = ", ".join(f"{number} {role.replace('_', ' ')}" for role, number in spec.sign_off.roles.items())
    eyes = " Who submitted the evidence cannot be the only one to sign." if spec.sign_off.four_eyes else ""
    return (
        "Every enforced requirement is met, waived until a date, or not applicable, at least one of them met or "
        f"waived; and {who} signed on just that.{eyes} Time that runs out approves nothing."
    )


def _sources(spec: GateSpec, edition: Edition) -> Iterator[SheetSource]:
    acts = {act.source.clause: act for act in edition.acts}
    cited = (*spec.measures, *(source for r in spec.requirements() for source in r.measures))
    for source in dict.fromkeys(cited):
        item = edition.item_by_id.get(source) or _act(source, acts)
        if item is not None:
            read_in = f"{item.source.clause} ({item.source.document})"
            yield SheetSource(id=source, title=_title(item), read_in=read_in, is_verified=item.verified)


def _act(source: str, acts: dict[str, Act]) -> Act | None:
    """Return the article whose number, with or without its paragraphs, a source cites."""
    fitting = [clause for clause in acts if source == clause or source.startswith(f"{clause}(")]
    return acts[max(fitting, key=len)] if fitting else None


def _title(item: Sourced) -> str:
    return "Similarly safe or safer models" if isinstance(item, SimilarlySafe) else str(getattr(item, "title", ""))


def _clocks(spec: GateSpec, edition: Edition) -> Iterator[SheetClock]:
    rules: Iterable[ClockRule] = edition.clocks.rules if edition.clocks is not None else ()
    for rule in rules:
        if rule.gate == spec.id:
            yield SheetClock(id=rule.id, title=rule.title, limits=tuple(_limits(rule, edition)), force=rule.force.value)


def _limits(rule: ClockRule, edition: Edition) -> Iterator[str]:
    for limit in rule.limits:
        deadline = edition.deadline_by_id.get(limit.deadline)
        if deadline is not None and limit.after:
            begins = " or ".join(match.kind.replace("_", " ") for match in limit.since)
            base = " or ".join(match.kind.replace("_", " ") for match in limit.after)
            yield f"within {limit.self_set_days} days of: {begins}, where that came after: {base} (own limit, inferred)"
        elif deadline is not None:
            set_by_provider = f" (own limit: {limit.self_set_days} days)" if limit.self_set_days is not None else ""
            first = f", counted from {limit.from_date} at the earliest" if limit.from_date is not None else ""
            yield f"{limit_words(deadline)}{first}{set_by_provider} [{deadline.id}]"


def _shown(text: str) -> str:
    """Return a text for people, with `{risk}` as what it will stand for."""
    return _line(text).replace("{risk}", "each identified risk")


def _line(text: str) -> str:
    return " ".join(text.split())
