"""`python -m bench.run [names...]`: run the benches and write bench/RESULTS.md."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from pathlib import Path

from bench.report import RESULTS, Result, load_average, machine, write_results
from bench.sizes import QUICK, TINY, Sizes

#: Name on the command line -> module.
BENCHES = {
    "g1": "g1_ingest",
    "g2": "g2_store",
    "g3": "g3_decision",
    "g4": "g4_gate",
    "g5": "g5_sweep",
    "g6": "g6_journal",
    "g8": "g8_recovery",
    "g9": "g9_cli",
    "g10": "g10_memory",
    "files": "evidence_files",
    "collectors": "collectors",
    "risks": "g11_per_risk",
    "clocks": "clocks",
    "rules": "rules",
    "pages": "pages",
    "flow": "flow_run",
    "hooks": "hooks",
    "sdk": "sdk",
}


def run_bench(name: str, sizes: Sizes) -> Result:
    """Run one bench and return what it found."""
    module = importlib.import_module(f"bench.{BENCHES[name]}")
    before = load_average()
    result: Result = module.run(sizes)
    result.load = f"{before} before, {load_average()} after"
    return result


def main(argv: list[str] | None = None) -> int:
    """Run the benches that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], help="benches to run; none means all")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a look")
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes, to see that a bench runs")
    parser.add_argument("--out", type=Path, help="where the table goes; default bench/RESULTS.md (not with --quick)")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.ERROR)
    sizes = TINY if args.tiny else QUICK if args.quick else Sizes()
    about = machine()
    results: list[Result] = []
    for name in args.names or BENCHES:
        print(f"[{name}] ...", file=sys.stderr, flush=True)
        results.append(run_bench(name, sizes))
        print(results[-1].as_markdown(), flush=True)
        if args.out or not (args.quick or args.tiny):
            write_results(results, about, args.out or RESULTS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
