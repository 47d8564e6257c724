"""What lint says of expressions that are sound, and does not say of those that are as they should be."""

from types import SimpleNamespace

import pytest

from pratique.criteria import CelCriteria
from pratique.criteria.syntax import Loop, walk
from pratique.project import config_root
from pratique.regimes import load_configuration
from pratique.regimes.expressions import filled, places
from pratique.regimes.shapes import Shape, shapes_of
from pratique.regimes.smells import Smeller

CRITERIA = CelCriteria()
FACTS = Shape(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["done", "share", "state", "tags", "findings", "ok", "metrics", "name"],
        "properties": {
            "done": {"type": "integer", "minimum": 0},
            "share": {"type": "number", "minimum": 0, "maximum": 1},
            "state": {"type": "string", "enum": ["open", "closed"]},
            "note": {"type": "string"},
            "name": {"type": "string"},
            "ok": {"type": "boolean"},
            "tags": {"type": "array", "items": {"enum": ["cbrn", "cyber"]}},
            "metrics": {"type": "object", "additionalProperties": {"type": "number"}},
            "findings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["level"],
                    "properties": {"level": {"enum": ["low", "high"]}, "why": {"type": "string"}},
                },
            },
        },
    }
)


def smells(expression):
    tree = CRITERIA.tree(expression)
    assert tree is not None, CRITERIA.compile_check(expression)
    return Smeller(FACTS).smells(tree)


@pytest.mark.parametrize(
    "expression",
    [
        "facts.done > 3 && facts.done <= 3",
        "facts.share >= 0.5 && 0.2 > facts.share",
        'facts.name == "a" && facts.name == "b"',
        "facts.done == 3 && facts.done > 3",
        "facts.share > 1.0",
        "facts.share < 0",
        "2 < facts.share",
        'facts.state == "shut"',
        '"shut" == facts.state',
        'facts.state in ["shut", "barred"]',
        '"bio" in facts.tags',
        '!(facts.state != "shut")',
        "facts.name > 3",
        "facts.name",
        "facts.name && facts.ok",
        "facts.ok && false",
        "facts.ok ? false : facts.done < 0",
        'facts.findings.exists(f, f.level == "middle")',
        "facts.findings.all(f, has(f.severity) && f.severity > 1)",
        "has(facts.severity)",
        "facts.ok || facts.name",
        "facts.done < 0 || facts.share > 1.5",
    ],
)
def test_what_can_never_hold_is_said(expression):
    assert any("can never hold" in smell for smell in smells(expression)), smells(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "facts.done > 3 && facts.done <= 4",
        "facts.share >= 1.0 && facts.share <= 1",
        'facts.name == "a" || facts.name == "b"',
        'facts.state == "shut" || facts.ok',
        '!(facts.state == "shut")',
        'facts.state != "shut"',
        'facts.state in ["shut", "open"]',
        '"cbrn" in facts.tags && size(facts.tags) > 1',
        'facts.findings.all(f, f.level == "low")',
        'facts.findings.filter(f, f.level == "low").exists(f, f.level == "high" || facts.ok)',
        "facts.findings.map(f, f.level).size() == 3",
        "facts.findings.exists_one(f, has(f.why) ? size(f.why) > 0 : false)",
        "has(facts.note) && size(facts.note) > 0",
        "has(facts.note) ? size(facts.note) > 0 : facts.ok",
        "!has(facts.note) ? facts.ok : size(facts.note) > 0",
        'facts.ok && (has(facts.note) && facts.note != "")',
        '"x" in facts.metrics && facts.metrics["x"] < 0.2',
        "double(facts.done) / double(facts.done) >= 0.95",
        "facts.done * 2 > 5",
        "profile.anything.at.all > 3",
        "facts == {'a': 1} || facts.ok",
    ],
)
def test_nothing_is_said_of_what_is_as_it_should_be(expression):
    assert [s for s in smells(expression) if "facts.state is never" not in s] == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("size(facts.note) > 0", "facts.note may be missing"),
        ("!has(facts.note) || size(facts.note) > 0", "facts.note may be missing"),
        ("!(has(facts.note) && size(facts.note) > 0)", "facts.note may be missing"),
        ("facts.findings.filter(f, has(f.why) && size(f.why) > 0).size() > 0", "f.why may be missing"),
        ("facts.findings.all(f, size(f.why) > 0)", "f.why may be missing"),
        ('facts.metrics["x"] < 0.2', "facts.metrics.x may be missing"),
        ("facts.findings.all(f, f.severity == 1)", "f.severity is a fact that there is not; f has level, why"),
        ("facts.done / 120 > 0", "facts.done / 120 drops the fraction"),
        ("facts.share / facts.share >= 1", "drops the fraction where both are whole numbers"),
        ("facts.share * 2 > 1", "not tested where one is a whole number and the other is not"),
        ("facts.done * 1.0 > 1.0", "not tested where one is a whole number and the other is not"),
        ('facts.state == "shut" || facts.ok', 'facts.state is never "shut": it is one of open, closed'),
        ("facts.name == 3 || facts.ok", "facts.name is never 3: it is string"),
        ("facts.name > 3", "facts.name is string, and cannot be compared with 3"),
        ('"bio" in facts.tags || facts.ok', 'an element of facts.tags is never "bio"'),
    ],
)
def test_what_is_odd_is_said_in_words_of_the_expression(expression, said):
    assert any(said in smell for smell in smells(expression)), smells(expression)


