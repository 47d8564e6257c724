"""Gate specs as gate runs pinned them."""

from __future__ import annotations

import json

from pratique.domain.entries import GateSpecAdopted
from pratique.domain.spec import GateSpec
from pratique.errors import IntegrityError, NotFoundError
from pratique.regimes import spec_json
from pratique.services import lookups
from pratique.services.parts import Parts
from pratique.store.reader import Reader
from pratique.store.transaction import Transaction


def adopt_specs(tx: Transaction, parts: Parts) -> int:
    """Write every spec of the rulebook that the ledger does not hold yet; return how many."""
    adopted = 0
    for spec in parts.rules.specs.values():
        digest = parts.rules.digests[spec.id]
        if tx.one(lookups.GATE_SPEC, digest=digest) is None:
            tx.record(
                GateSpecAdopted(
                    digest=digest,
                    gate=spec.id,
                    spec_version=spec.version,
                    edition=spec.edition,
                    body=spec_json(spec),
                )
            )
            adopted += 1
        parts.pinned[digest] = spec
    return adopted


def pinned_spec(reader: Reader, parts: Parts, digest: str) -> GateSpec:
    """Return the spec that a gate run pinned, whatever the configuration says today."""
    spec = parts.pinned.get(digest)
    if spec is None:
        row = reader.one(lookups.GATE_SPEC, digest=digest)
        if row is None:
            raise IntegrityError(f"gate spec {digest} is pinned by a gate run, but the ledger does not hold it")
        spec = parts.pinned[digest] = GateSpec.model_validate(json.loads(row["body"]))
    return spec


def current_spec(parts: Parts, gate: str) -> GateSpec:
    """Return the spec that new runs of `gate` pin.

    Raises:
        NotFoundError: the rulebook has no such gate.
    """
    spec = parts.rules.specs.get(gate)
    if spec is None:
        raise NotFoundError(f"gate {gate!r} is unknown", hint=f"known gates: {', '.join(sorted(parts.rules.specs))}")
    return spec
