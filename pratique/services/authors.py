"""Who set what a gate reads: of the profile, the provider, the compute ledger and the risk register."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pratique.canonical import stored_json
from pratique.domain.authorship import member_of
from pratique.domain.regime import Edition
from pratique.domain.spec import GateSpec
from pratique.regimes.expressions import members_named
from pratique.services import lookups
from pratique.services.effective_profile import lineage_of
from pratique.services.needs import needs_of
from pratique.services.parts import Parts
from pratique.store.reader import Reader, Row

#: Members of the registered profile that derived ones rest on, beside other records.
_RESTS_ON: Mapping[str, frozenset[str]] = {
    "provider": frozenset({"provider_size"}),
    "compute": frozenset({"training_flop", "continues"}),
    "lineage": frozenset({"continues", "first_placed_on"}),
    "references": frozenset({"similarly_safe"}),
}
#: What the answers of scope rest on, by digest of the edition; there are as many as editions were ever adopted.
_SCOPE: dict[str, frozenset[str]] = {}


def authors_behind(
    reader: Reader, parts: Parts, version: Row, spec: GateSpec, spec_digest: str
) -> dict[str, list[str]]:
    """Return who last set what a gate reads beside its evidence: person or actor -> the parts, in order of name.

    Args:
        reader: a reader.
        parts: the engine.
        version: model, version, authors and risks_authors of the model version, or its whole row.
        spec: the spec that the gate run pinned, or one made of it.
        spec_digest: of the spec that the gate run pinned.
    """
    needs = needs_of(spec, spec_digest)
    members = _with_ground(parts, needs.members)
    told = set(_authors(reader, version, members))
    if needs.clocks:
        told.update(_clock_authors(reader, parts, version, needs.clocks))
    found: dict[str, list[str]] = {}
    for part, author in sorted(told):
        found.setdefault(author, []).append(part)
    return found


def _authors(reader: Reader, version: Row, members: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield (part, author) of everything that belongs to `members`."""
    for column in ("authors", "risks_authors"):
        for part, author in _stored(version[column]).items():
            if member_of(part) in members:
                yield part, author
    if "provider" in members:
        provider = reader.one(lookups.PROVIDER)
        for part, author in _stored(provider["authors"] if provider is not None else None).items():
            yield f"provider.{part}", author
    if "compute" in members:
        yield from _compute_authors(reader, version)


def _compute_authors(reader: Reader, version: Row) -> Iterator[tuple[str, str]]:
    """Yield who recorded the compute that counts, or said that some does not, in the whole pre-training run."""
    whole = version if "profile" in version else reader.one(lookups.MODEL_VERSION, **_names(version))
    for member in lineage_of(reader, whole) if whole is not None else ():
        for row in reader.all(lookups.COMPUTE_EVER, model_version_id=member["id"]):
            author = row["withdrawn_by"] or row["person"] or row["credential"]
            if author is not None:
                yield f"compute[{row['run']}]", author


def _clock_authors(reader: Reader, parts: Parts, version: Row, rules: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield who recorded what met the time limits that a gate asks for, or what excused from them."""
    whole = version if "profile" in version else reader.one(lookups.MODEL_VERSION, **_names(version))
    if whole is None:
        return
    for row in reader.all(lookups.CLOCKS_OF_VERSION, model_version_id=whole["id"]):
        if row["rule"] not in rules or row["state"] not in ("met", "void"):
            continue
        content = stored_json(row["content"])
        named = [reader.one(lookups.OCCURRENCE, id=content["met_by"])] if content.get("met_by") else []
        if content.get("excuse"):
            named += _excuses(reader, parts, whole, row["rule"])
        for occurrence in named:
            author = (occurrence["person"] or occurrence["credential"]) if occurrence is not None else None
            if author is not None:
                yield f"clock[{row['rule']}]", author


def _excuses(reader: Reader, parts: Parts, version: Row, rule: str) -> list[Row | None]:
    clocks = parts.rules.edition.clocks if parts.rules.edition is not None else None
    known = clocks.rule_by_id.get(rule) if clocks is not None else None
    kinds = {match.kind for match in known.excused_by} if known is not None else set()
    rows = reader.all(lookups.OCCURRENCES_THAT_COUNT, model_version_id=version["id"])
    return [row for row in rows if row["kind"] in kinds]


def _with_ground(parts: Parts, members: frozenset[str]) -> frozenset[str]:
    """Return `members` and what the derived ones among them rest on."""
    edition = parts.rules.edition
    if "scope" in members and edition is not None:
        members |= _scope_members(edition)
    return members.union(*(ground for name, ground in _RESTS_ON.items() if name in members))


def _scope_members(edition: Edition) -> frozenset[str]:
    if edition.digest not in _SCOPE:
        steps = edition.scope.steps if edition.scope is not None else ()
        _SCOPE[edition.digest] = frozenset().union(*(members_named(step.when) for step in steps))
    return _SCOPE[edition.digest]


def _stored(authors: str | None) -> Mapping[str, str]:
    return stored_json(authors) if authors is not None else {}


def _names(version: Row) -> dict[str, str]:
    return {"model": version["model"], "version": version["version"]}
