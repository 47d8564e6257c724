"""A gate run as commands see it: its row, its pinned spec, and its evaluation at this moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from pratique.domain.decisions import Decision
from pratique.domain.evaluation import Evaluation, Situation
from pratique.domain.gates import GateState
from pratique.domain.spec import GateSpec
from pratique.errors import NotFoundError
from pratique.services import lookups
from pratique.services.authors import authors_behind
from pratique.services.parts import Parts
from pratique.services.registers import risks_of
from pratique.services.situations import load_situation, standing_decisions
from pratique.services.specs import pinned_spec
from pratique.store.reader import Reader, Row


@dataclass(slots=True)
class LoadedRun:
    """A gate run with everything that a command needs of it."""

    row: Row
    version: Row
    spec: GateSpec  #: as it is judged: its requirements made for each risk
    situation: Situation
    evaluation: Evaluation
    decisions: list[Decision] = field(default_factory=list)
    #: Who set what the gate reads, and which parts of it; asked for within the transaction.
    authors: Callable[[], Mapping[str, list[str]]] = dict

    @property
    def state(self) -> GateState:
        """Where the run stands in the ledger."""
        return GateState(self.row["state"])


def load_run(reader: Reader, parts: Parts, run_id: str, now: datetime) -> LoadedRun:
    """Load a gate run and evaluate it at `now`; nothing is written.

    Raises:
        NotFoundError: there is no such gate run.
    """
    version = reader.one(lookups.MODEL_VERSION_OF_RUN, id=run_id)  # locked first, by every command
    row = reader.one(lookups.GATE_RUN, id=run_id)
    if row is None:
        raise NotFoundError(f"gate run {run_id} does not exist")
    if version is None:
        raise NotFoundError(f"model version {row['model_version_id']} does not exist")
    run = judged(reader, parts, row, version, now)
    run.decisions = standing_decisions(reader, run_id, people=parts.people, model=version["model"])
    return run


def judged(reader: Reader, parts: Parts, row: Row, version: Row, now: datetime) -> LoadedRun:
    """Evaluate the gate run in `row` at `now`, as its pinned spec has it for the risks of `version`; no decisions."""
    pinned = pinned_spec(reader, parts, row["spec_digest"])
    risks = risks_of(parts, version, pinned.edition)
    spec = parts.instances.of(pinned, row["spec_digest"], risks, row["occasion"])
    situation = load_situation(reader, parts, row, version, now, spec=pinned)
    evaluation = parts.memory.evaluate(spec, situation, parts.criteria, now)
    return LoadedRun(
        row=row,
        version=version,
        spec=spec,
        situation=situation,
        evaluation=evaluation,
        authors=partial(authors_behind, reader, parts, version, pinned, row),
    )


def bump(run: LoadedRun) -> int:
    """Return the next version of the run's row, and take it."""
    run.row = {**run.row, "row_version": run.row["row_version"] + 1}
    return int(run.row["row_version"])
