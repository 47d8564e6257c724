"""G9: what the command line costs to start."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from bench.measure import Sample, children_cpu, interleave
from bench.report import Claim, Result
from bench.sizes import Sizes

HELP, STATUS, TYPER, PREFECT, BARE = (
    "pratique --help",
    "pratique gate --help",
    "python -c 'import typer'",
    "prefect --version",
    "python -c ''",
)


def run(sizes: Sizes) -> Result:
    """Measure whole processes, from exec to exit."""
    result = Result(
        "G9",
        "command line",
        "Whole processes from start to exit, CPU of the process (user and system).",
        columns=("CPU µs/start", "wall µs/start", "starts/s"),
    )
    binaries = Path(sys.executable).parent
    commands = {
        BARE: [sys.executable, "-c", ""],
        TYPER: [sys.executable, "-c", "import typer"],
        HELP: [str(binaries / "pratique"), "--help"],
        STATUS: [str(binaries / "pratique"), "gate", "--help"],
        PREFECT: [str(binaries / "prefect"), "--version"],
    }
    contenders = {name: (lambda command=command: _start(command, sizes.starts)) for name, command in commands.items()}
    for command in commands.values():
        _start(command, 1)
    found = interleave(contenders, sizes.rounds)
    for name, series in found.items():
        result.add(name, series)
    result.claims += [
        Claim(
            what="`pratique --help` / `import typer`, CPU", measured=found[HELP].cpu_ratio(found[TYPER]), at_most=2.5
        ),
        Claim(what="`pratique gate --help` / `import typer`, CPU", measured=found[STATUS].cpu_ratio(found[TYPER])),
        Claim(
            what="`pratique --help` / `prefect --version`, CPU",
            measured=found[HELP].cpu_ratio(found[PREFECT]),
            at_most=0.15,
        ),
    ]
    return result


def _start(command: list[str], times: int) -> Sample:
    with children_cpu() as used:
        began = time.perf_counter()
        for _ in range(times):
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return Sample(used(), time.perf_counter() - began, times)
