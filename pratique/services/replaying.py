"""Replaying history under a proposed spec: which gate runs would have another verdict. Nothing is written.

Each run is judged twice on the ledger as it was at its last decision (or, while it is undecided, as it is now): by
the spec that it was held to, and by the proposed one. Evidence, profile, provider, compute, risk register, occurrences,
time limits, waivers and other gates are those of that moment, rebuilt from the journal; the questions of scope and the
language of criteria are those that run today.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import bindparam, select

from pratique.domain.evaluation import Evaluation
from pratique.domain.findings import Finding
from pratique.domain.spec import GateSpec
from pratique.domain.times import instant_text, parse_instant
from pratique.errors import NotFoundError, UnavailableError
from pratique.regimes import spec_digest
from pratique.services import lookups
from pratique.services.evaluation_memory import EvaluationMemory
from pratique.services.instances import Instances
from pratique.services.loaded_run import judged
from pratique.services.parts import Parts
from pratique.services.proposed_spec import Asked
from pratique.services.run_history import decision_in, subjects_of_provider, subjects_of_version
from pratique.services.specs import pinned_spec
from pratique.store.changes import table_named
from pratique.store.past import Past, PastEntry, entries_about
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row

#: Most entries about one model version that are gone through; beyond, its runs are named as not replayed.
MAX_ENTRIES = 20_000
#: Seconds that a replay waits for another one to end.
_PATIENCE_SECONDS = 10.0
#: One at a time: a page is seconds of work, and everybody else wants the processor too.
_turn = Lock()

_run, _version = table_named("gate_run"), table_named("model_version")
_columns = (_run.c.id, _run.c.model_version_id, _run.c.state, _run.c.occasion, _run.c.spec_digest)
_PAGE = (
    select(*_columns, _version.c.model, _version.c.version)
    .where(_run.c.model_version_id == _version.c.id)
    .where(_run.c.gate == bindparam("gate"), _run.c.id > bindparam("after"))
    .order_by(_run.c.id)
    .limit(bindparam("limit"))
)
_PAGES = {
    (False, False): Query(_PAGE),
    (True, False): Query(_PAGE.where(_version.c.model == bindparam("model"))),
    (False, True): Query(_PAGE.where(_version.c.version == bindparam("version"))),
    (True, True): Query(
        _PAGE.where(_version.c.model == bindparam("model"), _version.c.version == bindparam("version"))
    ),
}


@dataclass(frozen=True, slots=True)
class _Judged:
    """A gate run at the moment that counts, by both specs."""

    row: Row
    at: str
    is_decided: bool
    was: Evaluation
    becomes: Evaluation
    is_reproduced: bool  #: judged anew by its own spec, it rests on what was recorded then

    @property
    def is_changed(self) -> bool:
        return self.was.is_ready is not self.becomes.is_ready

    def as_json(self) -> dict[str, Any]:
        return {
            "gate_run": self.row["id"],
            "model": self.row["model"],
            "version": self.row["version"],
            "occasion": self.row["occasion"],
            "state": self.row["state"],
            "judged_at": self.at,
            "judged_on": "decision" if self.is_decided else "now",
            "was": _verdict(self.was),
            "becomes": _verdict(self.becomes),
            "is_reproduced": self.is_reproduced,
            "requirements": list(_changes(self.was, self.becomes)),
        }


def replay_page(reader: Reader, parts: Parts, asked: Asked, spec: GateSpec) -> dict[str, Any]:
    """Judge a page of the runs of a gate anew; return those whose verdict would change, and how many were looked at.

    Raises:
        NotFoundError: there is no such gate, and never was.
        UnavailableError: another replay goes on.
    """
    if not _turn.acquire(timeout=_PATIENCE_SECONDS):
        raise UnavailableError("another replay is going on", hint="try again when it has ended")
    try:
        return _page(reader, parts, asked, spec)
    finally:
        _turn.release()


def _page(reader: Reader, parts: Parts, asked: Asked, spec: GateSpec) -> dict[str, Any]:
    given = {name: value for name in ("model", "version") if (value := getattr(asked, name)) is not None}
    query = _PAGES["model" in given, "version" in given]
    rows = reader.all(query, gate=asked.gate, after=asked.after, limit=asked.limit + 1, **given)
    if not rows and asked.gate not in parts.rules.specs:
        raise NotFoundError(f"no gate {asked.gate!r} runs, and none of that name was ever opened")
    page = rows[: asked.limit]
    apart = _apart(reader, parts, spec, page)
    by_version: dict[str, list[Row]] = {}
    for row in page:
        by_version.setdefault(row["model_version_id"], []).append(row)
    provider = subjects_of_provider(reader)
    found: dict[str, _Judged] = {}
    skipped: list[dict[str, Any]] = []
    for version_id, runs in by_version.items():
        entries = entries_about(reader, [*provider, *subjects_of_version(reader, version_id)])
        if len(entries) > MAX_ENTRIES:
            why = f"{len(entries)} entries are about its model version, at most {MAX_ENTRIES} are gone through"
            skipped += [{"gate_run": run["id"], "reason": why} for run in runs]
            continue
        found |= {one.row["id"]: one for one in _judge_version(apart, spec, runs, entries)}
    ordered = [found[row["id"]] for row in page if row["id"] in found]
    return {
        "gate": asked.gate,
        "spec_digest": spec_digest(spec),
        "looked_at": len(ordered),
        "changed": sum(one.is_changed for one in ordered),
        "other_findings": sum(not one.is_changed and any(_changes(one.was, one.becomes)) for one in ordered),
        "not_reproduced": [one.row["id"] for one in ordered if not one.is_reproduced],
        "items": [one.as_json() for one in ordered if one.is_changed],
        "skipped": skipped,
        "next": page[-1]["id"] if len(rows) > asked.limit else None,
    }


def _apart(reader: Reader, parts: Parts, spec: GateSpec, page: Sequence[Row]) -> Parts:
    """Return the engine with memories of its own: what was so then is not taken for what is so now."""
    pinned = {row["spec_digest"]: pinned_spec(reader, parts, row["spec_digest"]) for row in page}
    return replace(
        parts,
        evidence={},
        running=parts.running.fork(parts.running.now),
        effective={},
        memory=EvaluationMemory(),
        instances=Instances(),
        pinned=_Specs(reader, parts, {**pinned, spec_digest(spec): spec}),
    )


class _Specs(dict[str, GateSpec]):
    """Specs by digest; one that a run was held to before an adoption is looked up in the ledger of today."""

    def __init__(self, reader: Reader, parts: Parts, known: Mapping[str, GateSpec]) -> None:
        super().__init__(known)
        self._reader, self._parts = reader, parts

    def get(self, digest: str, default: Any = None) -> Any:
        """Return the spec of that digest."""
        found = super().get(digest)
        if found is None:
            found = self[digest] = pinned_spec(self._reader, self._parts, digest)
        return found


def _judge_version(
    parts: Parts, spec: GateSpec, runs: Iterable[Row], entries: Sequence[PastEntry]
) -> Iterator[_Judged]:
    """Go through what was written about a model version, stopping where one of `runs` was decided."""
    at_decision = {position: run for run in runs if (position := decision_in(entries, run)) is not None}
    decided = {run["id"] for run in at_decision.values()}
    with Past() as past:
        for entry in entries:
            run = at_decision.get(entry.position)
            if run is not None:
                yield _judge(past.reader, parts, spec, run, entry)
            past.apply(entry)
        for run in runs:
            if run["id"] not in decided:
                yield _judge(past.reader, parts, spec, run, None)


def _judge(reader: Reader, parts: Parts, spec: GateSpec, run: Row, entry: PastEntry | None) -> _Judged:
    now = parse_instant(entry.at) if entry is not None else _now(parts)
    row = reader.one(lookups.GATE_RUN_PLAIN, id=run["id"])
    version = reader.one(lookups.MODEL_VERSION_BY_ID, id=run["model_version_id"])
    if row is None or version is None:
        raise NotFoundError(f"the journal does not tell of gate run {run['id']} before its decision")
    was = judged(reader, parts, row, version, now).evaluation
    becomes = judged(reader, parts, {**row, "spec_digest": spec_digest(spec)}, version, now).evaluation
    # The engine clears a gate that nobody signs as it judges it; then the basis stands in that entry itself.
    basis = entry.values.get("basis", row["basis"]) if entry is not None else row["basis"]
    return _Judged(run, instant_text(now), entry is not None, was, becomes, was.basis == basis)


def _now(parts: Parts) -> datetime:
    return parts.ledger.clock()


def _verdict(evaluation: Evaluation) -> str:
    return "ready" if evaluation.is_ready else "blocked"


def _changes(was: Evaluation, becomes: Evaluation) -> Iterator[dict[str, Any]]:
    """Yield the requirements that are found otherwise, those that come and those that go."""
    before = {finding.requirement: finding for finding in was.findings}
    after = {finding.requirement: finding for finding in becomes.findings}
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or (old.status, old.enforced) != (new.status, new.enforced):
            yield {"requirement": name, "was": _told(old), "becomes": _told(new), "reason": _reason(old, new)}


def _told(finding: Finding | None) -> str | None:
    if finding is None:
        return None
    return finding.status.value if finding.enforced else f"{finding.status.value} (advice)"


def _reason(old: Finding | None, new: Finding | None) -> str:
    if new is None:
        return f"the proposed spec does not ask for it{f'; it was open: {old.reason}' if old and old.reason else ''}"
    if new.reason:
        return new.reason
    return f"it holds now; it was open: {old.reason}" if old is not None and old.reason else ""
