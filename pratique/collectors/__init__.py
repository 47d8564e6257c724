"""Collectors read evidence files of known formats into facts."""

from pratique.collectors.collector import (
    HEAD_BYTES,
    Collector,
    CollectorContext,
    CollectorFactory,
    Confidence,
    Schema,
    schema_of,
)
from pratique.collectors.facts import load_facts_schemas
from pratique.collectors.registry import BUILT_IN, GROUP, CollectorRegistry, build_registry, read_evidence
from pratique.collectors.unreadable import UnreadableError

__all__ = [
    "BUILT_IN",
    "GROUP",
    "HEAD_BYTES",
    "Collector",
    "CollectorContext",
    "CollectorFactory",
    "CollectorRegistry",
    "Confidence",
    "Schema",
    "UnreadableError",
    "build_registry",
    "load_facts_schemas",
    "read_evidence",
    "schema_of",
]
