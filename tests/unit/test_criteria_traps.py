"""The traps of the CEL engine that were measured before it was chosen, each shut: a wrong yes has no way in."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from cel_expr_python import cel

from pratique.criteria import CelCriteria
from pratique.criteria.values import MAX_DEPTH

CRITERIA = CelCriteria()


def holds(expression: str, facts: dict[str, Any] | None = None) -> bool | None:
    return CRITERIA.bind({}, facts or {}, key="k").judge(expression).holds


def bare(expression: str, facts: dict[str, Any]) -> Any:
    """Return what the engine itself answers, without our guard."""
    kind = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    return cel.NewEnv(variables={"facts": kind}).compile(expression).eval(data={"facts": facts}).value()


def test_an_error_is_a_truthy_text_to_the_engine_and_no_answer_to_us() -> None:
    assert bool(bare("facts.missing > 1", {})) is True
    assert holds("facts.missing > 1") is None


@pytest.mark.parametrize("facts", [{"a": "approved\0evil"}, {"b": {"a\0": 1}}, {"c": [{"d": "\0"}]}])
def test_nul_cuts_no_text_and_no_key(facts: dict[str, Any]) -> None:
    assert bare('facts.a == "approved"', {"a": "approved\0evil"}) is True
    assert holds('facts.a == "approved" || true', facts) is None
    assert holds("true", facts) is None


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64, 10**400])
def test_a_number_beyond_64_bits_is_named_instead_of_spoiling_every_expression(number: int) -> None:
    judgement = CRITERIA.bind({}, {"a": 1, "deep": [{"n": number}]}, key="k").judge("facts.a == 1")
    assert (judgement.holds, judgement.reason) == (None, "facts.deep.0.n: integer beyond 64 bits")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("expression", ["!(facts.n > 0.2)", "facts.n != facts.n", "facts.n >= 0.0 || true"])
def test_no_number_that_is_none_turns_a_no_round(expression: str, number: float) -> None:
    assert holds(expression, {"n": number}) is None


def test_nan_that_comes_out_of_a_calculation_is_no_answer_either() -> None:
    assert bare("!(facts.n / facts.n > 0.2)", {"n": 0.0}) is True
    assert holds("!(facts.n / facts.n > 0.2)", {"n": 0.0}) is None


def test_steps_end_at_ten_thousand_and_beyond_there_is_no_answer() -> None:
    assert holds("facts.l.all(x, x > 0)", {"l": [1] * 9_999}) is True
    for count in (10_000, 10_001, 20_000):
        assert holds("facts.l.all(x, x > 0)", {"l": [1] * count}) is None
        assert holds("!facts.l.exists(x, x < 0)", {"l": [1] * count}) is None
    assert holds("facts.l.all(x, facts.l.all(y, x == y))", {"l": [1] * 101}) is None


@pytest.mark.parametrize(
    "expression",
    [
        "true ? " * 40 + "true" + " : false" * 40,
        "facts.n " + "+ 1 " * 200 + "> 0",
        "!(" * 60 + "true" + ")" * 60,
        "[" * 200 + "1" + "]" * 200 + " == []",
        "facts" + ".a" * 300 + " == 1",
    ],
)
def test_what_is_nested_too_deeply_is_refused_before_anything_is_judged(expression: str) -> None:
    assert CRITERIA.compile_check(expression) != []
    assert holds(expression, {"n": 1}) is None


def test_long_chains_are_judged_or_refused_but_never_wrong() -> None:
    for count in (10, 30, 2_000):
        for expression in (" && ".join(["facts.ok"] * count), " || ".join(["facts.ok"] * count)):
            known = CRITERIA.compile_check(expression)
            assert holds(expression, {"ok": True}) is (True if known == [] else None)
            assert holds(expression, {"ok": False}) is (False if known == [] else None)


@pytest.mark.parametrize("closes", ["mapping", "list", "profile"])
def test_what_holds_itself_ends_the_judging_and_not_the_process(closes: str) -> None:
    source = f"""
from pratique.criteria import CelCriteria
cycle = {{"l": []}}
cycle["{"self" if closes == "mapping" else "l"}"] = cycle if {closes == "mapping"} else [cycle]
facts, profile = ({{}}, cycle) if {closes == "profile"} else (cycle, {{}})
judgement = CelCriteria().bind(profile, facts, key="k").judge("true")
print(judgement.holds, judgement.reason[-21:])
"""
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == f"None nested deeper than {MAX_DEPTH}"


@pytest.mark.parametrize("facts", [{"a": "\ud800"}, {"\udfff": 1}, {"l": [{"x": "ok\udc00"}]}])
def test_a_lone_surrogate_is_no_text(facts: dict[str, Any]) -> None:
    assert holds("true", facts) is None


def test_whole_numbers_divide_to_whole_numbers_and_lint_says_so() -> None:
    facts = {"done": 118, "planned": 120}
    assert holds("facts.done / facts.planned >= 1", facts) is False
    assert holds("double(facts.done) / double(facts.planned) >= 0.95", facts) is True
    assert holds("facts.done / facts.planned >= 0.95", {"done": 118, "planned": 0}) is None


@pytest.mark.parametrize("value", [b"x", (1,), {1, 2}, object(), 1 + 2j])
def test_only_what_json_has_is_seen(value: Any) -> None:
    assert holds("true", {"a": value}) is (True if isinstance(value, tuple) else None)
