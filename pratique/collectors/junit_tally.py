"""Counts over the elements of JUnit results, while they stream by; nothing of a file is kept but counts and names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pratique.collectors.figures import figure, naive_time_at
from pratique.collectors.foreign import instant_at
from pratique.collectors.unreadable import UnreadableError, shown

_MAX_DEPTH = 64
_MAX_ELEMENTS = 2_000_000
_MAX_NAMES = 1_000
#: Suites, and properties, that are told apart; facts have room for no more.
_MAX_GROUPS = 50
_SUITES = ("testsuite", "testsuites")
_MEMBERS = ("total", "passed", "failures", "errors", "skipped", "xfailed", "reruns")
#: Elements under a test case, the worst first: a case with several counts as the worst of them.
_VERDICTS = {"error": "errors", "failure": "failures", "skipped": "skipped"}
_RERUNS = ("rerunFailure", "rerunError", "flakyFailure", "flakyError")
#: What may stand under a test case and is no verdict. Anything else could be one.
_NO_VERDICT = frozenset({"system-out", "system-err", "properties", "property", "attachments", "attachment", *_RERUNS})
#: Words of GoogleTest, CTest and others in the attributes `status` and `result` of a case; any other tells nothing.
_WORDS = {
    **dict.fromkeys(("", "run", "completed", "executed", "passed", "pass", "ok", "fixed"), None),
    **dict.fromkeys(("success", "successful", "succeeded"), None),
    **dict.fromkeys(("notrun", "disabled", "skipped", "suppressed", "ignored", "pending"), "skipped"),
    **dict.fromkeys(("fail", "failed", "failure", "regression"), "failure"),
}
_DECLARED = ("tests", "failures", "errors", "skipped")


@dataclass(slots=True)
class _Case:
    name: str
    depth: int = 0  #: of its element, the root's being 1
    verdicts: set[str] = field(default_factory=set)
    is_xfailed: bool = False
    reruns: int = 0


class JunitTally:
    """The target of an XML parser."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._open: list[str] = []
        self._elements = 0
        self._suites: list[str] = []  # names of the suites that are open
        self._case: _Case | None = None
        self.unknown = 0  #: elements and words at test cases that could be verdicts, and nobody knows
        self.tests = dict.fromkeys(_MEMBERS, 0)
        self.suites: dict[str, dict[str, int]] = {}  #: by name, the innermost suite of each case
        self.not_passed: list[str] = []  #: names of cases with an error or a failure
        self.declared: dict[str, int] = {}  #: what the root's attributes say, or those of the suites under it
        self._of_suites: Counter[str] = Counter()
        self._properties: dict[str, list[float]] = {}  # name -> count, least, largest
        self._times: list[datetime] = []
        self._local_times: list[str] = []
        self.seconds: float | None = None
        self.tool: str | None = None  #: where the file tells it; few do

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the beginning of an element."""
        name = tag.rpartition("}")[2]
        self._elements += 1
        if len(self._open) >= _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise UnreadableError(f"{self._what}: nested deeper than {_MAX_DEPTH}, or over {_MAX_ELEMENTS} elements")
        if not self._open and name not in _SUITES:
            raise UnreadableError(f"{self._what}: the root is no testsuite or testsuites element")
        parent = self._open[-1] if self._open else ""
        self._open.append(name)
        if name in _SUITES:
            self._begin_suite(attributes)
        elif name == "testcase" and self._case is None:
            self._begin_case(attributes)
        elif name == "property" and parent == "properties":
            self._add_property(attributes)
        elif self._case is not None and parent == "testcase":
            self._add_verdict(name, attributes)
        elif name in ("error", "failure") and parent in _SUITES:  # a suite that could not even begin
            self._count(_Case(self._suites[-1], verdicts={"error"}))

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        name = self._open.pop()
        if self._case is not None and self._case.depth > len(self._open):
            self._count(self._case)
            self._case = None
        elif name in _SUITES:
            self._suites.pop()

    def close(self) -> None:
        """Take the end of the document."""
        if not self.declared:
            self.declared = {name: self._of_suites[name] for name in _DECLARED if name in self._of_suites}

    def reasons(self) -> list[str]:
        """Return why the results do not show that everything was tested; none when they do."""
        tests = self.tests
        reasons = []
        if not tests["total"]:
            reasons.append("the file holds no test")
        elif not tests["passed"] + tests["failures"]:
            reasons.append(f"none of the {tests['total']} tests ran to a result")
        if tests["errors"]:
            reasons.append(f"{tests['errors']} tests ended in an error and show nothing")
        if skipped := tests["skipped"] - tests["xfailed"]:
            reasons.append(f"{skipped} of {tests['total']} tests were skipped and show nothing")
        if self.unknown:
            reasons.append(f"{self.unknown} elements or words at tests are no verdict that is known")
        counted = {**tests, "tests": tests["total"]}
        lacking = [name for name in ("tests", "failures", "errors") if self.declared.get(name, 0) > counted[name]]
        return reasons + [
            f"its attributes count {self.declared[name]} {name}, the file holds {counted[name]}" for name in lacking
        ]

    def figures(self) -> dict[str, dict[str, Any]]:
        """Return the properties with numbers: how often each stands there, the least and the largest."""
        return {name: {"count": int(n), "min": low, "max": high} for name, (n, low, high) in self._properties.items()}

    @property
    def produced_at(self) -> datetime | None:
        """The latest time with a zone."""
        return max(self._times, default=None)

    @property
    def produced_at_local(self) -> str | None:
        """The latest time without a zone, as written."""
        return max(self._local_times, default=None)

    def _begin_suite(self, attributes: Mapping[str, str]) -> None:
        depth = len(self._suites)
        self._suites.append(shown(attributes.get("name", ""), 80) or "unnamed suite")
        numbers = {one: int(attributes[one]) for one in _DECLARED if _is_count(attributes.get(one))}
        if depth == 0:
            self.declared = numbers
            self.seconds = figure(attributes.get("time"))
            self.tool = "pytest" if attributes.get("name") == "pytest tests" else None
        elif depth == 1:
            self._of_suites.update(numbers)
            if self.seconds is None:
                self.seconds = figure(attributes.get("time"))
        if (at := instant_at(attributes, "timestamp")) is not None:
            self._times.append(at)
        elif (local := naive_time_at(attributes, "timestamp")) is not None:
            self._local_times.append(local)

    def _begin_case(self, attributes: Mapping[str, str]) -> None:
        where, name = attributes.get("classname", ""), attributes.get("name", "")
        self._case = _Case(f"{where}::{name}"[:400] if where else name[:400], depth=len(self._open))
        for word in {attributes.get("status", "").lower(), attributes.get("result", "").lower()}:
            self.unknown += word not in _WORDS
            verdict = _WORDS.get(word, "error")
            if verdict is not None:
                self._case.verdicts.add(verdict)

    def _add_verdict(self, name: str, attributes: Mapping[str, str]) -> None:
        case = self._case
        if case is None:
            return
        if name in _VERDICTS:
            case.verdicts.add(name)
            ran = not attributes.get("message", "").startswith("[NOTRUN]")
            case.is_xfailed |= attributes.get("type") == "pytest.xfail" and ran
        elif name not in _NO_VERDICT:
            self.unknown += 1
            case.verdicts.add("error")
        case.reruns += name in _RERUNS

    def _add_property(self, attributes: Mapping[str, str]) -> None:
        name, value = attributes.get("name", "")[:80], figure(attributes.get("value"))
        if value is None or not name or (name not in self._properties and len(self._properties) >= _MAX_GROUPS):
            return
        count, low, high = self._properties.get(name, (0, value, value))
        self._properties[name] = [count + 1, min(low, value), max(high, value)]

    def _count(self, case: _Case) -> None:
        worst = next((member for word, member in _VERDICTS.items() if word in case.verdicts), "passed")
        suite = self._suites[-1] if self._suites else "unnamed suite"
        if suite not in self.suites and len(self.suites) >= _MAX_GROUPS:
            suite = "other suites"
        for counts in (self.tests, self.suites.setdefault(suite, dict.fromkeys(_MEMBERS, 0))):
            counts["total"] += 1
            counts[worst] += 1
            counts["xfailed"] += case.is_xfailed and worst == "skipped"
            counts["reruns"] += case.reruns
        if worst in ("errors", "failures") and len(self.not_passed) < _MAX_NAMES:
            self.not_passed.append(case.name)


def _is_count(text: str | None) -> bool:
    return text is not None and text.isascii() and text.isdigit() and len(text) < 16
