"""Every collector says of what shape its facts are, and keeps to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eval_files import DATA
from jsonschema import Draft202012Validator

from pratique.collectors import UnreadableError, build_registry, load_facts_schemas, read_evidence, schema_of
from pratique.domain.evidence import Extraction

_REGISTRY = build_registry(load_facts_schemas(DATA / "facts"))
#: Folders of tests/data that hold no files of tools.
_NOT_SAMPLES = {"cel", "entries", "ledgers"}


def _read_all() -> Iterator[tuple[Path, Extraction]]:
    for path in sorted(DATA.rglob("*")):
        if not path.is_file() or path.relative_to(DATA).parts[0] in _NOT_SAMPLES:
            continue
        try:
            yield path, read_evidence(path, path.name, _REGISTRY)
        except UnreadableError:
            continue


_READ = list(_read_all())


@pytest.mark.parametrize("collector", list(_REGISTRY), ids=lambda collector: collector.name)
def test_every_collector_states_a_sound_schema(collector: Any) -> None:
    schema = schema_of(collector)
    assert schema
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(("path", "found"), _READ, ids=[str(path.relative_to(DATA)) for path, _ in _READ])
def test_the_facts_of_every_sample_are_of_the_shape_that_was_stated(path: Path, found: Extraction) -> None:
    collector = _REGISTRY.get(found.collector)
    assert collector is not None
    errors = [e.message for e in Draft202012Validator(schema_of(collector)).iter_errors(dict(found.facts))]
    assert errors == []


@pytest.mark.parametrize("collector", list(_REGISTRY), ids=lambda collector: collector.name)
def test_every_collector_reads_a_sample(collector: Any) -> None:
    assert any(found.collector == collector.name for _, found in _READ)


def test_a_schema_of_facts_speaks_of_the_schemas_that_were_loaded() -> None:
    facts = _REGISTRY.get("facts")
    assert facts is not None
    validator = Draft202012Validator(schema_of(facts))
    assert not validator.is_valid({"nothing": "of the kind"})
    none_loaded = build_registry().get("facts")
    assert none_loaded is not None
    assert not Draft202012Validator(schema_of(none_loaded)).is_valid({})


def test_a_collector_without_a_schema_states_an_empty_one() -> None:
    class Plain:
        name = "plain"

    assert schema_of(Plain()) == {}  # type: ignore[arg-type]  # a package's collector, written before schemas
