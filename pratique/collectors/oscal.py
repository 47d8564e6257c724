"""Collector `oscal`: assessment results and plans of action (POA&M) in OSCAL 1.x JSON.

Source: the OSCAL 1.2 models of assessment results and of POA&M, and files of compliance-trestle 5.2.0. What is
overdue is counted by the file's own date, `last-modified`; `next_deadline` lets a criterion ask by today's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import instant_at, list_at, mapping_at, text_at
from pratique.collectors.jsonfile import load_object
from pratique.collectors.jsonhead import confidence, json_head
from pratique.collectors.oscal_findings import FINDINGS_SHAPE, Findings
from pratique.collectors.oscal_risks import RISKS_SHAPE, Risks
from pratique.collectors.shape import COUNT, FLAG, TEXT, TEXTS, facts_of, record
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

MAX_OSCAL_BYTES = 32 * 1024**2

_WHAT = "OSCAL"
_RESULTS = "assessment-results"
_PLAN = "plan-of-action-and-milestones"
_VERSION = re.compile(r"v?1\.\d+(?:\.\d+)?(?:[-+][0-9A-Za-z.-]+)?")


class OscalCollector:
    """Reads both. Results are incomplete where what was to be reviewed is not named or has no finding."""

    name = "oscal"
    version = "2"
    kinds = frozenset({"assessment-results", "action-plan"})
    facts_schema = facts_of(
        "title",
        "oscal_version",
        "risks",
        title=TEXT,
        document_version=TEXT,
        oscal_version=TEXT,
        uuid=TEXT,
        results=COUNT,
        observations=COUNT,
        controls=record(reviewed=COUNT, with_finding=COUNT, all_included=FLAG, without_finding=TEXTS),
        findings=FINDINGS_SHAPE,
        risks=RISKS_SHAPE,
        system=TEXT,
        items=record(total=COUNT, open=COUNT, closed=COUNT, without_risk=COUNT),
        open_items=TEXTS,
    )

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of an object with one of OSCAL's two outermost members."""
        seen = json_head(head)
        return confidence(head, filename, sure=any(seen.members.get(name) == "{" for name in (_RESULTS, _PLAN)))

    def read(self, path: Path) -> Extraction:
        """Return what the results or the plan say.

        Raises:
            UnreadableError: too large, not JSON, neither of the two, or of another major version of OSCAL.
        """
        document = load_object(path, _WHAT, max_bytes=MAX_OSCAL_BYTES, marks=('"oscal-version"',))
        results, plan = mapping_at(document, _RESULTS), mapping_at(document, _PLAN)
        if bool(results) == bool(plan):
            raise UnreadableError(f"{_WHAT}: expected one of {_RESULTS} and {_PLAN}")
        body = results or plan
        version = text_at(body, "metadata", "oscal-version") or "none"
        if not _VERSION.fullmatch(version):
            raise UnreadableError(f"{_WHAT}: oscal-version {shown(version, 20)} found, 1.x expected")
        return _extract_results(body) if results else _extract_plan(body)


def _extract_results(body: Mapping[str, Any]) -> Extraction:
    results = list_at(body, "results")
    findings = Findings(results)
    risks = Risks([risk for result in results for risk in list_at(result, "risks")], _modified(body))
    reasons = findings.reasons()
    if not results:
        reasons.insert(0, "it holds no result")
    sheet = _sheet(body)
    sheet.put("results", len(results))
    sheet.put("observations", sum(len(list_at(result, "observations")) for result in results))
    findings.put(sheet)
    risks.put(sheet)
    starts = [at for at in (instant_at(result, "start") for result in results) if at]
    ends = [at for at in (instant_at(result, "end") for result in results) if at]
    return Extraction(
        kind="assessment-results",
        collector=OscalCollector.name,
        collector_version=OscalCollector.version,
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=findings.planned,
        done=findings.done,
        errors=findings.without_state,
        produced_at=_modified(body),
        observed_from=min(starts, default=None),
        observed_until=max(ends, default=None),
        facts=sheet.finish(_WHAT),
    )


def _extract_plan(body: Mapping[str, Any]) -> Extraction:
    items = list_at(body, "poam-items")
    risks = Risks(list_at(body, "risks"), _modified(body))
    named = [item for item in items if text_at(item, "title")]
    open_items, without_risk = [], 0
    for item in named:
        related = [text_at(entry, "risk-uuid") for entry in list_at(item, "related-risks")]
        without_risk += not related
        # An item has no state of its own. Without a risk that was closed, nothing says that it is done.
        if not related or any(not risks.is_closed(uuid) for uuid in related):
            open_items.append(shown(text_at(item, "title") or ""))
    reasons = []
    if not items:
        reasons.append("it holds no item")
    if len(named) < len(items):
        reasons.append(f"{len(items) - len(named)} of {len(items)} items have no title")
    sheet = _sheet(body)
    sheet.put("system", text_at(body, "system-id", "id"))
    counts = {"total": len(items), "open": len(open_items), "closed": len(named) - len(open_items)}
    sheet.put("items", {**counts, "without_risk": without_risk})
    sheet.put("open_items", open_items[:100])
    risks.put(sheet)
    return Extraction(
        kind="action-plan",
        collector=OscalCollector.name,
        collector_version=OscalCollector.version,
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=len(items),
        done=len(named),
        errors=len(items) - len(named),
        produced_at=_modified(body),
        facts=sheet.finish(_WHAT),
    )


def _sheet(body: Mapping[str, Any]) -> FactSheet:
    sheet = FactSheet()
    sheet.put("title", text_at(body, "metadata", "title") or "")
    sheet.put("document_version", text_at(body, "metadata", "version"))
    sheet.put("oscal_version", text_at(body, "metadata", "oscal-version"))
    sheet.put("uuid", text_at(body, "uuid"))
    return sheet


def _modified(body: Mapping[str, Any]) -> Any:
    return instant_at(body, "metadata", "last-modified")


def build(_context: CollectorContext) -> Collector:
    """Entry point `oscal`."""
    return OscalCollector()
