"""Collector `picklescan`: what the picklescan command printed.

Source: the lines were read from output of picklescan 1.0.5, and from its `cli.py` and `scanner.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.jsontext import decode_text
from pratique.collectors.scan_report import KIND, MAX_REPORT_BYTES, scan_extraction, scan_schema, scan_sheet
from pratique.collectors.shape import COUNT
from pratique.collectors.unreadable import UnreadableError
from pratique.domain.evidence import Extraction

TOOL = "picklescan"

_WHAT = "picklescan report"
_SUMMARY = "----------- SCAN SUMMARY -----------"
_COUNTS = ("Scanned files", "Infected files", "Suspicious globals", "Dangerous globals")
#: The first line: the summary's heading, a finding, the heading of all imports, or trouble with a summary further on.
_HEAD = re.compile(
    rb"\A\s*(?:-{11} SCAN SUMMARY -{11}|[^\n]*: (?:dangerous|suspicious) import '[^\n]*' FOUND|All globals found:"
    rb"|(?:ERROR|WARNING)[^\n]*(?s:.*)\n-{11} SCAN SUMMARY -{11})"
)
_FOUND = re.compile(r"(?P<file>.*): (?P<danger>dangerous|suspicious) import '(?P<name>.*)' FOUND.*")
#: `--globals` lists all that was found, the harmless ones too.
_LISTED = re.compile(r"All globals found:|\s*\* .+ - (?:innocuous|suspicious|dangerous)")


class PicklescanReportCollector:
    """Reads output with its summary. Complete when files were scanned and every line is one that we know."""

    name = TOOL
    version = "1"
    kinds = frozenset({KIND})
    facts_schema = scan_schema(infected=COUNT, errors=COUNT)

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of output that begins with a line of picklescan's."""
        return Confidence.SURE if _HEAD.match(head) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what the output says.

        Raises:
            UnreadableError: too large, no UTF-8, or without a whole summary at its end.
        """
        if (size := path.stat().st_size) > MAX_REPORT_BYTES:
            raise UnreadableError(f"{_WHAT}: {size} bytes found, at most {MAX_REPORT_BYTES} expected")
        lines = _lines(decode_text(path.read_bytes(), _WHAT))
        scanned, infected, suspicious, dangerous = _summary(lines)
        findings = [match for line in lines[: -len(_COUNTS) - 1] if (match := _FOUND.fullmatch(line))]
        listed = sum(match["danger"] == "dangerous" for match in findings)
        other = sum(not _FOUND.fullmatch(line) and not _LISTED.fullmatch(line) for line in lines[: -len(_COUNTS) - 1])
        reasons = [f"{other} lines tell of something that could not be scanned"] if other else []
        if listed > dangerous or (dangerous and not infected) or infected > scanned:
            reasons.append("the summary counts other findings than the lines above it")
        sheet = scan_sheet(
            TOOL,
            None,  # the output does not say it
            scanned=scanned,
            issues=max(dangerous, listed, infected),
            by_severity={"dangerous": max(dangerous, listed), "suspicious": suspicious},
            files=list(dict.fromkeys(match["file"] for match in findings)),
        )
        sheet.put("infected", infected)
        sheet.put("errors", other)
        return scan_extraction(
            sheet,
            collector=self.name,
            version=self.version,
            what=_WHAT,
            reasons=reasons,
            scanned=scanned,
            tool=TOOL,
            planned=scanned,
            done=scanned,
            errors=other,
        )


def _lines(text: str) -> list[str]:
    if not text.endswith("\n"):
        raise UnreadableError(f"{_WHAT}: ends inside a line; the output was cut")
    return [line.rstrip("\r") for line in text.rstrip("\r\n").split("\n")]


def _summary(lines: list[str]) -> list[int]:
    """Return the four counts that end the output, in the order of `_COUNTS`."""
    counts = []
    for name, line in zip(_COUNTS, lines[-len(_COUNTS) :], strict=False):
        label, _, count = line.partition(": ")
        if label == name and count.isascii() and count.isdigit() and len(count) < 16:
            counts.append(int(count))
    if len(counts) != len(_COUNTS) or len(lines) <= len(_COUNTS) or lines[-len(_COUNTS) - 1] != _SUMMARY:
        raise UnreadableError(f"{_WHAT}: no whole summary found at its end; expected the four counts")
    return counts


def build(_context: CollectorContext) -> Collector:
    """Entry point `picklescan`."""
    return PicklescanReportCollector()
