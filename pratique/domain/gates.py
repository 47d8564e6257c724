"""The state machine of a gate run."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pratique.errors import MoveRefusedError


class GateState(StrEnum):
    """Where one gate run stands."""

    OPEN = "open"  #: work may be submitted; at least one enforced requirement is neither met nor waived
    IN_REVIEW = "in_review"  #: every enforced requirement is met or waived; people must decide
    CLEARED = "cleared"  #: the people the spec demands signed; the lifecycle may go on
    RETURNED = "returned"  #: a reviewer asked for changes; new work opens it again
    REJECTED = "rejected"  #: a person refused it for this occasion; final
    STALE = "stale"  #: was cleared, but evidence or a waiver ran out or was contradicted since
    WITHDRAWN = "withdrawn"  #: the provider took the request back; final


class Move(StrEnum):
    """What can happen to a gate run."""

    COMPLETE = "complete"  #: the last open finding was met or waived
    LAPSE = "lapse"  #: a finding that was met or waived no longer is
    CLEAR = "clear"  #: sign-off is complete (or the spec demands none)
    RETURN = "return"  #: a person asks for changes
    REJECT = "reject"  #: a person refuses
    WITHDRAW = "withdraw"  #: a person takes the request back
    EXPIRE = "expire"  #: what a cleared gate rested on no longer holds
    REOPEN = "reopen"  #: new work arrives on a returned or stale gate


#: The whole state machine. A move that is not a key here is refused.
MOVES: Mapping[tuple[GateState, Move], GateState] = {
    (GateState.OPEN, Move.COMPLETE): GateState.IN_REVIEW,
    (GateState.OPEN, Move.RETURN): GateState.RETURNED,
    (GateState.OPEN, Move.REJECT): GateState.REJECTED,
    (GateState.OPEN, Move.WITHDRAW): GateState.WITHDRAWN,
    (GateState.IN_REVIEW, Move.LAPSE): GateState.OPEN,
    (GateState.IN_REVIEW, Move.CLEAR): GateState.CLEARED,
    (GateState.IN_REVIEW, Move.RETURN): GateState.RETURNED,
    (GateState.IN_REVIEW, Move.REJECT): GateState.REJECTED,
    (GateState.IN_REVIEW, Move.WITHDRAW): GateState.WITHDRAWN,
    (GateState.CLEARED, Move.EXPIRE): GateState.STALE,
    (GateState.CLEARED, Move.WITHDRAW): GateState.WITHDRAWN,
    (GateState.RETURNED, Move.REOPEN): GateState.OPEN,
    (GateState.RETURNED, Move.REJECT): GateState.REJECTED,
    (GateState.RETURNED, Move.WITHDRAW): GateState.WITHDRAWN,
    (GateState.STALE, Move.REOPEN): GateState.OPEN,
    (GateState.STALE, Move.REJECT): GateState.REJECTED,
    (GateState.STALE, Move.WITHDRAW): GateState.WITHDRAWN,
}

#: States in which nobody owes anything any more.
FINAL_STATES = frozenset({GateState.REJECTED, GateState.WITHDRAWN})

#: States in which somebody owes work or a decision, so that dates run.
WAITING_STATES = frozenset({GateState.OPEN, GateState.IN_REVIEW, GateState.RETURNED, GateState.STALE})


def next_state(state: GateState, move: Move) -> GateState:
    """Return the state that `move` leads to from `state`.

    Raises:
        MoveRefusedError: the pair is not in `MOVES`.
    """
    try:
        return MOVES[state, move]
    except KeyError:
        raise MoveRefusedError(
            f"a gate that is {state.value} does not allow {move.value!r}",
            hint=f"allowed now: {', '.join(m.value for s, m in MOVES if s is state) or 'nothing, this state is final'}",
        ) from None
