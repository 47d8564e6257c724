"""Makes a compiled expression strict: CEL drops an error beside a decided answer, a gate must not.

In CEL `error || true` is true, `error && false` is false, `exists` and `all` drop the errors of single elements, `all`
holds on an empty list, and NaN or infinity compare like numbers. Here the checked syntax tree is rewritten, with
nothing but constructs of CEL that pass every error on (a list, `in`, the condition of `?:`):

=====================  ==========================================================================
`a || b`               both are looked at, always: `true in [a, b]`
`a && b`               `a ? b : false`: `b` is looked at where `a` is true, the way to ask for an
                       optional fact. Where a false could help to a yes (under `!`, in a condition,
                       in a comparison, as an argument) both are looked at: `!(false in [a, b])`
`l.exists`, `l.all`    every element is looked at, and there must be one
`/ * + -`, `double()`  the result must be finite
=====================  ==========================================================================

So a yes is never owed to an error: an error gives a false only where a guard before it is false, and that false
can only go up through `&&`, `||`, quantifiers and branches, none of which turns it round.
"""

from __future__ import annotations

import math
from typing import Any

from cel_expr_python import cel

from pratique.criteria.wire import Field, WireError, fields, message, submessage

_FINITE, _LOOKED_THROUGH = "pratique_finite", "pratique_looked_through"
_ARITHMETIC = frozenset({"_/_", "_*_", "_+_", "_-_", "double"})

# Numbers of fields: Any, CheckedExpr, Expr, what is under Expr (select, list, struct, call, loop), Type.
_ANY_VALUE = 2
_CHECKED_TYPES, _CHECKED_EXPR = 3, 4
_ID, _SELECT, _CALL, _LIST, _STRUCT, _LOOP, _CONST = 2, 5, 6, 7, 8, 9, 3
_OPERAND, _ELEMENT, _ENTRY, _ENTRY_KEY, _ENTRY_VALUE = 1, 1, 2, 3, 4
_TARGET, _FUNCTION, _ARGUMENT = 1, 2, 3
_RANGE, _START, _WHILE, _STEP, _RESULT = 2, 4, 5, 6, 7
_TYPE_DYN, _TYPE_PRIMITIVE, _BOOL, _DOUBLE = 1, 3, 1, 4

_NEW_IDS = 1_000_000  #: beyond the ids that the compiler gives


def functions() -> list[Any]:
    """Return the functions that rewritten expressions call; no expression of a person may name them."""
    kinds = cel.Type
    same = (kinds.INT, kinds.UINT, kinds.STRING, kinds.BYTES, kinds.TIMESTAMP, kinds.DURATION, kinds.List(kinds.DYN))
    finite = [
        cel.Overload(f"{_FINITE}_{place}", kind, [kind], False, _same if kind != kinds.DOUBLE else _finite)
        for place, kind in enumerate((*same, kinds.DOUBLE))
    ]
    looked_through = [
        cel.Overload(f"{_LOOKED_THROUGH}_bool", kinds.BOOL, [kinds.BOOL], False, _same),
        cel.Overload(f"{_LOOKED_THROUGH}_null", kinds.BOOL, [kinds.NULL], False, _empty),
    ]
    return [cel.FunctionDecl(_FINITE, finite), cel.FunctionDecl(_LOOKED_THROUGH, looked_through)]


def strict(serialized: bytes) -> bytes:
    """Return the serialized program `serialized`, made strict.

    Raises:
        WireError: it is not what this version of the engine serializes.
    """
    checked = submessage(serialized, _ANY_VALUE)
    tree = submessage(checked, _CHECKED_EXPR)
    if not tree:
        raise WireError("no checked expression")
    rewritten = _Rewriter(_types(checked)).expr(tree, True)
    parts = [(number, rewritten if number == _CHECKED_EXPR else value) for number, value in fields(checked)]
    return message((number, message(parts) if number == _ANY_VALUE else value) for number, value in fields(serialized))


def _same(value: Any) -> Any:
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("the result of a calculation is NaN or infinite")
    return value


def _empty(_: None) -> bool:
    raise ValueError("`all` or `exists` looked through an empty list")


def _types(checked: bytes) -> dict[int, bytes]:
    out: dict[int, bytes] = {}
    for number, entry in fields(checked):
        if number == _CHECKED_TYPES and isinstance(entry, bytes):
            key, kind = _short_entry(entry) or _entry(entry)
            if isinstance(key, int) and isinstance(kind, bytes):
                out[key] = kind
    return out


def _short_entry(entry: bytes) -> tuple[int, bytes] | None:
    """Return key and value of an entry that is written as nearly all are, each number in one byte; else None."""
    if 3 < len(entry) < 0x84 and (entry[0], entry[2], entry[3]) == (0x08, 0x12, len(entry) - 4) and entry[1] < 0x80:
        return entry[1], entry[4:]
    return None


def _entry(entry: bytes) -> tuple[int | bytes | None, int | bytes]:
    parts = dict(fields(entry))
    return parts.get(1), parts.get(2, b"")


