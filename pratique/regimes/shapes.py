"""What a JSON Schema says of a fact before there is one: its members, its kind, the values that it can have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pratique.regimes.rulebook import Schema

#: Kinds of JSON, as Python's types have them; a bool is no number.
_KINDS: Mapping[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_NUMBERS = frozenset({"integer", "number"})
#: Keywords beside which the plain ones do not say everything.
_COMBINED = ("$ref", "anyOf", "oneOf", "allOf", "if", "not")


class Found(NamedTuple):
    """A member of an object, as far as its shape is known."""

    shape: Shape | None  #: None: nothing is known of it
    is_known: bool  #: False: the schema has no such member
    is_required: bool


class Shape:
    """A schema that is looked through. What it does not say is taken as possible."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._is_plain = not any(word in schema for word in _COMBINED)

    @property
    def kinds(self) -> frozenset[str] | None:
        """Kinds that the value can be of; None: any."""
        kind = self._schema.get("type") if self._is_plain else None
        if kind is None and self.words is not None:
            return frozenset(kind_of(word) for word in self.words)
        if kind is None:
            return None
        return frozenset([kind]) if isinstance(kind, str) else frozenset(kind)

    @property
    def words(self) -> tuple[Any, ...] | None:
        """The only values that it can have; None: they are not counted out."""
        if not self._is_plain:
            return None
        if "const" in self._schema:
            return (self._schema["const"],)
        words = self._schema.get("enum")
        return tuple(words) if isinstance(words, list) else None

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest number that it can be."""
        low, high = float("-inf"), float("inf")
        if self._is_plain:
            low = max(low, *(float(self._schema.get(n, low)) for n in ("minimum", "exclusiveMinimum")))
            high = min(high, *(float(self._schema.get(n, high)) for n in ("maximum", "exclusiveMaximum")))
        return low, high

    @property
    def items(self) -> Shape | None:
        """Shape of the elements of a list."""
        items = self._schema.get("items") if self._is_plain else None
        return Shape(items) if isinstance(items, Mapping) else None

    def member(self, name: str) -> Found:
        """Return what is known of a member."""
        members = self._schema.get("properties") if self._is_plain else None
        if not isinstance(members, Mapping):
            others = self._schema.get("additionalProperties") if self._is_plain else None
            return Found(Shape(others) if isinstance(others, Mapping) else None, True, False)
        if name in members:
            inner = members[name]
            is_required = name in self._schema.get("required", ())
            return Found(Shape(inner) if isinstance(inner, Mapping) else None, True, is_required)
        others = self._schema.get("additionalProperties")
        if isinstance(others, Mapping):
            return Found(Shape(others), True, False)
        return Found(None, others is True or "patternProperties" in self._schema, False)

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the members that it has."""
        found = self._schema.get("properties")
        return tuple(found) if isinstance(found, Mapping) else ()

    def can_be(self, value: Any) -> bool:
        """True where the value may be equal to `value`; whole numbers and fractions compare by value."""
        if self.words is not None:
            return any(same(word, value) for word in self.words)
        kinds, kind = self.kinds, kind_of(value)
        if kinds is None:
            return True
        if kind in _NUMBERS:
            low, high = self.bounds
            return bool(kinds & _NUMBERS) and low <= value <= high
        return kind in kinds


def kind_of(value: Any) -> str:
    """Return the kind of a JSON value."""
    if isinstance(value, Mapping):
        return "object"
    return _KINDS.get(type(value), "array")


def same(one: Any, other: Any) -> bool:
    """True where CEL calls two JSON values equal."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def shapes_of(schemas: Mapping[str, Schema], collectors: Iterable[Any]) -> dict[str, Shape]:
    """Return the shape of the facts of each evidence kind, where there is one.

    Args:
        schemas: of facts documents, `<id>` or `<id>@<n>`; of several versions the last one counts.
        collectors: may have a `facts_schema`: one for all their kinds, or one by kind.
    """
    found = {f"facts.{name.partition('@')[0]}": Shape(schemas[name]) for name in sorted(schemas, key=_version)}
    for collector in collectors:
        for kind, schema in _of_collector(collector):
            found.setdefault(kind, Shape(schema))
    return found


def _of_collector(collector: Any) -> Iterator[tuple[str, Schema]]:
    schema = getattr(collector, "facts_schema", None)
    kinds = sorted(getattr(collector, "kinds", ()))
    if not isinstance(schema, Mapping) or not schema:
        return
    for kind in kinds:
        own = schema.get(kind) if set(schema) & set(kinds) else schema
        if isinstance(own, Mapping) and own:
            yield kind, own


def _version(name: str) -> tuple[str, int]:
    base, _, number = name.partition("@")
    return base, int(number) if number.isdigit() else 0
