"""Everything that a configuration holds, and the rule book that follows from the editions adopted of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from pratique.domain.keys import NO_KEYS, TrustedKeys
from pratique.domain.people import People
from pratique.domain.spec import GateSpec
from pratique.errors import ConfigError
from pratique.regimes.rulebook import Regimes, Rulebook, Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Editions, and the gates of each."""

    gates: Mapping[str, Mapping[str, GateSpec]]  #: edition -> gate -> spec; what was carried to it among them
    schemas: Mapping[str, Schema]  #: of facts documents, `<id>@<n>`; every edition takes them all
    regimes: Regimes
    first: Mapping[str, str]  #: regime -> the edition that an installation begins with
    added: frozenset[str] = frozenset()  #: editions that the overlay brought

    def rulebook(self, adopted: Mapping[str, str] | None = None) -> Rulebook:
        """Return the rule book under the editions adopted, and of other regimes those to begin with.

        Args:
            adopted: regime -> edition.

        Raises:
            ConfigError: an edition is adopted that the configuration does not hold, or that has no gate.
        """
        wanted = {**self.first, **(adopted or {})}
        missing = [self._missing(name) for name in wanted.values() if not self.gates.get(name)]
        if missing:
            raise ConfigError(missing, hint="put its files back, or adopt another edition of the regime")
        specs = {spec.id: spec for spec in chain.from_iterable(self.gates[name].values() for name in wanted.values())}
        return Rulebook.of(specs.values(), self.schemas, self.regimes, wanted)

    def _missing(self, name: str) -> str:
        known = ", ".join(sorted(self.gates)) or "none"
        if name in self.regimes.editions:
            return f"gates/: found no gate of edition {name}, expected one, or a mapping from an edition that has gates"
        return f"regimes/: found no edition {name}, which is adopted, expected one of {known}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything that is loaded at once."""

    rulebook: Rulebook  #: under the editions adopted
    library: Library
    people: People
    keys: TrustedKeys = NO_KEYS
    warnings: tuple[str, ...] = ()  #: what will hold gates shut later, such as a role that nobody holds


def first_editions(gates: Iterable[GateSpec], others: Iterable[str], regimes: Regimes) -> dict[str, str]:
    """Return the edition that an installation begins with, of each regime.

    Args:
        gates: the shipped gates; of their regimes the edition that most of them belong to.
        others: every edition that has gates; of other regimes the latest one.
        regimes: says when editions were published.
    """
    shipped = Counter(spec.edition for spec in gates)
    found: dict[str, str] = {}
    for edition, _ in sorted(shipped.items(), key=lambda item: (-item[1], item[0])):
        found.setdefault(regime_of(edition), edition)
    known = [edition for edition in others if edition in regimes.editions]
    for edition in sorted(known, key=lambda name: (regimes.editions[name].imprint.published, name), reverse=True):
        found.setdefault(regime_of(edition), edition)
    return found


def regime_of(edition: str) -> str:
    """Return the regime that an edition is one of."""
    return edition.partition("@")[0]
