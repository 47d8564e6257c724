"""Mapping: from a delivery as it came to the events it says, by the rules of its source. Pure, so it can be tried."""

from __future__ import annotations

from collections.abc import Mapping as Members
from dataclasses import dataclass
from typing import Any

from pratique.canonical import canonical_json, strict_json
from pratique.criteria import CelTexts, ExpressionError
from pratique.domain.events import CloudEvent, parse_structured
from pratique.domain.hooks import HookSource, MapRule
from pratique.errors import InvalidInputError
from pratique.hooks.trials import trial_reason

#: What expressions of rules see.
VARIABLES = ("headers", "body", "source", "details")


class UnmappableError(Exception):
    """A delivery that should say something cannot be mapped; `str()` is the reason that people read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One event that a delivery says, and the rule by which."""

    rule: str
    event: CloudEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What a delivery says: events, or with none the reason why it is ignored."""

    events: tuple[Said, ...] = ()
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is mapped."""

    name: str
    headers: Members[str, str]
    raw: bytes
    details: Members[str, Any] | None = None  #: what the tool answered when it was asked for more


class Mapper:
    """Maps deliveries; one for all sources, as it keeps compiled expressions."""

    def __init__(self) -> None:
        self.texts = CelTexts(VARIABLES)

    def map(self, settings: HookSource, delivery: Delivery) -> Mapping:
        """Return what a delivery says.

        Raises:
            UnmappableError: a rule cannot be judged on it, or what it gives is no event.
        """
        try:
            body = strict_json(delivery.raw, "the body")
        except InvalidInputError as error:
            raise UnmappableError(error.message) from None
        trial = trial_reason(settings.kind, delivery.headers, body)
        if trial is not None:
            return Mapping(reason=trial)
        try:
            bound = self.texts.bind(
                headers=dict(delivery.headers),
                body=body,
                source=settings.source,
                details=dict(delivery.details or {}),
            )
        except ExpressionError as error:
            raise UnmappableError(f"rules cannot read it: {error}") from None
        for rule in settings.ignore:
            if self._holds(rule.id, rule.when, bound):
                return Mapping(reason=f"rule {rule.id}: {rule.reason}")
        said = tuple(
            Said(rule=rule.id, event=self._event(settings, rule, delivery.name, bound))
            for rule in settings.map
            if self._holds(rule.id, rule.when, bound)
        )
        if not said:
            return Mapping(reason="no rule of this source waits for it")
        return Mapping(events=said, reason=f"mapped by {', '.join(one.rule for one in said)}")

    def _holds(self, rule: str, when: str, bound: Any) -> bool:
        try:
            return self.texts.flag(when, bound)
        except ExpressionError as error:
            raise UnmappableError(f"rule {rule}, when: {_of_body(error)}") from None

    def _event(self, settings: HookSource, rule: MapRule, name: str, bound: Any) -> CloudEvent:
        given: dict[str, str] = {}
        for member, expression in rule.texts().items():
            try:
                given[member] = self.texts.text(expression, bound)
            except ExpressionError as error:
                raise UnmappableError(f"rule {rule.id}, {member}: {_of_body(error)}") from None
        data = {member.removeprefix("data."): text for member, text in given.items() if member.startswith("data.")}
        data |= {member: given[member] for member in ("model", "version", "occasion") if member in given}
        envelope = {
            "specversion": "1.0",
            "id": given.get("event_id") or f"{name}#{rule.id}",
            "source": event_source(settings.source),
            "type": given["type"],
            "data": data,
        }
        try:
            return parse_structured(canonical_json(envelope))
        except InvalidInputError as error:
            raise UnmappableError(f"rule {rule.id} gives no event: {error.message}") from None


def event_source(source: str) -> str:
    """Return the `source` of events that a hook's deliveries become."""
    return f"urn:pratique:hook:{source}"


def _of_body(error: ExpressionError) -> str:
    return str(error).replace("the facts have no member", "there is no member")
