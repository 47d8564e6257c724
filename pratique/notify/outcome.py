"""What came of one attempt to tell one person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """The result of one send; a failure is a value, because the engine decides what follows from it."""

    ok: bool  #: the receiver took it; whether a person read it is not known
    permanent: bool = False  #: trying again cannot help until somebody changes a setting
    reason: str = ""  #: why not, in words fit for a log and a dashboard: no secret, no URL

    @classmethod
    def sent(cls) -> SendOutcome:
        """The receiver took the message."""
        return cls(ok=True)

    @classmethod
    def refused(cls, reason: str) -> SendOutcome:
        """It failed in a way that a settings change must cure; do not retry."""
        return cls(ok=False, permanent=True, reason=reason)

    @classmethod
    def failed(cls, reason: str) -> SendOutcome:
        """It failed in a way that may pass; retry later with the same key."""
        return cls(ok=False, reason=reason)
