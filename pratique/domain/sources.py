"""Sources that evidence is collected from by itself, and when each of them is due. No clock, no files, no network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pratique.domain.hooks import SecretPlace
from pratique.domain.models import Name
from pratique.domain.times import instant_text

#: Pauses after one, two, ... failures in a row; the last one holds for all that follow.
RETRY_AFTER = tuple(timedelta(minutes=m) for m in (5, 15, 60, 240, 1440))
#: What `where` may name of a model version.
_PLACEHOLDER = re.compile(r"\{[^{}]*\}?|\}")
_PLACEHOLDERS = frozenset({"{model}", "{version}"})
_BEGINS = {"url": ("https://", "http://"), "folder": ("/",), "s3": ("s3://",)}


class SourceKind(StrEnum):
    """What a source is."""

    FOLDER = "folder"  #: on the machine of the worker
    S3 = "s3"  #: a prefix of a bucket
    URL = "url"  #: one file


class EvidenceSource(BaseModel):
    """One source, as its file in `sources/` has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["pratique.source/1"]
    id: Name
    kind: SourceKind
    where: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[!-~]+$")]  #: may name {model}, {version}
    models: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(min_length=1, max_length=100)]
    files: Annotated[str, Field(min_length=1, max_length=200)] = (
        "*"  #: names of files that count; of folders and prefixes
    )
    requirement: Annotated[str | None, Field(max_length=64, pattern=r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$")] = None
    every_hours: Annotated[int | None, Field(ge=1, le=8760)] = None
    on_gate_open: Annotated[list[Name], Field(max_length=100)] = []
    before_expiry_days: Annotated[int | None, Field(ge=1, le=365)] = None
    token: SecretPlace | None = None  #: sent as a bearer token; in the worker's environment, never here

    @model_validator(mode="after")
    def _sound(self) -> Self:
        strange = [found for found in _PLACEHOLDER.findall(self.where) if found not in _PLACEHOLDERS]
        if strange:
            raise ValueError(f"in `where` {{model}} and {{version}} alone, not {strange[0]}")
        if not self.where.startswith(_BEGINS[self.kind]):
            raise ValueError(f"`where` that begins with {' or '.join(_BEGINS[self.kind])} for kind {self.kind}")
        if self.token is not None and self.kind is not SourceKind.URL:
            raise ValueError("`token` for kind url alone")
        return self

    def speaks_of(self, model: str, version: str) -> bool:
        """Tell whether the source holds evidence of this model version."""
        return any(fnmatchcase(f"{model}/{version}", pattern) for pattern in self.models)

    def where_for(self, model: str, version: str) -> str:
        """Return the place for one model version."""
        return self.where.replace("{model}", model).replace("{version}", version)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCollection:
    """How things stand with one source and one model version."""

    at: datetime  #: of the last attempt
    succeeded_at: datetime | None  #: of the last that succeeded
    failures: int  #: in a row, up to now


@dataclass(frozen=True, slots=True, kw_only=True)
class GateMoment:
    """What of a live gate run can make a source due."""

    gate: str
    opened_at: datetime
    expires_at: datetime | None  #: when something that it rests on runs out by itself


def due_because(
    source: EvidenceSource, last: LastCollection | None, gates: Sequence[GateMoment], now: datetime
) -> list[str]:
    """Return why a source is to be asked now; empty: it is not due.

    Each gate that opens, and each moment before something expires, asks once: a collection that succeeded since then
    answers it. After a failure nothing is due before its pause is over.
    """
    if last is not None and last.failures and now < last.at + pause_after(last.failures):
        return []
    done = last.succeeded_at if last is not None else None
    return [*_by_schedule(source, done, now), *_by_gates(source, done, gates), *_by_expiry(source, done, gates, now)]


def pause_after(failures: int) -> timedelta:
    """Return how long a source is left alone after so many failures in a row (1 or more)."""
    return RETRY_AFTER[min(failures, len(RETRY_AFTER)) - 1]


def _by_schedule(source: EvidenceSource, done: datetime | None, now: datetime) -> list[str]:
    if source.every_hours is None:
        return []
    if done is None:
        return ["never collected"]
    if now >= done + timedelta(hours=source.every_hours):
        return [f"every {source.every_hours} h, and the last time was {instant_text(done)}"]
    return []


def _by_gates(source: EvidenceSource, done: datetime | None, gates: Sequence[GateMoment]) -> list[str]:
    return [
        f"gate {one.gate} opened at {instant_text(one.opened_at)}"
        for one in gates
        if one.gate in source.on_gate_open and (done is None or done < one.opened_at)
    ]


def _by_expiry(source: EvidenceSource, done: datetime | None, gates: Sequence[GateMoment], now: datetime) -> list[str]:
    if source.before_expiry_days is None:
        return []
    ahead = timedelta(days=source.before_expiry_days)
    return [
        f"what gate {one.gate} rests on runs out at {instant_text(one.expires_at)}"
        for one in gates
        if one.expires_at is not None
        and now >= one.expires_at - ahead
        and (done is None or done < one.expires_at - ahead)
    ]
