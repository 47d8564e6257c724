"""People and teams: who holds a role, who is told, and what a file of people may not say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from pratique.domain.attention import Attention
from pratique.domain.people import People, people_flaws


def people(*persons: dict[str, Any], teams: tuple[dict[str, Any], ...] = ()) -> People:
    named = [{"name": p["id"].title(), **p} for p in persons]
    return People.model_validate({"format": "pratique.people/1", "people": named, "teams": list(teams)})


def flaws(*persons: dict[str, Any], teams: tuple[dict[str, Any], ...] = ()) -> list[str]:
    return [f"{key}: {found}" for key, found, _ in people_flaws(people(*persons, teams=teams))]


def test_a_team_is_told_of_its_work_and_holds_no_role() -> None:
    team = {"id": "evals", "name": "Evaluations", "members": ["ann", "bo"], "models": {"aurora": ["eval_lead"]}}
    all_of_them = people({"id": "ann"}, {"id": "bo", "roles": ["eval_lead"]}, {"id": "cy"}, teams=(team,))
    assert [p.id for p in all_of_them.holding("eval_lead", "aurora")] == ["bo"]
    assert [p.id for p in all_of_them.owing("eval_lead", "aurora")] == ["bo", "ann"]
    assert [p.id for p in all_of_them.owing("eval_lead", "borealis")] == ["bo"]
    assert all_of_them.team("evals") is not None
    assert all_of_them.team("ann") is None


@pytest.mark.parametrize(
    ("persons", "teams", "expected"),
    [
        (({"id": "ann"}, {"id": "ann"}), (), ["people[ann]: the id 2 times"]),
        (({"id": "ann"},), ({"id": "ann", "name": "A", "members": ["ann"]},), ["people[ann]: the id 2 times"]),
        (({"id": "ann", "manager": "zoe"},), (), ["people[ann].manager: 'zoe'"]),
        (({"id": "ann", "manager": "ann"},), (), ["people[ann].manager: 'ann'"]),
        (({"id": "ann", "deputy": "ann"},), (), ["people[ann].deputy: 'ann'"]),
        (({"id": "ann"},), ({"id": "t", "name": "T", "members": ["zoe"]},), ["teams[t].members: 'zoe'"]),
        (
            ({"id": "bo", "manager": "cy"}, {"id": "cy", "manager": "bo"}, {"id": "ann", "manager": "bo"}),
            (),
            ["people[bo].manager: bo > cy > bo"],
        ),
        (({"id": "ann", "manager": "bo", "deputy": "bo"}, {"id": "bo"}), (), []),
    ],
)
def test_what_a_file_of_people_may_not_say(persons: Any, teams: Any, expected: list[str]) -> None:
    assert flaws(*persons, teams=teams) == expected


def test_quiet_and_working_hours_go_by_the_zone_of_the_person() -> None:
    attention = Attention(zone="Asia/Tokyo", quiet_hours="20:00-07:00")
    assert attention.is_working(datetime(2026, 11, 24, 0, 0, tzinfo=UTC))  # Tuesday, 09:00 in Tokyo
    assert not attention.is_working(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))  # 17:00: the end does not count
    assert not attention.is_working(datetime(2026, 11, 28, 2, 0, tzinfo=UTC))  # Saturday
    assert attention.is_quiet(datetime(2026, 11, 24, 11, 0, tzinfo=UTC))  # 20:00
    assert attention.is_quiet(datetime(2026, 11, 24, 21, 59, tzinfo=UTC))  # 06:59 on the next day
    assert not attention.is_quiet(datetime(2026, 11, 24, 22, 0, tzinfo=UTC))
    assert not Attention().is_quiet(datetime(2026, 11, 24, 2, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Mars/Base"},
        {"zone": "../etc/passwd"},
        {"working_hours": "9-17"},
        {"quiet_hours": "20:00-20:00"},
        {"quiet_hours": "24:00-07:00"},
        {"working_days": []},
        {"language": "German"},
    ],
)
def test_what_is_no_time_of_a_person(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Attention.model_validate(wrong)
