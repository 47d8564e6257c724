"""Every bench runs on its smallest sizes and says what it found; figures themselves are not judged here."""

from __future__ import annotations

import importlib

import pytest

from bench.measure import Sample, Series, interleave, quantile, timed
from bench.report import Claim, Result, write_results
from bench.run import BENCHES, run_bench
from bench.sizes import TINY

#: Benches that start real processes, beside those that measure in process.
_WITH_PROCESSES = ("g1", "g8", "g9", "g10", "pages", "flow", "files", "hooks", "sdk")


@pytest.mark.parametrize("name", [name for name in BENCHES if name not in _WITH_PROCESSES])
def test_a_bench_in_process_runs_on_tiny_sizes(name):
    result = run_bench(name, TINY)
    assert result.claims
    assert all(claim.measured >= 0 for claim in result.claims)
    assert result.as_markdown().startswith(f"## {result.name}:")


@pytest.mark.slow
@pytest.mark.parametrize("name", _WITH_PROCESSES)
def test_a_bench_with_processes_runs_on_tiny_sizes(name):
    assert run_bench(name, TINY).claims


def test_every_bench_has_a_module_with_run():
    for module in BENCHES.values():
        assert callable(importlib.import_module(f"bench.{module}").run)


def test_ratios_are_medians_of_rounds_that_ran_side_by_side():
    ours = Series([Sample(2.0, 4.0, 1), Sample(20.0, 40.0, 1), Sample(3.0, 9.0, 1)])
    theirs = Series([Sample(1.0, 4.0, 1), Sample(10.0, 10.0, 1), Sample(1.0, 3.0, 1)])
    assert ours.cpu_ratio(theirs) == 2.0
    assert ours.wall_ratio(theirs) == 3.0


def test_contenders_take_turns_and_every_second_round_goes_backwards():
    order: list[str] = []

    def contender(name):
        return lambda: (order.append(name), timed(lambda: None, 1))[1]

    interleave({"a": contender("a"), "b": contender("b")}, 2)
    assert order == ["a", "b", "b", "a"]


def test_a_quantile_never_leaves_the_values():
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert quantile([5.0], 0.5) == 5.0


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (Claim(what="at most", measured=2.0, at_most=2.0), "met"),
        (Claim(what="at most", measured=2.1, at_most=2.0), "**missed**"),
        (Claim(what="at least", measured=0.5, at_least=0.45), "met"),
        (Claim(what="at least", measured=0.4, at_least=0.45), "**missed**"),
        (Claim(what="no goal", measured=7.0), ""),
    ],
)
def test_a_claim_says_whether_its_goal_was_met(claim, verdict):
    assert claim.verdict == verdict


def test_a_later_run_keeps_the_sections_of_benches_that_did_not_run(tmp_path):
    path = tmp_path / "RESULTS.md"
    write_results([Result("G9", "command line", "how", [Claim(what="a", measured=1.0)])], "a machine", path)
    write_results([Result("G2", "store", "how", [Claim(what="b", measured=2.0)])], "a machine", path)
    text = path.read_text()
    assert text.index("## G2: store") < text.index("## G9: command line")
    assert text.count("# Measured") == 1
