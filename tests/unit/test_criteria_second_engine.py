"""Two engines of the same language, written apart: what ours calls true or false, the other calls the same.

The other one is the Rust engine (`common-expression-language`). It runs on shipped expressions and bounded facts only:
hostile input can end its process.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import cel as rust
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shipped_gates import CRITERIA, EDITION, MEETS, OCCASIONS, OVERSEAS, RULEBOOK, profile_values, read, register

from pratique.regimes.expressions import filled, places

SUITE = json.loads((Path(__file__).parents[1] / "data" / "cel" / "cases.json").read_text())

#: Where the Rust engine 0.10 does not say what the language says, with the reason.
KNOWN = {
    'facts.findings.exists(f, f.nope == 1 || f.severity == "HIGH")': "`exists` does not absorb the error of an element",
    "facts.metrics.nan >= 0.2": "comparing NaN is an error; we let no NaN in",
    "!(facts.metrics.nan > 0.2)": "comparing NaN is an error; we let no NaN in",
    "size(facts.name_u) == 4": "`size` of a text counts bytes, not characters",
    "facts.model.lowerAscii() == 'acme-7b'": "it has no extended functions of text",
}
PROFILE = profile_values(risks=register(), provider=OVERSEAS, training_flop=1.2e25)
FILES = {name: read(name) for names in MEETS.values() for name in names}
#: In place of a value: of each kind, few, so that the same is met again.
OTHER = [None, True, False, 0, 1, 3, -1, 1.5, "", "x", "2026-11-20", "high", [], ["x"], {}, {"x": 1}]


def by_rust(expression: str, context: Any) -> bool | None:
    """Return what the other engine says; None for an error, or what is not true or false."""
    try:
        found = rust.compile(expression).execute(context)
    except Exception:
        return None
    return found if isinstance(found, bool) else None


def expressions_of(gate: str) -> Iterator[tuple[str | None, str]]:
    """Yield (evidence kind, expression) of a gate, its placeholders filled."""
    for place in places(RULEBOOK.spec(gate)):
        yield place.kind, filled(place.expression, risk="cbrn", occasion=OCCASIONS.get(gate, "default"))


def expressions_of_edition() -> Iterator[str]:
    """Yield the questions of scope and the conditions of clocks."""
    for step in EDITION.scope.steps:
        yield EDITION.scope.expression(step)
    for rule in EDITION.clocks.rules:
        yield from (expression for _, expression in rule.expressions())


def facts_of(kind: str | None) -> list[dict[str, Any]]:
    """Return the facts of every example of a kind; an expression about the profile sees none."""
    if kind is None:
        return [{}]
    read_in = (file.extraction for file in FILES.values() if file.extraction is not None)
    return [dict(one.facts) for one in read_in if one.kind == kind]


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value in `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths_in(inner, (*path, key))


def changed(value: dict[str, Any], draw: st.DataObject, most: int) -> dict[str, Any]:
    """Return a copy with up to `most` values taken out or replaced."""
    out = copy.deepcopy(value)
    for _ in range(draw.draw(st.integers(0, most))):
        ways = list(paths_in(out))
        if not ways:
            break
        way = draw.draw(st.sampled_from(ways))
        inner = out
        for key in way[:-1]:
            inner = inner[key]
        if draw.draw(st.booleans()):
            del inner[way[-1]]
        else:
            inner[way[-1]] = draw.draw(st.sampled_from(OTHER))
    return out


def disagreement(expression: str, facts: dict[str, Any], profile: dict[str, Any], key: str) -> str | None:
    """Return how the engines contradict each other; None where they do not.

    Ours may say that it cannot tell where CEL forgives an error, or an empty list; it may never say yes or no alone.
    """
    ours = CRITERIA.bind(profile, facts, key=key).judge(expression).holds
    theirs = by_rust(expression, {"facts": facts, "profile": profile})
    if ours is not None and theirs is not ours:
        return f"ours {ours}, theirs {theirs}: {expression}"
    return None


@pytest.mark.parametrize("case", SUITE["cases"], ids=lambda case: case["expr"])
def test_the_suite_is_answered_as_the_language_says_but_for_known_differences(case: dict[str, Any]) -> None:
    facts, now = json.loads(SUITE["facts_json_text"]), datetime.fromisoformat(SUITE["now"])
    expected = case["expected"] if isinstance(case["expected"], bool) else None
    found = by_rust(case["expr"], {"facts": facts, "now": now})
    assert (found is not expected) is (case["expr"] in KNOWN), KNOWN.get(case["expr"])


def test_no_known_difference_is_out_of_date() -> None:
    assert KNOWN.keys() <= {case["expr"] for case in SUITE["cases"]}


def test_both_agree_on_every_shipped_expression_over_the_examples() -> None:
    seen: Counter[bool | None] = Counter()
    for gate in RULEBOOK.specs:
        for kind, expression in expressions_of(gate):
            for number, facts in enumerate(facts_of(kind)):
                ours = CRITERIA.bind(PROFILE, facts, key=f"{kind}/{number}").judge(expression).holds
                assert by_rust(expression, {"facts": facts, "profile": PROFILE}) is ours, expression
                seen[ours] += 1
    assert seen[True] > 300
    assert seen[False] > 10


@pytest.mark.parametrize("gate", sorted(RULEBOOK.specs))
def test_neither_says_yes_where_the_other_says_no_on_files_that_are_not_as_they_should_be(gate: str) -> None:
    cases = [(expression, facts) for kind, expression in expressions_of(gate) for facts in facts_of(kind)]
    said: Counter[bool | None] = Counter()

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(draw=st.data())
    def attempt(draw: st.DataObject) -> None:
        expression, facts = draw.draw(st.sampled_from(cases))
        facts, profile = changed(facts, draw, 3), changed(PROFILE, draw, 1)
        key = json.dumps([facts, profile], sort_keys=True)
        assert disagreement(expression, facts, profile, key) is None
        said[CRITERIA.bind(profile, facts, key=key).judge(expression).holds] += 1

    attempt()
    assert said[True] > 0


def test_neither_says_yes_where_the_other_says_no_on_profiles_that_editions_ask() -> None:
    expressions = list(dict.fromkeys(expressions_of_edition()))
    assert len(expressions) > 20

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(draw=st.data())
    def attempt(draw: st.DataObject) -> None:
        profile = changed(PROFILE, draw, 4)
        key = json.dumps(profile, sort_keys=True)
        for expression in draw.draw(st.lists(st.sampled_from(expressions), min_size=3, max_size=3)):
            assert disagreement(expression, {}, profile, key) is None

    attempt()
