"""Schemas of facts documents: `config/facts/<id>.schema.json`, JSON Schema 2020-12."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pratique.regimes.metaschema import META, is_plain
from pratique.regimes.problems import Problems
from pratique.regimes.rulebook import Schema

_SUFFIX = ".schema.json"
_ID = re.compile(r"urn:pratique\.facts/([a-z0-9]+(?:-[a-z0-9]+)*)@([1-9][0-9]*)")


def load_facts_schemas(folder: Path, problems: Problems, origin: str = "") -> dict[str, Schema]:
    """Return the schemas in `folder` by `<id>@<n>`; note every error, under file names that `origin` stands before."""
    out: dict[str, Schema] = {}
    for path in sorted(folder.glob("*.json")):
        file = f"{origin}{folder.name}/{path.name}"
        schema = _read(path, file, problems)
        if schema is None or not _is_usable(schema, file, problems):
            continue
        found = _ID.fullmatch(str(schema.get("$id")))
        if found is None or path.name != f"{found[1]}{_SUFFIX}":
            expected = f"urn:pratique.facts/<id>@<version> in a file named <id>{_SUFFIX}"
            problems.add(file, "$id", found=json.dumps(schema.get("$id")), expected=expected)
            continue
        out[f"{found[1]}@{found[2]}"] = schema
    return out


def members_by_kind(schemas: Mapping[str, Schema]) -> dict[str, frozenset[str]]:
    """Return the member names that each evidence kind `facts.<id>` can have."""
    return {f"facts.{name.partition('@')[0]}": frozenset(schema["properties"]) for name, schema in schemas.items()}


def _read(path: Path, file: str, problems: Problems) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        problems.add(file, "", found=f"{type(error).__name__}: {error}", expected="JSON in UTF-8, each key once")
        return None
    if not isinstance(value, dict):
        problems.add(file, "", found=type(value).__name__, expected="a JSON object")
        return None
    return value


def _is_usable(schema: dict[str, Any], file: str, problems: Problems) -> bool:
    before = len(problems.lines)
    for error in () if is_plain(schema) else META.iter_errors(schema):
        path = ".".join(str(part) for part in error.absolute_path)
        problems.add(file, path, found=error.message[:200], expected="JSON Schema 2020-12")
    if schema.get("type") != "object" or not isinstance(schema.get("properties"), dict):
        problems.add(file, "type", found=json.dumps(schema.get("type")), expected='"object" with `properties`')
    if schema.get("additionalProperties") is not False:
        problems.add(
            file, "additionalProperties", found="facts of any name", expected="false, so that misspelt facts are seen"
        )
    for ref in _outside_refs(schema):
        problems.add(file, "$ref", found=json.dumps(ref), expected="a reference inside the file (`#/...`)")
    return len(problems.lines) == before


def _outside_refs(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("$ref", "$dynamicRef") and not (isinstance(item, str) and item.startswith("#")):
                yield item
            yield from _outside_refs(item)
    elif isinstance(value, list):
        for item in value:
            yield from _outside_refs(item)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise ValueError(f"key {key!r} stands twice")
        out[key] = value
    return out


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a JSON value")
