"""Which editions an installation works under, as its ledger says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from pratique.domain.entries import EditionAdopted
from pratique.regimes.library import regime_of
from pratique.services.parts import Parts
from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

_adoption = table_named("adoption")
#: Oldest first, so that of each regime the last one stands.
_ADOPTIONS = Query(select(_adoption).order_by(_adoption.c.adopted_at, _adoption.c.id))
#: Stands in an adoption for the digest of an edition of which the configuration holds gates alone.
NO_BUNDLE = "0" * 64


def newest_adoptions(reader: Reader) -> dict[str, Row]:
    """Return the last adoption of each regime."""
    return {row["regime"]: row for row in reader.all(_ADOPTIONS)}


def adopted_editions(reader: Reader) -> dict[str, str]:
    """Return the edition that each regime is at."""
    return {regime: row["edition"] for regime, row in newest_adoptions(reader).items()}


def digests_of(parts: Parts, regime: str) -> dict[str, str]:
    """Return the digests of the gates of a regime: gate -> digest, as new gate runs pin them."""
    rules = parts.rules
    return {gate: rules.digests[gate] for gate, spec in rules.specs.items() if regime_of(spec.edition) == regime}


def bundle_digest(parts: Parts, edition: str) -> str:
    """Return the digest of an edition's bundle."""
    found = parts.rules.editions.get(edition)
    return found.digest if found is not None else NO_BUNDLE


def begin_regimes(tx: Transaction, parts: Parts) -> int:
    """Record the edition that each regime begins with, where none was adopted yet; nothing moves. Return how many."""
    known = newest_adoptions(tx)
    begun = {regime: edition for regime, edition in parts.rules.adopted.items() if regime not in known}
    for regime, edition in sorted(begun.items()):
        if edition in parts.rules.editions:
            tx.record(
                EditionAdopted(
                    id=tx.new_id(),
                    regime=regime,
                    edition=edition,
                    digest=bundle_digest(parts, edition),
                    gates=digests_of(parts, regime),
                    reason="the edition that the installation begins with",
                    content=nothing_touched(),
                )
            )
    return len(begun)


def nothing_touched() -> dict[str, Any]:
    """Return the content of an adoption that changes nothing."""
    return {"changes": [], "gates": [], "gate_runs": [], "registers": []}


def changed_files(reader: Reader, parts: Parts) -> Iterator[str]:
    """Yield a line for each regime whose files are not as they were when they were adopted."""
    for regime, row in sorted(newest_adoptions(reader).items()):
        edition, was = row["edition"], json.loads(row["gates"])
        gates = sorted(_differing(was, digests_of(parts, regime)))
        what = [f"gates {', '.join(gates)}"] if gates else []
        what += ["the edition itself"] if row["digest"] != bundle_digest(parts, edition) else []
        if what:
            yield (
                f"{edition} is not as it was adopted: {' and '.join(what)} changed. New gate runs go by the files; "
                f"those that are open keep what they were opened with until `pratique regime adopt {edition}`"
            )


def _differing(was: Mapping[str, str], now: Mapping[str, str]) -> set[str]:
    return {gate for gate in {*was, *now} if was.get(gate) != now.get(gate)}
