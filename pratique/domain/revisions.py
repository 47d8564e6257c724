"""What one evaluation says that the one before it did not, and the whole list that follows from it.

A gate has up to hundreds of findings and one piece of evidence changes a few of them. The journal records those
few; the list as a whole follows from them, and is pinned by its digest (docs/adr/0009).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pratique.errors import IntegrityError

#: Findings as JSON, in the order of the spec.
Findings = Sequence[Mapping[str, Any]]

#: What tells one finding of a gate run from another.
_NAME = "requirement"


class Revision(NamedTuple):
    """What an evaluation has to say of the findings."""

    findings: Findings  #: those that are not as they were; all of them when `kept` is None
    kept: int | None  #: how many stay as they were; None when the list is a new one

    @property
    def is_news(self) -> bool:
        """False when the list is what it was."""
        return self.kept is None or bool(self.findings)


def revision_of(was: Findings, now: Findings) -> Revision:
    """Return what `now` says that `was` did not.

    The spec that a gate run pins fixes which findings there are, and in which order. Where they are others all the
    same (there were none before, or a finding has no name of its own), the new list is given whole.
    """
    if was == now:
        return Revision([], len(now))
    names = [finding.get(_NAME) for finding in now]
    if names != [finding.get(_NAME) for finding in was] or len(set(names)) != len(names):
        return Revision(now, None)
    changed = [after for before, after in zip(was, now, strict=True) if before != after]
    return Revision(changed, len(now) - len(changed)) if len(changed) < len(now) else Revision(now, None)


def revised(was: Findings, revision: Revision) -> Findings:
    """Return the whole list that `revision` makes of `was`.

    Raises:
        IntegrityError: it speaks of findings that are not there, or there are others than it counted.
    """
    if revision.kept is None:
        return revision.findings
    changed = {finding[_NAME]: finding for finding in revision.findings}
    now = [changed.pop(finding.get(_NAME), finding) for finding in was]
    if changed:
        raise IntegrityError(f"finding {next(iter(changed))!r} was changed, but is not among the findings before")
    if len(now) - len(revision.findings) != revision.kept:
        raise IntegrityError(f"findings that stay: found {len(now) - len(revision.findings)}, expected {revision.kept}")
    return now
