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


class Findings:
    """The findings of all results together. A state that OSCAL does not know is none."""

    def __init__(self, results: list[Any]) -> None:
        self._states: Counter[str] = Counter()
        self._unsatisfied: list[str] = []
        self._targets: set[str] = set()
        self._controls: set[str] = set()
        self._all_included = False
        for result in results:
            for finding in list_at(result, "findings"):
                self._add(finding)
            for selection in list_at(result, "reviewed-controls", "control-selections"):
                self._all_included |= isinstance(selection, dict) and "include-all" in selection
                included = (text_at(entry, "control-id") for entry in list_at(selection, "include-controls"))
                self._controls |= {control for control in included if control}

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
        """Reviewed controls that no finding speaks of."""
        return sorted(self._controls - self._targets)

    @property
    def planned(self) -> int:
        """Controls to be reviewed where they are named, else findings."""
        return len(self._controls) if self._controls else self.total

    @property
    def done(self) -> int:
        """Of `planned`, those that have a finding with a state."""
        return len(self._controls) - len(self.uncovered) if self._controls else self.total - self.without_state

    def reasons(self) -> list[str]:
        """Return why the assessment is not complete."""
        reasons = []
        if not self.total:
            reasons.append("it holds no finding")
        if self.without_state:
            reasons.append(f"{self.without_state} of {self.total} findings are neither satisfied nor not-satisfied")
        if self.uncovered:
            named = shown(", ".join(self.uncovered[:5]))
            reasons.append(f"{len(self.uncovered)} of {len(self._controls)} reviewed controls have no finding: {named}")
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
        controls = {"reviewed": len(self._controls), "with_finding": len(self._controls) - len(self.uncovered)}
        missing = {"without_finding": self.uncovered[:_SHOWN], "all_included": self._all_included}
        sheet.put("controls", {**controls, **missing})

    def _add(self, finding: Any) -> None:
        state = text_at(finding, "target", "status", "state")
        target = text_at(finding, "target", "target-id") or ""
        self._states[shown(state or "none", 40)] += 1
        if state in (_SATISFIED, _NOT_SATISFIED):
            self._targets |= {target, _PART.sub("", target)}
        if state == _NOT_SATISFIED:
            self._unsatisfied.append(shown(target))
