"""What a bench finds, and the table it is written to."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import Series

RESULTS = Path(__file__).parent / "RESULTS.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One goal and what was measured."""

    what: str
    measured: float
    at_most: float | None = None
    at_least: float | None = None
    unit: str = "x"  #: "x" for a ratio

    @property
    def is_met(self) -> bool:
        """True when the goal is reached."""
        if self.at_most is not None:
            return self.measured <= self.at_most
        return self.at_least is None or self.measured >= self.at_least

    @property
    def goal(self) -> str:
        """The goal as text."""
        if self.at_most is not None:
            return f"<= {number(self.at_most)}{_unit(self.unit)}"
        return f">= {number(self.at_least)}{_unit(self.unit)}" if self.at_least is not None else "-"

    @property
    def verdict(self) -> str:
        """What is said of it."""
        if self.at_most is None and self.at_least is None:
            return ""
        return "met" if self.is_met else "**missed**"


@dataclass(frozen=True, slots=True)
class Figure:
    """What one contender took."""

    name: str
    cells: tuple[str, ...]


@dataclass(slots=True)
class Result:
    """What one bench found."""

    name: str
    title: str
    how: str  #: what was done, in one paragraph
    claims: list[Claim] = field(default_factory=list)
    columns: tuple[str, ...] = ("CPU µs/op", "wall µs/op", "ops/s")
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    load: str = ""

    def add(self, name: str, series: Series) -> None:
        """Add a contender's medians."""
        cells = (number(series.cpu_us), number(series.wall_us), number(1e6 / series.wall_us))
        self.figures.append(Figure(name, cells))

    def as_markdown(self) -> str:
        """Return the section of this bench."""
        parts = [f"## {self.name}: {self.title}", "", self.how]
        if self.claims:
            parts += ["", *_table(("claim", "goal", "measured", ""), [_cells(c) for c in self.claims])]
        if self.figures:
            rows = [(f.name, *f.cells) for f in self.figures]
            parts += ["", *_table(("measured side by side", *self.columns), rows)]
        parts += [line for note in self.notes for line in ("", note)]
        if self.load:
            day = datetime.now(UTC).date().isoformat()
            parts += ["", f"Measured {day}; load average {self.load}."]
        return "\n".join(parts) + "\n"


def number(value: float | None) -> str:
    """Return a figure with three significant digits."""
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def load_average() -> str:
    """Return the load of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def machine() -> str:
    """Return one line about this machine."""
    return (
        f"{os.cpu_count()} cores ({_processor()}), Linux {platform.release()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}; load average at the start {load_average()}"
    )


def write_results(results: Sequence[Result], about: str, path: Path = RESULTS) -> None:
    """Write the whole table; sections of benches that did not run now are kept as they are."""
    sections = _kept(path)
    sections.update({result.name: result.as_markdown() for result in results})
    ordered = [sections[name] for name in sorted(sections, key=_order)]
    path.write_text("\n".join([_head(about, ordered), *ordered]), encoding="utf-8")


def _head(about: str, sections: Sequence[str]) -> str:
    met = sum(section.count("| met |") for section in sections)
    missed = sum(section.count("| **missed** |") for section in sections)
    return (
        "# Measured\n\n"
        "Made by `python -m bench.run` (`make bench`). Ratios are medians over rounds, of contenders that ran side by "
        "side in the same run; CPU is that of the measured process with all its threads. Machines differ and so do "
        "wall times (a shared disk's fsync most of all): look at the ratios.\n\n"
        f"Last run {datetime.now(UTC).date().isoformat()}: {about}. {met} of {met + missed} goals met; each section "
        "says when it was measured and how busy the machine was.\n"
    )


def _kept(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    chunks = path.read_text(encoding="utf-8").split("\n## ")[1:]
    return {chunk.partition(":")[0]: f"## {chunk.rstrip()}\n" for chunk in chunks}


def _order(name: str) -> tuple[int, str]:
    digits = name[1:] if name[:1] == "G" and name[1:].isdigit() else ""
    return (int(digits), name) if digits else (99, name)


def _cells(claim: Claim) -> tuple[str, ...]:
    return (claim.what, claim.goal, f"{number(claim.measured)}{_unit(claim.unit)}", claim.verdict)


def _unit(unit: str) -> str:
    return unit if unit == "x" else f" {unit}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
