import itertools
import json
import math
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.criteria import CelCriteria
from pratique.criteria.cel import MAX_REASON
from pratique.criteria.values import MAX_VALUES, ValueRefusedError, plain_copy
from pratique.domain.evaluation import Judgement

SUITE = json.loads((Path(__file__).parents[1] / "data" / "cel" / "cases.json").read_text())

#: Where CEL forgives what a gate must not: the error beside a decided answer, the empty list.
STRICTER = {
    "facts.nope > 1 || true",
    "facts.nope > 1 && false",
    "facts.empty.exists(x, x > 1)",
    'facts.findings.exists(f, f.nope == 1 || f.severity == "HIGH")',
}


def judge(expression, facts=None, profile=None):
    return CelCriteria().bind(profile or {}, facts or {}, key="k").judge(expression)


def suite_facts():
    facts = json.loads(SUITE["facts_json_text"])
    facts["metrics"] = {name: value for name, value in facts["metrics"].items() if math.isfinite(value)}
    return facts


@pytest.mark.parametrize("case", SUITE["cases"], ids=lambda case: case["expr"])
def test_the_shared_suite_is_judged_as_the_language_says_but_for_what_it_forgives(case):
    expression = case["expr"].replace("now", f'timestamp("{SUITE["now"]}")')
    expected = case["expected"] if isinstance(case["expected"], bool) else None
    if "metrics.nan" in expression:
        expected = None  # NaN never reaches an expression
    if case["expr"] in STRICTER:
        assert isinstance(expected, bool)
        expected = None
    assert judge(expression, suite_facts()).holds is expected


def test_the_suite_as_it_comes_with_nan_is_refused_as_a_whole():
    facts = json.loads(SUITE["facts_json_text"])
    for case in SUITE["cases"]:
        assert judge(case["expr"], facts) == Judgement(None, "facts.metrics.nan: NaN or infinite number")


@pytest.mark.parametrize(
    "expression",
    [
        "facts.passed",
        "facts.name",
        "facts.missing",
        "facts.count",
        "1",
        "'true'",
        "dyn('true')",
        "facts",
        "[true]",
        "null",
        "facts.missing > 0.1",
        "!facts.missing",
        "facts.name > 3",
        "1 / 0 == 1",
        "[true][5]",
        "duration('1h')",
        "",
        "facts.count >",
        "facts.count = 1",
        "now > now",
        "facts.name.matches('(')",
        "facts.name == 'a\0b'",
        "\ud800",
        "(" * 300 + "true" + ")" * 300,
        "a" * 200_000,
    ],
)
def test_whatever_is_not_a_real_boolean_is_not_judged(expression):
    judgement = judge(expression, {"name": "true", "count": 1, "passed": "yes"})
    assert judgement.holds is None
    assert 0 < len(judgement.reason) <= MAX_REASON


def test_a_missing_fact_is_named_in_the_reason():
    assert judge("facts.accuracy > 0.5").reason == 'the facts have no member "accuracy"'


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"a": "approved\0evil"}, "facts.a: text with a NUL character"),
        ({"a\0": True}, "facts.a\\x00: text with a NUL character"),
        ({"a": {"b": [1, 2**63]}}, "facts.a.b.1: integer beyond 64 bits"),
        ({"a": -(2**63) - 1}, "facts.a: integer beyond 64 bits"),
        ({"a": float("nan")}, "facts.a: NaN or infinite number"),
        ({"a": float("inf")}, "facts.a: NaN or infinite number"),
        ({"a": "\ud800"}, "facts.a: text with a lone surrogate"),
        ({"\udfff": 1}, "facts.\\udfff: text with a lone surrogate"),
        ({"a": b"bytes"}, "facts.a: bytes is not a JSON value"),
        ({1: "a"}, "facts: key of type int, expected text"),
    ],
)
def test_facts_that_would_be_misread_make_every_judgement_none(facts, reason):
    assert judge("true", facts) == Judgement(None, reason)


def test_a_profile_that_would_be_misread_is_refused_as_well():
    assert judge("true", {}, {"x": 2**64}).reason == "profile.x: integer beyond 64 bits"


def test_the_widest_integers_are_read():
    facts = {"low": -(2**63), "high": 2**63 - 1}
    assert judge("facts.low == -9223372036854775808 && facts.high == 9223372036854775807", facts).holds is True


def nested(levels):
    value = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_nesting_is_read_to_32_levels_and_refused_beyond():
    assert judge("true", nested(32)).holds is True
    assert judge("true", nested(33)).holds is None


def test_a_cyclic_structure_is_refused_and_does_not_hang():
    cycle = {}
    cycle["self"] = [cycle, cycle, cycle]
    assert judge("true", cycle).holds is None


def test_too_many_values_are_refused():
    with pytest.raises(ValueRefusedError, match=f"facts.a: more than {MAX_VALUES} values"):
        plain_copy({"a": [0] * MAX_VALUES}, "facts")


def test_more_steps_than_the_engine_allows_are_an_error_not_a_crash():
    assert judge("facts.l.all(x, x > 0)", {"l": [1] * 12_000}).holds is None


def test_integers_and_numbers_compare_by_value():
    assert judge("facts.one == 1.0 && facts.one < 1.5", {"one": 1}).holds is True


def test_tuples_and_mappings_are_read_as_lists_and_objects():
    from types import MappingProxyType

    assert judge("facts.l.size() == 2 && facts.m.a", MappingProxyType({"l": (1, 2), "m": {"a": True}})).holds is True


def test_facts_changed_after_binding_change_nothing():
    facts = {"ok": False, "list": []}
    bound = CelCriteria().bind({}, facts, key="k")
    facts["ok"] = True
    facts["list"].append(1)
    assert bound.judge("facts.ok").holds is False
    assert bound.judge("facts.list.size() == 0").holds is True


