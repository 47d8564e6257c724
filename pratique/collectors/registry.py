"""The registry of collectors, and the one way to read a file with it."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from pratique.collectors import (
    approvals,
    codecarbon,
    croissant,
    cyclonedx,
    document,
    facts,
    fickling,
    garak,
    in_toto,
    inspect_collector,
    junit,
    lm_eval,
    mlflow,
    model_card,
    modelscan,
    oscal,
    pickle_scan,
    picklescan_report,
    safetensors,
    sarif,
    spdx3,
    training,
    web_page,
)
from pratique.collectors.collector import (
    HEAD_BYTES,
    Collector,
    CollectorContext,
    CollectorFactory,
    Confidence,
    ReadsReceived,
    Schema,
)
from pratique.collectors.factsheet import check_facts_size, is_clean_text, unfit
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction
from pratique.domain.keys import NO_KEYS, TrustedKeys
from pratique.errors import ConfigError, UnavailableError

#: Entry point group; each entry names a `CollectorFactory`.
GROUP = "pratique.collectors"

#: Ours, by entry point name. Listed here too, so that a checkout without installed metadata has them.
BUILT_IN: Mapping[str, CollectorFactory] = {
    "inspect": inspect_collector.build,
    "lm_eval": lm_eval.build,
    "facts": facts.build,
    "in_toto": in_toto.build,
    "web_page": web_page.build,
    "garak": garak.build,
    "sarif": sarif.build,
    "modelscan": modelscan.build,
    "picklescan": picklescan_report.build,
    "fickling": fickling.build,
    "pickle": pickle_scan.build,
    "safetensors": safetensors.build,
    "junit": junit.build,
    "codecarbon": codecarbon.build,
    "model_card": model_card.build,
    "cyclonedx": cyclonedx.build,
    "spdx3": spdx3.build,
    "croissant": croissant.build,
    "oscal": oscal.build,
    "training": training.build,
    "approval": approvals.build,
    "mlflow": mlflow.build,
    "document": document.build,
}

_log = logging.getLogger(__name__)


class CollectorRegistry:
    """Collectors by name. A name stands for one collector."""

    def __init__(
        self,
        collectors: Iterable[Collector],
        *,
        problems: Iterable[str] = (),
        origins: Mapping[str, str] | None = None,
    ) -> None:
        self._collectors: dict[str, Collector] = {}
        self._origins = dict(origins or {})
        self.problems = tuple(problems)  #: collectors that could not be loaded, a line each
        for collector in collectors:
            if collector.name in self._collectors:
                raise ConfigError([f"collector {collector.name} is registered twice; expected one of a name"])
            self._collectors[collector.name] = collector

    def __iter__(self) -> Iterator[Collector]:
        return iter(self._collectors.values())

    def __len__(self) -> int:
        return len(self._collectors)

    def get(self, name: str) -> Collector | None:
        """Return the collector of that name, or None."""
        return self._collectors.get(name)

    def origin_of(self, name: str) -> str:
        """Return where the collector of that name comes from: `built-in`, or the package and its version."""
        return self._origins.get(name, "built-in")

    @property
    def kinds(self) -> frozenset[str]:
        """Every evidence kind that some collector reads."""
        return frozenset().union(*(collector.kinds for collector in self))

    def candidates(self, head: bytes, filename: str) -> list[Collector]:
        """Return the collectors to try: the one that is sure, else all that may, by name, the last resort after."""
        ranked = sorted(((_confidence(c, head, filename), c) for c in self), key=lambda pair: (-pair[0], pair[1].name))
        sure = [collector for confidence, collector in ranked if confidence >= Confidence.SURE]
        likely = [collector for confidence, collector in ranked if confidence > Confidence.NO]
        return sure[:1] or likely + [collector for confidence, collector in ranked if confidence == Confidence.LAST]


def build_registry(
    facts_schemas: Mapping[str, Schema] | None = None, trusted_keys: TrustedKeys | None = None
) -> CollectorRegistry:
    """Return the registry of our collectors and of those that installed packages bring.

    Args:
        facts_schemas: `<id>` or `<id>@<n>` -> JSON Schema of the member `facts`.
        trusted_keys: what signatures are verified with; None: no signature can be.

    A package's collector that does not load, or takes a name that is taken, is logged, listed in
    `CollectorRegistry.problems` and left out; the others work on.

    Raises:
        ConfigError: a facts schema is wrong.
    """
    context = CollectorContext(facts_schemas=facts_schemas or {}, trusted_keys=trusted_keys or NO_KEYS)
    collectors = {name: factory(context) for name, factory in BUILT_IN.items()}
    problems = []
    origins = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        if entry.name in BUILT_IN and entry.value.startswith("pratique.collectors."):
            continue
        try:
            collector = _load(entry, context)
            if collector.name in collectors:
                raise ConfigError([f"the name {collector.name} is taken"])
            collectors[collector.name] = collector
            origins[collector.name] = _package_of(entry)
        except Exception as error:  # foreign code: anything may come out of it
            problem = f"collector {entry.name} ({entry.value}) was left out: {type(error).__name__}: {error}"
            _log.warning("%s", problem)
            problems.append(problem)
    return CollectorRegistry(collectors.values(), problems=problems, origins=origins)


def read_evidence(
    path: Path, filename: str, registry: CollectorRegistry, *, received_at: datetime | None = None
) -> Extraction:
    """Return what the file at `path` says.

    Args:
        path: the stored file.
        filename: the name it was submitted under; its ending helps to recognise the format.
        registry: the collectors to choose from.
        received_at: when the file came, where that was earlier; which keys count for a signature hangs on it.

    Raises:
        UnreadableError: no collector knows it, or the one that does refuses it. The message says why.
        UnavailableError: the disk did not give the file; worth retrying, and nothing about its content.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        return _read(path, head, filename, registry, received_at)
    except OSError as error:
        raise UnavailableError(
            f"{shown(filename)}: the stored file could not be read ({error.strerror or error})"
        ) from None


