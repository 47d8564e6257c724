"""Finding and showing model versions."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pratique.domain.models import Name
from pratique.errors import InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.effective_profile import recorded_profile
from pratique.store.reader import Reader, Row

_NAME: TypeAdapter[str] = TypeAdapter(Name)


def later_versions(reader: Reader, version: Row) -> list[Row]:
    """Return the versions of the same pre-training run that continue `version`, at whatever distance."""
    found: dict[str, Row] = {version["id"]: version}
    ways = [version]
    while ways:
        at = ways.pop()
        named = f'"continues":"{at["model"]}/{at["version"]}"'
        for row in reader.all(lookups.MODEL_VERSIONS_CONTINUING, named=named):
            if row["id"] not in found and named in row["profile"]:  # LIKE takes `_` for any character
                found[row["id"]] = row
                ways.append(row)
    return list(found.values())[1:]


def authors_of(stored: str | None) -> dict[str, str]:
    """Return who set which part of a profile, as a row holds it."""
    return json.loads(stored) if stored is not None else {}


def check_name(what: str, name: str) -> None:
    """Refuse a name that could not stand in URLs and tags.

    Raises:
        InvalidInputError: says which characters are expected.
    """
    try:
        _NAME.validate_python(name)
    except ValidationError:
        raise InvalidInputError(
            f"{what}: found {name[:80]!r}, expected 1 to 64 of a-z 0-9 . _ - "
            "beginning and ending with a letter or digit"
        ) from None


def find_model_version(reader: Reader, model: str, version: str, *, lock: bool = False) -> Row:
    """Return the row of a model version; with `lock` no other replica changes it before this transaction ends.

    Raises:
        NotFoundError: it was never registered.
    """
    is_name = "\x00" not in model + version  # PostgreSQL takes no NUL in text, not even to look for it
    query = lookups.MODEL_VERSION_NAMED_LOCKED if lock else lookups.MODEL_VERSION
    row = reader.one(query, model=model, version=version) if is_name else None
    if row is None:
        raise NotFoundError(
            f"model version {model}/{version} is not registered",
            hint="register it first: PUT /v1/models/{model}/versions/{version}, or `pratique model register`",
        )
    return row


def model_view(row: Row) -> dict[str, Any]:
    """Return a model version as the API shows it."""
    return {
        "model": row["model"],
        "version": row["version"],
        "profile": recorded_profile(row["profile"]),
        "registered_at": row["registered_at"],
        "changed_at": row["changed_at"],
        "authors": authors_of(row["authors"]),
    }
