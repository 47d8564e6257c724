"""Registering model versions."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pratique.canonical import digest_of
from pratique.domain.entries import ModelVersionChanged, ModelVersionRegistered
from pratique.domain.models import ModelProfile, Name
from pratique.errors import InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.advancing import advance_live
from pratique.services.parts import Parts
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

_NAME: TypeAdapter[str] = TypeAdapter(Name)


def register_model_version(
    tx: Transaction, parts: Parts, *, model: str, version: str, profile: ModelProfile
) -> dict[str, Any]:
    """Register a model version, or replace its profile; gates that rest on the profile are judged again."""
    for what, name in (("model", model), ("version", version)):
        check_name(what, name)
    values = profile.as_json()
    digest = digest_of(values)
    row = tx.one(lookups.MODEL_VERSION, model=model, version=version)
    if row is None:
        new_id = tx.new_id()
        tx.record(
            ModelVersionRegistered(id=new_id, model=model, model_version=version, profile=values, profile_digest=digest)
        )
    elif row["profile_digest"] != digest:
        named = json.loads(row["profile"]).get("weights_sha256")
        is_other = named is not None and named != profile.weights_sha256  # nothing was shown for these weights
        tx.record(
            ModelVersionChanged(
                id=row["id"],
                profile=values,
                profile_digest=digest,
                was_digest=row["profile_digest"],
                weights_at=tx.at if is_other else None,
            )
        )
        cause = "the weights are others than before" if is_other else "profile changed"
        advance_live(tx, parts, row["id"], cause=cause, is_void=is_other)
    return {"model": model, "version": version, "profile": values, "created": row is None}


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


def find_model_version(reader: Reader, model: str, version: str) -> Row:
    """Return the row of a model version.

    Raises:
        NotFoundError: it was never registered.
    """
    is_name = "\x00" not in model + version  # PostgreSQL takes no NUL in text, not even to look for it
    row = reader.one(lookups.MODEL_VERSION, model=model, version=version) if is_name else None
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
        "profile": json.loads(row["profile"]),
        "registered_at": row["registered_at"],
        "changed_at": row["changed_at"],
    }
