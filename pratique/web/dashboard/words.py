"""The words and marks that pages use for states: always a word and a sign, never colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pratique.domain.decisions import Act
from pratique.domain.gates import MOVES, GateState, Move


class Sign(NamedTuple):
    """How a state is shown."""

    word: str
    mark: str  #: id of the symbol in `_marks.svg`
    tone: str  #: class that gives the colour
    means: str  #: one sentence, for titles and legends


STATES: Mapping[str, Sign] = {
    "open": Sign("Open", "open", "blue", "Work may be submitted; at least one enforced requirement is open."),
    "in_review": Sign(
        "In review", "review", "amber", "Every enforced requirement is met or waived; people must decide."
    ),
    "cleared": Sign("Cleared", "cleared", "green", "The people the gate asks for have signed."),
    "returned": Sign("Returned", "returned", "amber", "A reviewer asked for changes; new work opens it again."),
    "rejected": Sign("Rejected", "rejected", "red", "A person refused it for this occasion; final."),
    "stale": Sign("Stale", "stale", "violet", "It was cleared, but what it rested on no longer holds."),
    "withdrawn": Sign("Withdrawn", "withdrawn", "grey", "The provider took the request back; final."),
}

FINDINGS: Mapping[str, Sign] = {
    "met": Sign("Met", "met", "green", "The criterion holds on fresh, complete evidence."),
    "unmet": Sign("Unmet", "unmet", "red", "The criterion does not hold."),
    "not_tested": Sign("Not tested", "untested", "amber", "Missing, unread, incomplete or unjudgeable; never a pass."),
    "stale": Sign("Stale", "stale", "violet", "There was evidence, but its time ran out."),
    "not_applicable": Sign("Not applicable", "none", "grey", "The spec says why the duty has no object here."),
    "waived": Sign("Waived", "waived", "amber", "A person took the open finding on themselves until a date."),
}

RUNS: Mapping[str, Sign] = {
    "Cleared": Sign("Cleared", "cleared", "green", "The gates of the stage were cleared when the run ended."),
    "AwaitingDecision": Sign("Awaiting decision", "review", "amber", "The run ended; people must decide."),
    "Blocked": Sign("Blocked", "untested", "blue", "The run ended with open findings."),
    "Completed": Sign("Completed", "met", "green", "The run did what it had to do."),
    "Failed": Sign("Failed", "unmet", "red", "The run ended with an error."),
    "Crashed": Sign("Crashed", "unmet", "red", "The run was cut off."),
    "Running": Sign("Running", "open", "blue", "The run has not reported its end."),
}

CLOCKS: Mapping[str, Sign] = {
    "running": Sign("Running", "open", "blue", "Its last day is still to come."),
    "met": Sign("Met", "met", "green", "What it asks for was recorded in time."),
    "missed": Sign("Missed", "overdue", "red", "Its last day passed before what it asks for was recorded."),
    "void": Sign("Void", "none", "grey", "Nothing is owed; the reason is given."),
}

ACTS: Mapping[str, Sign] = {
    "clear": Sign("Clear", "cleared", "green", "I read what is shown here and let the lifecycle go on."),
    "return": Sign("Return", "returned", "amber", "I ask for changes; new work opens the gate again."),
    "reject": Sign("Reject", "rejected", "red", "I refuse it for this occasion. This is final."),
    "withdraw": Sign("Withdraw", "withdrawn", "grey", "The provider takes the request back. This is final."),
}

READINGS: Mapping[str, str] = {"pending": "not read yet", "read": "read", "unreadable": "could not be read"}

#: Profile members whose names do not read as words.
_PROFILE_LABELS = {"training_flop": "Training compute", "weights_sha256": "Weights SHA-256"}

_UNKNOWN = Sign("Unknown", "untested", "grey", "A state this page does not know.")


def state_sign(state: str) -> Sign:
    """Return how a gate state is shown."""
    return STATES.get(state) or _UNKNOWN._replace(word=state)


def finding_sign(status: str) -> Sign:
    """Return how a finding's status is shown."""
    return FINDINGS.get(status) or _UNKNOWN._replace(word=status)


def run_sign(state: str) -> Sign:
    """Return how a flow run's state is shown."""
    return RUNS.get(state) or _UNKNOWN._replace(word=state)


def act_sign(act: str) -> Sign:
    """Return how a decision's act is shown."""
    return ACTS.get(act) or _UNKNOWN._replace(word=act)


def acts_allowed(state: str) -> tuple[str, ...]:
    """Return the acts that the state machine allows a person now, in the order of the form."""
    if state not in GateState.__members__.values():
        return ()
    return tuple(act.value for act in Act if (GateState(state), Move(act.value)) in MOVES)


def spoken(name: str) -> str:
    """Return an id such as `security_lead` or `small_mid_cap` as words."""
    return name.replace("_", " ").replace("-", " ")


def profile_label(member: str) -> str:
    """Return how a profile member is called on a page."""
    return _PROFILE_LABELS.get(member) or spoken(member).removesuffix(" at").capitalize()
