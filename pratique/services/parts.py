"""What every use case is given: the wired parts of one engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pratique.answers import Subscriptions
from pratique.collectors import CollectorRegistry
from pratique.domain.evaluation import Criteria
from pratique.domain.evidence import Evidence
from pratique.domain.people import People
from pratique.domain.sources import EvidenceSource
from pratique.domain.spec import GateSpec
from pratique.egress import Egress
from pratique.hooks import Hooks, Mapper
from pratique.regimes import Rulebook
from pratique.services.evaluation_memory import EvaluationMemory
from pratique.services.finding_lists import FindingLists
from pratique.services.instances import Instances
from pratique.services.parsing import Parsing
from pratique.services.running import Profiles, Running
from pratique.settings import Settings
from pratique.store.files import EvidenceFiles
from pratique.store.ledger import Ledger

if TYPE_CHECKING:
    from pratique.services.effective_profile import EffectiveProfile


@dataclass(frozen=True, kw_only=True)
class Parts:
    """One engine's parts, wired by `bootstrap`."""

    settings: Settings
    ledger: Ledger
    running: Running  #: rules and collectors; an adoption puts others in their place
    people: People
    criteria: Criteria
    files: EvidenceFiles
    parsing: Parsing = field(default_factory=Parsing)
    egress: Egress = field(default_factory=Egress)  #: the one way to addresses that somebody else chose
    #: Seen lately, by id, reading, version of the collector that read it, and who attests it.
    evidence: dict[tuple[str, str, str | None, tuple[str, ...]], Evidence] = field(default_factory=dict)
    effective: dict[tuple[Any, ...], EffectiveProfile] = field(default_factory=dict)  #: by what they were made of
    memory: EvaluationMemory = field(default_factory=EvaluationMemory)  #: verdicts given lately
    findings: FindingLists = field(default_factory=FindingLists)  #: shown lately
    instances: Instances = field(default_factory=Instances)  #: specs as gate runs are judged by them
    hooks: Hooks = field(default_factory=Hooks)  #: what tools report by themselves
    mapper: Mapper = field(default_factory=Mapper)  #: maps what hooks receive
    subscriptions: Subscriptions = field(default_factory=Subscriptions)  #: who is told outside
    sources: Mapping[str, EvidenceSource] = field(default_factory=dict)  #: what evidence is collected from
    pinned: dict[str, GateSpec] = field(default_factory=dict)  #: specs by digest, as gate runs pinned them

    @property
    def rules(self) -> Rulebook:
        """What the engine goes by at this moment."""
        return self.running.now.rulebook

    @property
    def profiles(self) -> Profiles:
        """Profiles seen lately: the same object for the same digest, under the rules of this moment."""
        return self.running.profiles

    def bound(self) -> Parts:
        """Return these parts with the rules of this moment, which do not change under a read that asks for them twice.

        Never for a command: that goes by what the ledger says when its turn comes.
        """
        return replace(self, running=self.running.fork())

    @property
    def collectors(self) -> CollectorRegistry:
        """Readers of evidence files, as the facts schemas of this moment have them."""
        return self.running.now.collectors
