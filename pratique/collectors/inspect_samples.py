"""What the samples of an Inspect log say and its header does not: errors, limits hit, edited scores."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pratique.collectors.foreign import at, list_at, mapping_at, text_at

#: A sample that holds neither of these bytes was not edited; it need not be parsed. Inside a message's text
#: the quotes would be escaped, so a match is always a key or a value of the log itself.
_EDIT_MARKS = (b'"provenance"', b'"score_edit"', b'"invalidation"', b"\\u0070rovenance")
_LONGEST_MARK = max(map(len, _EDIT_MARKS))


@dataclass(slots=True)
class SampleTally:
    """Counts over the samples of one log."""

    logged: int = 0  #: samples (x epochs) the log holds
    summarised: int = 0  #: samples counted one by one; fewer than `logged` where summaries are missing
    errors: int = 0  #: ended by an error
    unfinished: int = 0  #: logged, but not completed
    unscored: int = 0  #: completed, but with no score, or one that is NaN
    repeated: int = 0  #: same id and epoch as an earlier one
    limits: Counter[str] = field(default_factory=Counter)  #: stopped by a limit, by its kind
    edited: int = 0  #: samples whose score someone changed after the run
    invalidated: int = 0  #: samples that someone declared invalid
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def add(self, sample: Any) -> None:
        """Count one sample or sample summary; the two differ only in how they write error and limit."""
        self.logged += 1
        self.summarised += 1
        identity = (str(at(sample, "id")), str(at(sample, "epoch")))
        self.repeated += identity in self._seen
        self._seen.add(identity)
        failed = bool(at(sample, "error"))
        self.errors += failed
        self.unfinished += at(sample, "completed") is False
        self.unscored += not failed and not _is_scored(sample)
        kind = text_at(sample, "limit") or text_at(sample, "limit", "type")
        if kind:
            self.limits[kind] += 1

    def add_edits(self, sample: Any) -> None:
        """Count what people changed in one whole sample; its summary and the log's header keep no mark of that."""
        self.edited += _is_edited(sample)
        self.invalidated += bool(at(sample, "invalidation"))

    @property
    def stopped(self) -> int:
        """Samples that a limit stopped."""
        return sum(self.limits.values())


def may_be_edited(pieces: Iterable[bytes]) -> bool:
    """Tell whether the JSON text of a sample, given in pieces, is worth parsing for edits.

    Every piece is taken, so that the member they come from is checked to its end.
    """
    found, before = False, b""
    for piece in pieces:
        seam = before + piece
        found = found or any(mark in seam for mark in _EDIT_MARKS)
        before = seam[-(_LONGEST_MARK - 1) :]
    return found


def _is_edited(sample: Any) -> bool:
    """Tell whether a score has an edit with a provenance, or a `score_edit` event is there."""
    for score in mapping_at(sample, "scores").values():
        if any(at(edit, "provenance") for edit in list_at(score, "history")):
            return True
    return any(at(event, "event") == "score_edit" for event in list_at(sample, "events"))


def _is_scored(sample: Any) -> bool:
    scores = mapping_at(sample, "scores")
    values = [at(score, "value") for score in scores.values()]
    return bool(values) and not any(value is None or _is_nan(value) for value in values)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
