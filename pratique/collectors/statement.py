"""in-toto statements: what is attested (predicate) of which artifacts (subjects).

Source: in-toto attestation framework, Statement v1 (in-toto/attestation spec/v1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pratique.collectors.foreign import at, mapping_at, named, sha256_at, text_at
from pratique.collectors.jsontext import parse_json
from pratique.collectors.unreadable import UnreadableError, shown

STATEMENT_TYPES = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
#: A statement about every file of a large model has some hundred subjects.
MAX_SUBJECTS = 10_000
_URI = re.compile(r"[!-~]{1,300}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSubject:
    """An artifact that a statement is about."""

    name: str | None
    sha256: str | None  #: 64 lower-case hex digits; None where only other digests are given


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement, its predicate as it came."""

    subjects: tuple[StatementSubject, ...]  #: at least one
    predicate_type: str
    predicate: Mapping[str, Any]


def parse_statement(payload: bytes, what: str) -> Statement:
    """Return the statement in `payload`.

    Raises:
        UnreadableError: not JSON, no in-toto statement, without subject, or with too many.
    """
    return statement_of(parse_json(payload, what, allow_nan=False), what)


def statement_of(document: Any, what: str) -> Statement:
    """Return the statement that a parsed document is.

    Raises:
        UnreadableError: as `parse_statement`.
    """
    found = text_at(document, "_type")
    if found not in STATEMENT_TYPES:
        raise UnreadableError(f"{what}: statement of type {shown(str(found))} found; expected {STATEMENT_TYPES[0]}")
    subjects = at(document, "subject")
    if not isinstance(subjects, list) or not 1 <= len(subjects) <= MAX_SUBJECTS:
        raise UnreadableError(f"{what}: expected 1 to {MAX_SUBJECTS} subjects")
    if not all(isinstance(one, Mapping) for one in subjects):
        raise UnreadableError(f"{what}: a subject that is no object")
    predicate_type = named(document, what, "predicateType")
    if not _URI.fullmatch(predicate_type):
        raise UnreadableError(f"{what}: predicateType is no URI of at most 300 characters")
    return Statement(
        subjects=tuple(
            StatementSubject(name=text_at(one, "name"), sha256=sha256_at(one, "digest", "sha256")) for one in subjects
        ),
        predicate_type=predicate_type,
        predicate=mapping_at(document, "predicate"),
    )