def test_a_schema_that_leaves_things_open_takes_nothing_for_impossible():
    for schema in ({}, {"anyOf": [{"type": "string"}], "type": "string"}, {"type": "object"}):
        for expression in ("facts.a > 3", 'facts.a.b == "x"', "facts.l.all(x, x.y)", "has(facts.a)"):
            found = Smeller(Shape(schema)).smells(CRITERIA.tree(expression))
            assert [smell for smell in found if "may be missing" not in smell] == []


def test_the_shape_of_a_kind_comes_from_the_newest_schema_and_from_collectors():
    by_kind = {"evaluation": {"properties": {"x": {}}}, "facts.a": {"properties": {"no": {}}}}
    collectors = [
        SimpleNamespace(kinds=frozenset({"log"})),
        SimpleNamespace(kinds=frozenset({"evaluation", "log", "facts.a"}), facts_schema=by_kind),
        SimpleNamespace(kinds=frozenset({"weights"}), facts_schema={"type": "object", "properties": {"y": {}}}),
    ]
    schemas = {"a@9": {"properties": {"nine": {}}}, "a@10": {"properties": {"ten": {}}}, "b": {"properties": {}}}
    found = shapes_of(schemas, collectors)
    assert {kind: shape.members for kind, shape in found.items()} == {
        "facts.a": ("ten",),
        "facts.b": (),
        "evaluation": ("x",),
        "weights": ("y",),
    }


def test_every_shipped_expression_can_be_looked_through_and_may_hold():
    rulebook = load_configuration(config_root(), people_file=None, criteria=CRITERIA).rulebook
    shapes = shapes_of(rulebook.facts_schemas, [])
    seen = loops = 0
    for spec in rulebook.specs.values():
        for place in places(spec):
            tree = CRITERIA.tree(filled(place.expression, risk="sample", occasion="sample"))
            assert tree is not None, place
            seen += 1
            loops += any(isinstance(node, Loop) for node in walk(tree))
            said = Smeller(shapes.get(place.kind or "")).smells(tree)
            assert [one for one in said if "may be missing" not in one] == [], place
    assert seen > 300
    assert loops > 50


def test_what_does_not_compile_has_no_tree():
    assert CRITERIA.tree("facts.a >") is None
    assert CRITERIA.tree("facts.a == 'x\0'") is None