def test_a_key_that_comes_again_with_other_facts_does_not_give_the_old_answer():
    criteria = CelCriteria()
    assert criteria.bind({}, {"ok": True}, key="k").judge("facts.ok").holds is True
    assert criteria.bind({}, {"ok": False}, key="k").judge("facts.ok").holds is False
    assert criteria.bind({"p": 1}, {"ok": False}, key="k").judge("profile.p == 1").holds is True


@pytest.mark.parametrize("other", [1, 1.0, [True], None])
def test_a_key_that_comes_again_with_what_python_calls_equal_does_not_give_the_old_answer(other):
    criteria = CelCriteria()
    assert criteria.bind({}, {"ok": True}, key="k").judge("facts.ok").holds is True
    assert criteria.bind({}, {"ok": other}, key="k").judge("facts.ok").holds is None
    assert criteria.bind({"ok": True}, {}, key="p").judge("profile.ok").holds is True
    assert criteria.bind({"ok": other}, {}, key="p").judge("profile.ok").holds is None


def test_the_same_key_and_facts_share_one_binding():
    criteria = CelCriteria()
    assert criteria.bind({}, {"a": [1]}, key="k") is criteria.bind({}, {"a": [1]}, key="k")


def test_old_bindings_are_let_go():
    criteria = CelCriteria(max_bindings=2)
    first = criteria.bind({}, {}, key="1")
    criteria.bind({}, {}, key="2")
    criteria.bind({}, {}, key="3")
    assert criteria.bind({}, {}, key="1") is not first


def test_the_compile_check_names_what_is_wrong():
    criteria = CelCriteria()
    assert criteria.compile_check("facts.a > 1 && profile.b") == []
    assert criteria.compile_check("facts.a") == []  # only the facts tell what it is
    assert criteria.compile_check("1 + 1") == ["the result is INT, expected BOOL"]
    assert "Syntax error" in criteria.compile_check("facts.a >")[0]
    assert "undeclared reference to 'fact.a'" in criteria.compile_check("fact.a > 1")[0]
    assert criteria.compile_check("true\0") == ["does not compile: text with a NUL character"]


def test_threads_share_programs_and_bindings():
    criteria = CelCriteria(max_bindings=4)
    wrong = []

    def work(seed):
        for i in range(400):
            n = (seed + i) % 9
            holds = criteria.bind({}, {"n": n}, key=str(n)).judge(f"facts.n == {n} && facts.n < {n + 1 + i % 5}").holds
            if holds is not True:
                wrong.append((seed, i, holds))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("ae\0\ud800\u00e9", max_size=4) | st.just("yes"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\0", max_size=2), inner, max_size=3),
    max_leaves=12,
)


@given(
    facts=st.dictionaries(st.sampled_from(["a", "b", "c"]), json_values),
    profile=st.dictionaries(st.just("p"), json_values),
)
def test_no_facts_crash_the_criteria_or_make_a_false_yes(facts, profile):
    judgement = judge("facts.a == 'yes' && facts.b > 3", facts, profile)
    assert judgement.holds in (True, False, None)
    if judgement.holds:
        assert facts["a"] == "yes"
        assert facts["b"] > 3
        assert not isinstance(facts["b"], bool)


def test_fifty_criteria_cost_no_more_than_one_and_a_half_bare_loops():
    from cel_expr_python import cel

    facts = {f"f{i}": i for i in range(15)} | {"metrics": {"choice/accuracy": 0.3}}
    texts = [f"facts.f{i % 15} >= {i % 15} && facts.metrics['choice/accuracy'] < 0.{i + 40}" for i in range(50)]
    kind = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    env = cel.NewEnv(variables={"facts": kind, "profile": kind})
    programs = [env.compile(text) for text in texts]
    activation = env.Activation({"facts": facts, "profile": {}})
    criteria = CelCriteria()
    keys = itertools.count()

    def bare():
        return [program.eval(activation).value() for program in programs]

    def first_time(key):
        bound = criteria.bind({}, facts, key=key)
        return [bound.judge(text).holds for text in texts]

    assert bare() == first_time("warm") == [True] * 50
    bare_seconds = best_of(bare)
    fresh_seconds = best_of(lambda: first_time(str(next(keys))))
    again_seconds = best_of(lambda: first_time("warm"))
    print(f"bare {bare_seconds * 1e6:.0f} us, fresh {fresh_seconds * 1e6:.0f} us, again {again_seconds * 1e6:.0f} us")
    assert again_seconds < 1.5 * bare_seconds
    assert fresh_seconds < 6 * bare_seconds  # copies, checks and binds the facts first; the machine is shared


def best_of(work, rounds=40):
    best = math.inf
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("profile.a", True),
        ("profile . a && !profile.b", True),
        ("profile['a'] && profile.a", True),
        ("size(profile) == 3 && profile.a", True),
        ("has(profile.a) && !has(profile.z)", True),
        ("profile // what is read stands below\n.a", True),
        (".profile.a", True),
        ("facts.profile.c == 1 && profile.a", True),
        ("'profile.z' != facts.text && profile.a", True),
        ("profile == {'a': true, 'b': false, 'profile': {'c': 1}}", True),
        ("profile.profile.c == 1", True),
        ("[profile][0].profile.c == 1", True),
        ("profile.b", False),
        ("profile.z", None),
    ],
)
def test_an_expression_sees_every_member_of_the_profile_that_it_names(expression, holds):
    profile = {"a": True, "b": False, "profile": {"c": 1}}
    bound = CelCriteria().bind(profile, {"profile": {"c": 1}, "text": "x"}, key="k")
    assert bound.judge("facts.text == 'x'").holds is True
    assert bound.judge(expression).holds is holds
