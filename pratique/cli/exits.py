"""Exit codes of every command: the public contract that CI jobs branch on."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command tells the shell."""

    CLEARED = 0  #: the gate is cleared, or the command did what it was asked
    ERROR = 1  #: it could not be done; the reason is on stderr
    USAGE = 2  #: the command line is wrong
    BLOCKED = 3  #: evidence is missing, unmet or stale
    AWAITING_DECISION = 4  #: all evidence is there; people must decide
    REJECTED = 5  #: a person refused, or the request was withdrawn
    TIMED_OUT = 6  #: neither cleared nor rejected in time
    OTHER_WEIGHTS = 7  #: cleared, but not for these weights


_OF_OUTCOME = {
    "cleared": ExitCode.CLEARED,
    "blocked": ExitCode.BLOCKED,
    "awaiting_decision": ExitCode.AWAITING_DECISION,
    "rejected": ExitCode.REJECTED,
}

#: Stands under the help of the commands that answer with a gate.
EXITS_HELP = "Exit codes: 0 cleared, 3 blocked, 4 awaiting a decision, 5 rejected, 6 timed out, 1 error, 2 usage."


def exit_code_of(outcome: str) -> ExitCode:
    """Return the exit code of a gate's outcome; one that this version does not know never reads as cleared."""
    return _OF_OUTCOME.get(outcome, ExitCode.ERROR)
