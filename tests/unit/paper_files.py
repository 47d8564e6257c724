"""The samples that the collectors of documents read, and the ways in which they are damaged."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eval_files import DATA

from pratique.canonical import digest_of
from pratique.collectors import UnreadableError, build_registry, load_facts_schemas, read_evidence
from pratique.domain.evidence import Extraction

REGISTRY = build_registry(load_facts_schemas(DATA / "facts"))

#: Sample -> the collector that must be the one that is sure of it by its content, or read it where none is sure.
SAMPLES = {
    "codecarbon/emissions.csv": "codecarbon",
    "model_card/README.md": "model_card",
    "cyclonedx/env-1.6.cdx.json": "cyclonedx",
    "cyclonedx/env-1.7.cdx.json": "cyclonedx",
    "cyclonedx/mlbom-1.6.cdx.json": "cyclonedx",
    "cyclonedx/mlbom-1.7.cdx.json": "cyclonedx",
    "spdx3/model.spdx3.json": "spdx3",
    "croissant/croissant.json": "croissant",
    "oscal/assessment-results.json": "oscal",
    "oscal/poam.json": "oscal",
    "training/trainer_state.json": "training",
    "training/train_results.json": "training",
    "training/all_results.json": "training",
    "training/config.json": "training",
    "training/pretrain.yaml": "training",
    "approvals/approval.json": "approval",
    "approvals/github_run_approvals.json": "approval",
    "mlflow/api/run_get.json": "mlflow",
    "mlflow/api/model_version_get.json": "mlflow",
    "mlflow/api/model_version_get_v2.json": "mlflow",
    "mlflow/api/registered_model_get.json": "mlflow",
    "mlflow/api/logged_model_get.json": "mlflow",
    "mlflow/answers/answers.json": "mlflow",
    "documents/report.pdf": "document",
    "documents/adopted.docx": "document",
    "documents/policy.md": "document",
    "documents/minutes.txt": "document",
}


def read(path: Path, filename: str | None = None) -> Extraction:
    return read_evidence(path, filename or path.name, REGISTRY)


def sample(name: str) -> Extraction:
    return read(DATA / name)


def read_or_refuse(path: Path, filename: str) -> Extraction | None:
    """Read; whatever the file, the answer is an extraction that the ledger takes, or UnreadableError."""
    try:
        found = read(path, filename)
    except UnreadableError as error:
        refusal = error.message
    else:
        refusal = ""
    if refusal:
        refusal.encode()
        assert "failed on it" not in refusal  # a collector's fault, told as if the file were to blame
        return None
    digest_of(dict(found.facts))
    assert found.complete or found.incomplete_reason
    return found


def changed(name: str, change: Callable[[Any], None], tmp_path: Path) -> Extraction:
    """Read a JSON sample with a change in it."""
    document = copy.deepcopy(json.loads((DATA / name).read_text()))
    change(document)
    path = tmp_path / Path(name).name
    path.write_text(json.dumps(document))
    return read(path)


def written(text: str | bytes, filename: str, tmp_path: Path) -> Extraction:
    """Read a file of these words."""
    path = tmp_path / filename
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)
