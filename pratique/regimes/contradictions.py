"""What an expression asks of one value that no value can be; and how its parts are told to people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from pratique.criteria.syntax import Call, Constant, Member, Name, Node
from pratique.regimes.shapes import kind_of, same

#: Comparisons by order, as they are written.
ORDERS = {"_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">="}
#: The same with the sides exchanged.
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class _Span(NamedTuple):
    """Numbers that are left; an end can be out of it."""

    low: float = -math.inf
    is_low_out: bool = False
    high: float = math.inf
    is_high_out: bool = False

    @property
    def is_empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and (self.is_low_out or self.is_high_out))


def contradiction_in(tree: Node) -> str | None:
    """Return what an expression asks of one value that no value can be; None where nothing is found."""
    spans: dict[str, _Span] = {}
    words: dict[str, Any] = {}
    for one in _conjuncts(tree):
        asked = _asked(one)
        if asked is None:
            continue
        name, order, value = asked
        if order == "==":
            if name in words and not same(words[name], value):
                return f"{name} cannot be {told(words[name])} and {told(value)}"
            words[name] = value
        if kind_of(value) in ("integer", "number"):
            spans[name] = _narrowed(spans.get(name, _Span()), order, value)
            if spans[name].is_empty:
                return f"no number is what it asks of {name}"
    return None


def written(node: Node) -> str:
    """Return a part as it is written, more or less."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Member):
        if node.name == "[]":
            return f"an element of {written(node.of)}"
        is_word = node.name.isidentifier()
        return f"{written(node.of)}.{node.name}" if is_word else f'{written(node.of)}["{node.name}"]'
    if isinstance(node, Constant):
        return told(node.value)
    if isinstance(node, Call) and node.function.isidentifier():
        return f"{node.function}({', '.join(written(one) for one in node.arguments)})"
    return "(...)"


def told(value: Any) -> str:
    """Return a value as it stands in an expression."""
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and node.function == "_&&_":
        for one in node.arguments:
            yield from _conjuncts(one)
    else:
        yield node


def _asked(node: Node) -> tuple[str, str, Any] | None:
    """Return (member, order, value) where a member is compared with a value."""
    if not isinstance(node, Call) or len(node.arguments) < 2:
        return None
    left, right = node.arguments[:2]
    order = ORDERS.get(node.function, "==" if node.function == "_==_" else "")
    if isinstance(left, Constant):
        left, right, order = right, left, TURNED.get(order, order)
    if not order or not isinstance(left, Member) or left.is_asked or not isinstance(right, Constant):
        return None
    return written(left), order, right.value


def _narrowed(span: _Span, order: str, value: float) -> _Span:
    if order in (">", ">=", "==") and (value > span.low or (value == span.low and order == ">")):
        span = span._replace(low=value, is_low_out=order == ">")
    if order in ("<", "<=", "==") and (value < span.high or (value == span.high and order == "<")):
        span = span._replace(high=value, is_high_out=order == "<")
    return span
