"""What adopting an edition would do: the list that a rehearsal shows, and that the adoption itself works through."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select

from pratique.domain.gate_changes import GateChange, gates_changed
from pratique.domain.gates import FINAL_STATES, GateState
from pratique.domain.regime.diff import Change, edition_changes
from pratique.domain.regime.edition import Edition
from pratique.domain.regime.impact import MOVING, SeenRun, TouchedRun, touched_runs
from pratique.domain.regime.mapping import Mapping
from pratique.domain.regime.touched import MAX_NAMED, counted_risks, counted_runs, named_runs
from pratique.domain.risk_carrying import CarriedRegister, carried_register
from pratique.domain.spec import GateSpec
from pratique.errors import NotFoundError
from pratique.regimes.library import regime_of
from pratique.services.adopted import bundle_digest, digests_of, newest_adoptions
from pratique.services.parts import Parts
from pratique.services.registers import register_of
from pratique.services.running import Rules
from pratique.services.specs import pinned_spec
from pratique.store.changes import table_named
from pratique.store.queries import Query, one_of
from pratique.store.reader import Reader, Row

_run, _version, _decision = table_named("gate_run"), table_named("model_version"), table_named("decision")
_IS_OF = _run.c.model_version_id == _version.c.id
#: As `lookups.LIVE_RUNS`: the latest run of each gate, and earlier ones that still wait and could be cleared.
_IS_LIVE = and_(
    ~one_of(_run.c.state, tuple(state.value for state in sorted(FINAL_STATES))),
    or_(_run.c.is_latest, _run.c.state != GateState.CLEARED.value),
)
_RUNS = Query(
    select(
        *(_run.c[name] for name in ("id", "gate", "occasion", "state", "spec_digest", "model_version_id")),
        _version.c.model,
        _version.c.version,
    )
    .where(_IS_OF, _IS_LIVE)
    .order_by(_version.c.model, _version.c.version, _run.c.gate, _run.c.opened_at, _run.c.id)
)
_SIGNED = Query(
    select(_decision.c.gate_run_id)
    .where(_decision.c.gate_run_id == _run.c.id, _IS_LIVE)
    .where(_decision.c.act == "clear", _decision.c.dismissed_at.is_(None))
)
_REGISTERS = Query(select(_version).where(_version.c.risks.is_not(None)).order_by(_version.c.model, _version.c.version))


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedRow:
    """The register of a model version, as it becomes."""

    version: Row
    carried: CarriedRegister

    @property
    def moves(self) -> list[dict[str, Any]]:
        """What becomes of each risk of it."""
        return [move.as_json() for move in self.carried.moved]

    def as_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {"model": self.version["model"], "version": self.version["version"], "risks": self.moves}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionPlan:
    """What an adoption changes, and whom it touches."""

    regime: str
    edition: str
    digest: str
    gates: dict[str, str]  #: gate -> digest, of the regime
    was: Row | None  #: the adoption before
    rules: Rules  #: what would run
    changes: tuple[Change, ...]  #: of the edition
    gate_changes: tuple[GateChange, ...]
    runs: tuple[TouchedRun, ...]
    registers: tuple[CarriedRow, ...]

    @property
    def is_other_edition(self) -> bool:
        """True when the rules beside the gates are others too."""
        return self.was is None or (self.was["edition"], self.was["digest"]) != (self.edition, self.digest)

    @property
    def changes_something(self) -> bool:
        """True when the ledger does not say all this already."""
        is_moving = any(one.effect in MOVING for one in self.runs)
        are_other_gates = self.was is None or json.loads(self.was["gates"]) != self.gates
        return self.is_other_edition or are_other_gates or is_moving or bool(self.registers)

    def content(self) -> dict[str, Any]:
        """Return what changes and what that touches, as the journal keeps it: counts, however many there are.

        Each gate run that moves, and each register that is carried, has an entry of its own.
        """
        return {
            "changes": [change.as_json() for change in self.changes],
            "gates": [change.as_json() for change in self.gate_changes],
            "gate_runs": counted_runs(self.runs),
            "registers": counted_risks(register.moves for register in self.registers),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the plan as the API shows it: all counts, and so many gate runs and registers by name."""
        counted = self.content()
        return {
            "edition": self.edition,
            "digest": self.digest,
            "was_edition": self.was["edition"] if self.was is not None else None,
            "was_digest": self.was["digest"] if self.was is not None else None,
            "changes_something": self.changes_something,
            "changes": counted["changes"],
            "gates": counted["gates"],
            "gate_runs": [run.as_json() for run in named_runs(self.runs)],
            "registers": [register.as_json() for register in self.registers[:MAX_NAMED]],
            "counts": {"gate_runs": counted["gate_runs"], "risks": counted["registers"]},
            "totals": {"gate_runs": len(self.runs), "registers": len(self.registers)},
            "warnings": list(self.rules.warnings),
        }


