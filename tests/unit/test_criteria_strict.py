"""Criteria are stricter than CEL: no error, no NaN and no empty list ever helps to a yes."""

from functools import cache

import pytest
from cel_expr_python import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.criteria import CelCriteria
from pratique.criteria.wire import Fixed, WireError, fields, message, submessage

FACTS = {
    "yes": True,
    "no": False,
    "text": "yes",
    "nul": None,
    "empty": [],
    "good": [{"a": 1}, {"a": 2}],
    "broken": [{"a": 1}, {"b": 1}],
    "broken_first": [{"b": 1}, {"a": 1}],
    "mistyped": [{"a": 1}, {"a": "one"}],
    "zero": 0.0,
    "one": 1.0,
    "three": 3,
    "nan": "NaN",
    "inf": "inf",
    "by_name": {"x": 1},
}
CRITERIA = CelCriteria()
BOUND = CRITERIA.bind({"open_source": True}, FACTS, key="k")


def reason_of(expression):
    judgement = BOUND.judge(expression)
    assert judgement.holds is None, expression
    return judgement.reason


@pytest.mark.parametrize("error", ["facts.missing > 3", "facts.text > 3", "facts.text", "facts.nul", "1 / 0 == 1"])
@pytest.mark.parametrize(
    "shape",
    [
        "{} || facts.yes",
        "facts.yes || {}",
        "facts.yes || facts.no || {}",
        "facts.no || (facts.yes || {})",
        "{} || true",
        "{} && facts.no",
        "!({} && facts.no)",
        "!(facts.no && {})",
        "(facts.no && {}) == false",
        "(facts.no && {}) ? false : true",
        "[facts.no && {}].size() == 1",
        "{{'a': facts.no && {}}}.size() == 1",
        "facts.yes && ({} || facts.yes)",
        "{} ? true : true",
        "facts.good.exists(x, x.a == 1 || {})",
        "facts.good.all(x, {} || x.a > 0)",
        "!facts.good.exists(x, x.a == 5 && {} && false)",
        "[1].all(x, facts.good.exists(y, y.a == x || {}))",
        "facts.good.filter(x, x.a == 5 && {}).size() == 0",
        "facts.good.exists_one(x, x.a == 1 || {})",
    ],
)
def test_an_error_beside_a_yes_is_not_tested(shape, error):
    assert reason_of(shape.format(error))


@pytest.mark.parametrize("name", ["broken", "broken_first", "mistyped"])
@pytest.mark.parametrize("quantifier", ["exists", "exists_one", "all"])
@pytest.mark.parametrize("test", ["x.a > 0", "x.a > 5", "!(x.a > 0)"])
def test_every_element_is_looked_at(name, quantifier, test):
    assert reason_of(f"facts.{name}.{quantifier}(x, {test})")
    assert reason_of(f"!facts.{name}.{quantifier}(x, {test})")


@pytest.mark.parametrize("expression", ["facts.empty.all(x, x.a > 1)", "!facts.empty.exists(x, x.a > 1)"])
def test_an_empty_list_shows_nothing(expression):
    assert "empty list" in reason_of(expression)
    assert BOUND.judge(f"facts.empty.size() > 0 && {expression}").holds is False


@pytest.mark.parametrize(
    "number",
    [
        "facts.zero / facts.zero",
        "facts.one / facts.zero",
        "-(facts.one / facts.zero)",
        "double(facts.three) / double(0)",
        "1.0e308 * 10.0",
        "1.0e308 + 1.0e308",
        "-1.0e308 - 1.0e308",
        "double(facts.nan)",
        "double(facts.inf)",
        "facts.good.map(x, facts.one / facts.zero)[0]",
    ],
)
@pytest.mark.parametrize(
    "shape", ["{} < 1.0 || facts.yes", "{} >= 1.0", "!({} > 1.0)", "{} != 1.0", "{} > 1.0 ? true : true"]
)
def test_a_calculation_that_is_not_finite_is_not_tested(shape, number):
    assert "NaN or infinite" in reason_of(shape.format(number))


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("facts.no || facts.yes", True),
        ("facts.no || facts.no", False),
        ("!(facts.no && facts.yes)", True),
        ("has(facts.missing) && facts.missing > 1", False),
        ("has(facts.missing) ? facts.missing > 1 : facts.yes", True),
        ("(facts.text == 'no' && facts.missing > 1) || facts.yes", True),
        ("facts.good.exists(x, x.a == 2)", True),
        ("facts.good.all(x, x.a > 0)", True),
        ("facts.good.all(x, x.a > 1)", False),
        ("facts.broken.exists(x, has(x.a) && x.a == 1)", True),
        ("facts.broken.exists_one(x, has(x.a) ? x.a == 1 : false)", True),
        ("facts.by_name.all(k, facts.by_name[k] == 1)", True),
        ("[1, 2].all(x, facts.good.exists(y, y.a == x))", True),
        ("facts.good.filter(x, x.a > 1).map(x, x.a + 1) == [3]", True),
        ("facts.text + '!' == 'yes!' && facts.good + [] == facts.good", True),
        ("facts.three + 1 == 4 && facts.three * 2 - 1 == 5 && facts.three / 2 == 1 && -facts.three < -2", True),
        ("double(facts.three) / 4.0 == 0.75 && 7u - 2u == 5u", True),
        ("timestamp('2026-01-01T00:00:00Z') + duration('1h') > timestamp('2026-01-01T00:00:00Z')", True),
        ("b'a' + b'b' == b'ab' && {'a': facts.one + 1.0} == {'a': 2.0}", True),
        ("profile.open_source || facts.missing == 1", None),
    ],
)
def test_what_is_whole_is_judged_as_ever(expression, holds):
    assert BOUND.judge(expression).holds is holds


