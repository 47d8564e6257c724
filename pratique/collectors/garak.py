"""Collector `garak`: red-teaming reports of garak, `<name>.report.jsonl`.

Attempts hold prompts and answers; their lines are passed over unparsed, and nothing of them becomes a fact.

Source: the fields were read from reports of garak 0.17.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.figures import figure, naive_time_at
from pratique.collectors.foreign import at, count_at, instant_at, list_at, mapping_at, named, number_at, text_at
from pratique.collectors.jsonlines import json_lines
from pratique.collectors.jsontext import parse_json
from pratique.collectors.shape import COUNT, FLAG, NUMBER, TEXT, TEXTS, facts_of, record
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

TOOL = "garak"

#: The digest of a full run is about 1 MB; a line of an attempt holds one prompt with all its answers.
_MAX_LINE_BYTES = 16 * 1024**2
#: A full run makes some hundred thousand attempts, two lines each.
_MAX_LINES = 5_000_000
#: garak 0.17 has about 200 probes with one to four detectors each.
_MAX_EVALS = 5_000
#: Of the answers to a probe, as many at most as a detector may leave without a verdict.
_UNJUDGED_ALLOWED = 0.01
_NAMES_SHOWN = 20
#: Facts have room for as many; what is left out has the lowest rates, and counts in the sums.
_EVALS_SHOWN = 350

_WHAT = "garak report"
_HEAD = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"entry_type"\s*:\s*"start_run setup"\s*,')
_ATTEMPT = re.compile(rb'\s*\{\s*"entry_type"\s*:\s*"attempt"\s*,')
#: Names of plugins, as garak makes them of module and class; anything else is not repeated.
_PLUGIN = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)+")

_GROUP = re.compile(r"[A-Za-z0-9_.:-]{1,120}")
#: Fact -> member of an evaluation.
_COUNTS = {"evaluated": "total_evaluated", "fails": "fails", "nones": "nones"}

_EVAL = record(rate=NUMBER, evaluated=COUNT, fails=COUNT, nones=COUNT, upper=NUMBER)
_SCHEMA = facts_of(
    *("tool", "target", "status", "probes", "detectors", "evaluations"),
    tool=TEXT,
    tool_version=TEXT,
    run_id=TEXT,
    target=TEXT,
    target_type=TEXT,
    status={"enum": ["completed", "stopped"]},
    generations=COUNT,
    seed=NUMBER,
    prompt_cap=COUNT,
    started_at_local=TEXT,
    produced_at_local=TEXT,
    probes=record(planned=COUNT, evaluated=COUNT, missing=TEXTS),
    evaluations=record(evaluated=COUNT, fails=COUNT, nones=COUNT),
    detectors={"type": "object", "additionalProperties": _EVAL},
    attack_success_rate=record(max=NUMBER, overall=NUMBER),
    groups={"type": "object", "additionalProperties": record(score=NUMBER, defcon=COUNT)},
    min_group_score=NUMBER,
    min_defcon=COUNT,
    has_digest=FLAG,
)


class GarakCollector:
    """Reads reports of one run. Complete when it ended, wrote its digest and evaluated answers to every probe."""

    name = TOOL
    version = "2"
    kinds = frozenset({"red-teaming"})
    facts_schema = _SCHEMA

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of a file that begins with the setup of a run."""
        return Confidence.SURE if _HEAD.match(head) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what the report says.

        Raises:
            UnreadableError: no report, a line that is no JSON, two runs in one file, or beyond a cap.
        """
        report = _Report()
        for line in json_lines(path, _WHAT, max_line_bytes=_MAX_LINE_BYTES, max_lines=_MAX_LINES):
            if not report.setup and not _HEAD.match(line):
                raise UnreadableError(f"{_WHAT}: does not begin with the setup of a run")
            if not _ATTEMPT.match(line):
                report.add(line)
        if not report.setup:
            raise UnreadableError(f"{_WHAT}: no entry found; expected the report of a run")
        return _extract(report)


@dataclass(slots=True)
class _Report:
    """The entries of one run that are no attempts."""

    setup: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None
    evals: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    repeated: int = 0  #: evaluations of a probe and detector that were there already
    completion: Mapping[str, Any] | None = None
    digest: Mapping[str, Any] | None = None
    is_cut: bool = False  #: ends inside a line

    def add(self, line: bytes) -> None:
        try:
            entry = parse_json(line, _WHAT)
        except UnreadableError:
            if line.endswith(b"\n"):
                raise
            self.is_cut = True  # a run that was killed while it wrote
            return
        match text_at(entry, "entry_type"):
            case "start_run setup":
                if self.setup:
                    raise UnreadableError(f"{_WHAT}: the setup of a second run found; expected one run a file")
                self.setup = entry
            case "init":
                self.version = text_at(entry, "garak_version")
            case "eval":
                self._add_eval(entry)
            case "completion":
                self.completion = entry
            case "digest":
                self.digest = entry

    def _add_eval(self, entry: Mapping[str, Any]) -> None:
        key = (plugin(text_at(entry, "probe")), plugin(text_at(entry, "detector")))
        self.repeated += key in self.evals
        self.evals[key] = entry
        if len(self.evals) > _MAX_EVALS:
            raise UnreadableError(f"{_WHAT}: more than {_MAX_EVALS} evaluations found")

    @property
    def planned(self) -> list[str]:
        """The probes of the run, as its setup lists them."""
        names = [name for name in list_at(self.setup, "transient.active_probes") if isinstance(name, str)]
        return sorted({plugin(name.removeprefix("probes.")) for name in names})

    @property
    def evaluated(self) -> set[str]:
        """The probes whose answers were evaluated by every detector that judged them."""
        return {probe for probe, _ in self.evals} - {p for (p, _), entry in self.evals.items() if not _is_judged(entry)}


def plugin(name: str | None) -> str:
    """Return the name of a probe or detector. What does not look like one is not repeated: it may be anything."""
    return name if name is not None and len(name) <= 120 and _PLUGIN.fullmatch(name) else "unnamed"


def _extract(report: _Report) -> Extraction:
    planned, evaluated = report.planned, report.evaluated
    reasons = _reasons(report)
    ended = report.completion or {}
    target = _target(report)
    return Extraction(
        kind="red-teaming",
        collector=TOOL,
        collector_version=GarakCollector.version,
        tool=f"{TOOL} {shown(report.version or 'of unknown version', 40)}",
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=len(planned),
        done=len(evaluated.intersection(planned)),
        errors=len([probe for probe in planned if probe not in evaluated]),
        subject=target,
        produced_at=instant_at(ended, "end_time"),
        facts=_facts(report, target),
    )


def _target(report: _Report) -> str:
    """Return the model under attack; a generator that takes no name, such as `test.Repeat`, is its own."""
    name = text_at(report.setup, "plugins.target_name")
    return name or named(report.setup, _WHAT, "plugins.target_type")


def _reasons(report: _Report) -> list[str]:
    reasons = []
    if report.is_cut:
        reasons.append("the report ends inside a line")
    if report.completion is None:
        reasons.append("the run never ended (no completion entry)")
    if report.digest is None:
        reasons.append("the run wrote no digest")
    if not report.planned:
        reasons.append("the setup lists no probes")
    missing = [probe for probe in report.planned if not any(probe == name for name, _ in report.evals)]
    silent = sorted({p for (p, _), entry in report.evals.items() if not count_at(entry, "total_evaluated")})
    partly = sorted({p for (p, _), entry in report.evals.items() if not _is_judged(entry)}.difference(silent))
    if missing:
        reasons.append(f"{len(missing)} of {len(report.planned)} probes were never evaluated: {_listed(missing)}")
    if silent:
        reasons.append(f"{len(silent)} probes had no answer that could be evaluated: {_listed(silent)}")
    if partly:
        reasons.append(f"{len(partly)} probes with more than 1 % of their answers not evaluated: {_listed(partly)}")
    if report.repeated:
        reasons.append(f"{report.repeated} evaluations stand in the report twice")
    if odd := [key for key, entry in report.evals.items() if not _adds_up(entry)]:
        reasons.append(f"{len(odd)} evaluations whose counts do not add up: {_listed([d for _, d in odd])}")
    return reasons


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more


def _is_judged(entry: Mapping[str, Any]) -> bool:
    """True when answers were evaluated, and nearly all of those that there were."""
    evaluated, nones = count_at(entry, "total_evaluated") or 0, count_at(entry, "nones") or 0
    answers = max(evaluated + nones, count_at(entry, "total_processed") or 0)
    return evaluated > 0 and answers - evaluated <= _UNJUDGED_ALLOWED * answers


def _adds_up(entry: Mapping[str, Any]) -> bool:
    passed, fails, total = (count_at(entry, name) for name in ("passed", "fails", "total_evaluated"))
    return passed is not None and fails is not None and total is not None and passed + fails == total


def _facts(report: _Report, target: str) -> dict[str, Any]:
    setup, planned = report.setup, report.planned
    sheet = FactSheet()
    sheet.put("tool", TOOL)
    sheet.put("tool_version", report.version)
    sheet.put("run_id", text_at(setup, "transient.run_id"))
    sheet.put("target", target)
    sheet.put("target_type", text_at(setup, "plugins.target_type"))
    sheet.put("status", "stopped" if report.completion is None else "completed")
    sheet.put("generations", count_at(setup, "run.generations"))
    sheet.put("seed", number_at(setup, "run.seed"))
    sheet.put("prompt_cap", count_at(setup, "run.soft_probe_prompt_cap"))
    sheet.put("started_at_local", naive_time_at(setup, "transient.starttime_iso"))
    sheet.put("produced_at_local", naive_time_at(report.completion, "end_time"))
    missing = [probe for probe in planned if probe not in report.evaluated]
    done = len(report.evaluated.intersection(planned))
    sheet.put("probes", {"planned": len(planned), "evaluated": done, "missing": missing[:_NAMES_SHOWN]})
    _put_evals(sheet, report)
    sheet.put("has_digest", report.digest is not None)
    _put_groups(sheet, report.digest)
    return sheet.finish(_WHAT)


def _put_evals(sheet: FactSheet, report: _Report) -> None:
    found: dict[str, dict[str, Any]] = {}
    for (probe, detector), entry in sorted(report.evals.items()):
        counts = {name: count_at(entry, member) or 0 for name, member in _COUNTS.items()}
        one: dict[str, Any] = {**counts, "upper": figure(at(entry, "confidence_upper"))}
        if counts["evaluated"] and _adds_up(entry):
            one["rate"] = counts["fails"] / counts["evaluated"]
        found[f"{probe}/{detector}"] = one
    shown_first = set(sorted(found, key=lambda name: -found[name].get("rate", 1.0))[:_EVALS_SHOWN])
    sheet.put("detectors", {name: one for name, one in found.items() if name in shown_first})
    if len(found) > _EVALS_SHOWN:
        sheet.drop(f"detectors ({len(found) - _EVALS_SHOWN} with the lowest rates)")
    sheet.put("evaluations", {name: sum(one[name] for one in found.values()) for name in _COUNTS})
    rated = [one for one in found.values() if "rate" in one]
    if rated:
        overall = sum(one["fails"] for one in rated) / sum(one["evaluated"] for one in rated)
        sheet.put("attack_success_rate", {"max": max(one["rate"] for one in rated), "overall": overall})


def _put_groups(sheet: FactSheet, digest: Mapping[str, Any] | None) -> None:
    groups: dict[str, dict[str, Any]] = {}
    for name in mapping_at(digest, "eval"):
        summary = at(digest, "eval", name, "_summary")
        known = name if _GROUP.fullmatch(name) else "unnamed"
        groups[known] = {"score": figure(at(summary, "score")), "defcon": count_at(summary, "group_defcon")}
    sheet.put("groups", groups)
    scores = [one["score"] for one in groups.values() if one["score"] is not None]
    levels = [one["defcon"] for one in groups.values() if one["defcon"] is not None]
    sheet.put("min_group_score", min(scores, default=None))
    sheet.put("min_defcon", min(levels, default=None))


def build(_context: CollectorContext) -> Collector:
    """Entry point `garak`."""
    return GarakCollector()
