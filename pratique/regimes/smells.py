"""What is odd about an expression that is sound: it never holds, or it is not tested where nobody meant that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from pratique.criteria.syntax import Call, Constant, Items, Loop, Member, Name, Node
from pratique.regimes.contradictions import ORDERS, TURNED, contradiction_in, told, written
from pratique.regimes.shapes import Shape, kind_of

#: What a part of an expression can come to; None is an error.
Outcome = bool | None
_ANY = frozenset[Outcome]({True, False, None})
_EITHER = frozenset[Outcome]({True, False})
_ERROR = frozenset[Outcome]({None})
_DIVISIONS = frozenset({"_/_", "_%_"})
_CALCULATIONS = frozenset({"_+_", "_-_", "_*_", "_/_"})
_NUMBERS = frozenset({"integer", "number"})
_ARRAY, _OBJECT = frozenset({"array"}), frozenset({"object"})
#: How CEL holds a number that stands in an expression.
_HELD = {"integer": frozenset({"int"}), "number": frozenset({"double"})}


@dataclass(frozen=True, slots=True)
class _View:
    """What is known where a part stands."""

    shapes: dict[str, Shape | None]  #: of variables
    guarded: frozenset[str] = frozenset()  #: members that are known to be there
    is_upward: bool = True  #: `&&` looks at its right side only where the left one is true


@dataclass(slots=True)
class Smeller:
    """Goes through one expression, gathering what is odd, each thing once."""

    facts: Shape | None
    found: dict[str, None] = field(default_factory=dict)
    optional: dict[str, None] = field(default_factory=dict)  #: members that may be missing, and are not asked for first

    def smells(self, tree: Node) -> list[str]:
        """Return what is odd about the expression that is `tree`."""
        outcome = self._outcome(tree, _View({"facts": self.facts}))
        contradiction = contradiction_in(tree)
        if contradiction is not None:
            self._note(f"it can never hold: {contradiction}")
        elif True not in outcome:
            self._note("it can never hold, whatever the file says")
        if self.optional:
            self._note(
                f"{', '.join(self.optional)} may be missing: then it is not tested, unless `has(...) &&` asks first"
            )
        return list(self.found)

    def _note(self, smell: str) -> None:
        self.found[smell] = None

    def _outcome(self, node: Node, view: _View) -> frozenset[Outcome]:
        if isinstance(node, Constant):
            return frozenset({node.value}) if isinstance(node.value, bool) else _ERROR
        if isinstance(node, Member):
            return self._asked(node, view) if node.is_asked else self._truth(self._shape(node, view))
        if isinstance(node, Call):
            return self._called(node, view)
        if isinstance(node, Loop):
            return self._looped(node, view)
        return self._truth(self._shape(node, view))

    def _truth(self, shape: Shape | None) -> frozenset[Outcome]:
        kinds = shape.kinds if shape is not None else None
        if shape is None or kinds is None:
            return _ANY
        if "boolean" not in kinds:
            return _ERROR
        return frozenset(w for w in shape.words if isinstance(w, bool)) if shape.words is not None else _EITHER

    def _asked(self, node: Member, view: _View) -> frozenset[Outcome]:
        of = self._shape(node.of, view)
        if of is None:
            return _EITHER
        found = of.member(node.name)
        if not found.is_known:
            self._unknown(node, of)
            return frozenset({False})
        return frozenset({True}) if found.is_required else _EITHER

    def _called(self, node: Call, view: _View) -> frozenset[Outcome]:
        name = node.function
        if name == "_&&_":
            return self._both(node, view)
        if name == "_||_":
            first, second = (self._outcome(one, view) for one in node.arguments)
            if _ERROR in (first, second):  # both are looked at, always
                return _ERROR
            return frozenset({True} if True in first | second else ()) | (_EITHER & first & second) | {None}
        inner = replace(view, is_upward=False)
        if name == "!_":
            outcome = self._outcome(node.arguments[0], inner)
            return frozenset(None if one is None else not one for one in outcome)
        if name == "_?_:_":
            return self._chosen(node, view, inner)
        for argument in node.arguments:
            self._read(argument, inner)
        if name in _CALCULATIONS or name in _DIVISIONS:
            self._calculation(node, inner)
        return self._compared(node, inner)

    def _both(self, node: Call, view: _View) -> frozenset[Outcome]:
        left, right = node.arguments
        first = self._outcome(left, view)
        beside = replace(view, guarded=view.guarded | _there(left, holds=True)) if view.is_upward else view
        second = self._outcome(right, beside)
        holds = True in first and True in second
        return frozenset({True} if holds else ()) | {False, None} & (first | second)

    def _chosen(self, node: Call, view: _View, inner: _View) -> frozenset[Outcome]:
        condition, yes, no = node.arguments
        asked = self._outcome(condition, inner)
        first = self._outcome(yes, replace(view, guarded=view.guarded | _there(condition, holds=True)))
        second = self._outcome(no, replace(view, guarded=view.guarded | _there(condition, holds=False)))
        return (
            (first if True in asked else frozenset()) | (second if False in asked else frozenset()) | ({None} & asked)
        )

    def _looped(self, node: Loop, view: _View) -> frozenset[Outcome]:
        self._read(node.over, replace(view, is_upward=False))
        shape = self._shape(node.over, view)
        items = shape.items if shape is not None else None
        is_upward = view.is_upward and node.macro in ("all", "exists")
        inner = replace(view, shapes={**view.shapes, node.variable: items}, is_upward=is_upward)
        if node.condition is not None:
            self._outcome(node.condition, inner)
        if node.macro == "map":
            self._read(node.each, inner)
            return _ANY
        each = self._outcome(node.each, inner)
        if node.macro in ("all", "exists", "exists_one") and True not in each:
            return frozenset({False, None})
        return _ANY

    def _read(self, node: Node, view: _View) -> None:
        """Look at a part that is no condition."""
        if isinstance(node, Member):
            self._shape(node, view)
        elif isinstance(node, Call | Loop):
            self._outcome(node, view)
        elif isinstance(node, Items):
            for part in node.parts:
                self._read(part, view)

    def _shape(self, node: Node, view: _View) -> Shape | None:
        """Return the shape of a value, noting what is odd about reading it."""
        if isinstance(node, Name):
            return view.shapes.get(node.name)
        if isinstance(node, Loop) and node.macro == "filter":
            return self._shape(node.over, view)
        if not isinstance(node, Member) or node.is_asked:
            return None
        of = self._shape(node.of, view)
        if of is None:
            return None
        found = of.member(node.name)
        if not found.is_known:
            self._unknown(node, of)
        elif not found.is_required and written(node) not in view.guarded:
            self.optional[written(node)] = None
        return found.shape

    def _unknown(self, node: Member, of: Shape) -> None:
        known = ", ".join(of.members[:12]) + (", ..." if len(of.members) > 12 else "")
        self._note(f"{written(node)} is a fact that there is not; {written(node.of)} has {known or 'no members'}")

    def _calculation(self, node: Call, view: _View) -> None:
        if len(node.arguments) != 2:
            return
        kinds = [self._numbers(one, view) for one in node.arguments]
        text = f"{written(node.arguments[0])} {node.function.strip('_')} {written(node.arguments[1])}"
        if node.function in _DIVISIONS and all("int" in kind for kind in kinds) and node.function == "_/_":
            self._note(f"{text} drops the fraction where both are whole numbers (118 / 120 is 0): use double(...)")
        elif all(kinds) and set().union(*kinds) == {"int", "double"}:
            self._note(f"{text} is not tested where one is a whole number and the other is not: use double(...)")

    def _numbers(self, node: Node, view: _View) -> frozenset[str]:
        """Return how CEL may hold a number; empty for what is none, or where nothing is known of it."""
        if isinstance(node, Constant):
            return _HELD.get(kind_of(node.value), frozenset())
        if isinstance(node, Call) and node.function in ("double", "size", "int"):
            return frozenset({"double" if node.function == "double" else "int"})
        if isinstance(node, Call) and node.function in _CALCULATIONS and len(node.arguments) == 2:
            first, second = (self._numbers(one, view) for one in node.arguments)
            return first & second
        if not isinstance(node, Member | Name):
            return frozenset()
        quiet = Smeller(self.facts)
        shape = quiet._shape(node, view)
        kinds = (shape.kinds or frozenset()) if shape is not None else frozenset()
        return frozenset({"int", "double"} if "number" in kinds else {"int"} if "integer" in kinds else ())

    def _compared(self, node: Call, view: _View) -> frozenset[Outcome]:
        if len(node.arguments) < 2:
            return _ANY
        left, right = node.arguments[:2]
        if node.function == "@in":
            return self._contained(left, right, view)
        if isinstance(left, Constant) and not isinstance(right, Constant):
            left, right, turned = right, left, True
        else:
            turned = False
        if not isinstance(right, Constant) or not isinstance(left, Member | Name):
            return _ANY
        shape = Smeller(self.facts)._shape(left, view)
        if shape is None:
            return _ANY
        if node.function in ("_==_", "_!=_"):
            can = shape.can_be(right.value)
            if not can:
                self._never_equal(left, right.value, shape)
            return _ANY if can else frozenset({node.function == "_!=_"})
        if node.function not in ORDERS:
            return _ANY
        order = ORDERS[node.function]
        return self._ordered(left, TURNED[order] if turned else order, right.value, shape)

    def _never_equal(self, node: Node, value: Any, shape: Shape) -> None:
        known = f"one of {', '.join(map(str, shape.words))}" if shape.words is not None else _kinds_told(shape)
        self._note(f"{written(node)} is never {told(value)}: it is {known}")

    def _ordered(self, node: Node, order: str, value: Any, shape: Shape) -> frozenset[Outcome]:
        kinds, kind = shape.kinds, kind_of(value)
        if kinds is None:
            return _ANY
        if not (kinds & _NUMBERS if kind in _NUMBERS else kind in kinds):
            self._note(f"{written(node)} is {_kinds_told(shape)}, and cannot be compared with {told(value)}")
            return _ERROR
        if kind not in _NUMBERS:
            return _ANY
        low, high = shape.bounds
        if order in ("<", "<="):
            can, must = low < value or (order == "<=" and low == value), high < value
        else:
            can, must = high > value or (order == ">=" and high == value), low > value
        return frozenset({True} if can else ()) | frozenset(() if must else {False})

    def _contained(self, value: Node, inside: Node, view: _View) -> frozenset[Outcome]:
        if isinstance(value, Constant) and isinstance(inside, Member | Name):
            shape = Smeller(self.facts)._shape(inside, view)
            kinds = shape.kinds if shape is not None else None
            if shape is not None and kinds == _ARRAY and shape.items is not None:
                if not shape.items.can_be(value.value):
                    self._never_equal(Member(None, inside, "[]"), value.value, shape.items)
                    return frozenset({False})
            elif shape is not None and kinds == _OBJECT and isinstance(value.value, str):
                return self._asked(Member("bool", inside, value.value, is_asked=True), view)
            return _ANY
        if isinstance(inside, Items) and isinstance(value, Member | Name):
            shape = Smeller(self.facts)._shape(value, view)
            constants = [part.value for part in inside.parts if isinstance(part, Constant)]
            if shape is None or len(constants) < len(inside.parts):
                return _ANY
            impossible = [one for one in constants if not shape.can_be(one)]
            for one in impossible:
                self._never_equal(value, one, shape)
            return frozenset({False}) if len(impossible) == len(constants) else _ANY
        return _ANY


def _there(node: Node, *, holds: bool) -> frozenset[str]:
    """Return the members that are there where a condition holds, or does not."""
    if isinstance(node, Member) and node.is_asked:
        return frozenset({written(Member(None, node.of, node.name))} if holds else ())
    if not isinstance(node, Call):
        return frozenset()
    if node.function == "!_":
        return _there(node.arguments[0], holds=not holds)
    if node.function == "@in" and len(node.arguments) == 3:
        return _there(node.arguments[2], holds=holds)
    if node.function == ("_&&_" if holds else "_||_"):
        return frozenset().union(*(_there(one, holds=holds) for one in node.arguments))
    return frozenset()


def _kinds_told(shape: Shape) -> str:
    return " or ".join(sorted(shape.kinds or {"anything"}))