def test_long_chains_and_deep_nests_are_judged_or_refused_with_a_reason():
    for sign in (" && ", " || "):
        assert BOUND.judge(sign.join(["facts.yes"] * 200)).holds is True
    deep = "facts.yes"
    for _ in range(10):
        deep = f"(facts.yes && ({deep} || facts.no))"
    assert BOUND.judge(deep).holds is True
    for levels in (20, 40, 80, 200):
        wide = "(facts.no || " * levels + "facts.yes" + ")" * levels
        judgement = BOUND.judge(wide)
        assert judgement.holds or (judgement.holds is None and judgement.reason)


def test_nobody_can_name_the_functions_of_the_rewriting():
    assert "undeclared reference" in CRITERIA.compile_check("pratique_finite(1.0) < 2.0")[0]


@cache
def plain():
    """CEL as it comes."""
    env = cel.NewEnv(variables={"facts": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)})
    return env, env.Activation({"facts": FACTS})


def as_cel_says(expression):
    env, activation = plain()
    result = env.compile(expression).eval(activation)
    return result.value() if result.type() == cel.Type.BOOL else None


whole = st.sampled_from(["facts.yes", "facts.no", "(facts.one > 0.5)", "has(facts.missing)", "(facts.three == 4)"])
mistaken = st.sampled_from(["(facts.missing == 1)", "(facts.text > 1)", "(facts.one / facts.zero > 0.5)"])
faulty = mistaken | st.sampled_from(["facts.missing", "facts.nul", "facts.text"])
lists = st.sampled_from(["good", "broken", "broken_first", "mistyped", "empty"])


def grown(leaves, shapes):
    def grow(inner):
        return st.one_of(*(st.tuples(*[inner] * n).map(lambda parts, s=s: s.format(*parts)) for s, n in shapes))

    return st.recursive(leaves, grow, max_leaves=8)


BOTH = [("({} || {})", 2), ("!({})", 1), ("({} == {})", 2), ("[1, 2].exists(i, i == 1 || {})", 1)]
GUARDS = [("({} && {})", 2), ("({} ? {} : {})", 3), ("facts.good.all(x, x.a == 1 || {})", 1)]
looped = st.builds("facts.{}.{}(x, x.a {})".format, lists, st.sampled_from(["all", "exists"]), st.just("> 0"))


@settings(max_examples=400, deadline=None)
@given(grown(whole | faulty | looped, BOTH + GUARDS))
def test_to_be_strict_only_takes_answers_away(expression):
    assert BOUND.judge(expression).holds in (None, as_cel_says(expression))


@settings(max_examples=200, deadline=None)
@given(grown(whole, BOTH), mistaken, st.data())
def test_without_a_guard_one_error_is_enough(expression, error, data):
    leaves = [leaf for leaf in ("facts.yes", "facts.no", "has(facts.missing)") if leaf in expression]
    if leaves:
        expression = expression.replace(data.draw(st.sampled_from(leaves)), error, 1)
        assert BOUND.judge(expression).holds is None


@settings(max_examples=200, deadline=None)
@given(grown(whole, BOTH + GUARDS))
def test_without_an_error_nothing_changes(expression):
    assert BOUND.judge(expression).holds is as_cel_says(expression)


def test_messages_come_out_as_they_went_in():
    parts = [(1, 0), (2, 2**64 - 1), (3, b"text"), (300, Fixed(b"12345678")), (4, b"")]
    assert list(fields(message(parts))) == parts
    assert submessage(message(parts), 3) == b"text"
    assert submessage(message(parts), 9) == b""


@pytest.mark.parametrize("broken", [b"\x0a\x05abc", b"\x80", b"\x08", b"\x0b", b"\x09\x00"])
def test_a_broken_message_is_refused(broken):
    with pytest.raises(WireError):
        list(fields(broken))


def test_a_number_is_no_message():
    with pytest.raises(WireError):
        submessage(message([(1, 5)]), 1)