def plan_adoption(
    reader: Reader, parts: Parts, loaded: Rules, edition: str, *, held: Collection[str] | None = None
) -> AdoptionPlan:
    """Return what adopting an edition would do, on the ledger as it is; nothing is written.

    Args:
        reader: a reader.
        parts: the engine.
        loaded: the configuration as its files say it now.
        edition: what is to be adopted.
        held: model versions that are locked; others, which were registered meanwhile, are left out. None: all.

    Raises:
        NotFoundError: there is no such edition.
        ConfigError: it has no gates.
    """
    regime = regime_of(edition)
    known = {*loaded.library.gates, *loaded.library.regimes.editions}
    if edition not in known:
        raise NotFoundError(f"edition {edition!r} is unknown", hint=f"editions: {', '.join(sorted(known))}")
    was = (adoptions := newest_adoptions(reader)).get(regime)
    rules = loaded.under({name: row["edition"] for name, row in adoptions.items()} | {regime: edition})
    book, editions = rules.rulebook, rules.rulebook.editions
    specs = {gate: spec for gate, spec in book.specs.items() if regime_of(spec.edition) == regime}
    earlier = _earlier(parts, was, editions)
    mapping = _mapping(rules, was["edition"], edition) if was is not None else None
    changes = edition_changes(earlier, editions[edition], mapping) if earlier and edition in editions else ()
    risks = tuple(change.line for change in changes if change.kind == "risk")
    return AdoptionPlan(
        regime=regime,
        edition=edition,
        digest=bundle_digest(book, edition),
        gates=digests_of(book, regime),
        was=was,
        rules=rules,
        changes=changes,
        gate_changes=gates_changed(_specs_before(reader, parts, was, regime), specs, risks=risks),
        runs=touched_runs(_seen(reader, parts, regime, held), specs, book.digests, risks=risks),
        registers=_registers(reader, _carrying(rules, was, edition), editions, held),
    )


def _specs_before(reader: Reader, parts: Parts, was: Row | None, regime: str) -> dict[str, GateSpec]:
    """Return the specs of the gates of a regime as they were adopted, whatever the files say today."""
    if was is None:
        return {gate: spec for gate, spec in parts.rules.specs.items() if regime_of(spec.edition) == regime}
    return {gate: pinned_spec(reader, parts, digest) for gate, digest in json.loads(was["gates"]).items()}


def _earlier(parts: Parts, was: Row | None, editions: Any) -> Edition | None:
    """Return the edition before: as it runs, which may differ from what its files say now."""
    if was is None:
        return None
    found: Edition | None = parts.rules.editions.get(was["edition"]) or editions.get(was["edition"])
    return found


def _mapping(rules: Rules, earlier: str | None, later: str) -> Mapping | None:
    return next((one for one in rules.rulebook.mappings if (one.earlier, one.later) == (earlier, later)), None)


def _carrying(rules: Rules, was: Row | None, edition: str) -> Mapping | None:
    """Return the mapping by which registers are carried: what was adopted already may have left one behind."""
    if was is None:
        return None
    return _mapping(rules, was["was_edition"] if was["edition"] == edition else was["edition"], edition)


def _seen(reader: Reader, parts: Parts, regime: str, held: Collection[str] | None) -> list[SeenRun]:
    signed = {row["gate_run_id"] for row in reader.all(_SIGNED)}
    found = []
    for row in reader.all(_RUNS):
        spec: GateSpec = pinned_spec(reader, parts, row["spec_digest"])
        if regime_of(spec.edition) == regime and (held is None or row["model_version_id"] in held):
            names = {name: row[name] for name in ("id", "model", "version", "gate", "occasion")}
            state, digest = GateState(row["state"]), row["spec_digest"]
            found.append(SeenRun(**names, state=state, spec=spec, digest=digest, is_signed=row["id"] in signed))
    return found


def _registers(
    reader: Reader, mapping: Mapping | None, editions: Any, held: Collection[str] | None
) -> tuple[CarriedRow, ...]:
    if mapping is None or not mapping.risks:
        return ()
    found = []
    for version in reader.all(_REGISTERS):
        register = register_of(version) if held is None or version["id"] in held else None
        if register is not None and register.edition == mapping.earlier:
            carried = carried_register(register, mapping, editions[mapping.later].taxonomy)
            if carried.moved:
                found.append(CarriedRow(version=version, carried=carried))
    return tuple(found)
