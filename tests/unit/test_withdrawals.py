"""Who may take back what was recorded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pratique.domain.people import People, Person
from pratique.errors import NotAllowedError
from pratique.services.withdrawals import check_may_withdraw

PEOPLE = People(
    format="pratique.people/1",
    people=(
        Person(id="mira", name="Mira", roles=("owner",)),
        Person(id="ada", name="Ada", models={"aurora": ("approver",), "borealis": ()}),
        Person(id="zed", name="Zed"),
    ),
)


@pytest.mark.parametrize(("person", "model"), [("mira", "aurora"), ("mira", None), ("ada", "aurora")])
def test_a_role_for_the_model_is_enough(person: str, model: str | None) -> None:
    parts: Any = SimpleNamespace(people=PEOPLE)
    check_may_withdraw(parts, person, model)


@pytest.mark.parametrize(
    ("person", "model"), [("ada", "borealis"), ("ada", None), ("zed", "aurora"), ("nobody", "aurora")]
)
def test_without_one_nothing_is_withdrawn(person: str, model: str | None) -> None:
    parts: Any = SimpleNamespace(people=PEOPLE)
    with pytest.raises(NotAllowedError, match=person):
        check_may_withdraw(parts, person, model)
