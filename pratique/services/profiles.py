"""Registering model versions, and replacing their profiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pratique.canonical import digest_of
from pratique.domain.authorship import authors_after, changed_parts, member_of
from pratique.domain.decisions import is_nobody
from pratique.domain.entries import ModelVersionChanged, ModelVersionRegistered
from pratique.domain.models import ModelProfile
from pratique.errors import InvalidInputError
from pratique.services import lookups
from pratique.services.clocks import refresh_clocks, replan
from pratique.services.effective_profile import lineage_of, recorded_profile
from pratique.services.models import authors_of, check_name, later_versions
from pratique.services.parts import Parts
from pratique.services.thresholds import Teller, tell_of_profile
from pratique.services.version_locks import hold_versions
from pratique.store.reader import Row
from pratique.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenProfile:
    """A profile as somebody gave it."""

    profile: ModelProfile
    by: str | None = None  #: the person who says so, or the actor where no person does
    credential: str | None = None  #: by which it came


def register_model_version(
    tx: Transaction, parts: Parts, *, model: str, version: str, given: GivenProfile
) -> dict[str, Any]:
    """Register a model version, or replace its profile; gates that rest on the profile are judged again.

    Who says so counts among the submitters of gates that read a value which it set. A profile that states systemic risk
    is recorded as knowing of it, from which the time limit of Art. 52(1) runs.

    Raises:
        InvalidInputError: a name that cannot stand in URLs, or a version to continue that cannot be.
    """
    for what, name in (("model", model), ("version", version)):
        check_name(what, name)
    if given.profile.continues is not None:
        _check_continued(tx, f"{model}/{version}", given.profile.continues)
    found = tx.one(lookups.MODEL_VERSION, model=model, version=version)
    if found is not None:
        hold_versions(tx, (found, *later_versions(tx, found)))
    row = tx.one(lookups.MODEL_VERSION_NAMED_LOCKED, model=model, version=version)
    if row is None:
        _record_first(tx, parts, model, version, given)
    elif row["profile_digest"] != digest_of(given.profile.stored()):
        _replace_profile(tx, parts, row, given)
    return {"model": model, "version": version, "profile": given.profile.as_json(), "created": row is None}


def _check_continued(tx: Transaction, name: str, continued: str) -> None:
    model, _, version = continued.partition("/")
    earlier = tx.one(lookups.MODEL_VERSION, model=model, version=version)
    if earlier is None:
        raise InvalidInputError(f"continues: found {continued}, expected a model version that is registered")
    if name in {f"{row['model']}/{row['version']}" for row in lineage_of(tx, earlier)}:
        raise InvalidInputError(f"continues: found {continued}, which continues {name} itself; expected an earlier one")


def _record_first(tx: Transaction, parts: Parts, model: str, version: str, given: GivenProfile) -> None:
    values, version_id = given.profile.stored(), tx.new_id()
    tx.record(
        ModelVersionRegistered(
            id=version_id,
            model=model,
            model_version=version,
            profile=values,
            profile_digest=digest_of(values),
            authors=_first_authors(given.profile.as_json(), given.by),
            credential=given.credential,
        )
    )
    refresh_clocks(tx, parts, version_id, cause="registered")  # what concerns the provider came before it
    tell_of_profile(tx, parts, version_id, _teller(given), before=None)


def _replace_profile(tx: Transaction, parts: Parts, row: Row, given: GivenProfile) -> None:
    values, was, by = given.profile.as_json(), recorded_profile(row["profile"]), given.by
    stored = given.profile.stored()
    named = was.get("weights_sha256")
    is_other = named is not None and named != values["weights_sha256"]  # nothing was shown for these weights
    tx.record(
        ModelVersionChanged(
            id=row["id"],
            profile=stored,
            profile_digest=digest_of(stored),
            was_digest=row["profile_digest"],
            weights_at=tx.at if is_other else None,
            authors=authors_after(authors_of(row["authors"]), was=was, now=values, by=by) if by is not None else None,
            credential=given.credential,
        )
    )
    changed = dict.fromkeys(member_of(part) for part in changed_parts(was, values, by or ""))
    cause = f"{(by or 'somebody').replace(':', ' ')} changed the profile ({', '.join(changed)})"
    if is_other:
        cause += ": the weights are others than before"
    replan(tx, parts, row["id"], cause=cause, is_void=is_other)
    for later in later_versions(tx, row):
        replan(tx, parts, later["id"], cause=f"{row['model']}/{row['version']}: {cause}")
    tell_of_profile(tx, parts, row["id"], _teller(given), before=row)


def _teller(given: GivenProfile) -> Teller:
    person = given.by if given.by is not None and not is_nobody(given.by) else None
    return Teller(person=person, credential=given.credential)


def _first_authors(values: dict[str, Any], by: str | None) -> dict[str, str] | None:
    """Return who set the first values (lists and maps as a whole), where that is a person.

    A token that names nobody registers every version of a pipeline, before anything is asked of it. Were it counted,
    no gate could do with one signature, and people would learn to switch four-eyes off.
    """
    return dict.fromkeys(values, by) if by is not None and not is_nobody(by) else None
