"""Collector `facts`: what a team states in a JSON or YAML document, checked against a schema.

The document: `schema` (`pratique.facts/<id>@<n>`), `model`, `produced_at`, `facts`, and where they apply `valid_until`,
`observed_from`, `observed_until`. The schema of `<id>` speaks of the member `facts` alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import referencing
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError

from pratique.collectors.collector import Collector, CollectorContext, Confidence, Schema
from pratique.collectors.factsheet import MAX_FACTS_BYTES, FactSheet, unfit
from pratique.collectors.foreign import named
from pratique.collectors.jsontext import parse_json
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.collectors.yamltext import parse_yaml
from pratique.domain.evidence import Extraction
from pratique.domain.times import parse_instant
from pratique.errors import ConfigError, InvalidInputError

#: The facts are at most 64 KiB; YAML takes more room for the same.
MAX_DOCUMENT_BYTES = 4 * MAX_FACTS_BYTES

_SCHEMA_NAME = re.compile(r"pratique\.facts/([a-z0-9][a-z0-9-]{0,63})@([1-9][0-9]{0,3})")
_MARK = b"pratique.facts/"
_MEMBERS = frozenset({"schema", "model", "produced_at", "valid_until", "observed_from", "observed_until", "facts"})
_ERRORS_SHOWN = 5
_FORMATS = FormatChecker(("date",))
_WHAT = "facts document"


@_FORMATS.checks("date-time", raises=InvalidInputError)
def _is_instant(value: object) -> bool:
    """Tell whether a text of format `date-time` names a time with a zone; jsonschema alone would not look."""
    return not isinstance(value, str) or bool(parse_instant(value))


class FactsCollector:
    """Reads documents of the schemas it was built with; kind `facts.<id>`. Complete when valid."""

    name = "facts"
    version = "1"

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._validators: dict[tuple[str, int], Draft202012Validator] = {}
        by_identity = {_identity(key, schema): schema for key, schema in schemas.items()}
        for key, schema in schemas.items():
            self._validators[_identity(key, schema)] = _validator(key, schema)
        self.kinds = frozenset(f"facts.{name}" for name, _ in self._validators)
        self.facts_schema = _any_of(by_identity)

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure where the schema's name is in sight; try other JSON and YAML files."""
        if _MARK in head:
            return Confidence.SURE
        return Confidence.MAYBE if filename.lower().endswith((".json", ".yaml", ".yml")) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return the facts of the document at `path`.

        Raises:
            UnreadableError: too large, malformed, of an unknown schema, or not valid against it; every error is named.
        """
        size = path.stat().st_size
        if size > MAX_DOCUMENT_BYTES:
            raise UnreadableError(f"{_WHAT}: {size} bytes found, at most {MAX_DOCUMENT_BYTES} expected")
        document = _parse(path.read_bytes())
        if not isinstance(document, dict):
            raise UnreadableError(f"{_WHAT}: expected an object with the members schema, model, produced_at and facts")
        name, validator = self._schema_of(document)
        _check(document, validator)
        return _extract(document, name)

    def _schema_of(self, document: Mapping[str, Any]) -> tuple[str, Draft202012Validator]:
        claimed = named(document, _WHAT, "schema")
        match = _SCHEMA_NAME.fullmatch(claimed)
        validator = self._validators.get((match[1], int(match[2]))) if match else None
        if match is None or validator is None:
            known = ", ".join(f"pratique.facts/{name}@{version}" for name, version in sorted(self._validators))
            raise UnreadableError(
                f"{_WHAT}: schema {shown(claimed)} found; expected one of: {known or 'none is set up'}"
            )
        return match[1], validator


def load_facts_schemas(folder: Path) -> dict[str, Schema]:
    """Return the schemas in `folder` by id: `<id>.schema.json`.

    Raises:
        ConfigError: a file is not a JSON object; every such file is named.
    """
    schemas: dict[str, Schema] = {}
    errors = []
    for path in sorted(folder.glob("*.schema.json")):
        try:
            schema = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            errors.append(f"{path.name}: not JSON ({error})")
            continue
        if isinstance(schema, dict):
            schemas[path.name.removesuffix(".schema.json")] = schema
        else:
            errors.append(f"{path.name}: found {type(schema).__name__}, expected an object")
    if errors:
        raise ConfigError(errors)
    return schemas


def _identity(key: str, schema: Schema) -> tuple[str, int]:
    """Return id and version. The version stands in the key (`<id>@<n>`) or ends the schema's `$id`; else it is 1."""
    name, _, version = key.partition("@")
    if not version:
        version = str(schema.get("$id", "")).rpartition("@")[2] if "@" in str(schema.get("$id", "")) else "1"
    match = _SCHEMA_NAME.fullmatch(f"pratique.facts/{name}@{version}")
    if match is None:
        raise ConfigError([f"facts schema {key}: found version {version!r}; expected <id>@<n>, n a whole number"])
    return match[1], int(match[2])


