"""What changed between two evaluations is enough to have the whole list again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_samples import AT, FINDINGS, KEPT, fixed_id

from pratique.canonical import canonical_json, digest_of
from pratique.domain.revisions import Revision, revised, revision_of
from pratique.errors import IntegrityError
from pratique.store.changes import Revise, Update
from pratique.store.projection import project

_FINDINGS = st.lists(
    st.fixed_dictionaries(
        {"requirement": st.sampled_from("abcdef"), "status": st.sampled_from(["met", "unmet"])},
        optional={"reason": st.sampled_from(["", "x", "à"])},
    ),
    max_size=6,
)


def finding(requirement: str, status: str = "met", **more: Any) -> dict[str, Any]:
    return {"requirement": requirement, "status": status, **more}


@given(was=_FINDINGS, now=_FINDINGS)
def test_a_revision_makes_the_new_list_of_the_old_one_and_is_news_when_they_differ(
    was: list[dict[str, Any]], now: list[dict[str, Any]]
) -> None:
    revision = revision_of(was, now)
    assert list(revised(was, revision)) == now
    assert revision.is_news == (was != now)


@given(changed=st.lists(st.booleans(), min_size=2, max_size=8).filter(lambda changed: not all(changed)))
def test_only_what_changed_is_said_in_the_order_of_the_list(changed: list[bool]) -> None:
    names = [f"r{number}" for number in range(len(changed))]
    was = [finding(name) for name in names]
    now = [finding(name, "unmet" if is_other else "met") for name, is_other in zip(names, changed, strict=True)]
    expected = [f for f, is_other in zip(now, changed, strict=True) if is_other]
    assert revision_of(was, now) == Revision(expected, len(names) - len(expected))


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ([], [finding("a")]),
        ([finding("a"), finding("b")], [finding("b"), finding("a")]),
        ([finding("a"), finding("b")], [finding("a")]),
        ([finding("a")], [finding("a"), finding("b")]),
        ([finding("a"), finding("a")], [finding("a"), finding("a", "unmet")]),
        ([{"reason": "nameless"}, {}], [{"reason": "nameless"}, {"reason": "too"}]),
        ([finding("a"), finding("b")], [finding("a", "unmet"), finding("b", "unmet")]),
    ],
)
def test_a_list_of_other_findings_is_said_whole(was: list[dict[str, Any]], now: list[dict[str, Any]]) -> None:
    assert revision_of(was, now) == Revision(now, None)


@pytest.mark.parametrize(
    ("revision", "told"),
    [
        (Revision([finding("c")], 1), "finding 'c' was changed, but is not among"),
        (Revision([finding("b")], 2), "found 1, expected 2"),
    ],
)
def test_a_revision_of_another_list_is_refused(revision: Revision, told: str) -> None:
    with pytest.raises(IntegrityError, match=told):
        revised([finding("a"), finding("b")], revision)


def evaluated(**more: Any) -> dict[str, Any]:
    values = {"id": fixed_id(3), "row_version": 2, "state": "open", "was": "open", "cause": "evidence"}
    return values | {"open_findings": 1, "basis": "ab" * 32, "inputs": "ab" * 32, "findings": FINDINGS} | more


def test_an_entry_of_version_1_holds_the_whole_list() -> None:
    (change,) = project("gate:run:evaluated", evaluated(), AT)
    assert isinstance(change, Update)
    assert json.loads(change.values["findings"]) == FINDINGS


def test_an_entry_with_a_few_findings_revises_the_list_of_the_row() -> None:
    whole = [KEPT, *FINDINGS]
    (change,) = project("gate:run:evaluated", evaluated(kept=1, findings_digest=digest_of(whole)), AT)
    assert isinstance(change, Revise)
    update = change.update(canonical_json([KEPT, finding("cbrn-eval", "not_tested")]).decode())
    assert update.values["findings"] == canonical_json(whole).decode()
    assert update.values["row_version"] == 2


def test_a_list_that_the_entry_was_not_written_on_is_refused_by_its_digest() -> None:
    (change,) = project("gate:run:evaluated", evaluated(kept=1, findings_digest=digest_of([KEPT, *FINDINGS])), AT)
    assert isinstance(change, Revise)
    with pytest.raises(IntegrityError, match=f"findings of row {fixed_id(3)}: found digest"):
        change.update(canonical_json([{**KEPT, "status": "waived"}, finding("cbrn-eval")]).decode())
