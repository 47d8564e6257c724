"""Who stands behind a time limit: whoever recorded, or took back, what starts, meets or ends it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pratique.domain.decisions import is_nobody
from pratique.domain.regime import Edition
from pratique.domain.regime.clocks import ClockRule, Clocks, Match
from pratique.regimes.expressions import members_named
from pratique.store.reader import Row


class RulesBehind(NamedTuple):
    """What one clock rule, and those that it looks at, go by."""

    members: frozenset[str]  #: of the profile, in its expressions
    starting: frozenset[str]  #: kinds of occurrences that only start it
    ending: frozenset[str]  #: kinds that meet it, make it void, excuse from it, or say which limits apply
    is_of_model: bool  #: it is about the model, not about an incident or a request


_NONE = RulesBehind(frozenset(), frozenset(), frozenset(), True)
#: By digest of the edition and name of the rule; there are as many as editions were ever adopted.
_KNOWN: dict[tuple[str, str], RulesBehind] = {}


def rules_behind(edition: Edition | None, name: str) -> RulesBehind:
    """Return what a clock rule of an edition goes by; nothing where there is no such rule."""
    if edition is None or edition.clocks is None or name not in edition.clocks.rule_by_id:
        return _NONE
    key = (edition.digest, name)
    if key not in _KNOWN:
        _KNOWN[key] = _made(edition.clocks, name)
    return _KNOWN[key]


def clock_authors(rows: Iterable[Row], rule: RulesBehind, occasion: str) -> Iterator[str]:
    """Yield who recorded or withdrew anything that a clock rule goes by.

    A machine that says what starts a time limit is not counted: more is owed by it, never less.

    Args:
        rows: every occurrence of a model version and of the provider, withdrawn ones too.
        rule: what the rule goes by.
        occasion: of the gate run; what is about another incident or request is another clock.
    """
    for row in rows:
        if not rule.is_of_model and row["about"] != occasion:
            continue
        if row["kind"] in rule.ending:
            yield from people_of(row)
        elif row["kind"] in rule.starting:
            yield from (author for author in people_of(row) if not is_nobody(author))


def people_of(row: Row) -> Iterator[str]:
    """Yield who recorded a row of the compute ledger or an occurrence, and who withdrew it."""
    recorder = row["person"] or row["credential"]
    yield from (author for author in (recorder, row["withdrawn_by"]) if author)


def _made(clocks: Clocks, name: str) -> RulesBehind:
    rules = [clocks.rule_by_id[one] for one in sorted(_related(clocks, name))]
    ending = frozenset(match.kind for rule in rules for match in _endings(rule))
    return RulesBehind(
        members=frozenset().union(*(members_named(text) for rule in rules for _, text in rule.expressions())),
        starting=frozenset().union(*(rule.starting_kinds for rule in rules)) - ending,
        ending=ending,
        is_of_model=any(rule.about == "model" for rule in rules),
    )


def _related(clocks: Clocks, name: str) -> set[str]:
    """Return a rule, those that it looks at, and those that put it off, at whatever distance."""
    found, ways = {name}, [name]
    while ways:
        at = ways.pop()
        looked_at = {one for limit in clocks.rule_by_id[at].limits for one in (limit.due_of, *limit.extends) if one}
        later = {rule.id for rule in clocks.rules if any(at in limit.extends for limit in rule.limits)}
        new = ((looked_at | later) & clocks.rule_by_id.keys()) - found
        found |= new
        ways.extend(new)
    return found


def _endings(rule: ClockRule) -> tuple[Match, ...]:
    return (*rule.met_by, *rule.void_by, *rule.excused_by, *rule.limbs_from)
