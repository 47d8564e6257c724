"""`make fuzz`: each target for a time, each in a process of its own, by coverage where Atheris is there.

    python tests/fuzz/fuzz_run.py [--seconds 60] [TARGET ...]
    python tests/fuzz/fuzz_run.py --input FILE TARGET         # runs one input again, with its traceback

What was found lies in `var/fuzz/<target>/`: `corpus/` holds the inputs that reached something new and is where the next
run starts; a `crash-...` (or `timeout-...`, `oom-...`) is an input that broke a rule. Exit code 1 when one was found.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import logging
import subprocess
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOUND = HERE.parents[1] / "var" / "fuzz"
#: Inputs that Atheris makes; longer samples are cut, and the suite damages them whole.
MOST_BYTES = 64 * 1024
MOST_MEMORY_MB = 2048


def main() -> int:
    """Run what was asked for; return the exit code."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("targets", nargs="*")
    asked.add_argument("--seconds", type=int, default=60, help="of each target")
    asked.add_argument("--input", type=Path, help="a file to run again")
    asked.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = asked.parse_args()
    logging.disable(logging.CRITICAL)  # a collector's fault is logged by the registry; here it is raised
    if options.child:
        return _child(options.targets[0], options.seconds)

    from fuzz_targets import all_targets

    known = all_targets()
    unknown = [name for name in options.targets if name not in known]
    if unknown or (options.input and len(options.targets) != 1):
        print(f"unknown target {', '.join(unknown) or '(none)'}; expected of: {' '.join(known)}")
        return 2
    if options.input:
        print("taken" if known[options.targets[0]].one(options.input.read_bytes()) else "refused")
        return 0
    how = "Atheris" if importlib.util.find_spec("atheris") else "the suite's own mutator (no Atheris here)"
    print(f"fuzzing with {how}, {options.seconds} s a target", flush=True)
    broken = [name for name in options.targets or known if not _runs_clean(name, options.seconds)]
    print(f"broken: {', '.join(broken)}; inputs in {FOUND}" if broken else "nothing found")
    return 1 if broken else 0


def _runs_clean(name: str, seconds: int) -> bool:
    command = [sys.executable, __file__, "--child", "--seconds", str(seconds), name]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds + 120)
    except subprocess.TimeoutExpired:
        print(f"{name:24} HUNG", flush=True)
        return False
    last = [line for line in (ended.stdout + ended.stderr).splitlines() if "DONE" in line or "stat::number_of" in line]
    print(f"{name:24} {'ok' if ended.returncode == 0 else 'BROKEN'} {last[-1].strip() if last else ''}", flush=True)
    if ended.returncode != 0:
        print((ended.stdout + ended.stderr)[-3000:], flush=True)
    return ended.returncode == 0


def _child(name: str, seconds: int) -> int:
    place = FOUND / name
    (place / "corpus").mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("atheris") is None:
        return _mutate(name, seconds, place)
    import atheris

    with atheris.instrument_imports(include=["pratique"], enable_loader_override=False):
        from fuzz_targets import all_targets

    target = all_targets()[name]
    for sample in target.samples:
        if len(sample) <= MOST_BYTES:
            (place / "corpus" / hashlib.sha1(sample).hexdigest()).write_bytes(sample)
    options = [f"-max_total_time={seconds}", f"-max_len={MOST_BYTES}", "-timeout=20", "-print_final_stats=1",
               f"-rss_limit_mb={MOST_MEMORY_MB}", f"-artifact_prefix={place}/"]  # fmt: skip
    atheris.Setup([name, *options, str(place / "corpus")], lambda data: target.one(data) and None)
    atheris.Fuzz()
    return 0


def _mutate(name: str, seconds: int, place: Path) -> int:
    from fuzz_mutator import inputs
    from fuzz_targets import all_targets

    target = all_targets()[name]
    end = time.monotonic() + seconds
    for number, data in enumerate(inputs(target.samples, time.time_ns())):
        if time.monotonic() > end:
            print(f"DONE {number} inputs")
            return 0
        try:
            target.one(data)
        except Exception:
            kept = place / f"crash-{hashlib.sha1(data).hexdigest()}"
            kept.write_bytes(data)
            traceback.print_exc()
            print(f"the input is {kept}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
