"""The profile as rules see it: what was recorded of the model version, and what follows from other records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pratique.canonical import digest_of, stored_json
from pratique.domain.compute import ComputeEntry, ComputeKind, totals
from pratique.domain.counting import Period, day_end, day_of, shift_day
from pratique.domain.models import Contestation, Designation, ModelProfile, SafeReference, profile_of
from pratique.domain.provider import ProviderProfile, provider_values
from pratique.domain.references import Loss, loss_names, with_losses
from pratique.domain.regime import Edition
from pratique.domain.risks import RiskRegister, named_risks, risk_values
from pratique.domain.scope import Scope, decide_scope
from pratique.domain.situation import Criteria
from pratique.domain.times import parse_instant
from pratique.services import lookups
from pratique.services.parts import Parts
from pratique.store.reader import Reader, Row

#: Effective profiles kept, each as the same object, by which the memory of verdicts tells that nothing changed.
_MAX_KEPT = 1024
#: Time limit of the edition that says how long a lost reference can be replaced (App. 2.2).
_REPLACING = "S-A2.2-6M"
#: Versions of one pre-training run that are followed back.
_LONGEST_LINEAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What the profile of a model version follows from: rows of the ledger, or what somebody says in their place."""

    lineage: Sequence[Row]  #: the version, and those that it continues
    told: Sequence[tuple[str, ...]]  #: of each, kinds of occurrences that classify a model
    provider: Row | None
    compute: Sequence[ComputeEntry]
    today: date
    lost: Sequence[Loss] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveProfile:
    """What expressions see as `profile`, and what fixes it."""

    values: Mapping[str, Any]  #: the profile, every member, and the derived ones
    own_digest: str  #: of the profile as it was recorded
    digests: Mapping[str, str]  #: derived member -> digest of its value
    scope: Scope | None  #: None: the configuration has no edition with questions
    changes_at: datetime | None  #: when it becomes another one by itself

    @property
    def digest(self) -> str:
        """Digest of everything, derived members and all."""
        return self.digest_for(self.digests)

    def digest_for(self, members: Iterable[str]) -> str:
        """Return the digest of the recorded profile and of these derived members; without any, the profile's own."""
        named = {name: self.digests[name] for name in members if name in self.digests}
        return digest_of({"profile": self.own_digest, **named}) if named else self.own_digest


def effective_profile(reader: Reader, parts: Parts, version: Row, now: datetime | None = None) -> EffectiveProfile:
    """Return the profile of a model version as rules see it at `now` (None: at this moment).

    The same records give the same object. What cannot be judged counts on the side on which more is owed.
    """
    provider = reader.one(lookups.PROVIDER)
    lineage = lineage_of(reader, version)
    compute = [
        row for member in lineage for row in reader.all(lookups.COMPUTE_OF_VERSION, model_version_id=member["id"])
    ]
    told = [
        tuple(row["kind"] for row in reader.all(lookups.CLASSIFYING_KINDS, model_version_id=member["id"]))
        for member in lineage
    ]
    edition = parts.rules.edition
    today = day_of(now or parts.ledger.clock())
    is_dated = _is_dated(version)
    lost = _losses(reader, version["id"]) if is_dated else ()
    key = (
        edition.digest if edition is not None else None,
        tuple((row["profile"], row["model"], row["version"]) for row in lineage),
        provider["digest"] if provider is not None else None,
        tuple(row["id"] for row in compute),
        tuple(told),
        version["risks_digest"],
        today if is_dated else None,
        lost,
    )
    found = parts.effective.get(key)
    if found is None:
        if len(parts.effective) >= _MAX_KEPT:
            parts.effective.clear()
        entries = [entry_of(row) for row in compute]
        records = Records(lineage=lineage, told=told, provider=provider, compute=entries, today=today, lost=lost)
        found = parts.effective[key] = effective_of(parts.criteria, edition, records)
    return found


def profile_changes_at(reader: Reader, parts: Parts, version: Row, now: datetime) -> datetime | None:
    """Return when the profile that rules see becomes another one by itself; None: time alone changes nothing."""
    return effective_profile(reader, parts, version, now).changes_at if _is_dated(version) else None


def _is_dated(version: Row) -> bool:
    """True for a recorded profile whose meaning can depend on the day: references count for a time only."""
    return '"similarly_safe"' in version["profile"]


def recorded_profile(text: str) -> dict[str, Any]:
    """Return a stored profile, of today or of before, with every member that profiles have today."""
    return profile_of(stored_json(text)).as_json()


def lineage_of(reader: Reader, version: Row) -> list[Row]:
    """Return the rows of a model version and of those that it continues, itself first, one pre-training run in all."""
    found, seen = [version], {version["id"]}
    while len(found) < _LONGEST_LINEAGE and '"continues"' in found[-1]["profile"]:
        model, _, name = str(stored_json(found[-1]["profile"]).get("continues") or "/").partition("/")
        earlier = reader.one(lookups.MODEL_VERSION, model=model, version=name)
        if earlier is None or earlier["id"] in seen:
            break
        found.append(earlier)
        seen.add(earlier["id"])
    return found


def entry_of(row: Row) -> ComputeEntry:
    """Return the entry of the compute ledger that a row describes; a run's name counts within its model version."""
    return ComputeEntry(
        run=f"{row['model_version_id']}/{row['run']}",
        kind=ComputeKind(row["kind"]),
        flop=float(row["flop"]),
        begins_at=parse_instant(row["begins_at"]),
        ends_at=parse_instant(row["ends_at"]),
    )


