"""Which collectors run, where they come from, and of what shape their facts are."""

from __future__ import annotations

from typing import Any

from pratique.collectors import Collector, CollectorRegistry, schema_of
from pratique.errors import NotFoundError


def collectors_view(registry: CollectorRegistry) -> dict[str, Any]:
    """Return every collector without its schema, by name, and the problems of those that were left out."""
    collectors = sorted(registry, key=lambda collector: collector.name)
    return {"items": [_summary(one, registry) for one in collectors], "problems": list(registry.problems)}


def collector_view(registry: CollectorRegistry, name: str) -> dict[str, Any]:
    """Return one collector with the JSON Schema of its facts; an empty schema where it states none.

    Raises:
        NotFoundError: there is no collector of that name.
    """
    collector = registry.get(name)
    if collector is None:
        names = ", ".join(sorted(one.name for one in registry))
        raise NotFoundError(f"there is no collector {name[:80]!r}", hint=f"collectors: {names}")
    return {**_summary(collector, registry), "facts_schema": dict(schema_of(collector))}


def _summary(collector: Collector, registry: CollectorRegistry) -> dict[str, Any]:
    return {
        "name": collector.name,
        "version": collector.version,
        "kinds": sorted(collector.kinds),
        "origin": registry.origin_of(collector.name),
    }
