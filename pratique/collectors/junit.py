"""Collector `junit`: test results in JUnit's XML, as pytest and most test runners write it.

What counts are the elements: attributes may lie, and differ between tools. A document type is refused, so there are no
entities to expand.

Source: there is no standard; pytest's `xunit2`, Maven Surefire's schema and GoogleTest's documentation agree on this.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.junit_tally import JunitTally
from pratique.collectors.shape import COUNT, NUMBER, TEXT, TEXTS, facts_of, record
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

#: Read in pieces; no text of it is kept.
MAX_XML_BYTES = 64 * 1024**2
_PIECE_BYTES = 256 * 1024
_NAMES_SHOWN = 30

_WHAT = "JUnit results"
#: The first element, after a declaration, instructions and comments; also a document type, which is refused later.
_HEAD = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?(?:(?!\?>).)*\?>\s*|<!--(?:(?!-->).)*-->\s*)*"
    rb"(?:<!DOCTYPE\s+testsuites?\b|<(?:[A-Za-z_][\w.-]*:)?testsuites?[\s>/])",
    re.DOTALL,
)
_XML = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<")

_TESTS = record(**dict.fromkeys(("total", "passed", "failures", "errors", "skipped", "xfailed", "reruns"), COUNT))
_SCHEMA = facts_of(
    *("tests", "suites", "not_passed", "properties", "declared"),
    tests=_TESTS,
    suites={"type": "object", "additionalProperties": _TESTS},
    not_passed=TEXTS,
    properties={"type": "object", "additionalProperties": record(count=COUNT, min=NUMBER, max=NUMBER)},
    declared=record(tests=COUNT, failures=COUNT, errors=COUNT, skipped=COUNT),
    duration_seconds=NUMBER,
    produced_at_local=TEXT,
)


class JunitCollector:
    """Reads `testsuites` or a single `testsuite`. Complete when every test ran to a result."""

    name = "junit"
    version = "2"
    kinds = frozenset({"test-results"})
    facts_schema = _SCHEMA

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of XML whose first element is of test suites."""
        if _HEAD.match(head):
            return Confidence.SURE
        return Confidence.MAYBE if _XML.match(head) and filename.lower().endswith(".xml") else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return the counts of the results.

        Raises:
            UnreadableError: too large, not whole XML, with a document type, or no test suites.
        """
        if (size := path.stat().st_size) > MAX_XML_BYTES:
            raise UnreadableError(f"{_WHAT}: {size} bytes found, at most {MAX_XML_BYTES} expected")
        return _extract(_tally(path))


def _tally(path: Path) -> JunitTally:
    tally = JunitTally(_WHAT)
    parser = DefusedXMLParser(target=tally, forbid_dtd=True)
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                parser.feed(piece)
        parser.close()
    except DefusedXmlException:
        raise UnreadableError(f"{_WHAT}: a document type or an entity found; expected plain XML without") from None
    except ParseError as error:
        line, column = error.position
        raise UnreadableError(f"{_WHAT}: not whole XML at line {line} column {column}") from None
    except (ValueError, LookupError):  # an encoding that nobody knows
        raise UnreadableError(f"{_WHAT}: not XML in an encoding that can be read") from None
    return tally


def _extract(tally: JunitTally) -> Extraction:
    tests = tally.tests
    ran = tests["passed"] + tests["failures"] + tests["xfailed"]
    reasons = tally.reasons()
    return Extraction(
        kind="test-results",
        collector=JunitCollector.name,
        collector_version=JunitCollector.version,
        tool=shown(tally.tool, 80) if tally.tool else None,
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=tests["total"],
        done=ran,
        errors=tests["errors"],
        produced_at=tally.produced_at,
        facts=_facts(tally),
    )


def _facts(tally: JunitTally) -> dict[str, object]:
    sheet = FactSheet()
    sheet.put("tests", dict(tally.tests))
    sheet.put("suites", dict(tally.suites))
    sheet.put("not_passed", [shown(name, 160) for name in tally.not_passed[:_NAMES_SHOWN]])
    sheet.put("properties", tally.figures())
    sheet.put("declared", tally.declared)
    sheet.put("duration_seconds", tally.seconds)
    sheet.put("produced_at_local", tally.produced_at_local)
    return sheet.finish(_WHAT)


def build(_context: CollectorContext) -> Collector:
    """Entry point `junit`."""
    return JunitCollector()
