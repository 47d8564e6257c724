"""Collector `modelscan`: JSON reports of modelscan, `modelscan -r json`.

Source: the fields were read from reports of modelscan 0.8.8; it exits with 3, and reports no issues, when it scanned
nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.figures import naive_time_at
from pratique.collectors.foreign import at, count_at, instant_at, list_at, mapping_at, text_at
from pratique.collectors.jsonfile import load_object
from pratique.collectors.scan_report import KIND, MAX_REPORT_BYTES, scan_extraction, scan_schema, scan_sheet
from pratique.collectors.shape import COUNT, TEXT
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

TOOL = "modelscan"

_WHAT = "modelscan report"
_HEAD = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"summary"\s*:\s*\{\s*"total_issues_by_severity"\s*:')
_SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
#: A file of another format, such as a readme, is passed over by design; every other skip leaves something unseen.
_HARMLESS_SKIP = "SCAN_NOT_SUPPORTED"


class ModelScanCollector:
    """Reads reports. Complete when something was scanned, nothing failed, and the counts agree with the list."""

    name = TOOL
    version = "2"
    kinds = frozenset({KIND})
    facts_schema = scan_schema(skipped=COUNT, errors=COUNT, input_path=TEXT, produced_at_local=TEXT)

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of a JSON object that begins with modelscan's summary."""
        return Confidence.SURE if _HEAD.match(head) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what the report says.

        Raises:
            UnreadableError: too large, not JSON, no counts, or an issue of unknown severity.
        """
        report = load_object(path, _WHAT, max_bytes=MAX_REPORT_BYTES, marks=("total_scanned",))
        scanned = count_at(report, "summary", "scanned", "total_scanned")
        if scanned is None or not isinstance(at(report, "issues"), list):
            raise UnreadableError(f"{_WHAT}: no count of scanned files and list of issues found")
        severities = Counter(_severity(issue) for issue in list_at(report, "issues"))
        by_severity = {name.lower(): severities[name] for name in _SEVERITIES}
        version = text_at(report, "summary", "modelscan_version")
        issues = severities.total()
        files = [name for name in list_at(report, "summary", "scanned", "scanned_files") if isinstance(name, str)]
        sheet = scan_sheet(TOOL, version, scanned=scanned, issues=issues, by_severity=by_severity, files=files)
        sheet.put("skipped", count_at(report, "summary", "skipped", "total_skipped") or 0)
        sheet.put("errors", len(list_at(report, "errors")))
        sheet.put("input_path", text_at(report, "summary", "input_path"))
        sheet.put("produced_at_local", naive_time_at(report, "summary", "timestamp"))
        unseen = _unseen(report)
        return scan_extraction(
            sheet,
            collector=self.name,
            version=self.version,
            what=_WHAT,
            reasons=_reasons(report, severities, unseen),
            scanned=scanned,
            tool=f"{TOOL} {shown(version or 'of unknown version', 40)}",
            planned=scanned + unseen,
            done=scanned,
            errors=unseen,
            produced_at=instant_at(report, "summary", "timestamp"),
        )


def _severity(issue: Any) -> str:
    severity = text_at(issue, "severity")
    if severity not in _SEVERITIES or severity is None:
        raise UnreadableError(f"{_WHAT}: an issue of unknown severity found; expected {', '.join(_SEVERITIES)}")
    return severity


def _unseen(report: dict[str, Any]) -> int:
    """Return how many files failed, or were passed over for another reason than their format, or for none told."""
    skipped = list_at(report, "summary", "skipped", "skipped_files")
    unlisted = max(0, (count_at(report, "summary", "skipped", "total_skipped") or 0) - len(skipped))
    odd = sum(text_at(one, "category") != _HARMLESS_SKIP for one in skipped)
    return len(list_at(report, "errors")) + odd + unlisted


def _reasons(report: dict[str, Any], severities: Counter[str], unseen: int) -> list[str]:
    reasons = []
    if unseen:
        reasons.append(f"{unseen} files could not be scanned")
    declared = mapping_at(report, "summary", "total_issues_by_severity")
    total = count_at(report, "summary", "total_issues")
    differs = any(declared.get(name, 0) != severities[name] for name in _SEVERITIES)
    if differs or total != severities.total():
        reasons.append("the summary counts other issues than the report lists")
    return reasons


def build(_context: CollectorContext) -> Collector:
    """Entry point `modelscan`."""
    return ModelScanCollector()
