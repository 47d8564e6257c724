"""What a compiled expression is made of: the checked tree as values, for checks that need no facts."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pratique.criteria.wire import Fixed, WireError, fields, submessage

# Numbers of fields: Any, CheckedExpr, Expr, what is under Expr, Constant, Type.
_ANY_VALUE, _CHECKED_TYPES, _CHECKED_EXPR = 2, 3, 4
_ID, _CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _LOOP = 2, 3, 4, 5, 6, 7, 8, 9
_STRING_CONST, _DOUBLE_CONST, _INT_CONST, _BOOL_CONST, _NULL_CONST = 6, 5, 3, 2, 1
_PRIMITIVES = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}
_TYPE_PRIMITIVE, _TYPE_LIST, _TYPE_MAP = 3, 6, 7


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression. `kind` is `of_type` where the checker knows it: `bool`, `int`, `double`, `list`, ..."""

    of_type: str | None = None


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A value that stands in the expression."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable: `facts`, `profile`, or one that a loop goes through."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`of.name`, `of["name"]`, and with `is_asked` `has(of.name)` or `"name" in of`."""

    of: Node = Node()
    name: str = ""
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function or an operator, such as `_&&_`; what a method is called on comes first among its arguments."""

    function: str = ""
    arguments: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Loop(Node):
    """`all`, `exists`, `exists_one`, `filter` or `map`: `each` is what is asked, or made, of every element."""

    macro: str = ""
    variable: str = ""
    over: Node = Node()
    each: Node = Node()
    condition: Node | None = None  #: of `map(x, condition, each)`


@dataclass(frozen=True, slots=True)
class Items(Node):
    """A list or a map that is written out, by its parts."""

    parts: tuple[Node, ...] = ()


def tree_of(serialized: bytes) -> Node:
    """Return the tree of a serialized program.

    Raises:
        WireError: it is not what this version of the engine serializes.
    """
    checked = submessage(serialized, _ANY_VALUE)
    types: dict[int, str] = {}
    for number, entry in fields(checked):
        if number == _CHECKED_TYPES and isinstance(entry, bytes):
            parts = dict(fields(entry))
            kind = _type_name(parts.get(2, b""))
            if kind is not None:
                types[int(parts.get(1, 0))] = kind
    return _Builder(types).node(submessage(checked, _CHECKED_EXPR))


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and everything in it."""
    yield node
    for inner in parts_of(node):
        yield from walk(inner)


def parts_of(node: Node) -> tuple[Node, ...]:
    """Return what stands directly in `node`."""
    if isinstance(node, Member):
        return (node.of,)
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Loop):
        return (node.over, *((node.condition,) if node.condition is not None else ()), node.each)
    return node.parts if isinstance(node, Items) else ()


class _Builder:
    def __init__(self, types: dict[int, str]) -> None:
        self._types = types

    def node(self, expr: bytes) -> Node:
        parts = dict(fields(expr))
        kind = self._types.get(_int(parts.get(_ID, 0)))
        if _CONST in parts:
            return Constant(kind, _constant(_bytes(parts[_CONST])))
        if _IDENT in parts:
            return Name(kind, _text(submessage(_bytes(parts[_IDENT]), 1)).lstrip("."))
        if _SELECT in parts:
            select = dict(fields(_bytes(parts[_SELECT])))
            return Member(kind, self.node(_bytes(select[1])), _text(select[2]), bool(select.get(3)))
        if _CALL in parts:
            return self._call(kind, _bytes(parts[_CALL]))
        if _LOOP in parts:
            return self._loop(kind, _bytes(parts[_LOOP]))
        inner = parts.get(_LIST, parts.get(_STRUCT))
        if inner is None:
            raise WireError("an expression of no known kind")
        return Items(kind, tuple(self._items(_bytes(inner), is_struct=_STRUCT in parts)))

    def _items(self, parent: bytes, *, is_struct: bool) -> Iterator[Node]:
        for number, value in fields(parent):
            if not is_struct and number == 1:
                yield self.node(_bytes(value))
            elif is_struct and number == 2:
                entry = dict(fields(_bytes(value)))
                yield from (self.node(_bytes(entry[one])) for one in (3, 4) if one in entry)

    def _call(self, kind: str | None, call: bytes) -> Node:
        name, arguments = "", []
        for number, value in fields(call):
            if number == 2:
                name = _text(value)
            else:
                arguments.append(self.node(_bytes(value)))
        if name == "_[_]" and isinstance(key := arguments[1], Constant) and isinstance(key.value, str):
            return Member(kind, arguments[0], key.value)
        if name == "@in" and isinstance(key := arguments[0], Constant) and isinstance(key.value, str):
            of = arguments[1]
            if isinstance(of, Member | Name) and of.of_type in (None, "map"):
                # A map or a list: only its shape tells, so that it stays a call and a question at once.
                return Call(kind, name, (key, of, Member("bool", of, key.value, is_asked=True)))
        return Call(kind, name, tuple(arguments))

    def _loop(self, kind: str | None, loop: bytes) -> Node:
        parts = dict(fields(loop))
        variable, step = _text(parts[1]), self.node(_bytes(parts[6]))
        over = self.node(_bytes(parts[2]))
        if not isinstance(step, Call):
            raise WireError("a loop without a step")
        if step.function in ("_&&_", "_||_"):
            macro = "all" if step.function == "_&&_" else "exists"
            return Loop(kind, macro, variable, over, step.arguments[1])
        if step.function == "_?_:_":
            condition, made = step.arguments[0], step.arguments[1]
            added = _added(made)
            if isinstance(added, Constant):
                return Loop(kind, "exists_one", variable, over, condition)
            if isinstance(added, Name) and added.name == variable:
                return Loop(kind, "filter", variable, over, condition)
            return Loop(kind, "map", variable, over, added, condition)
        return Loop(kind, "map", variable, over, _added(step))


def _added(step: Node) -> Node:
    """Return what a step adds to what was gathered so far."""
    if not isinstance(step, Call) or step.function != "_+_":
        raise WireError("a loop that gathers nothing")
    added = step.arguments[1]
    return added.parts[0] if isinstance(added, Items) and len(added.parts) == 1 else added


def _constant(value: bytes) -> Any:
    for number, found in fields(value):
        if number == _STRING_CONST:
            return _text(found)
        if number == _DOUBLE_CONST and isinstance(found, Fixed):
            return struct.unpack("<d", found)[0]
        if number == _INT_CONST and isinstance(found, int):
            return found - 2**64 if found >= 2**63 else found
        if number == _BOOL_CONST:
            return bool(found)
    return None


def _type_name(kind: int | bytes) -> str | None:
    for number, value in fields(_bytes(kind)):
        if number == _TYPE_PRIMITIVE and isinstance(value, int):
            return _PRIMITIVES.get(value)
        if number in (_TYPE_LIST, _TYPE_MAP):
            return "list" if number == _TYPE_LIST else "map"
    return None


def _int(value: int | bytes) -> int:
    return value if isinstance(value, int) else 0


def _text(value: int | bytes) -> str:
    return _bytes(value).decode()


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise WireError("a number where a message belongs")
    return value
