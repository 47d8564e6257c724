"""How long a file must be kept: what the rules of an edition give for each model version that it is evidence of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pratique.domain.times import instant_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What one rule asks of a file, through one model version."""

    rule: str  #: clock rule
    title: str
    deadline: str  #: time limit of the edition
    model: str
    version: str
    about: str | None = None  #: the incident
    until: datetime | None = None  #: the first instant at which it need not be kept; None: cannot be told
    unknown: str | None = None  #: why not

    def as_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {
            "rule": self.rule,
            "title": self.title,
            "deadline": self.deadline,
            "model": self.model,
            "version": self.version,
            "about": self.about,
            "until": instant_text(self.until) if self.until is not None else None,
            "unknown": self.unknown,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Everything that keeps a file."""

    keepings: Sequence[Keeping]
    holds: Sequence[str] = ()  #: a line each
    rests_on: Sequence[str] = ()  #: what is alive and rests on it, a line each

    @property
    def until(self) -> datetime | None:
        """The latest date that is known: of all the evidence that the file is, the one that asks most counts."""
        return max((one.until for one in self.keepings if one.until is not None), default=None)

    def refusals(self, now: datetime) -> list[str]:
        """Return why the file cannot be given up at `now`, a line each; empty: it can.

        A hold beats everything. A rule whose date cannot be told keeps: nothing is guessed.
        """
        lines = [*self.holds]
        for one in self.keepings:
            of = f"{one.title} ({one.deadline}, {one.model}/{one.version}{f', {one.about}' if one.about else ''})"
            if one.until is None:
                lines.append(f"until when is not known: {of}: {one.unknown}")
            elif now < one.until:
                lines.append(f"to be kept until {instant_text(one.until)}: {of}")
        return [*lines, *self.rests_on]

    def allowed(self) -> list[str]:
        """Return why it may be given up, where nothing refuses it, a line each."""
        over = [
            f"{one.title} ({one.deadline}, {one.model}/{one.version}) was over at {instant_text(one.until)}"
            for one in self.keepings
            if one.until is not None
        ]
        return [
            *(over or ["no rule of the edition asks to keep it"]),
            "no hold is on it",
            "no gate run that is alive, no waiver and no clearance rests on it",
        ]
