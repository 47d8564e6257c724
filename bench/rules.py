"""Rules: what loading and checking the whole configuration costs."""

from __future__ import annotations

import json
import subprocess
import sys

from bench.measure import Sample, interleave, timed
from bench.report import Claim, Result
from bench.sizes import Sizes
from pratique.collectors import build_registry
from pratique.criteria import CelCriteria
from pratique.project import config_root
from pratique.regimes import Configuration, load_configuration

_AGAIN = "read and checked again, as an adoption does"
_FIRST = "read and checked first, in a new process (imports not counted)"
#: Seconds that all may take, in a new process too.
_GOAL_SECONDS = 0.3
_PROBE = """
import json
from bench.rules import load, timed
sample = timed(load, 1)
print(json.dumps([sample.cpu, sample.wall]))
"""


def load() -> Configuration:
    """Load everything that is shipped, with a language of criteria that has compiled nothing yet."""
    config = config_root()
    return load_configuration(
        config,
        people_file=config / "people.example.yaml",
        criteria=CelCriteria(),
        known_kinds=build_registry().kinds,
    )


def run(sizes: Sizes) -> Result:
    """Measure it."""
    result = Result(
        "rules",
        "loading every rule",
        "Everything under config/: both editions with measures, acts, deadlines, clocks, scope, taxonomy and "
        "documents, the mapping, all gates with every expression compiled and tried, facts schemas, holidays and "
        "people. All of it is validated, references and cycles too, before the engine starts or an edition is adopted.",
        columns=("CPU µs/load", "wall µs/load", "loads/s"),
    )
    found = interleave({_AGAIN: lambda: timed(load, 1), _FIRST: _in_new_process}, rounds=sizes.rounds)
    for name, series in found.items():
        result.add(name, series)
        # CPU: loading is one thread and waits for nothing, so that this is what a clock shows on a core of its own.
        what = f"everything {name.partition(',')[0]}, CPU"
        result.claims.append(Claim(what=what, measured=series.cpu_us / 1e6, at_most=_GOAL_SECONDS, unit="s"))
    loaded = load()
    gates = [spec for gates in loaded.library.gates.values() for spec in gates.values()]
    items = sum(len(edition.item_by_id) for edition in loaded.library.regimes.editions.values())
    requirements = sum(len(list(spec.requirements())) for spec in gates)
    result.notes.append(
        f"{items} items of {len(loaded.library.regimes.editions)} editions, {len(gates)} gates with {requirements} "
        f"requirements, {len(loaded.library.schemas)} facts schemas."
    )
    return result


def _in_new_process() -> Sample:
    ended = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True)
    cpu, wall = json.loads(ended.stdout)
    return Sample(cpu=cpu, wall=wall, count=1)