def _validator(key: str, schema: Schema) -> Draft202012Validator:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ConfigError([f"facts schema {key}, {error.json_path}: {error.message}"]) from None
    # An empty registry: a `$ref` to the network is an error, never a request.
    return Draft202012Validator(schema, registry=referencing.Registry(), format_checker=_FORMATS)


def _any_of(schemas: Mapping[tuple[str, int], Schema]) -> Schema:
    """Return the schema of facts of any id: one of those loaded. None is loaded: no facts at all."""
    # References inside a schema are meant from its own root, so each has an id of its own.
    each = [{"$id": f"urn:pratique.facts/{name}@{n}", **schema} for (name, n), schema in schemas.items()]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "anyOf": each} if each else {"not": {}}


def _parse(data: bytes) -> Any:
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return parse_json(data, _WHAT, allow_nan=False)
    return parse_yaml(data, _WHAT)


def _check(document: Mapping[str, Any], validator: Draft202012Validator) -> None:
    extra = sorted(set(document) - _MEMBERS)
    if extra:
        raise UnreadableError(
            f"{_WHAT}: members {shown(', '.join(extra))} found; expected {', '.join(sorted(_MEMBERS))}"
        )
    facts = document.get("facts")
    if not isinstance(facts, dict):
        raise UnreadableError(f"{_WHAT}: no object `facts` found")
    if trouble := unfit(facts):
        raise UnreadableError(f"{_WHAT}: {trouble}")
    errors = sorted(validator.iter_errors(facts), key=lambda error: error.json_path)
    if errors:
        shown_errors = "; ".join(_explain(error) for error in errors[:_ERRORS_SHOWN])
        more = f"; and {len(errors) - _ERRORS_SHOWN} more" if len(errors) > _ERRORS_SHOWN else ""
        raise UnreadableError(f"{_WHAT}: {shown_errors}{more}")


def _explain(error: ValidationError) -> str:
    """Return where and what was expected; the value found is evidence content and is not repeated."""
    where = "facts" + error.json_path.removeprefix("$")
    if error.validator == "required" and isinstance(error.instance, dict):
        required = error.validator_value
        missing = [name for name in required if name not in error.instance] if isinstance(required, list) else []
        return f"{where}: missing {', '.join(missing)}"
    if error.validator == "additionalProperties":
        return f"{where}: holds members that the schema does not know"
    found = type(error.instance).__name__
    return f"{where}: found {found}, expected {error.validator} {shown(json.dumps(error.validator_value), 80)}"


def _extract(document: Mapping[str, Any], name: str) -> Extraction:
    sheet = FactSheet()
    for key, value in document["facts"].items():
        sheet.put(key, value)
    facts = sheet.finish(_WHAT)
    del facts["dropped"]  # `_check` refused whatever would have been dropped
    return Extraction(
        kind=f"facts.{name}",
        collector=FactsCollector.name,
        collector_version=FactsCollector.version,
        complete=True,
        subject=_subject(document),
        produced_at=_instant(document, "produced_at", required=True),
        observed_from=_instant(document, "observed_from"),
        observed_until=_instant(document, "observed_until"),
        valid_until=_instant(document, "valid_until"),
        facts=facts,
    )


def _subject(document: Mapping[str, Any]) -> str:
    return named(document, _WHAT, "model")


def _instant(document: Mapping[str, Any], member: str, *, required: bool = False) -> datetime | None:
    value = document.get(member)
    if value is None and not required:
        return None
    try:
        if isinstance(value, str):
            return parse_instant(value)
    except InvalidInputError:
        pass
    raise UnreadableError(f"{_WHAT}: {member} is no time with a zone; expected such as 2026-11-23T14:00:00Z")


def build(context: CollectorContext) -> Collector:
    """Entry point `facts`."""
    return FactsCollector(context.facts_schemas)
