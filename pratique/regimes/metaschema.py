"""The schema of JSON Schemas (2020-12) in one piece: the same answers as the published one, in a quarter of the time.

The published one is made of seven vocabularies that refer to each other dynamically; following that for every value
of every schema took most of the time that loading the configuration took.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

_BASE = "https://json-schema.org/draft/2020-12/"


def in_one_piece() -> dict[str, Any]:
    """Return the meta-schema with its vocabularies written out and every dynamic reference as `#`."""
    whole: dict[str, Any] = {"$schema": Draft202012Validator.META_SCHEMA["$schema"], "type": ["object", "boolean"]}
    properties: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for part in Draft202012Validator.META_SCHEMA["allOf"]:
        vocabulary: Any = REGISTRY.contents(_BASE + part["$ref"])
        properties |= _localized(vocabulary["properties"])
        definitions |= _localized(vocabulary.get("$defs", {}))
    return whole | {"properties": properties, "$defs": definitions}


def _localized(value: Any) -> Any:
    if isinstance(value, dict):
        is_dynamic = isinstance(value.get("$dynamicRef"), str)  # else a keyword of that name is described
        plain = {key: _localized(item) for key, item in value.items() if not (is_dynamic and key == "$dynamicRef")}
        return plain | ({"$ref": "#"} if is_dynamic else {})
    return [_localized(item) for item in value] if isinstance(value, list) else value


#: Finds what is wrong with a schema.
META = Draft202012Validator(in_one_piece())

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def is_plain(schema: Any) -> bool:
    """True for a schema that uses common keywords only, each in its plain form: `META` finds nothing wrong with it.

    False says nothing. Going through a schema with the validator takes thirty times as long.
    """
    if not isinstance(schema, dict):
        return False
    return all(name in _PLAIN and _PLAIN[name](value) for name, value in schema.items())


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _are_schemas(value: Any) -> bool:
    return isinstance(value, dict) and all(map(is_plain, value.values()))


_PLAIN: dict[str, Callable[[Any], bool]] = {
    "$id": lambda value: _is_text(value) and "#" not in value,
    "additionalProperties": lambda value: isinstance(value, bool) or is_plain(value),
    "enum": lambda value: isinstance(value, list),
    "items": is_plain,
    "properties": _are_schemas,
    "required": _are_names,
    "type": lambda value: _is_text(value) and value in _TYPES,
    "uniqueItems": lambda value: isinstance(value, bool),
    **dict.fromkeys(("$schema", "description", "format", "pattern", "title"), _is_text),
    **dict.fromkeys(("maxItems", "maxLength", "minItems", "minLength"), _is_count),
    **dict.fromkeys(("maximum", "minimum"), _is_number),
}