class _Rewriter:
    """Rewrites one tree. `upward` is true where a false can never help to a yes."""

    def __init__(self, types: dict[int, bytes]) -> None:
        self._types = types
        self._next = _NEW_IDS

    def expr(self, node: bytes, upward: bool) -> bytes:
        """Return `node` made strict."""
        out: list[Field] = []
        for number, value in fields(node):
            if isinstance(value, int):
                out.append((number, value))
            elif number == _CALL:
                return self._call(node, value, upward)
            elif number == _LOOP:
                out.append((number, self._loop(value, upward)))
            elif number == _STRUCT:
                out.append((number, self._struct(value)))
            else:
                inner = {_SELECT: {_OPERAND}, _LIST: {_ELEMENT}}.get(number, set())
                out.append((number, self._inner(value, inner)) if inner else (number, value))
        return message(out)

    def _call(self, node: bytes, call: bytes, upward: bool) -> bytes:
        name, target, arguments = _parts(call)
        if name in ("_||_", "_&&_"):
            return self._either_or_both(name, arguments, upward)
        if name == "_?_:_":
            condition, *branches = arguments
            return self._function(name, self.expr(condition, False), *(self.expr(one, upward) for one in branches))
        out = [(_TARGET, self.expr(target, False))] if target else []
        out += [(_FUNCTION, name.encode()), *((_ARGUMENT, self.expr(one, False)) for one in arguments)]
        rewritten = message((number, message(out) if number == _CALL else value) for number, value in fields(node))
        return self._function(_FINITE, rewritten) if name in _ARITHMETIC and self._may_be_double(node) else rewritten

    def _either_or_both(self, name: str, arguments: list[bytes], upward: bool) -> bytes:
        first, second = ((one, self.expr(one, upward)) for one in arguments)
        if name == "_&&_" and upward:
            return self._choice(first[1], self._truth(*second), self._flag(False))
        return self._among(name, [self._truth(*first), self._truth(*second)])

    def _among(self, name: str, members: list[bytes]) -> bytes:
        """Return `true in [members]` for or, `!(false in [members])` for and."""
        is_or = name == "_||_"
        found = self._function("@in", self._flag(is_or), self._new(_LIST, message((1, one) for one in members)))
        return found if is_or else self._function("!_", found)

    def _truth(self, before: bytes, rewritten: bytes) -> bytes:
        """Return an expression that is an error where `rewritten` is no boolean."""
        if self._type(before).get(_TYPE_PRIMITIVE) == _BOOL:
            return rewritten
        return self._choice(rewritten, self._flag(True), self._flag(False))

    def _loop(self, loop: bytes, upward: bool) -> bytes:
        parts = dict(fields(loop))
        condition, step = _bytes(parts[_WHILE]), _bytes(parts[_STEP])
        if _name(condition) != "@not_strictly_false":  # `map`, `filter`, `exists_one` drop no error
            return self._inner(loop, {_RANGE, _START, _WHILE, _STEP, _RESULT})
        name, _, (so_far, each) = _parts(submessage(step, _CALL))
        if name not in ("_||_", "_&&_"):
            raise WireError(f"a loop over {name}")
        parts[_RANGE] = self.expr(_bytes(parts[_RANGE]), False)
        parts[_START] = self._new(_CONST, message([(1, 0)]))  # null: nothing was looked at yet
        parts[_WHILE] = self._flag(True)
        parts[_STEP] = self._among(name, [so_far, self._truth(each, self.expr(each, upward))])
        parts[_RESULT] = self._function(_LOOKED_THROUGH, _bytes(parts[_RESULT]))
        return message(parts.items())

    def _struct(self, struct: bytes) -> bytes:
        keyed = {_ENTRY_KEY, _ENTRY_VALUE}
        return message(
            (number, self._inner(_bytes(value), keyed) if number == _ENTRY else value)
            for number, value in fields(struct)
        )

    def _inner(self, parent: bytes, numbers: set[int]) -> bytes:
        return message(
            (number, self.expr(_bytes(value), False) if number in numbers else value)
            for number, value in fields(parent)
        )

    def _may_be_double(self, node: bytes) -> bool:
        kind = self._type(node)
        return not kind or _TYPE_DYN in kind or kind.get(_TYPE_PRIMITIVE) == _DOUBLE

    def _type(self, node: bytes) -> dict[int, int | bytes]:
        number = dict(fields(node)).get(_ID)
        return dict(fields(self._types.get(number, b""))) if isinstance(number, int) else {}

    def _choice(self, condition: bytes, yes: bytes, no: bytes) -> bytes:
        return self._function("_?_:_", condition, yes, no)

    def _flag(self, value: bool) -> bytes:
        return self._new(_CONST, message([(2, int(value))]))

    def _function(self, name: str, *arguments: bytes) -> bytes:
        return self._new(_CALL, message([(_FUNCTION, name.encode()), *((_ARGUMENT, one) for one in arguments)]))

    def _new(self, number: int, value: bytes) -> bytes:
        self._next += 1
        return message([(_ID, self._next), (number, value)])


def _parts(call: bytes) -> tuple[str, bytes, list[bytes]]:
    name, target, arguments = b"", b"", []
    for number, value in fields(call):
        if number == _FUNCTION:
            name = _bytes(value)
        elif number == _TARGET:
            target = _bytes(value)
        elif number == _ARGUMENT:
            arguments.append(_bytes(value))
    return name.decode(), target, arguments


def _name(node: bytes) -> str:
    return _parts(submessage(node, _CALL))[0]


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise WireError("a number where an expression belongs")
    return value
