"""Findings of OSCAL assessment results, and which of the reviewed controls have one."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import list_at, text_at
from pratique.collectors.shape import COUNT, COUNTS, TEXTS, record
from pratique.collectors.unreadable import shown

#: Shape of the fact `findings`.
FINDINGS_SHAPE = record(total=COUNT, by_state=COUNTS, satisfied=COUNT, not_satisfied=COUNT, unsatisfied_targets=TEXTS)

_SATISFIED, _NOT_SATISFIED = "satisfied", "not-satisfied"
_SHOWN = 100
#: What parts a control from its objectives and statements: `measure-3.2_obj`, `ac-2_smt.a`.
_PART = re.compile(r"_(?:obj|smt|gdn|asm)\b.*\Z", re.DOTALL)
#: Assessment objectives bear the names of the statements that they are about.
_OBJECTIVE = re.compile(r"_(?:obj|gdn|asm)\b")


class Findings:
    """The findings of all results together. A state that OSCAL does not know is none."""

    def __init__(self, results: list[Any]) -> None:
        self._states: Counter[str] = Counter()
        self._unsatisfied: list[str] = []
        self._targets: set[str] = set()
        self._found: set[str] = set()  # statements and controls that a finding speaks of, as named
        self._controls: set[str] = set()  # to be reviewed
        self._statements: dict[str, str] = {}  # to be reviewed -> control
        self._all_included = False
        for result in results:
            for finding in list_at(result, "findings"):
                self._add(finding)
            for selection in list_at(result, "reviewed-controls", "control-selections"):
                self._all_included |= isinstance(selection, dict) and "include-all" in selection
                for entry in list_at(selection, "include-controls"):
                    self._include(entry)

    @property
    def total(self) -> int:
        """Findings, of whatever state."""
        return sum(self._states.values())

    @property
    def without_state(self) -> int:
        """Findings whose state is neither satisfied nor not-satisfied."""
        return self.total - self._states[_SATISFIED] - self._states[_NOT_SATISFIED]

    @property
    def uncovered(self) -> list[str]:
        """What was to be reviewed and no finding speaks of: controls, and statements where they are named."""
        lacking = {statement for statement, control in self._statements.items() if not self._covers(statement, control)}
        return sorted((self._controls - self._targets) | lacking)

    @property
    def planned(self) -> int:
        """Controls and statements to be reviewed where they are named, else findings."""
        return self._named or self.total

    @property
    def done(self) -> int:
        """Of `planned`, those that have a finding with a state."""
        return self._named - len(self.uncovered) if self._named else self.total - self.without_state

    @property
    def _named(self) -> int:
        return len(self._controls) + len(self._statements)

    def reasons(self) -> list[str]:
        """Return why the assessment is not complete."""
        reasons = []
        if not self.total:
            reasons.append("it holds no finding")
        if self.without_state:
            reasons.append(f"{self.without_state} of {self.total} findings are neither satisfied nor not-satisfied")
        if self.uncovered:
            named = shown(", ".join(self.uncovered[:5]))
            reasons.append(f"{len(self.uncovered)} of {self._named} reviewed controls have no finding: {named}")
        if self._all_included:
            reasons.append("all controls were to be reviewed (include-all), and which they are it does not say")
        elif not self._named:
            reasons.append("it names no control that was to be reviewed")
        return reasons

    def put(self, sheet: FactSheet) -> None:
        """Put the facts `findings` and `controls`."""
        sheet.put(
            "findings",
            {
                "total": self.total,
                "by_state": dict(sorted(self._states.most_common(20))),
                "satisfied": self._states[_SATISFIED],
                "not_satisfied": self._states[_NOT_SATISFIED],
                "unsatisfied_targets": self._unsatisfied[:_SHOWN],
            },
        )
        controls = {"reviewed": self._named, "with_finding": self._named - len(self.uncovered)}
        missing = {"without_finding": self.uncovered[:_SHOWN], "all_included": self._all_included}
        sheet.put("controls", {**controls, **missing})

    def _include(self, entry: Any) -> None:
        control = text_at(entry, "control-id")
        if not control:
            return
        statements = [one for one in list_at(entry, "statement-ids") if isinstance(one, str) and one]
        self._statements |= dict.fromkeys(statements, control)
        if not statements:
            self._controls.add(control)

    def _covers(self, statement: str, control: str) -> bool:
        """True when a finding speaks of a statement, of one that it is part of, or of its whole control."""
        whole = f"{control}_smt"
        parts = statement.split(".", 64)
        above = {".".join(parts[:count]) for count in range(1, len(parts))}
        return not self._found.isdisjoint({statement, control, whole, *(one for one in above if one.startswith(whole))})

    def _add(self, finding: Any) -> None:
        state = text_at(finding, "target", "status", "state")
        target = text_at(finding, "target", "target-id") or ""
        self._states[shown(state or "none", 40)] += 1
        if state in (_SATISFIED, _NOT_SATISFIED):
            self._targets |= {target, _PART.sub("", target)}
            self._found |= {target, _OBJECTIVE.sub("_smt", target)}
        if state == _NOT_SATISFIED:
            self._unsatisfied.append(shown(target))
