"""The rules that an engine goes by, and how others take their place while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pratique.collectors import CollectorRegistry
from pratique.regimes import Library, Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One reading of the whole configuration, and what follows from it under the editions adopted."""

    rulebook: Rulebook
    library: Library
    collectors: CollectorRegistry
    warnings: tuple[str, ...] = ()

    def under(self, adopted: Mapping[str, str]) -> Rules:
        """Return the same reading under other editions.

        Args:
            adopted: regime -> edition; regimes that it does not name stay at the edition that they begin with.

        Raises:
            ConfigError: it holds no such edition.
        """
        rulebook = self.library.rulebook(adopted)
        return Rules(rulebook=rulebook, library=self.library, collectors=self.collectors, warnings=self.warnings)


#: Profiles as expressions see them, by stored text or digest.
Profiles = dict[str, dict[str, Any]]
#: Reads the whole configuration anew, and checks it as a whole.
Load = Callable[[], Rules]


class Running:
    """Holds the rules; whoever asks gets those of this moment, and a request keeps what it got."""

    def __init__(self, rules: Rules, load: Load, profiles: Profiles | None = None) -> None:
        self._held = (rules, profiles if profiles is not None else {})  # exchanged together, in one step
        self._load = load
        self.followed: frozenset[str] = frozenset()  #: ids of the adoptions that the rules follow, one a regime
        self.trouble: str | None = None  #: why what was adopted cannot be followed
        self._reread: tuple[str, set[str]] = ("", set())  #: signed evidence read again here, with which keys
        self._behind: set[str] = set()
        self._offered: dict[str, Rules] = {}

    @property
    def now(self) -> Rules:
        """The rules of this moment."""
        return self._held[0]

    @property
    def profiles(self) -> Profiles:
        """Profiles seen lately, as the rules of this moment have them, by stored text or digest."""
        return self._held[1]

    @property
    def behind(self) -> frozenset[str]:
        """Adoptions that another replica made: what this one wrote meanwhile is to be looked at again."""
        return frozenset(self._behind)

    def settled(self, adoptions: frozenset[str]) -> None:
        """Note that what was written before these adoptions was looked at again."""
        self._behind.difference_update(adoptions)

    def reread(self, version: str) -> set[str]:
        """Return the ids of signed evidence that this process read again with these keys, to be added to.

        Args:
            version: that of the collector, which names the keys.
        """
        if self._reread[0] != version:
            self._reread = (version, set())
        return self._reread[1]

    def load(self) -> Rules:
        """Return the configuration as its files say it now; what runs stays as it is.

        Raises:
            ConfigError: with every error at once.
        """
        return self._load()

    def offer(self, adoption: str, rules: Rules) -> None:
        """Keep the rules that an adoption was made with, until it is followed."""
        self._offered = {adoption: rules}

    def rules_for(self, adoptions: frozenset[str]) -> Rules:
        """Return the rules that one of `adoptions` was made with here, else the configuration as its files say it now.

        Raises:
            ConfigError: with every error at once.
        """
        own = next((self._offered[name] for name in adoptions if name in self._offered), None)
        if own is None:
            self._behind.update(adoptions - self.followed)
        return own if own is not None else self._load()

    def put(self, rules: Rules, followed: frozenset[str] = frozenset()) -> None:
        """Put others in their place; what was derived by those of before is forgotten with them."""
        self._held, self.followed = (rules, {}), followed
        self.trouble, self._offered = None, {}

    def fork(self, rules: Rules | None = None) -> Running:
        """Return another holder: of other rules, or of those of this moment, which stay in it."""
        now, profiles = self._held
        return Running(rules, self._load) if rules is not None else Running(now, self._load, profiles)