def _read(
    path: Path, head: bytes, filename: str, registry: CollectorRegistry, received_at: datetime | None
) -> Extraction:
    name = shown(filename) or "unnamed file"
    candidates = registry.candidates(head, filename)
    if not candidates:
        names = ", ".join(collector.name for collector in registry)
        raise UnreadableError(f"{name}: {_kind_of(head)} found; expected a file of one of the collectors {names}")
    refusals = []
    for collector in candidates:
        try:
            return _checked(collector, _read_with(collector, path, received_at))
        except UnreadableError as error:
            refusals.append(error)
    if len(refusals) == 1:
        raise UnreadableError(f"{name}: {refusals[0].message}", hint=refusals[0].hint)
    reasons = " | ".join(error.message for error in refusals)
    raise UnreadableError(f"{name}: no collector could read it: {reasons}")


def _read_with(collector: Collector, path: Path, received_at: datetime | None) -> Extraction:
    try:
        if received_at is not None and isinstance(collector, ReadsReceived):
            return collector.read_received(path, received_at)
        return collector.read(path)
    except (UnreadableError, OSError):
        raise
    except Exception as error:  # a collector's fault must not look like the engine's, nor stop other evidence
        _log.exception("collector %s failed", collector.name)
        raise UnreadableError(f"collector {collector.name} failed on it ({type(error).__name__})") from None


def _checked(collector: Collector, extraction: Extraction) -> Extraction:
    """Return `extraction`, checked: what enters the ledger does not depend on a collector's care."""
    what = f"collector {collector.name}"
    if not isinstance(extraction, Extraction) or extraction.kind not in collector.kinds:
        raise UnreadableError(f"{what} gave no extraction of its kinds {', '.join(sorted(collector.kinds))}")
    if trouble := unfit(extraction.facts):
        raise UnreadableError(f"{what}: {trouble}")
    check_facts_size(extraction.facts, what)
    if extraction.subject is not None and not (extraction.subject and is_clean_text(extraction.subject)):
        raise UnreadableError(f"{what}: the model's name is empty or no clean text")
    times = [getattr(extraction, name) for name in ("produced_at", "observed_from", "observed_until", "valid_until")]
    if any(at is not None and at.tzinfo is None for at in times):
        raise UnreadableError(f"{what}: gave a time without a zone")
    if extraction.complete or extraction.incomplete_reason:
        return extraction
    return dataclasses.replace(extraction, incomplete_reason="the collector gave no reason")


def _confidence(collector: Collector, head: bytes, filename: str) -> int:
    try:
        return int(collector.sniff(head, filename))
    except Exception:  # foreign code: one bad collector must not stop the others
        _log.exception("collector %s failed to sniff", collector.name)
        return Confidence.NO


def _load(entry: EntryPoint, context: CollectorContext) -> Collector:
    collector: Collector = entry.load()(context)
    missing = [name for name in ("name", "version", "kinds", "sniff", "read") if not hasattr(collector, name)]
    if missing:
        raise ConfigError([f"it has no {', '.join(missing)}"])
    return collector


def _package_of(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else entry.value


def _kind_of(head: bytes) -> str:
    if not head:
        return "an empty file"
    if head.startswith(b"PK"):
        return "a ZIP"
    return "text of an unknown format" if b"\0" not in head else "binary data"
