"""An engine to measure: its own configuration, its own data, nothing shared with the shipped gates."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from pratique.bootstrap import build_parts, open_parts
from pratique.domain.evidence import Extraction, Reading
from pratique.domain.models import ModelProfile
from pratique.services.evidence import FileReading, Submission, submit_evidence
from pratique.services.parts import Parts
from pratique.services.profiles import GivenProfile, register_model_version
from pratique.settings import Settings

#: Evidence files of a model version, and the facts that each states.
FILES = 5
MODEL = "aurora"
GATE = "bench-gate"
SMALL_GATE = "bench-human"
_EDITION = "bench@2026"


@dataclass(frozen=True)
class World:
    """An engine's folder and its parts."""

    root: Path
    parts: Parts

    @property
    def environment(self) -> dict[str, str]:
        """Settings of an engine process on the same folder."""
        return {
            "PRATIQUE_DATA_DIR": str(self.root / "data"),
            "PRATIQUE_CONFIG_DIR": str(self.root / "config"),
        }

    def token(self, name: str) -> str:
        """Return one of the first tokens."""
        return (self.root / "data" / "tokens" / f"{name}.token").read_text().strip()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder that goes away."""
    root = Path(tempfile.mkdtemp(prefix="pratique-bench-"))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def open_world(criteria: int = 50, *, channels: dict[str, str] | None = None) -> Iterator[World]:
    """Give an opened engine with a gate of so many CEL criteria, and one small gate for people."""
    with temporary_folder() as root:
        write_configuration(root / "config", criteria)
        parts = build_parts(Settings(data_dir=root / "data", config_dir=root / "config", channels=channels or {}))
        open_parts(parts)
        try:
            yield World(root, parts)
        finally:
            parts.ledger.close()


def write_configuration(folder: Path, criteria: int) -> None:
    """Write gates, facts schemas and people of the benches."""
    (folder / "gates").mkdir(parents=True)
    (folder / "facts").mkdir()
    _write(folder / "gates" / f"{GATE}.yaml", gate_document(GATE, criteria))
    _write(folder / "gates" / f"{SMALL_GATE}.yaml", gate_document(SMALL_GATE, 3, roles={"owner": 1, "approver": 1}))
    for file in range(FILES):
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:pratique.facts/bench-{file}@1",
            "title": f"Facts of the benches, {file}",
            "type": "object",
            "additionalProperties": False,
            "properties": {name: {} for name in facts_of(file, criteria)},
        }
        (folder / "facts" / f"bench-{file}.schema.json").write_text(json.dumps(schema))
    _write(
        folder / "people.yaml",
        {
            "format": "pratique.people/1",
            "people": [
                {"id": "mira", "name": "Mira", "email": "mira@bench.example", "roles": ["owner"], "channels": ["mail"]},
                {
                    "id": "jonas",
                    "name": "Jonas",
                    "email": "jonas@bench.example",
                    "roles": ["approver"],
                    "channels": ["mail"],
                },
            ],
        },
    )


def gate_document(gate: str, criteria: int, *, roles: dict[str, int] | None = None) -> dict[str, Any]:
    """Return a gate spec: every criterion looks at three facts of one of the files."""
    return {
        "format": "pratique.gate/1",
        "id": gate,
        "version": 1,
        "edition": _EDITION,
        "title": "A gate of the benches",
        "decides": "May the next round begin?",
        "stage": "training",
        "moment": "training_trigger",
        "measures": ["S-1.2"],
        "does_not_show": "Anything about a model.",
        "checkpoints": [
            {
                "id": kind,
                "kind": kind,
                "title": kind,
                "requirements": [requirement(number) for number in range(criteria) if number % 2 == half],
            }
            for half, kind in enumerate(("assessment", "mitigation"))
        ],
        "sign_off": {"roles": roles if roles is not None else {"owner": 1, "approver": 1}, "four_eyes": False},
        "due": {"follow_up_days": 5, "due_days": 10},
    }


def requirement(number: int) -> dict[str, Any]:
    """Return one requirement of the bench gates."""
    return {
        "id": f"requirement-{number}",
        "title": f"Requirement {number} of the bench",
        "measures": ["S-1.2", "S-3.2"],
        "why": "A sentence that says why this is asked, about as long as the shipped ones are on average.",
        "evidence": {"kind": f"facts.bench-{number % FILES}"},
        "criterion": criterion(number),
        "unmet": "The score reached the limit, or too few samples were scored.",
        "fresh_for_days": 365,
        "owner": "owner",
    }


def criterion(number: int) -> str:
    """Return a CEL criterion of the kind that shipped gates have."""
    return f"facts.score_{number} < 0.75 && facts.done_{number} >= 100 && facts.status == 'success'"


def facts_of(file: int, criteria: int, salt: int = 0) -> dict[str, Any]:
    """Return the facts that one file states: those its criteria ask for."""
    facts: dict[str, Any] = {"status": "success", "salt": salt}
    for number in range(file, max(criteria, FILES), FILES):
        facts |= {f"score_{number}": 0.5, f"done_{number}": 120 + number}
    return facts


def submission(file: int, criteria: int, salt: int = 0) -> Submission:
    """Return a file as it stands after it was stored and read."""
    facts = facts_of(file, criteria, salt)
    body = json.dumps(facts).encode()
    extraction = Extraction(
        kind=f"facts.bench-{file}", collector="facts", collector_version="1", complete=True, facts=facts
    )
    return Submission(
        sha256=hashlib.sha256(body).hexdigest(),
        size=len(body),
        filename=f"bench-{file}.json",
        media_type="application/json",
        submitter="token:bench",
        requirement=None,
        read=FileReading(reading=Reading.READ, extraction=extraction),
    )


def populate(world: World, versions: int, criteria: int = 50, *, with_evidence: bool = True) -> list[str]:
    """Register model versions with their evidence; return their names."""
    names = [f"1.{number}" for number in range(versions)]
    waiting = []
    for salt, name in enumerate(names):
        waiting.append(world.parts.ledger.submit("bench", partial(_register, parts=world.parts, version=name)))
        for file in range(FILES if with_evidence else 0):
            given = submission(file, criteria, salt)
            command = partial(submit_evidence, parts=world.parts, model=MODEL, version=name, submission=given)
            waiting.append(world.parts.ledger.submit("bench", command))
    for future in waiting:
        future.result()
    return names


def _register(tx: Any, parts: Parts, version: str) -> None:
    register_model_version(
        tx, parts, model=MODEL, version=version, given=GivenProfile(profile=ModelProfile(systemic_risk=True))
    )


def event_body(number: int, version: str, occasion: str, gate: str = GATE) -> bytes:
    """Return a structured CloudEvent that triggers a gate."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": "/bench",
            "type": "pratique.gate.triggered",
            "subject": f"{MODEL}/{version}",
            "time": "2026-11-20T09:00:00Z",
            "data": {"gate": gate, "occasion": occasion, "commit": "0f1e2d3c4b5a", "step": 1200},
        }
    ).encode()


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(document, sort_keys=False))
