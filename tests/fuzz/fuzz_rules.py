"""Targets: rules as people write them (gates, editions, schemas, keys, expressions)."""

from __future__ import annotations

import functools
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from fuzz_target import CONFIG, Target, samples

from pratique.criteria import CelCriteria
from pratique.domain.spec import GateSpec
from pratique.regimes.editions import load_edition
from pratique.regimes.facts import load_facts_schemas, members_by_kind
from pratique.regimes.gate_files import GateChecks
from pratique.regimes.holidays import load_holidays
from pratique.regimes.keys import load_keys
from pratique.regimes.problems import Problems
from pratique.regimes.rulebook import spec_digest
from pratique.regimes.yaml_text import read_yaml

_PROFILE = {"systemic_risk": True, "training_flop": 1e25, "attributes": {}}
_FACTS = {"score": 0.5, "n": 3, "text": "x", "list": [1, 2], "map": {"a": None}, "flag": True}


@functools.cache
def _criteria() -> CelCriteria:
    return CelCriteria()


@functools.cache
def _members() -> Mapping[str, frozenset[str]]:
    return members_by_kind(load_facts_schemas(CONFIG / "facts", Problems()))


def _told(problems: Problems) -> None:
    """Each problem is one line that can be shown."""
    for line in problems.lines:
        assert "\n" not in line
        line.encode()


class _Refused(Exception):  # noqa: N818 - not an error: the file was found wanting, with reasons
    """The file has problems."""


def _gate(data: bytes) -> None:
    problems = Problems()
    value, troubles = read_yaml(data.decode("utf-8", "replace"))
    for trouble in troubles:
        problems.add("gate", trouble.path, found=trouble.found, expected=trouble.expected)
    spec = None if troubles else problems.parse("gate", GateSpec, value)
    if spec is not None:
        GateChecks(criteria=_criteria(), members=_members(), known_kinds=None, editions={}).check(
            "gate", spec, problems
        )
        assert len(spec_digest(spec)) == 64
    _told(problems)
    if problems.lines:
        raise _Refused(problems.lines[0])


def _in_folder(data: bytes, *parts: str) -> tuple[Path, tempfile.TemporaryDirectory[str]]:
    kept = tempfile.TemporaryDirectory(prefix="pratique-fuzz-")
    path = Path(kept.name, *parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path, kept


def _edition(data: bytes) -> None:
    """The first line names the part of the edition that the rest is."""
    name, _, content = data.partition(b"\n")
    wanted = name.decode("ascii", "replace")
    part = wanted if wanted in _PARTS else "chapter.yaml"
    path, kept = _in_folder(content, "regime", "1", part)
    with kept:
        problems = Problems()
        load_edition(path.parent, problems)
        _told(problems)
        own = [line for line in problems.lines if "found no file" not in line]
    if own:
        raise _Refused(own[0])


_PARTS = ("edition.yaml", "vocabulary.yaml", "acts.yaml", "deadlines.yaml", "taxonomy.yaml", "appendices.yaml",
          "documents.yaml", "scope.yaml", "clocks.yaml")  # fmt: skip


def _edition_samples() -> tuple[bytes, ...]:
    found = {
        path.name.encode() + b"\n" + path.read_bytes()
        for path in sorted((CONFIG / "regimes").glob("*/*/*.yaml"))
        if path.stat().st_size < 40_000
    }
    assert found
    return tuple(sorted(found, key=lambda data: (len(data), data)))


def _schema_samples() -> tuple[bytes, ...]:
    """Schemas under the id of the file that inputs are written to."""
    return tuple(re.sub(rb"(urn:pratique.facts/)[a-z-]+@", rb"\1fuzzed@", one, count=1)
                 for one in samples("facts/*.json", base=CONFIG))  # fmt: skip


def _schema(data: bytes) -> None:
    path, kept = _in_folder(data, "facts", "fuzzed.schema.json")
    with kept:
        problems = Problems()
        load_facts_schemas(path.parent, problems)
    _told(problems)
    if problems.lines:
        raise _Refused(problems.lines[0])


def _holidays(data: bytes) -> None:
    path, kept = _in_folder(data, "holidays", "2026.yaml")
    with kept:
        problems = Problems()
        load_holidays(path.parent, problems)
    _told(problems)
    if problems.lines:
        raise _Refused(problems.lines[0])


def _key(data: bytes) -> None:
    path, kept = _in_folder(data, "keys", "k.pem")
    with kept:
        entry = {
            "format": "pratique.keys/1",
            "keys": [
                {"id": "k", "owner": "o", "file": "k.pem", "trusted_for": ["*"], "valid_from": "2026-01-01T00:00:00Z"}
            ],
        }
        (path.parent / "keys.yaml").write_text(json.dumps(entry))
        problems = Problems()
        load_keys([("", path.parent)], problems)
    _told(problems)
    if problems.lines:
        raise _Refused(problems.lines[0])


def _expression(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    criteria = _criteria()
    troubles = criteria.compile_check(text)
    criteria.tree(text)
    judgement = criteria.bind(_PROFILE, _FACTS, key="k").judge(text)
    assert judgement.holds in (True, False, None)
    assert judgement.holds is not None or judgement.reason
    if troubles:
        assert judgement.holds is not True
        raise _Refused(troubles[0])


def targets() -> Iterator[Target]:
    """Every target that reads rules."""
    refused = (_Refused,)
    yield Target(name="gate", run=_gate, refusals=refused, samples=samples("gates/*.yaml", base=CONFIG))
    yield Target(name="edition", run=_edition, refusals=refused, samples=_edition_samples())
    yield Target(name="facts-schema", run=_schema, refusals=refused, samples=_schema_samples())
    yield Target(name="holidays", run=_holidays, refusals=refused, samples=samples("holidays/*.yaml", base=CONFIG))
    yield Target(name="key", run=_key, refusals=refused, samples=samples("in_toto/*.pem", "model_signing/*.pem"))
    written = (
        b"facts.score >= 0.5 && profile.systemic_risk",
        b"facts.list.all(x, x > 0)",
        b"has(facts.map.a)",
        b"facts.text.matches('^x+$')",
        b"size(facts.list) == 2 ? true : false",
        b"'\\u0000' in facts.map",
        b"[1, 2u, 3.0].exists_one(x, x == facts.n)",
        b"timestamp('2026-01-01T00:00:00Z') < timestamp(facts.text)",
    )
    yield Target(name="expression", run=_expression, refusals=refused, samples=written)
