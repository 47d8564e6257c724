"""Whatever JSON comes: an extraction whose facts have a canonical form, or UnreadableError."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from eval_files import DATA, INSPECT, pack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pratique.canonical import digest_of
from pratique.collectors import UnreadableError, build_registry, load_facts_schemas, read_evidence
from pratique.domain.evidence import Extraction

_REGISTRY = build_registry(load_facts_schemas(DATA / "facts"))
_BOUNDED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**15, max_value=10**320)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["\ud800", "a\0b", "N/A", "success", "started", "2026-11-23T14:00:00Z", "9999-12-31T23:59:59-23:59"]
    )
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def _light(document: dict[str, Any]) -> dict[str, Any]:
    for sample in document["samples"]:
        sample["events"], sample["messages"], sample["attachments"] = [], [], {}
    return document


_LOG = _light(json.loads((INSPECT / "cyber_agent_tools.json").read_text()))
_RESULTS = json.loads((DATA / "lm_eval/hf_limit25/results.json").read_text())
_DOCUMENT = json.loads((DATA / "facts/good.json").read_text())


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path, *(p for key, item in value.items() for p in _places(item, (*path, key)))]
    if isinstance(value, list):
        return [path, *(p for index, item in enumerate(value[:2]) for p in _places(item, (*path, index)))]
    return [path]


@st.composite
def _mutated(draw: st.DrawFn, document: Any) -> Any:
    """The document with some values replaced or removed, anywhere."""
    changed = copy.deepcopy(document)
    for path in draw(st.lists(st.sampled_from([p for p in _places(document) if p]), min_size=1, max_size=4)):
        target = changed
        try:
            for key in path[:-1]:
                target = target[key]
            if draw(st.booleans()):
                target[path[-1]] = draw(_VALUES)
            else:
                del target[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    return changed


def _check(path: Path, filename: str) -> Extraction | None:
    try:
        found = read_evidence(path, filename, _REGISTRY)
    except UnreadableError as refused:
        refused.message.encode()
        return None
    digest_of(dict(found.facts))
    assert found.complete or found.incomplete_reason
    assert found.subject
    if found.kind == "evaluation" and found.complete:
        samples = found.facts["samples"]
        assert samples["done"] >= samples["planned"] > 0
        assert samples["errors"] == 0
    return found


@_BOUNDED
@given(document=_mutated(_LOG))
def test_any_inspect_json_is_read_or_refused(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "log"
    path.write_text(json.dumps(document))
    _check(path, "log.json")


@_BOUNDED
@given(document=_mutated(_LOG))
def test_any_inspect_zip_is_read_or_refused(tmp_path: Path, document: Any) -> None:
    samples = document.pop("samples", None)
    contents = [("header.json", json.dumps(document).encode()), ("summaries.json", json.dumps(samples).encode())]
    for index, sample in enumerate(samples if isinstance(samples, list) else []):
        contents.append((f"samples/{index}_epoch_1.json", json.dumps(sample).encode()))
    _check(pack(tmp_path / "log", contents), "log.eval")


@_BOUNDED
@given(document=_mutated(_RESULTS))
def test_any_lm_eval_results_are_read_or_refused(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "results"
    path.write_text(json.dumps(document))
    _check(path, "results.json")


@_BOUNDED
@given(document=_mutated(_DOCUMENT))
def test_any_facts_document_is_read_or_refused(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "facts"
    path.write_text(json.dumps(document))
    _check(path, "facts.json")


@_BOUNDED
@given(document=_VALUES, name=st.sampled_from(["a.json", "a.yaml", "a.eval", "a"]))
def test_any_json_value_is_read_or_refused(tmp_path: Path, document: Any, name: str) -> None:
    path = tmp_path / "value"
    path.write_text(json.dumps(document))
    assert _check(path, name) is None


@_BOUNDED
@given(text=st.text(alphabet=st.sampled_from(list("ab:-?[]{},&*!|>'\"%@`#~ \n\t019.eE+_\ud83d\0")), max_size=60))
def test_any_yaml_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "text"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert _check(path, "text.yaml") is None


@pytest.mark.parametrize("document", [_LOG, _RESULTS, _DOCUMENT])
def test_the_documents_that_are_mutated_are_readable_themselves(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "whole"
    path.write_text(json.dumps(document))
    assert _check(path, "whole.json") is not None
