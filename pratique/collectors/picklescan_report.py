"""Collector `picklescan`: what the picklescan command printed.

Source: the lines were read from output of picklescan 1.0.5, and from its `cli.py` and `scanner.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
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
_TROUBLE = ("ERROR", "WARNING")
#: `--globals` lists all that was found, the harmless ones too.
_GLOBALS = "All globals found:"
_LEVELS = (" - innocuous", " - suspicious", " - dangerous")
#: The longest line that is read: the longest path of Linux, a member in it, and an import.
_MAX_LINE_CHARACTERS = 8192
#: What stands between the name of a file and that of an import, and behind the latter.
_IMPORT = re.compile(r": (dangerous|suspicious) import '")
_END = "' FOUND"


@dataclass(frozen=True, slots=True)
class _Finding:
    """A line that tells of an import."""

    file: str
    danger: str  #: `dangerous` or `suspicious`


class PicklescanReportCollector:
    """Reads output with its summary. Complete when files were scanned and every line is one that we know."""

    name = TOOL
    version = "2"
    kinds = frozenset({KIND})
    facts_schema = scan_schema(infected=COUNT, errors=COUNT)

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of output that begins with a line of picklescan's."""
        return Confidence.SURE if _is_ours(head.decode("utf-8", "replace").lstrip()) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what the output says.

        Raises:
            UnreadableError: too large, no UTF-8, or without a whole summary at its end.
        """
        if (size := path.stat().st_size) > MAX_REPORT_BYTES:
            raise UnreadableError(f"{_WHAT}: {size} bytes found, at most {MAX_REPORT_BYTES} expected")
        lines = _lines(decode_text(path.read_bytes(), _WHAT))
        scanned, infected, suspicious, dangerous = _summary(lines)
        told = [(line, _finding(line)) for line in lines[: -len(_COUNTS) - 1]]
        findings = [finding for _, finding in told if finding]
        listed = sum(finding.danger == "dangerous" for finding in findings)
        other = sum(not finding and not _is_listed(line) for line, finding in told)
        reasons = [f"{other} lines tell of something that could not be scanned"] if other else []
        unsure = max(suspicious, len(findings) - listed)
        if listed > dangerous or (dangerous and not infected) or infected > scanned:
            reasons.append("the summary counts other findings than the lines above it")
        sheet = scan_sheet(
            TOOL,
            None,  # the output does not say it
            scanned=scanned,
            issues=max(dangerous, listed, infected) + unsure,  # a list of dangerous names is never whole
            by_severity={"dangerous": max(dangerous, listed), "suspicious": unsure},
            files=list(dict.fromkeys(finding.file for finding in findings)),
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
    lines = [line.rstrip("\r") for line in text.rstrip("\r\n").split("\n")]
    if (longest := max(map(len, lines))) > _MAX_LINE_CHARACTERS:
        raise UnreadableError(f"{_WHAT}: a line of {longest} characters found, at most {_MAX_LINE_CHARACTERS} expected")
    return lines


def _is_ours(head: str) -> bool:
    """Tell whether it begins with the summary's heading, a finding, the imports, or trouble with a summary below."""
    line = head.partition("\n")[0]
    if line.startswith((_SUMMARY, _GLOBALS)) or _finding(line) is not None:
        return True
    return line.startswith(_TROUBLE) and f"\n{_SUMMARY}" in head


def _finding(line: str) -> _Finding | None:
    """Return what a line tells of an import. Plain searches: a pattern with several `.*` takes the square of a line."""
    before, end, _ = line.rpartition(_END)
    begins = list(_IMPORT.finditer(before))
    return _Finding(before[: begins[-1].start()], begins[-1][1]) if end and begins else None


def _is_listed(line: str) -> bool:
    return line == _GLOBALS or (line.lstrip().startswith("* ") and line.endswith(_LEVELS))


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
