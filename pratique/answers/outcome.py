"""What came of one attempt to tell somebody outside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from pratique.egress import Answer

#: Answers of a receiver that may be others later: it is busy, away, or broken.
_PASSING = frozenset({408, 425, 429})
_GONE = 410
_SECONDS = re.compile(r"[0-9]{1,6}")


class Outcome(StrEnum):
    """How an attempt ended."""

    DELIVERED = "delivered"
    FAILED = "failed"  #: it may go better later
    REFUSED = "refused"  #: sending the same again cannot help until somebody changes something
    GONE = "gone"  #: the receiver wants nothing more
    CANCELLED = "cancelled"  #: not sent, because it was no longer true


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOutcome:
    """The result of one attempt; a failure is a value, because the engine decides what follows from it."""

    outcome: Outcome
    reason: str  #: fit for a log: no secret, no URL
    status: int | None = None  #: of the HTTP answer
    said: str | None = None  #: to a pipeline that asked, and was taken
    again_after: float | None = None  #: seconds that the receiver asks for before the next attempt


def judged(answer: Answer) -> AnswerOutcome:
    """Return what an HTTP answer means; of its body nothing is read, and nothing is kept."""
    status = answer.status
    if 200 <= status < 300:
        return AnswerOutcome(outcome=Outcome.DELIVERED, reason=f"answered {status}", status=status)
    if status == _GONE:
        return AnswerOutcome(outcome=Outcome.GONE, reason="answered 410: it wants nothing more", status=status)
    if 300 <= status < 400:
        reason = f"answered {status}: redirects are not followed; name the new address in the subscription"
        return AnswerOutcome(outcome=Outcome.REFUSED, reason=reason, status=status)
    if status >= 500 or status in _PASSING:
        after = answer.header("retry-after") or ""
        again = float(after) if _SECONDS.fullmatch(after) else None
        return AnswerOutcome(outcome=Outcome.FAILED, reason=f"answered {status}", status=status, again_after=again)
    return AnswerOutcome(outcome=Outcome.REFUSED, reason=f"answered {status}", status=status)


def failed(reason: str) -> AnswerOutcome:
    """It did not work, and may later."""
    return AnswerOutcome(outcome=Outcome.FAILED, reason=reason)


def cancelled(reason: str) -> AnswerOutcome:
    """There is nothing to be said any more."""
    return AnswerOutcome(outcome=Outcome.CANCELLED, reason=reason)


def refused(reason: str) -> AnswerOutcome:
    """It cannot work until somebody changes something."""
    return AnswerOutcome(outcome=Outcome.REFUSED, reason=reason)
