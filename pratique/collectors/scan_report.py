"""What reports of weights scanners have in common: the facts that every one of them gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.collectors.collector import Schema
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.shape import COUNT, COUNTS, TEXT, TEXTS, Shape, facts_of
from pratique.collectors.unreadable import shown
from pratique.domain.evidence import Extraction

KIND = "weights-scan"

#: The largest report that is read. A line or an issue takes some hundred bytes.
MAX_REPORT_BYTES = 16 * 1024**2
_NAMES_SHOWN = 50


def scan_schema(**members: Shape) -> Schema:
    """Return the schema of a scanner's facts: those of every scanner, and `members`."""
    return facts_of(
        *("tool", "scanned", "issues", "by_severity"),
        tool=TEXT,
        tool_version=TEXT,
        scanned=COUNT,
        issues=COUNT,
        by_severity=COUNTS,
        files=TEXTS,
        **members,
    )


def scan_sheet(
    tool: str, version: str | None, *, scanned: int, issues: int, by_severity: Mapping[str, int], files: list[str]
) -> FactSheet:
    """Return a sheet with the facts that every scanner gives.

    Args:
        tool: name of the scanner.
        version: its version, where the report says it.
        scanned: files, or streams inside them, that were looked at.
        issues: findings of any severity.
        by_severity: the same in the scanner's own words.
        files: names of what was scanned.
    """
    sheet = FactSheet()
    sheet.put("tool", tool)
    sheet.put("tool_version", version)
    sheet.put("scanned", scanned)
    sheet.put("issues", issues)
    sheet.put("by_severity", dict(by_severity))
    sheet.put("files", [_without_folders(name) for name in files[:_NAMES_SHOWN]])
    return sheet


def _without_folders(name: str) -> str:
    """Return a file's name without its folders; of `weights/a.pt:archive/data.pkl`, the member keeps its own."""
    file, colon, member = name.partition(":")
    return shown(file.rpartition("/")[2] + colon + member, 200)


def scan_extraction(
    sheet: FactSheet, *, collector: str, version: str, what: str, reasons: list[str], scanned: int, **fields: Any
) -> Extraction:
    """Return the extraction of a scan: complete without reasons against it, and never where nothing was scanned."""
    if not scanned:
        reasons = ["nothing was scanned", *reasons]
    return Extraction(
        kind=KIND,
        collector=collector,
        collector_version=version,
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        facts=sheet.finish(what),
        **fields,
    )
