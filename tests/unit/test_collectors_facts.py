"""Facts documents: JSON and YAML, one schema, no ambiguity."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from eval_files import DATA

from pratique.collectors import CollectorRegistry, UnreadableError, build_registry, load_facts_schemas, read_evidence
from pratique.domain.evidence import Extraction
from pratique.errors import ConfigError
from pratique.project import config_root

_FACTS = DATA / "facts"


@pytest.fixture(scope="module")
def registry() -> CollectorRegistry:
    return build_registry(load_facts_schemas(_FACTS))


def _document(**values: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_FACTS / "good.json").read_text())
    return {name: value for name, value in {**document, **values}.items() if value is not ...}


def _read(registry: CollectorRegistry, tmp_path: Path, text: str, name: str = "facts.json") -> Extraction:
    path = tmp_path / "stored"
    path.write_text(text)
    return read_evidence(path, name, registry)


@pytest.mark.parametrize("name", ["good.json", "good.yaml"])
def test_json_and_yaml_say_the_same(registry: CollectorRegistry, name: str) -> None:
    found = read_evidence(_FACTS / name, name, registry)
    assert found == Extraction(
        kind="facts.quality",
        collector="facts",
        collector_version="1",
        complete=True,
        subject="aurora-2.1",
        produced_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        valid_until=datetime(2027, 5, 20, tzinfo=UTC),
        observed_from=datetime(2026, 10, 1, tzinfo=UTC),
        observed_until=datetime(2026, 11, 1, tzinfo=UTC),
        facts={"open_findings": 2, "training_flop": 1.5e25, "levels": {"cyber": "low"}},
    )


def test_yaml_reads_a_number_only_where_json_would(registry: CollectorRegistry) -> None:
    facts = read_evidence(_FACTS / "traps.yaml", "traps.yaml", registry).facts
    assert facts["training_flop"] == 1e25
    assert facts["levels"] == {
        "sexagesimal": "1:30",
        "octal": "0042",
        "norway": "no",
        "hexadecimal": "0x1F",
        "grouped": "1_000",
        "day": "2026-11-20",
    }


@pytest.mark.parametrize("number", ["0042", "1:30", '"3"', "1_000", "0x1F", "+3", ".inf", ".nan", "3.", "1.5", "-1"])
def test_what_is_not_plainly_a_count_is_refused(registry: CollectorRegistry, tmp_path: Path, number: str) -> None:
    text = (_FACTS / "good.yaml").read_text().replace("open_findings: 2", f"open_findings: {number}")
    with pytest.raises(UnreadableError, match=r"facts\.open_findings"):
        _read(registry, tmp_path, text, "facts.yaml")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: 1\na: 2\n", "stands twice"),
        ("a: &x 1\nb: *x\n", "alias"),
        ("a: !!python/object/apply:os.system [ls]\n", "a tag"),
        ('a: !!bool "yes"\n', "a tag"),
        ("? [a, b]\n: 1\n", "no text"),
        ("1: 2\n", "no text"),
        ("a: [\n", "not plain YAML in line"),
        ("a: 1\n---\nb: 2\n", "one document"),
        ("a: " + "[" * 2000, "nested deeper"),
        ("<<: {a: 1}\n", "no text at schema"),
        ("", "expected an object"),
        ("a: \x07\n", "not plain YAML"),
    ],
)
def test_yaml_beyond_plain_values_is_refused(registry: CollectorRegistry, tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        _read(registry, tmp_path, text, "facts.yaml")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"schema": "pratique.facts/quality@3"}, "expected one of: pratique.facts/quality@2"),
        ({"schema": "pratique.facts/../../etc/passwd@1"}, "expected one of"),
        ({"schema": ...}, "no text at schema"),
        ({"model": ...}, "no text at model"),
        ({"model": ""}, "no text at model"),
        ({"model": 7}, "no text at model"),
        ({"produced_at": ...}, "produced_at"),
        ({"produced_at": "2026-11-20T10:00:00"}, "no time with a zone"),
        ({"valid_until": "soon"}, "valid_until is no time"),
        ({"facts": ...}, "no object `facts`"),
        ({"facts": []}, "no object `facts`"),
        ({"verdict": "fine"}, "members verdict found"),
        ({"facts": {}}, "facts: missing open_findings"),
        ({"facts": {"open_findings": "none"}}, "facts.open_findings: found str, expected type"),
        ({"facts": {"open_findings": -1}}, "facts.open_findings: found int, expected minimum 0"),
        ({"facts": {"open_findings": 1, "surprise": 1}}, "members that the schema does not know"),
        ({"facts": {"open_findings": 1, "reviewed_at": "2026-11-20 10:00"}}, "expected format"),
        ({"facts": {"open_findings": 1, "levels": {"cyber": "low\0high"}}}, "facts.levels.cyber is no"),
        ({"facts": {"open_findings": 1, "levels": {"cy\0ber": "low"}}}, "not clean text"),
        ({"facts": {"open_findings": 1, "levels": {"cyber": "\ud800"}}}, "facts.levels.cyber is no"),
        ({"facts": {"open_findings": 1, "levels": {"cyber": "x" * 2001}}}, "facts.levels.cyber is no"),
        ({"facts": {"open_findings": 1, "notes": ["x" * 1000] * 70}}, "at most 65536 expected"),
    ],
)
def test_a_document_that_is_not_valid_is_refused_with_the_reason(
    registry: CollectorRegistry, tmp_path: Path, values: dict[str, Any], why: str
) -> None:
    with pytest.raises(UnreadableError) as refused:
        _read(registry, tmp_path, json.dumps(_document(**values)))
    assert why in refused.value.message


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_facts_nested_thirty_levels_are_read_and_deeper_ones_refused(
    registry: CollectorRegistry, tmp_path: Path
) -> None:
    fits = _document(facts={"open_findings": 1, "deep": _nested(30)})
    assert _read(registry, tmp_path, json.dumps(fits)).complete
    with pytest.raises(UnreadableError, match="nested deeper than 32"):
        _read(registry, tmp_path, json.dumps(_document(facts={"open_findings": 1, "deep": _nested(32)})))


def test_integers_beyond_the_safe_range_become_floats(registry: CollectorRegistry, tmp_path: Path) -> None:
    document = _document(facts={"open_findings": 1, "training_flop": 10**25, "deep": [2**53 - 1, 2**53, -(2**53)]})
    facts = _read(registry, tmp_path, json.dumps(document)).facts
    assert repr(facts["training_flop"]) == "1e+25"
    assert [type(value) for value in facts["deep"]] == [int, float, float]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 400, "9" * 5000])
def test_numbers_that_are_not_finite_are_refused(registry: CollectorRegistry, tmp_path: Path, number: str) -> None:
    text = json.dumps(_document()).replace("1.5e+25", number)
    assert number in text
    with pytest.raises(UnreadableError):
        _read(registry, tmp_path, text)


def test_a_key_that_stands_twice_is_refused(registry: CollectorRegistry, tmp_path: Path) -> None:
    text = (_FACTS / "good.json").read_text().replace('"open_findings": 2', '"open_findings": 9, "open_findings": 0')
    with pytest.raises(UnreadableError, match="a key stands twice"):
        _read(registry, tmp_path, text)


def test_a_refusal_does_not_repeat_the_value(registry: CollectorRegistry, tmp_path: Path) -> None:
    with pytest.raises(UnreadableError) as refused:
        _read(registry, tmp_path, json.dumps(_document(facts={"open_findings": "hunter2"})))
    assert "hunter2" not in refused.value.message


def test_a_document_beyond_the_cap_is_refused(registry: CollectorRegistry, tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="at most 262144 expected"):
        _read(registry, tmp_path, json.dumps(_document()) + " " * 300_000)


@pytest.mark.parametrize(
    ("key", "schema"),
    [("Quality", {}), ("quality@0", {}), ("quality", {"$id": "x@y"}), ("quality", {"type": "nonsense"})],
)
def test_a_schema_that_is_wrong_is_a_config_error(key: str, schema: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="facts schema"):
        build_registry({key: schema})


def test_a_reference_to_the_network_is_never_followed(tmp_path: Path) -> None:
    remote = build_registry({"quality@2": {"$ref": "https://example.org/schema.json"}})
    with pytest.raises(UnreadableError, match="collector facts failed"):
        _read(remote, tmp_path, json.dumps(_document()))


def test_a_schema_file_that_is_no_object_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.schema.json").write_text("[]")
    (tmp_path / "b.schema.json").write_text("{")
    with pytest.raises(ConfigError) as refused:
        load_facts_schemas(tmp_path)
    assert [line.split(":")[0] for line in refused.value.errors] == ["a.schema.json", "b.schema.json"]


def test_the_shipped_schemas_load() -> None:
    schemas = load_facts_schemas(config_root() / "facts")
    assert {f"facts.{name}" for name in schemas} <= build_registry(schemas).kinds
