"""The demo's folders: data of each run, and the evidence that the pipeline will send."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from examples.machine import ROOT

#: Runs of the demo whose data is kept.
KEPT = 3
LOGS = ROOT / "tests" / "data" / "inspect"
#: The logs are real and keep their date, November 2026. The demo's copy of the gates takes them until this age.
LOGS_FRESH_FOR_DAYS = 3650
DOCUMENTS = ROOT / "examples" / "evidence"
#: The risk register of the model version that the story is about.
REGISTER = ROOT / "examples" / "registers" / "aurora-2.1.json"
#: Who places it on the market.
PROVIDER = ROOT / "examples" / "provider.json"

#: What the pipeline sends for each gate. Missing on purpose: a mitigation record that holds, and an
#: external evaluation of the last risk.
SENT = {
    "training-trigger": (
        "cbrn_mc_epochs3.eval",
        "cyber_agent_tools.eval",
        "mitigation-record.weak.json",
        "security-goal.json",
    ),
    "pre-placement": (
        "acceptance-determination.json",
        "external-evaluation.partial.json",
        "framework.json",
        "model-documentation.json",
        "model-report.json",
        "risk-register.json",
    ),
    "placement": ("placement-readiness.json", "systemic-risk-notification.json"),
}


def fresh_data_dir(parent: Path) -> Path:
    """Make a folder for one run of the demo, and remove those of old runs that nobody uses."""
    parent.mkdir(parents=True, exist_ok=True)
    for old in sorted(path for path in parent.iterdir() if path.is_dir())[: 1 - KEPT]:
        if not _is_in_use(old):
            shutil.rmtree(old)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    while True:
        data_dir = parent / (name if number == 1 else f"{name}-{number}")
        try:
            data_dir.mkdir(mode=0o700)
        except FileExistsError:
            number += 1
        else:
            return data_dir


def config_for_old_logs(folder: Path, *, source: Path = ROOT / "config") -> Path:
    """Copy the configuration to `folder`, with evaluations accepted for ten years and nothing else changed.

    The shipped gates ask for newer evaluations than the sample logs will soon be.
    """
    shutil.copytree(source, folder)
    for path in sorted((folder / "gates").glob("*.yaml")):
        gate = yaml.safe_load(path.read_text(encoding="utf-8"))
        for requirement in _asked_for_evaluations(gate):
            requirement["fresh_for_days"] = LOGS_FRESH_FOR_DAYS
        path.write_text(yaml.safe_dump(gate, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return folder


def write_evidence(folder: Path) -> None:
    """Lay out the pipeline's evidence, one folder for each gate."""
    for gate, names in SENT.items():
        for name in names:
            copy_evidence(name, folder / gate)


def copy_evidence(name: str, folder: Path, *, version: str = "2.1") -> Path:
    """Copy one piece of example evidence and return the copy.

    An evaluation log is copied byte by byte. A facts document is an example text, so it is dated the day before
    (its weak first version two days earlier) and bears the version that it is sent for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    if name.endswith(".eval"):
        shutil.copyfile(LOGS / name, target)
        return target
    document = json.loads((DOCUMENTS / name).read_text(encoding="utf-8"))
    written_at = datetime.now(UTC) - timedelta(days=3 if ".weak." in name else 1)
    document |= {"model": f"aurora-{version}", "produced_at": f"{written_at:%Y-%m-%dT%H:%M:%SZ}"}
    target.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return target


def _asked_for_evaluations(gate: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for checkpoint in gate["checkpoints"]:
        for requirement in checkpoint["requirements"]:
            if requirement.get("evidence", {}).get("kind") == "evaluation":
                yield requirement


def _is_in_use(data_dir: Path) -> bool:
    """True while a `pratique up` holds the folder."""
    try:
        with (data_dir / "up.lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # never started
    return False
