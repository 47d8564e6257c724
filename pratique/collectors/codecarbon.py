"""Collector `codecarbon`: `emissions.csv` of CodeCarbon, one row for each run of its tracker.

Source: columns read from a file of codecarbon 3.3.2; earlier and later versions have others, so they go by name.
CodeCarbon measures where it can and guesses where it cannot (a constant for a processor without RAPL, nothing for a
graphics card without NVML); how it came by its figures stands in `tracking`.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.figures import figure
from pratique.collectors.foreign import instant_at
from pratique.collectors.jsontext import decode_text
from pratique.collectors.shape import COUNT, FLAG, NUMBER, TEXT, TEXTS, facts_of, record
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

#: A row is about 600 bytes: 25,000 runs.
MAX_CSV_BYTES = 16 * 1024**2
_MAX_COLUMNS = 200
_NAMES_SHOWN = 50

_WHAT = "CodeCarbon emissions"
_NEEDED = ("timestamp", "run_id", "duration", "emissions", "energy_consumed")
#: Column -> fact; summed over the rows. The units are CodeCarbon's own: kg of CO2 equivalent, kWh, litres, seconds.
_SUMS = {
    "duration": "duration_seconds",
    "emissions": "emissions_kg",
    "energy_consumed": "energy_kwh",
    "cpu_energy": "cpu_energy_kwh",
    "gpu_energy": "gpu_energy_kwh",
    "ram_energy": "ram_energy_kwh",
    "water_consumed": "water_litres",
}
#: Without these a row says nothing.
_COUNTED = ("duration", "emissions", "energy_consumed")

_Rows = list[dict[str, str]]


class CodeCarbonCollector:
    """Reads `emissions.csv`. Incomplete where a row lacks a figure or the file ends in the middle of a line."""

    name = "codecarbon"
    version = "1"
    kinds = frozenset({"emissions"})
    facts_schema = facts_of(
        "runs",
        "tracking",
        runs=record(rows=COUNT, counted=COUNT, run_ids=COUNT, experiment_ids=COUNT, repeated=COUNT),
        **dict.fromkeys(_SUMS.values(), NUMBER),
        projects=TEXTS,
        countries=TEXTS,
        regions=TEXTS,
        tool=TEXT,
        tool_versions=TEXTS,
        produced_at_local=TEXT,
        first_at_local=TEXT,
        hardware=record(cpu_models=TEXTS, gpu_models=TEXTS, cpu_count=NUMBER, gpu_count=NUMBER),
        pue=record(least=NUMBER, greatest=NUMBER),
        tracking=record(
            modes=TEXTS, cpu_power_constant=FLAG, gpu_measured=FLAG, ram_power_constant=FLAG, on_cloud=FLAG
        ),
    )

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of a first line that names CodeCarbon's columns."""
        return Confidence.SURE if set(_NEEDED) <= set(_columns(head.decode("utf-8-sig", "replace"))) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return the sums over all runs in the file.

        Raises:
            UnreadableError: too large, not UTF-8, no CSV of CodeCarbon, or a row of another width than the first line.
        """
        if (size := path.stat().st_size) > MAX_CSV_BYTES:
            raise UnreadableError(f"{_WHAT}: {size} bytes found, at most {MAX_CSV_BYTES} expected")
        text = decode_text(path.read_bytes(), _WHAT)
        return _extract(_rows(text), ends_whole=text.endswith(("\n", "\r")))


def _columns(text: str) -> list[str]:
    first = text.splitlines()[0] if text.splitlines() else ""
    if "\0" in first:
        return []
    try:
        return [name.strip() for name in next(csv.reader([first], delimiter=_delimiter(first)), [])]
    except csv.Error:
        return []


def _delimiter(line: str) -> str:
    """Return what stands between columns: a spreadsheet of another country writes semicolons."""
    return ";" if line.count(";") > line.count(",") else ","


def _rows(text: str) -> _Rows:
    columns = _columns(text)
    missing = [name for name in _NEEDED if name not in columns]
    if missing or len(columns) > _MAX_COLUMNS or len(set(columns)) != len(columns):
        raise UnreadableError(
            f"{_WHAT}: no first line with {', '.join(_NEEDED)}, each once, found; expected CodeCarbon's emissions.csv"
        )
    rows = []
    delimiter = _delimiter(text.splitlines()[0])
    try:
        for number, row in enumerate(csv.reader(text.splitlines(), delimiter=delimiter, strict=True), start=1):
            if number == 1 or not row:
                continue
            if len(row) != len(columns):
                raise UnreadableError(
                    f"{_WHAT}: {len(row)} columns in line {number}, {len(columns)} expected; the file was cut or mixed"
                )
            rows.append(dict(zip(columns, row, strict=True)))
    except csv.Error:
        raise UnreadableError(f"{_WHAT}: not plain CSV; expected rows as CodeCarbon writes them") from None
    return rows


def _extract(rows: _Rows, *, ends_whole: bool) -> Extraction:
    counted = [row for row in rows if all(_amount(row, column) is not None for column in _COUNTED)]
    repeated = len(rows) - len({(row["run_id"], row["timestamp"]) for row in rows})
    reasons = []
    if not rows:
        reasons.append("the file holds no run")
    if len(counted) < len(rows):
        reasons.append(f"{len(rows) - len(counted)} of {len(rows)} rows lack a duration, emissions or energy")
    if repeated:
        reasons.append(f"{repeated} rows stand in the file twice, so the sums count them twice")
    if not ends_whole:
        reasons.append("the last line has no end; the file may have been cut")
    if rows and not _total(counted, "energy_consumed"):
        reasons.append("no energy was measured in any run")
    versions = _names(rows, "codecarbon_version")
    return Extraction(
        kind="emissions",
        collector=CodeCarbonCollector.name,
        collector_version=CodeCarbonCollector.version,
        tool=f"codecarbon {shown(', '.join(versions) or 'of unknown version', 40)}",
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=len(rows),
        done=len(counted),
        errors=len(rows) - len(counted) + repeated,
        produced_at=max(filter(None, (instant_at(row, "timestamp") for row in rows)), default=None),
        facts=_facts(rows, counted, repeated),
    )


def _facts(rows: _Rows, counted: _Rows, repeated: int) -> dict[str, Any]:
    sheet = FactSheet()
    ids = {name: len({row[name] for row in rows if row.get(name)}) for name in ("run_id", "experiment_id")}
    sheet.put(
        "runs",
        {
            "rows": len(rows),
            "counted": len(counted),
            "run_ids": ids["run_id"],
            "experiment_ids": ids["experiment_id"],
            "repeated": repeated,
        },
    )
    for column, fact in _SUMS.items():
        if rows and column in rows[0]:
            sheet.put(fact, _total(counted, column))
    named = {"projects": "project_name", "countries": "country_iso_code", "regions": "region"}
    for fact, column in (*named.items(), ("tool_versions", "codecarbon_version")):
        sheet.put(fact, _names(rows, column))
    sheet.put("tool", "codecarbon")
    local = sorted(row["timestamp"] for row in rows if instant_at(row, "timestamp") is None and row["timestamp"])
    if local:  # CodeCarbon writes the clock of the machine, without its zone
        sheet.put("first_at_local", local[0])
        sheet.put("produced_at_local", local[-1])
    _put_hardware(sheet, rows)
    _put_tracking(sheet, rows)
    return sheet.finish(_WHAT)


def _put_hardware(sheet: FactSheet, rows: _Rows) -> None:
    counts = {name: max(_amounts(rows, name), default=None) for name in ("cpu_count", "gpu_count")}
    models = {"cpu_models": _names(rows, "cpu_model"), "gpu_models": _names(rows, "gpu_model")}
    sheet.put("hardware", {**models, **counts})
    usage = _amounts(rows, "pue")
    if usage:
        sheet.put("pue", {"least": min(usage), "greatest": max(usage)})


def _put_tracking(sheet: FactSheet, rows: _Rows) -> None:
    """Put how far the figures were measured: the same power in every run is a constant, no measurement."""
    tracking: dict[str, Any] = {"modes": _names(rows, "tracking_mode")}
    for part in ("cpu", "ram"):
        powers = _amounts(rows, f"{part}_power")
        if powers:
            tracking[f"{part}_power_constant"] = max(powers) - min(powers) <= 0.001 * max(map(abs, powers))
    tracking["gpu_measured"] = any(power > 0 for power in _amounts(rows, "gpu_power"))
    tracking["on_cloud"] = any(row.get("on_cloud", "").upper() == "Y" for row in rows)
    sheet.put("tracking", tracking)


def _amount(row: dict[str, str], column: str) -> float | None:
    """Return a figure that is not below zero, or None; a decimal comma is one where semicolons part the columns."""
    raw = row.get(column, "")
    if "," in raw and "." not in raw:
        raw = raw.replace(",", ".", 1)
    found = figure(raw)
    return found if found is not None and found >= 0 else None


def _amounts(rows: _Rows, column: str) -> list[float]:
    return [amount for amount in (_amount(row, column) for row in rows) if amount is not None]


def _total(rows: _Rows, column: str) -> float:
    try:
        return math.fsum(_amounts(rows, column))
    except OverflowError:
        return math.inf


def _names(rows: _Rows, column: str) -> list[str]:
    return sorted({row[column] for row in rows if row.get(column)})[:_NAMES_SHOWN]


def build(_context: CollectorContext) -> Collector:
    """Entry point `codecarbon`."""
    return CodeCarbonCollector()
