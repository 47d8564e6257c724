"""Collector `sarif`: findings of static analysis, SARIF 2.1.0.

A result is a finding unless the file says otherwise: its kind is not `fail`, it is suppressed and the suppression was
neither rejected nor is under review, or it is gone since the baseline.

Source: OASIS SARIF 2.1.0, 3.14 (run), 3.20 (invocation), 3.27 (result), 3.35 (suppression), 3.50 (configuration).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import at, count_at, instant_at, list_at, mapping_at, text_at, without_credentials
from pratique.collectors.jsontext import Walked, walk_nested
from pratique.collectors.sarif_rules import LEVELS, Rules
from pratique.collectors.shape import COUNT, COUNTS, FLAG, NUMBER, TEXT, TEXTS, facts_of, record
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

#: The text is held in memory while it is walked; results are parsed and dropped one by one.
MAX_SARIF_BYTES = 64 * 1024**2
_MAX_RUNS = 200
_NAMES_SHOWN = 50
_REASONS_SHOWN = 10

_WHAT = "SARIF"
_HEAD = re.compile(rb'"version"\s*:\s*"2\.1\.0"')
_RUNS = re.compile(rb'"(?:runs|\$schema)"\s*:\s*(?:\[|"[^"]*sarif)')
_KINDS = ("notApplicable", "pass", "fail", "review", "open", "informational")

_BY_LEVEL = record(total=COUNT, **dict.fromkeys(LEVELS, COUNT))
_SCHEMA = facts_of(
    *("tools", "runs", "results", "open", "suppressed", "new", "rules"),
    tools=TEXTS,
    runs=record(total=COUNT, successful=COUNT, stated=COUNT),
    results=COUNT,
    open=_BY_LEVEL,
    suppressed=_BY_LEVEL,
    new=_BY_LEVEL,
    gone=COUNT,
    by_kind=COUNTS,
    has_baseline=FLAG,
    rules=record(configured=COUNT, open=TEXTS),
    max_security_severity=NUMBER,
    tool_errors=COUNT,
    revision=record(origin=TEXT, commit=TEXT),
)


class SarifCollector:
    """Reads logs of one or several runs. Complete when every run has results and says of none that it failed."""

    name = "sarif"
    version = "1"
    kinds = frozenset({"static-analysis"})
    facts_schema = _SCHEMA

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of JSON with SARIF's version and its schema or runs; try other files of that ending."""
        if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return Confidence.NO
        if _RUNS.search(head) and (_HEAD.search(head) or b'"driver"' in head):
            return Confidence.SURE
        return Confidence.MAYBE if filename.lower().endswith((".sarif", ".sarif.json")) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what the log says.

        Raises:
            UnreadableError: too large, not JSON, another version, no runs, or a result that is no object.
        """
        if (size := path.stat().st_size) > MAX_SARIF_BYTES:
            raise UnreadableError(f"{_WHAT}: {size} bytes found, at most {MAX_SARIF_BYTES} expected")
        results: Counter[_Result] = Counter()
        document = walk_nested(
            path.read_bytes(),
            _WHAT,
            path=("runs", "results"),
            on_item=lambda run, item: results.update((_result(run, item),)),
        )
        return _extract(document, results)


#: Run, and of the result: kind, level or nothing, rule, state.
_Result = tuple[int, str, str, tuple[int | None, int | None, str], str]


def _result(run: int, item: Any) -> _Result:
    """Return what counts of a result; the rules that its level may come from are known when the run was read."""
    if not isinstance(item, Mapping):
        raise UnreadableError(f"{_WHAT}: a result that is no object found in run {run + 1}")
    kind = text_at(item, "kind") or "fail"
    level = text_at(item, "level") or ""
    if kind not in _KINDS or level not in ("", *LEVELS):
        raise UnreadableError(f"{_WHAT}: a result of unknown kind or level found in run {run + 1}")
    if level not in ("", "none"):
        kind = "fail"  # only a failure has a level (3.27.10); of two that disagree, the worse one counts
    rule = text_at(item, "ruleId") or text_at(item, "rule", "id") or ""
    index = count_at(item, "ruleIndex")
    if index is None:
        index = count_at(item, "rule", "index")
    component = count_at(item, "rule", "toolComponent", "index")
    return run, kind, level, (component, index, rule), _state(item)


def _state(item: Mapping[str, Any]) -> str:
    """Return where a finding stands: gone, suppressed, new, or open like others."""
    baseline = text_at(item, "baselineState")
    if baseline == "absent":
        return "gone"
    suppressions = list_at(item, "suppressions")
    # Without a status it was accepted (3.35.3); one that was rejected, or is under review, hides nothing.
    if suppressions and all(
        isinstance(one, Mapping) and one.get("status", "accepted") == "accepted" for one in suppressions
    ):
        return "suppressed"
    return "new" if baseline == "new" else "open"


def _extract(document: Any, results: Counter[_Result]) -> Extraction:
    if at(document, "version") != "2.1.0":
        raise UnreadableError(f"{_WHAT}: no version 2.1.0 found; expected a SARIF log of that version")
    runs = [run for run in list_at(document, "runs") if isinstance(run, Mapping)]
    if not runs or len(runs) != len(list_at(document, "runs")) or len(runs) > _MAX_RUNS:
        raise UnreadableError(f"{_WHAT}: {len(runs)} runs found, 1 to {_MAX_RUNS} expected")
    failures = [_failure(run) for run in runs]
    reasons = [f"run {number} ({_tool(runs[number - 1])}): {why}" for number, why in enumerate(failures, 1) if why]
    begun = [instant_at(call, "startTimeUtc") for run in runs for call in list_at(run, "invocations")]
    ended = [instant_at(call, "endTimeUtc") for run in runs for call in list_at(run, "invocations")]
    return Extraction(
        kind="static-analysis",
        collector=SarifCollector.name,
        collector_version=SarifCollector.version,
        tool=shown(", ".join(dict.fromkeys(_tool(run) for run in runs)), 200),
        complete=not reasons,
        incomplete_reason="; ".join(reasons[:_REASONS_SHOWN]) or None,
        planned=len(runs),
        done=failures.count(None),
        errors=len(reasons),
        produced_at=max(_known(ended), default=None),
        observed_from=min(_known(begun), default=None),
        observed_until=max(_known(ended), default=None),
        facts=_facts(runs, results, failures),
    )


def _known(times: list[datetime | None]) -> list[datetime]:
    return [time for time in times if time is not None]


def _tool(run: Mapping[str, Any]) -> str:
    driver = mapping_at(run, "tool", "driver")
    version = text_at(driver, "semanticVersion") or text_at(driver, "version") or "of unknown version"
    return shown(f"{text_at(driver, 'name') or 'unnamed tool'} {version}", 80)


def _failure(run: Mapping[str, Any]) -> str | None:
    """Return why a run shows nothing, or not all; None when it went to its end."""
    if not isinstance(at(run, "results"), Walked):
        return "has no results; an empty list would say that nothing was found"
    if list_at(run, "externalPropertyFileReferences", "results"):
        return "keeps results in another file"
    if any(at(call, "executionSuccessful") is not True for call in list_at(run, "invocations")):
        return "did not execute successfully"
    errors = _tool_errors(run)
    return f"the tool reported {errors} errors; what it met them in was not analysed" if errors else None


def _tool_errors(run: Mapping[str, Any]) -> int:
    names = ("toolExecutionNotifications", "toolConfigurationNotifications")
    calls = list_at(run, "invocations")
    return sum(text_at(one, "level") == "error" for call in calls for name in names for one in list_at(call, name))


@dataclass(slots=True)
class _Tally:
    """Findings of all runs, by where they stand and how severe they are."""

    open: Counter[str] = field(default_factory=Counter)  #: by level; new ones among them
    suppressed: Counter[str] = field(default_factory=Counter)
    new: Counter[str] = field(default_factory=Counter)  #: open, and not in the baseline
    kinds: Counter[str] = field(default_factory=Counter)  #: all results
    gone: int = 0  #: in the baseline, and no longer found
    rules: Counter[str] = field(default_factory=Counter)  #: with open findings
    severities: list[float] = field(default_factory=list)  #: of rules with open findings

    def add(self, result: _Result, rules: Rules, count: int) -> None:
        _, kind, level, rule, state = result
        self.kinds[kind] += count
        self.gone += count if state == "gone" else 0
        if kind != "fail" or state == "gone":
            return
        level = level or rules.level_of(*rule)
        if state == "suppressed":
            self.suppressed[level] += count
            return
        self.open[level] += count
        self.new[level] += count if state == "new" else 0
        self.rules[rules.name_of(*rule)] += count
        if (severity := rules.severity_of(*rule)) is not None:
            self.severities.append(severity)


def _facts(runs: list[Mapping[str, Any]], results: Counter[_Result], failures: list[str | None]) -> dict[str, Any]:
    rules, tally = [Rules(run) for run in runs], _Tally()
    for result, count in results.items():
        tally.add(result, rules[result[0]], count)
    sheet = FactSheet()
    sheet.put("tools", list(dict.fromkeys(_tool(run) for run in runs))[:_NAMES_SHOWN])
    stated = sum(bool(list_at(run, "invocations")) for run in runs)
    sheet.put("runs", {"total": len(runs), "successful": failures.count(None), "stated": stated})
    sheet.put("results", results.total())
    for name, by_level in (("open", tally.open), ("suppressed", tally.suppressed), ("new", tally.new)):
        sheet.put(name, {"total": by_level.total(), **{level: by_level[level] for level in LEVELS}})
    sheet.put("gone", tally.gone)
    sheet.put("by_kind", dict(sorted(tally.kinds.items())))
    sheet.put("has_baseline", any(isinstance(at(run, "baselineGuid"), str) for run in runs))
    names = [shown(name, 120) for name, _ in tally.rules.most_common(_NAMES_SHOWN)]
    sheet.put("rules", {"configured": sum(one.count for one in rules), "open": names})
    sheet.put("max_security_severity", max(tally.severities, default=None))
    sheet.put("tool_errors", sum(_tool_errors(run) for run in runs))
    if source := next(iter(list_at(runs[0], "versionControlProvenance")), None):
        origin = without_credentials(text_at(source, "repositoryUri"))
        sheet.put("revision", {"origin": origin, "commit": text_at(source, "revisionId")})
    return sheet.finish(_WHAT)


def build(_context: CollectorContext) -> Collector:
    """Entry point `sarif`."""
    return SarifCollector()
