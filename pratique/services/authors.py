"""Who set what a gate reads: of the profile, the provider, the compute ledger, the risk register and the clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pratique.canonical import stored_json
from pratique.domain.authorship import member_of
from pratique.domain.decisions import is_nobody
from pratique.domain.regime import Edition
from pratique.domain.spec import GateSpec
from pratique.errors import NotFoundError
from pratique.regimes.expressions import members_named
from pratique.services import lookups
from pratique.services.clock_authors import clock_authors, people_of, rules_behind
from pratique.services.effective_profile import lineage_of
from pratique.services.needs import needs_of
from pratique.services.parts import Parts
from pratique.store.reader import Reader, Row

#: Members of the registered profile, and the register, that derived ones rest on, beside other records.
_RESTS_ON: Mapping[str, frozenset[str]] = {
    "provider": frozenset({"provider_size"}),
    "compute": frozenset({"training_flop", "continues"}),
    "lineage": frozenset(
        {"continues", "first_placed_on", "designation", "contestation", "systemic_risk", "expects_systemic_risk"}
    ),
    "references": frozenset({"similarly_safe", "risks"}),
}
#: Derived members that rest on versions that this one continues, too, and on which members of theirs.
_INHERITED: Mapping[str, frozenset[str]] = {
    "compute": frozenset({"continues"}),
    "lineage": _RESTS_ON["lineage"],
}
#: What the answers of scope rest on, by digest of the edition; there are as many as editions were ever adopted.
_SCOPE: dict[str, frozenset[str]] = {}


def authors_behind(reader: Reader, parts: Parts, version: Row, spec: GateSpec, run: Row) -> dict[str, list[str]]:
    """Return who set what a gate reads beside its evidence, or took it away: person or actor -> parts, by name.

    Args:
        reader: a reader.
        parts: the engine.
        version: model, version, authors and risks_authors of the model version, or its whole row.
        spec: the spec that the gate run pinned, or one made of it.
        run: spec_digest and occasion of the gate run.
    """
    needs = needs_of(spec, run["spec_digest"])
    edition = parts.rules.edition
    rules = {name: rules_behind(edition, name) for name in needs.clocks}
    named = needs.members.union(*(rule.members for rule in rules.values()))
    members = _with_ground(edition, named)
    told = set(_stored_authors(reader, version, members))
    if rules or members & _INHERITED.keys():
        lineage = lineage_of(reader, _whole(reader, version))
        told.update(_lineage_authors(reader, lineage, members))
        rows = reader.all(lookups.OCCURRENCES_CONCERNING, model_version_id=lineage[0]["id"]) if rules else []
        for name, rule in rules.items():
            told.update((f"clock[{name}]", author) for author in clock_authors(rows, rule, run["occasion"]))
    found: dict[str, list[str]] = {}
    for part, author in sorted(told):
        found.setdefault(author, []).append(part)
    return found


def _whole(reader: Reader, version: Row) -> Row:
    if "profile" in version:
        return version
    row = reader.one(lookups.MODEL_VERSION, model=version["model"], version=version["version"])
    if row is None:
        raise NotFoundError(f"model version {version['model']}/{version['version']} is not registered")
    return row


def _stored_authors(reader: Reader, version: Row, members: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield (part, author) of what belongs to `members` in the profile, the register and the provider."""
    for column in ("authors", "risks_authors"):
        yield from _of_members(version[column], members)
    if "provider" in members:
        provider = reader.one(lookups.PROVIDER)
        for part, author in _stored(provider["authors"] if provider is not None else None).items():
            yield f"provider.{part}", author


def _lineage_authors(reader: Reader, lineage: list[Row], members: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield (part, author) of what the whole pre-training run gives to `members`: what was withdrawn counts too."""
    inherited = frozenset().union(*(ground for name, ground in _INHERITED.items() if name in members))
    for row in lineage[1:]:
        for part, author in _of_members(row["authors"], inherited):
            yield f"{part} of {row['model']}/{row['version']}", author
    for row in lineage:
        if "compute" in members:
            for entry in reader.all(lookups.COMPUTE_EVER, model_version_id=row["id"]):
                yield from ((f"compute[{entry['run']}]", author) for author in people_of(entry))
        if "lineage" in members:
            yield from _classifying(reader, row)


def _classifying(reader: Reader, version: Row) -> Iterator[tuple[str, str]]:
    """Yield who said that a version is classified under Art. 51, or that it is not so after all.

    A machine that says so is not counted: more is owed by it, never less.
    """
    for row in reader.all(lookups.OCCURRENCES_EVER, model_version_id=version["id"]):
        if row["kind"] in lookups.CLASSIFYING:
            yield from ((row["kind"], author) for author in people_of(row) if not is_nobody(author))


def _with_ground(edition: Edition | None, members: frozenset[str]) -> frozenset[str]:
    """Return `members` and what the derived ones among them rest on."""
    if "scope" in members and edition is not None:
        members |= _scope_members(edition)
    return members.union(*(ground for name, ground in _RESTS_ON.items() if name in members))


def _scope_members(edition: Edition) -> frozenset[str]:
    if edition.digest not in _SCOPE:
        steps = edition.scope.steps if edition.scope is not None else ()
        _SCOPE[edition.digest] = frozenset().union(*(members_named(step.when) for step in steps))
    return _SCOPE[edition.digest]


def _of_members(authors: str | None, members: frozenset[str]) -> Iterator[tuple[str, str]]:
    return ((part, author) for part, author in _stored(authors).items() if member_of(part) in members)


def _stored(authors: str | None) -> Mapping[str, str]:
    return stored_json(authors) if authors is not None else {}
