"""Recording who the provider is; every gate that looks at it is judged again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pratique.canonical import digest_of, stored_json
from pratique.domain.authorship import authors_after, changed_parts, member_of
from pratique.domain.decisions import is_nobody
from pratique.domain.entries import ProviderChanged, ProviderRecorded
from pratique.domain.provider import ProviderProfile
from pratique.errors import InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.clocks import replan
from pratique.services.parts import Parts
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

#: There is one provider: two replicas that record the first one at once cannot both.
_ID = "provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenProvider:
    """A provider's profile as somebody gave it."""

    profile: ProviderProfile
    by: str  #: the person who says so, or the actor where no person does
    credential: str | None = None  #: by which it came


def record_provider(tx: Transaction, parts: Parts, given: GivenProvider) -> dict[str, Any]:
    """Record who the provider is, or replace it; the live gates of all model versions are judged again.

    Raises:
        InvalidInputError: it names chapters that the running edition does not have.
    """
    _check_chapters(parts, given.profile)
    values = given.profile.as_json()
    row = tx.one(lookups.PROVIDER_LOCKED)  # two replicas tell its authors anew one after the other
    if row is None:
        authors = None if is_nobody(given.by) else dict.fromkeys(values, given.by)
        tx.record(
            ProviderRecorded(
                id=_ID, profile=values, digest=digest_of(values), authors=authors, credential=given.credential
            )
        )
        _advance_all(tx, parts, f"{_name(given.by)} recorded the provider")
    elif row["digest"] != digest_of(values):
        _replace(tx, parts, row, given)
    return {**_found(tx), "created": row is None}


def provider_view(reader: Reader) -> dict[str, Any]:
    """Return the provider as the API shows it.

    Raises:
        NotFoundError: nobody has recorded it.
    """
    return _found(reader)


def _found(reader: Reader) -> dict[str, Any]:
    row = reader.one(lookups.PROVIDER)
    if row is None:
        raise NotFoundError(
            "nobody has recorded the provider yet", hint="record it: PUT /v1/provider, or `pratique provider record`"
        )
    return {
        "profile": stored_json(row["profile"]),
        "changed_at": row["changed_at"],
        "authors": stored_json(row["authors"]) if row["authors"] is not None else {},
    }


def _replace(tx: Transaction, parts: Parts, row: Row, given: GivenProvider) -> None:
    was, values = stored_json(row["profile"]), given.profile.as_json()
    authors: Mapping[str, str] = stored_json(row["authors"]) if row["authors"] is not None else {}
    tx.record(
        ProviderChanged(
            id=row["id"],
            profile=values,
            digest=digest_of(values),
            was_digest=row["digest"],
            authors=authors_after(authors, was=was, now=values, by=given.by),
            credential=given.credential,
        )
    )
    changed = dict.fromkeys(member_of(part) for part in changed_parts(was, values, given.by))
    _advance_all(tx, parts, f"{_name(given.by)} changed the provider ({', '.join(changed)})")


def _advance_all(tx: Transaction, parts: Parts, cause: str) -> None:
    for row in tx.all(lookups.MODEL_VERSION_IDS):
        replan(tx, parts, row["id"], cause=cause)


def _name(by: str) -> str:
    return by.replace(":", " ")


def _check_chapters(parts: Parts, profile: ProviderProfile) -> None:
    edition = parts.rules.edition
    if edition is None:
        return
    known = {chapter.id for chapter in edition.chapters}
    errors = [
        f"{member}: found {chapter!r}, expected one of {', '.join(sorted(known))}"
        for member, chapters in (
            ("signed_chapters", profile.signed_chapters),
            ("alternative_means", tuple(profile.alternative_means)),
        )
        for chapter in chapters
        if chapter not in known
    ]
    if errors:
        raise InvalidInputError("; ".join(errors), errors=errors)
