"""Collector `fickling`: results of `fickling --check-safety`, the JSON file it appends to, or what it printed.

The file grows by an object with every check, also over several runs; each object is one pickle. What fickling prints
tells of trouble only: for a pickle that it finds harmless it prints nothing.

Source: the fields were read from files of fickling 0.1.12.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.foreign import mapping_at, text_at
from pratique.collectors.jsontext import decode_text, walk_values
from pratique.collectors.scan_report import KIND, MAX_REPORT_BYTES, scan_extraction, scan_schema, scan_sheet
from pratique.collectors.shape import COUNTS, TEXT
from pratique.collectors.unreadable import UnreadableError
from pratique.domain.evidence import Extraction

TOOL = "fickling"

#: Fickling's words, the mildest first. Only the first is no issue.
SEVERITIES = (
    *("LIKELY_SAFE", "POSSIBLY_UNSAFE", "SUSPICIOUS"),
    *("LIKELY_UNSAFE", "LIKELY_OVERTLY_MALICIOUS", "OVERTLY_MALICIOUS"),
)

_WHAT = "fickling results"
_JSON_HEAD = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"severity"\s*:\s*"[A-Z_]+"\s*,\s*"analysis"\s*:')
_TEXT_HEAD = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:`(?:from|import) |Call to `|Variable `|Warning: Fickling detected )"
)
_TEXT_MARK = "Warning: Fickling detected that the pickle file may be unsafe."
_TEXT_END = "Do not unpickle this file if it is from an untrusted source!"


class FicklingCollector:
    """Reads results. Complete when at least one pickle was checked."""

    name = TOOL
    version = "1"
    kinds = frozenset({KIND})
    facts_schema = scan_schema(worst=TEXT, checks=COUNTS)

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of JSON that begins with a severity and its analysis, and of the sentences fickling prints."""
        return Confidence.SURE if _JSON_HEAD.match(head) or _TEXT_HEAD.match(head) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what the results say; nothing of the pickles' own content.

        Raises:
            UnreadableError: too large, cut, neither form, or a severity that fickling does not have.
        """
        if (size := path.stat().st_size) > MAX_REPORT_BYTES:
            raise UnreadableError(f"{_WHAT}: {size} bytes found, at most {MAX_REPORT_BYTES} expected")
        data = path.read_bytes()
        if _TEXT_HEAD.match(data):
            return self._printed(decode_text(data, _WHAT))
        severities: Counter[str] = Counter()
        checks: Counter[str] = Counter()
        for result in walk_values(data, _WHAT):
            severity = text_at(result, "severity")
            if severity not in SEVERITIES or severity is None:
                raise UnreadableError(f"{_WHAT}: a result without a severity that fickling has")
            severities[severity] += 1
            names = mapping_at(result, "detailed_results", "AnalysisResult")
            checks.update(name for name in names if re.fullmatch(r"[A-Za-z]{1,60}", name))
        scanned = severities.total()
        worst = max(severities, key=SEVERITIES.index, default=None)
        return self._extract(scanned, scanned - severities["LIKELY_SAFE"], severities, checks, worst)

    def _printed(self, text: str) -> Extraction:
        if _TEXT_MARK not in text or not text.rstrip().endswith(_TEXT_END):
            raise UnreadableError(f"{_WHAT}: the sentences that end what fickling prints are missing; it was cut")
        # One pickle, of which fickling says that something is wrong; how severe, only the JSON file says.
        return self._extract(1, 1, Counter(unsafe=1), Counter(), None)

    def _extract(
        self, scanned: int, issues: int, severities: Counter[str], checks: Counter[str], worst: str | None
    ) -> Extraction:
        by_severity = {name.lower(): count for name, count in severities.items()}
        sheet = scan_sheet(TOOL, None, scanned=scanned, issues=issues, by_severity=by_severity, files=[])
        sheet.put("worst", worst)
        sheet.put("checks", dict(sorted(checks.items())))
        return scan_extraction(
            sheet,
            collector=self.name,
            version=self.version,
            what=_WHAT,
            reasons=[],
            scanned=scanned,
            tool=TOOL,
            planned=scanned,
            done=scanned,
            errors=0,
        )


def build(_context: CollectorContext) -> Collector:
    """Entry point `fickling`."""
    return FicklingCollector()
