"""Documents changed anywhere, and what must hold of whatever a collector makes of a file."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pratique.canonical import digest_of
from pratique.collectors import CollectorRegistry, UnreadableError, build_registry, read_evidence, schema_of
from pratique.domain.evidence import Extraction

REGISTRY = build_registry()
BOUNDED = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**15, max_value=10**320)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["\ud800", "a\0b", "N/A", "success", "2026-11-23T14:00:00Z", "9999-12-31T23:59:59-23:59", "error"]
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path, *(p for key, item in value.items() for p in _places(item, (*path, key)))]
    if isinstance(value, list):
        return [path, *(p for index, item in enumerate(value[:2]) for p in _places(item, (*path, index)))]
    return [path]


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    """The document with some values replaced or removed, anywhere."""
    changed = copy.deepcopy(document)
    for path in draw(st.lists(st.sampled_from([p for p in _places(document) if p]), min_size=1, max_size=4)):
        target = changed
        try:
            for key in path[:-1]:
                target = target[key]
            if draw(st.booleans()):
                target[path[-1]] = draw(VALUES)
            else:
                del target[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    return changed


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """The bytes with some of them changed, cut out, or doubled."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.integers(0, 3)):
            case 0 if data:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                data[at : at + draw(st.integers(1, 64))] = b""
            case 2:
                data[at:at] = draw(st.binary(max_size=16))
            case _:
                data[at:at] = data[at : at + draw(st.integers(1, 64))]
    return bytes(data)


def check(path: Path, filename: str, registry: CollectorRegistry = REGISTRY) -> Extraction | None:
    """Read a file as the engine would; None where it is refused. What comes is sound and of the stated shape."""
    refusal = None
    try:
        found = read_evidence(path, filename, registry)
    except UnreadableError as refused:
        refusal = refused.message
    if refusal is not None:
        refusal.encode()
        assert "failed on it" not in refusal  # an exception of another kind came out of a collector
        return None
    digest_of(dict(found.facts))
    json.dumps(dict(found.facts), allow_nan=False).encode()
    assert found.complete or found.incomplete_reason
    (found.incomplete_reason or "").encode()
    assert all(count is None or count >= 0 for count in (found.planned, found.done, found.errors))
    collector = registry.get(found.collector)
    assert collector is not None
    errors = [error.message for error in Draft202012Validator(schema_of(collector)).iter_errors(dict(found.facts))]
    assert errors == []
    return found
