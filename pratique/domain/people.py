"""People, teams and roles: who may be asked, told and held to a signature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pratique.domain.attention import Attention

PersonId = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$")]


class Person(BaseModel):
    """One person as people.yaml names them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: PersonId
    name: str = Field(min_length=1, max_length=200)
    email: str | None = Field(default=None, max_length=320)
    roles: tuple[str, ...] = ()  #: held for every model
    models: dict[str, tuple[str, ...]] = Field(default_factory=dict)  #: model -> roles held for that model only
    channels: tuple[str, ...] = (
        "mail",
    )  #: names of channels in settings, the preferred first; the inbox is always told
    manager: PersonId | None = None  #: the first who is told when this person does not answer
    deputy: PersonId | None = None  #: acts for this person during an absence that names nobody else
    attention: Attention = Attention()

    def holds(self, role: str, model: str | None) -> bool:
        """True when the person holds `role` for `model` (for every model when None)."""
        return role in self.roles or (model is not None and role in self.models.get(model, ()))


class Team(BaseModel):
    """Several people to whom work is given together. A team is told and owes; only a person signs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: PersonId  #: no person's id
    name: str = Field(min_length=1, max_length=200)
    members: tuple[PersonId, ...] = Field(min_length=1)
    roles: tuple[str, ...] = ()  #: whose work goes to the team, for every model
    models: dict[str, tuple[str, ...]] = Field(
        default_factory=dict
    )  #: model -> roles whose work goes to the team there

    def owes(self, role: str, model: str | None) -> bool:
        """True when work of `role` for `model` (for every model when None) goes to the team."""
        return role in self.roles or (model is not None and role in self.models.get(model, ()))


class People(BaseModel):
    """The whole of people.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = Field(pattern=r"^pratique\.people/1$")
    people: tuple[Person, ...] = ()
    teams: tuple[Team, ...] = ()

    def find(self, person_id: str) -> Person | None:
        """Return the person of that id, or None."""
        return next((p for p in self.people if p.id == person_id), None)

    def holding(self, role: str, model: str | None) -> tuple[Person, ...]:
        """Return everyone who holds `role` for `model`, in file order."""
        return tuple(p for p in self.people if p.holds(role, model))

    def team(self, team_id: str) -> Team | None:
        """Return the team of that id, or None."""
        return next((t for t in self.teams if t.id == team_id), None)

    def owing(self, role: str, model: str | None) -> tuple[Person, ...]:
        """Return who is told of work of `role` for `model`: its holders, then members of its teams, each once."""
        found = {person.id: person for person in self.holding(role, model)}
        for team in self.teams:
            if team.owes(role, model):
                found |= {p.id: p for p in self.people if p.id in team.members and p.id not in found}
        return tuple(found.values())


def people_flaws(people: People) -> Iterator[tuple[str, str, str]]:
    """Yield (key, found, expected) of each person or team that names what is not there."""
    ids = Counter([*(p.id for p in people.people), *(t.id for t in people.teams)])
    for name, times in ids.items():
        if times > 1:
            yield f"people[{name}]", f"the id {times} times", "each id once, of people and teams"
    known = {p.id for p in people.people}
    for person in people.people:
        for key, named in (("manager", person.manager), ("deputy", person.deputy)):
            if named is not None and (named not in known or named == person.id):
                yield f"people[{person.id}].{key}", repr(named), "the id of another person"
    for team in people.teams:
        for member in team.members:
            if member not in known:
                yield f"teams[{team.id}].members", repr(member), "ids of people"
    yield from _circles(people)


def _circles(people: People) -> Iterator[tuple[str, str, str]]:
    manager = {p.id: p.manager for p in people.people}
    for start in manager:
        seen, at = [start], manager[start]
        while at is not None and at not in seen:
            seen.append(at)
            at = manager.get(at)
        if at == start and len(seen) > 1 and start == min(seen):  # each circle is named once
            yield f"people[{start}].manager", " > ".join([*seen, start]), "managers that end with somebody who has none"
