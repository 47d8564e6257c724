import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.domain.gates import FINAL_STATES, MOVES, WAITING_STATES, GateState, Move, next_state
from pratique.errors import MoveRefusedError


@pytest.mark.parametrize(("state", "move"), list(itertools.product(GateState, Move)))
def test_every_move_is_in_the_table_or_refused(state, move):
    if (state, move) in MOVES:
        assert next_state(state, move) is MOVES[state, move]
    else:
        with pytest.raises(MoveRefusedError) as refused:
            next_state(state, move)
        assert state.value in refused.value.message
        assert refused.value.hint


def test_only_a_review_leads_to_cleared():
    assert [pair for pair, to in MOVES.items() if to is GateState.CLEARED] == [(GateState.IN_REVIEW, Move.CLEAR)]


def test_only_complete_work_leads_to_review():
    assert [pair for pair, to in MOVES.items() if to is GateState.IN_REVIEW] == [(GateState.OPEN, Move.COMPLETE)]


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_a_final_state_has_no_way_out(state):
    assert not [move for at, move in MOVES if at is state]


@pytest.mark.parametrize("state", [s for s in GateState if s not in FINAL_STATES])
def test_every_other_state_can_be_taken_back(state):
    assert MOVES[state, Move.WITHDRAW] is GateState.WITHDRAWN


def test_each_state_waits_is_final_or_is_cleared():
    assert WAITING_STATES | FINAL_STATES | {GateState.CLEARED} == set(GateState)
    assert not WAITING_STATES & FINAL_STATES


@given(st.lists(st.sampled_from(Move)))
def test_no_history_reaches_cleared_without_complete_and_then_clear(moves):
    state, done = GateState.OPEN, []
    for move in moves:
        try:
            state = next_state(state, move)
        except MoveRefusedError:
            continue
        done.append(move)
    if state is GateState.CLEARED:
        assert done[-2:] == [Move.COMPLETE, Move.CLEAR]
