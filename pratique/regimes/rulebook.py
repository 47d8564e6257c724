"""The rule book: every gate spec of the loaded configuration with its digest, and the facts schemas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pratique.canonical import digest_of
from pratique.domain.counting import Holidays
from pratique.domain.regime import Edition
from pratique.domain.regime.mapping import Mapping as EditionMapping
from pratique.domain.spec import LATER_GATE_MEMBERS, LATER_MEMBERS, GateSpec
from pratique.errors import NotFoundError

#: The regime of the General-Purpose AI Code of Practice.
CODE = "eu-gpai-code"
#: A JSON Schema (2020-12), parsed.
Schema = Mapping[str, Any]


def spec_json(spec: GateSpec) -> dict[str, Any]:
    """Return the body that the ledger keeps; `GateSpec.model_validate` of it has the same digest."""
    body = spec.model_dump(mode="json")
    _leave_out(body, LATER_GATE_MEMBERS)
    for checkpoint in body["checkpoints"]:
        for requirement in checkpoint["requirements"]:
            _leave_out(requirement, LATER_MEMBERS)
    return body


def _leave_out(body: dict[str, Any], later: Mapping[str, Any]) -> None:
    for name, nothing in later.items():
        if body[name] == nothing:
            del body[name]


def spec_digest(spec: GateSpec) -> str:
    """Return the SHA-256 (hex) of the canonical JSON of `spec_json(spec)`."""
    return digest_of(spec_json(spec))


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimes:
    """What the configuration says of regimes, beside the gates."""

    editions: Mapping[str, Edition] = field(default_factory=dict)  #: by id
    mappings: tuple[EditionMapping, ...] = ()
    holidays: Holidays = field(default_factory=Holidays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """What the engine goes by. Never changes; adopting an edition puts another one in its place."""

    specs: Mapping[str, GateSpec]  #: by gate id, prerequisites first
    digests: Mapping[str, str]  #: gate id -> digest of its spec
    facts_schemas: Mapping[str, Schema]  #: `<id>@<n>` -> schema of the `facts` member of such a document
    editions: Mapping[str, Edition] = field(default_factory=dict)  #: every edition of the configuration, by id
    mappings: tuple[EditionMapping, ...] = ()  #: from one edition to another
    holidays: Holidays = field(default_factory=Holidays)
    adopted: Mapping[str, str] = field(default_factory=dict)  #: regime -> edition whose gates these are

    @property
    def edition(self) -> Edition | None:
        """The edition of the Code that the gates belong to; None where the configuration holds no such edition."""
        running = self.editions.get(self.adopted.get(CODE, ""))
        if running is not None:
            return running
        named = Counter(spec.edition for spec in self.specs.values() if spec.edition in self.editions)
        return self.editions[named.most_common(1)[0][0]] if named else None

    @classmethod
    def of(
        cls,
        specs: Iterable[GateSpec],
        facts_schemas: Mapping[str, Schema] | None = None,
        regimes: Regimes | None = None,
        adopted: Mapping[str, str] | None = None,
    ) -> Rulebook:
        """Return the rule book of specs that have been checked."""
        found = regimes or Regimes()
        by_id = {spec.id: spec for spec in specs}
        ordered = {spec.id: spec for spec in sorted(by_id.values(), key=lambda s: (_depth(s, by_id), s.id))}
        return cls(
            specs=MappingProxyType(ordered),
            digests=MappingProxyType({gate: spec_digest(spec) for gate, spec in ordered.items()}),
            facts_schemas=MappingProxyType(dict(facts_schemas or {})),
            editions=MappingProxyType(dict(found.editions)),
            mappings=found.mappings,
            holidays=found.holidays,
            adopted=MappingProxyType(dict(adopted or {})),
        )

    def spec(self, gate: str) -> GateSpec:
        """Return the spec of that gate.

        Raises:
            NotFoundError: the configuration has no such gate.
        """
        try:
            return self.specs[gate]
        except KeyError:
            raise NotFoundError(
                f"no gate {gate!r}", hint=f"gates of this configuration: {', '.join(self.specs)}"
            ) from None

    def gates_opened_by(self, event_type: str) -> tuple[GateSpec, ...]:
        """Return the specs that an event of this type opens, prerequisites first."""
        return tuple(spec for spec in self.specs.values() if event_type in spec.opens_on)


def prerequisites(spec: GateSpec) -> tuple[str, ...]:
    """Return the ids of the gates that must be cleared first, in order, each once."""
    return tuple(dict.fromkeys(r.gate for r in spec.requirements() if r.gate is not None))


def _depth(spec: GateSpec, by_id: Mapping[str, GateSpec], above: frozenset[str] = frozenset()) -> int:
    below = [by_id[g] for g in prerequisites(spec) if g in by_id and g not in above]
    return 1 + max((_depth(s, by_id, above | {spec.id}) for s in below), default=0)
