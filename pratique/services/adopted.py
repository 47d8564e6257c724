"""Which editions an installation works under, as its ledger says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from pratique.domain.entries import EditionAdopted
from pratique.errors import ConfigError, UnavailableError
from pratique.regimes import Rulebook
from pratique.regimes.library import regime_of
from pratique.services.occurrence_lists import position_of
from pratique.services.parts import Parts
from pratique.services.running import Rules
from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

_adoption = table_named("adoption")
#: Oldest first, so that of each regime the last one stands.
_ADOPTIONS = Query(select(_adoption).order_by(_adoption.c.adopted_at, _adoption.c.id))
_later = _adoption.alias()
#: Ids of the last adoption of each regime; asked before each command.
_NEWEST = Query(
    select(_adoption.c.id).where(
        ~select(_later.c.id)
        .where(
            _later.c.regime == _adoption.c.regime,
            tuple_(_later.c.adopted_at, _later.c.id) > tuple_(_adoption.c.adopted_at, _adoption.c.id),
        )
        .exists()
    )
)
_PAGE = Query(
    select(_adoption)
    .where(tuple_(_adoption.c.adopted_at, _adoption.c.id) < tuple_(bindparam("after_at"), bindparam("after_id")))
    .order_by(_adoption.c.adopted_at.desc(), _adoption.c.id.desc())
    .limit(bindparam("limit"))
)
#: Stands in an adoption for the digest of an edition of which the configuration holds gates alone.
NO_BUNDLE = "0" * 64


def newest_adoptions(reader: Reader) -> dict[str, Row]:
    """Return the last adoption of each regime."""
    return {row["regime"]: row for row in reader.all(_ADOPTIONS)}


def follow(reader: Reader, parts: Parts, loaded: Rules) -> None:
    """Go by the editions that the ledger says are adopted, as `loaded` has them.

    Raises:
        ConfigError: it does not hold them, or not as they were adopted; says what differs, and the ways out.
    """
    newest = newest_adoptions(reader)
    rules = loaded.under({regime: row["edition"] for regime, row in newest.items()})
    refuse_changed(newest, rules)
    book = rules.rulebook
    parts.pinned.update({book.digests[gate]: spec for gate, spec in book.specs.items()})  # one object for one digest
    parts.running.put(rules, frozenset(row["id"] for row in newest.values()))


def refuse_changed(adoptions: Mapping[str, Row], rules: Rules) -> None:
    """Refuse rules whose files are not as they were adopted: files alone move nothing.

    Args:
        adoptions: of each regime that is looked at, the last one.
        rules: under the editions adopted.

    Raises:
        ConfigError: a line for each edition that differs.
    """
    lines = [line for _, line in changed_files(adoptions, rules)]
    if lines:
        raise ConfigError(
            lines,
            hint="put the files back as they were; or stop the engine, look with `pratique regime accept-files "
            "--dry-run` at what going by them touches, and take them with `pratique regime accept-files --reason ...`",
        )


def catch_up(reader: Reader, parts: Parts) -> bool:
    """Follow what was adopted since, here or by another replica of the engine; True when there was something.

    The writer calls it before each command, in its transaction: so no command goes by rules that others replaced, and
    none sees them change.

    Raises:
        UnavailableError: the files of this replica do not hold what was adopted, as it was, or are not sound.
    """
    running = parts.running
    newest = frozenset(row["id"] for row in reader.all(_NEWEST))
    if newest == running.followed:
        return False
    try:
        follow(reader, parts, running.rules_for(newest))
    except ConfigError as error:
        running.trouble = f"another edition was adopted, and this engine cannot follow: {error.message}"
        raise UnavailableError(
            running.trouble, hint="give this engine the same configuration, then try again"
        ) from None
    return True


def digests_of(rules: Rulebook, regime: str) -> dict[str, str]:
    """Return the digests of the gates of a regime: gate -> digest, as new gate runs pin them."""
    return {gate: rules.digests[gate] for gate, spec in rules.specs.items() if regime_of(spec.edition) == regime}


def bundle_digest(rules: Rulebook, edition: str) -> str:
    """Return the digest of an edition's bundle."""
    found = rules.editions.get(edition)
    return found.digest if found is not None else NO_BUNDLE


def begin_regimes(tx: Transaction, parts: Parts) -> int:
    """Record the edition that each regime begins with, where none was adopted yet; nothing moves. Return how many."""
    known, rules = newest_adoptions(tx), parts.rules
    begun = sorted(e for regime, e in rules.adopted.items() if regime not in known and e in rules.editions)
    for edition in begun:
        tx.record(
            EditionAdopted(
                id=tx.new_id(),
                regime=regime_of(edition),
                edition=edition,
                digest=bundle_digest(rules, edition),
                gates=digests_of(rules, regime_of(edition)),
                reason="the edition that the installation begins with",
                content=nothing_touched(),
            )
        )
    return len(begun)


def nothing_touched() -> dict[str, Any]:
    """Return the content of an adoption that changes nothing."""
    return {"changes": [], "gates": [], "gate_runs": [], "registers": []}


def changed_files(adoptions: Mapping[str, Row], rules: Rules) -> Iterator[tuple[str, str]]:
    """Yield each edition whose files are not as they were when it was adopted, and a line that says what differs.

    Args:
        adoptions: regime -> its last adoption.
        rules: under the editions adopted.
    """
    book = rules.rulebook
    for regime, row in sorted(adoptions.items()):
        edition, was = row["edition"], json.loads(row["gates"])
        gates = sorted(_differing(was, digests_of(book, regime)))
        what = [f"gates {', '.join(gates)}"] if gates else []
        what += ["the edition itself"] if row["digest"] != bundle_digest(book, edition) else []
        if what:
            yield (
                edition,
                f"{edition} is not as it was adopted on {row['adopted_at'][:10]}: {' and '.join(what)} changed",
            )


def _differing(was: Mapping[str, str], now: Mapping[str, str]) -> set[str]:
    return {gate for gate in {*was, *now} if was.get(gate) != now.get(gate)}


def editions_view(reader: Reader, parts: Parts) -> list[dict[str, Any]]:
    """Return every edition of the configuration that runs, by id, as the API shows it."""
    parts = parts.bound()
    newest, library = newest_adoptions(reader), parts.running.now.library
    adopted = {row["edition"]: row for row in newest.values()}
    found = []
    for name in sorted({*library.regimes.editions, *library.gates}):
        edition, row = library.regimes.editions.get(name), adopted.get(name)
        found.append(
            {
                "edition": name,
                "regime": regime_of(name),
                "title": edition.imprint.title if edition is not None else None,
                "published": edition.imprint.published.isoformat() if edition is not None else None,
                "digest": edition.digest if edition is not None else None,
                "gates": sorted(library.gates.get(name, ())),
                "is_shipped": name not in library.added,
                "is_adopted": name in parts.rules.adopted.values(),
                "adopted_at": row["adopted_at"] if row is not None else None,
            }
        )
    return found


def adoptions_page(reader: Reader, *, cursor: str | None, limit: int) -> dict[str, Any]:
    """Return adoptions in pages, newest first, as the API shows them.

    Raises:
        InvalidInputError: the cursor is not one that this call gave.
    """
    at, last = position_of(cursor)
    rows = reader.all(_PAGE, after_at=at, after_id=last, limit=limit + 1)
    shown = [{**row, **{name: json.loads(row[name]) for name in ("gates", "content")}} for row in rows[:limit]]
    more = len(rows) > limit
    return {"items": shown, "next": f"{shown[-1]['adopted_at']}/{shown[-1]['id']}" if more else None}
