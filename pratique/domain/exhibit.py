"""A piece of evidence before the judge: what many requirements ask of it is found out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from pratique.domain.evidence import Evidence, Extraction, Reading
from pratique.domain.models import names_of
from pratique.domain.situation import BoundFacts, Criteria, Situation
from pratique.domain.times import instant_text

_ATTESTATION = "attestation"
#: Kinds of statements about digests: one that names none says nothing of a version whose weights' digest is known.
_SIGNED = frozenset({_ATTESTATION, "signature"})


def identity_of(evidence: Evidence) -> list[str | None]:
    """Return what fixes the facts of a piece of evidence: the file's bytes and the parser that read them."""
    read = evidence.extraction
    parser = [read.kind, read.collector, read.collector_version] if read is not None else [None, None, None]
    # Left out where it replaces nothing, so that inputs of before are digested as they were.
    chain = [evidence.revises] if evidence.revises is not None else []
    chain += [f"attested by {person}" for person in evidence.attested_by]
    return [evidence.id, evidence.sha256, evidence.reading.value, evidence.requirement, *parser, *chain]


@dataclass(frozen=True, eq=False)
class Ground:
    """What is asked of every exhibit of a model version alike: its profile, its names, its weights; nothing bound."""

    criteria: Criteria
    model: str
    version: str
    profile: Mapping[str, Any]
    profile_digest: str
    weights_at: datetime | None

    @classmethod
    def of(cls, situation: Situation, criteria: Criteria) -> Ground:
        """Return the ground of a situation."""
        return cls(
            criteria=criteria,
            model=situation.model,
            version=situation.version,
            profile=situation.profile,
            profile_digest=situation.profile_digest,
            weights_at=situation.weights_at,
        )

    def is_of(self, situation: Situation, criteria: Criteria) -> bool:
        """True when `situation` stands on this very ground. An equal profile is another one, as 1 equals True."""
        return (
            self.profile is situation.profile
            and self.criteria is criteria
            and self.profile_digest == situation.profile_digest
            and self.weights_at == situation.weights_at
            and (self.model, self.version) == (situation.model, situation.version)
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name under which evidence may speak of the model version."""
        return names_of(self.model, self.version, list(self.profile.get("known_as", ())))

    def alone(self) -> BoundFacts:
        """Bind the profile without any evidence."""
        return self.bind("", {})

    def bind(self, key: str, facts: Mapping[str, Any]) -> BoundFacts:
        """Bind facts beside the profile."""
        return self.criteria.bind(self.profile, facts, key=f"{key}/{self.profile_digest}")


class Exhibit:
    """A piece of evidence on its ground. Nothing here depends on the time, on a requirement or on other evidence."""

    def __init__(self, evidence: Evidence, ground: Ground) -> None:
        self.evidence = evidence
        self.kind = evidence.extraction.kind if evidence.extraction is not None else None
        self.ground = ground
        self._ends: dict[int | None, datetime | None] = {}

    def doubt(self, select: str) -> str | None:
        """Say why it is not known that this speaks to a requirement, None when it does.

        Skipping it would let an older answer stand beside a newer file that perhaps contradicts it.
        """
        judgement = self.bound.judge(select)
        if judgement.holds is None:
            return f"whether {self.evidence.filename} speaks to this could not be judged: {judgement.reason}"
        return None if judgement.holds else f"{self.evidence.filename} does not speak to this"

    def ends_at(self, fresh_for_days: int | None) -> datetime | None:
        """Return when an answer that rests on it runs out."""
        if fresh_for_days not in self._ends:
            extraction = self.evidence.extraction
            limits = [extraction.valid_until] if extraction is not None and extraction.valid_until is not None else []
            if fresh_for_days is not None:
                limits.append(self.evidence.dated_at + timedelta(days=fresh_for_days))
            self._ends[fresh_for_days] = min(limits, default=None)
        return self._ends[fresh_for_days]

    @cached_property
    def trouble(self) -> str | None:
        """Why no criterion is judged on it, whatever it says; None when nothing is wrong."""
        evidence = self.evidence
        if evidence.reading is Reading.PENDING:
            return f"{evidence.filename}: not read yet"
        if evidence.extraction is None or evidence.reading is Reading.UNREADABLE:
            return f"{evidence.filename}: {evidence.reading_reason or 'unreadable'}"
        if self.other is not None:
            return self.other
        if not evidence.extraction.complete:
            return f"{evidence.filename} is incomplete: {evidence.extraction.incomplete_reason or 'no reason given'}"
        return None

    @cached_property
    def other(self) -> str | None:
        """Why it speaks of another model, or of other weights; None: of these, or it was not read."""
        evidence, extraction, names = self.evidence, self.evidence.extraction, self.ground.names
        if extraction is None:
            return None
        if extraction.subject is not None and names.isdisjoint(_called(extraction.subject, extraction.subject_version)):
            found = " ".join(filter(None, (extraction.subject, extraction.subject_version)))
            return (
                f"{evidence.filename} speaks of model {found!r}; this version is known as "
                f"{', '.join(sorted(names))} (profile member `known_as`)"
            )
        return self._other_weights(extraction)

    def _other_weights(self, extraction: Extraction) -> str | None:
        filename = self.evidence.filename
        expected = self.ground.profile.get("weights_sha256")
        found = _digests(extraction)
        if expected is not None and found:
            if expected in found:
                return None
            of = " and ".join(one[:12] for one in found[:3])
            return f"{filename} was made on weights {of}, this version has {expected[:12]}"
        if expected is not None and extraction.kind in _SIGNED:
            return f"{filename} names no SHA-256 of what it is about, this version has {expected[:12]}"
        changed_at = self.ground.weights_at
        if changed_at is not None and self.evidence.dated_at < changed_at:
            return f"{filename} is older than the weights, which were changed at {instant_text(changed_at)}"
        return None

    @cached_property
    def identity(self) -> list[str | None]:
        """What fixes the facts: see `identity_of`."""
        return identity_of(self.evidence)

    @cached_property
    def bound(self) -> BoundFacts:
        """Its facts beside the profile."""
        extraction = self.evidence.extraction
        key = "/".join(str(part) for part in self.identity)
        return self.ground.bind(key, extraction.facts if extraction is not None else {})


def _digests(extraction: Extraction) -> list[str]:
    """Return the SHA-256 digests that a file is about; an attestation may have several subjects."""
    one = extraction.subject_digest or extraction.facts.get("weights_sha256")
    if isinstance(one, str):
        return [one.lower()]
    subjects = extraction.facts.get("subjects") if extraction.kind == _ATTESTATION else None
    listed = subjects if isinstance(subjects, list) else []
    named = [entry.get("sha256") for entry in listed if isinstance(entry, Mapping)]
    return [digest.lower() for digest in named if isinstance(digest, str)]


def _called(subject: str, version: str | None) -> frozenset[str]:
    """Return the names under which a file speaks of a model; with a version, the model alone is none of them."""
    return names_of(subject, version, []) if version is not None else frozenset({subject})