def effective_of(criteria: Criteria, edition: Edition | None, records: Records) -> EffectiveProfile:
    """Return the profile that follows from records, by the rules of an edition."""
    lineage, told = records.lineage, records.told
    version = lineage[0]
    profile = profile_of(stored_json(version["profile"]))
    taxonomy = edition.taxonomy if edition is not None else None
    register = RiskRegister.model_validate(stored_json(version["risks"])) if version["risks"] is not None else None
    risks = named_risks(register, taxonomy)
    references = with_losses(profile.similarly_safe, records.lost, [risk.id for risk in risks])
    in_force, changes_at = _references(references, _replacing_period(edition), records.today)
    provider = records.provider
    recorded = ProviderProfile.model_validate(stored_json(provider["profile"])) if provider is not None else None
    derived: dict[str, Any] = {
        "provider": provider_values(recorded, size=profile.provider_size.value),
        "compute": _compute_values(profile, records.compute),
        "lineage": _lineage_values(lineage, told),
        "references": {
            "risks": sorted(in_force),
            "covers_all": bool(risks) and all(risk.id in in_force for risk in risks),
        },
    }
    values = {**profile.as_json(), **derived}
    rules = edition.scope if edition is not None else None
    scope = decide_scope(rules, values, criteria, key=digest_of(values)) if rules is not None else None
    derived |= {"scope": dict(scope.values) if scope is not None else {}, "risks": risk_values(register, taxonomy)}
    return EffectiveProfile(
        values={**values, **derived},
        own_digest=version["profile_digest"],
        digests={name: digest_of(value) for name, value in derived.items()},
        scope=scope,
        changes_at=changes_at,
    )


def _compute_values(profile: ModelProfile, entries: Sequence[ComputeEntry]) -> dict[str, float]:
    """Return `profile.compute`; what the profile itself states counts where it is more than the ledger shows."""
    found = totals(entries)
    done = max(found.done, profile.training_flop or 0.0)
    return {"done": done, "planned": found.planned, "projected": max(found.projected, done)}


def _lineage_values(lineage: Sequence[Row], told: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Return `profile.lineage`: one pre-training run is one model, so what classifies a version classifies later ones.

    Args:
        lineage: rows of the version and of those that it continues.
        told: of each, kinds of occurrences that classify a model.
    """
    profiles = [profile_of(stored_json(row["profile"])) for row in lineage]
    first = min((p.first_placed_on for p in profiles if p.first_placed_on is not None), default=None)
    return {
        "versions": [f"{row['model']}/{row['version']}" for row in lineage],
        "first_placed_on": first.isoformat() if first is not None else None,
        "is_designated": any(_is_designated(p, kinds) for p, kinds in zip(profiles, told, strict=True)),
        "is_expected": _tells_of_threshold(told[0])
        or any(_is_expected(p, kinds) for p, kinds in zip(profiles[1:], told[1:], strict=True)),
    }


def _is_designated(profile: ModelProfile, told: tuple[str, ...]) -> bool:
    if profile.designation is Designation.NONE:
        return "designated" in told
    return profile.designation is Designation.DESIGNATED


def _is_expected(profile: ModelProfile, told: tuple[str, ...]) -> bool:
    """True where it is said of an earlier version that its model meets the condition of Art. 51.

    A designation does not say so; what was rebutted is not said.
    """
    is_classified = profile.systemic_risk and not _is_designated(profile, told)
    is_said = is_classified or profile.expects_systemic_risk or _tells_of_threshold(told)
    return is_said and profile.contestation is not Contestation.ACCEPTED


def _tells_of_threshold(told: tuple[str, ...]) -> bool:
    return "threshold_known" in told or "threshold_met" in told


def _losses(reader: Reader, version_id: str) -> tuple[Loss, ...]:
    """Return what was recorded of safe references of a model version that ceased to be safe ones."""
    rows = reader.all(lookups.REFERENCES_LOST, model_version_id=version_id)
    return tuple(
        Loss(on=day_of(parse_instant(row["at"])), names=loss_names(row["about"], stored_json(row["data"])))
        for row in rows
    )


def _replacing_period(edition: Edition | None) -> Period | None:
    rule = edition.deadline_by_id.get(_REPLACING) if edition is not None else None
    return rule.period if rule is not None else None


def _references(
    references: Iterable[SafeReference], replacing: Period | None, today: date
) -> tuple[frozenset[str], datetime | None]:
    """Return the risks for which a safe reference counts today, and when that changes by itself.

    One that was lost counts until the time to replace it is over; what was skipped is to be caught up by then.
    Source: Safety and Security chapter, Appendix 2.2 (2025-07-10).
    """
    in_force: set[str] = set()
    changes: list[datetime] = []
    for reference in references:
        if reference.shown_on > today:
            changes.append(day_end(reference.shown_on - timedelta(days=1)))
            continue
        if reference.lost_on is None:
            in_force.add(reference.risk)
            continue
        last = shift_day(reference.lost_on, replacing) if replacing is not None else reference.lost_on
        if today <= last:
            in_force.add(reference.risk)
            changes.append(day_end(last))
    return frozenset(in_force), min(changes, default=None)
