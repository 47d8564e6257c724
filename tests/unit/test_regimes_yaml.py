import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pratique.regimes.yaml_text import _FastLoader, read_yaml


def test_plain_values_are_read_as_json_would_read_them():
    text = "a: 1\nb: -2.5\nc: 1.1e+25\nd: true\ne: null\nf: some text\ng: [x, 'no', \"1e25\"]\nh:\n  i: '2026-01-01'\n"
    assert read_yaml(text) == (
        {
            "a": 1,
            "b": -2.5,
            "c": 1.1e25,
            "d": True,
            "e": None,
            "f": "some text",
            "g": ["x", "no", "1e25"],
            "h": {"i": "2026-01-01"},
        },
        [],
    )


def test_folded_text_is_one_line():
    assert read_yaml("a: >-\n  one\n  two\n").value == {"a": "one two"}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("1e25", "1.0e+25"),
        ("1.1e25", "1.0e+25"),
        ("0042", "decimal number"),
        ("0x1F", "decimal number"),
        ("1_000", "decimal number"),
        ("1:30", "decimal number"),
        ("+1", "decimal number"),
        ("0o17", "1.0e+25"),
        (".5", "a number such as"),
        ("1.", "a number such as"),
        (".nan", "a number such as"),
        ("-.inf", "a number such as"),
        ("no", "true or false"),
        ("Yes", "true or false"),
        ("on", "true or false"),
        ("TRUE", "true or false"),
        ("Null", "null"),
        ("2026-01-01", "a date in quotes"),
        ("2026-01-01T10:00:00Z", "a date in quotes"),
        ("!!python/name:os.system x", "no tag"),
        ("=", "no tag"),
    ],
)
def test_a_word_that_is_not_what_it_looks_like_is_refused_with_its_place(word, expected):
    problems = read_yaml(f"outer:\n  - inner: {word}\n").problems
    assert [p.path for p in problems] == ["outer.0.inner"]
    assert expected in problems[0].expected


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "b.c", "a second time, in line 4"),
        ("on: 1\n", "", "a key in line 1 that is not text"),
        ("1: x\n", "", "not text"),
        ("<<: {a: 1}\n", "", "not text"),
        ("a: &x [1]\nb: *x\n", "b", "an alias"),
        ("a: &x [*x]\n", "a.0", "an alias"),
        ("a: !thing 1\n", "a", "'1'"),
        ("a: !!set {x}\n", "a", "tag"),
    ],
)
def test_what_hides_meaning_is_refused(text, path, found):
    problems = read_yaml(text).problems
    assert [p.path for p in problems] == [path]
    assert found in problems[0].found


@pytest.mark.parametrize("text", ["", "a: [1\n", "a: 1\n---\nb: 2\n", "\ta: 1\n", "a: *nope\n", "a\x07: 1\n"])
def test_what_is_not_one_yaml_document_is_one_problem(text):
    value, problems = read_yaml(text)
    assert value is None
    assert len(problems) == 1
    assert problems[0].path == ""
    assert "\n" not in problems[0].found


def test_every_problem_is_found_at_once():
    assert len(read_yaml("a: no\nb: 0042\nc: 1\nc: 2\n").problems) == 3


@pytest.mark.parametrize("levels", [200, 1500, 2900, 200_000])
def test_deep_nesting_is_a_problem_not_a_crash(levels):
    assert read_yaml("[" * levels + "]" * levels).problems
    assert read_yaml("- " * levels + "a").problems


_WORDS = st.sampled_from(
    ["", "~", "null", "yes", "Off", "0x1f", "0o7", "1_000", "1e5", "1.0e+25", ".inf", "1:30", "2026-11-23", "=", "<<"]
)


@given(st.lists(_WORDS | st.text("aeno0179.:-+_~ ", max_size=8), max_size=5))
def test_the_fast_reader_sees_the_same_words_as_the_plain_one(words):
    text = "".join(f"- {word}\n" for word in words if yaml_can_hold(word))
    assert tags(_FastLoader, text) == tags(yaml.SafeLoader, text)


def yaml_can_hold(word):
    try:
        return isinstance(yaml.compose(f"- {word}\n"), yaml.SequenceNode)
    except yaml.YAMLError:
        return False


def tags(loader, text):
    node = loader(text).get_single_node()
    return [] if node is None else [(one.tag, str(one.value)) for one in node.value if isinstance(one, yaml.ScalarNode)]
