"""People and roles: who may be asked, told and held to a signature."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PersonId = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$")]


class Person(BaseModel):
    """One person as people.yaml names them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: PersonId
    name: str = Field(min_length=1, max_length=200)
    email: str | None = Field(default=None, max_length=320)
    roles: tuple[str, ...] = ()  #: held for every model
    models: dict[str, tuple[str, ...]] = Field(default_factory=dict)  #: model -> roles held for that model only
    channels: tuple[str, ...] = ("mail",)  #: names of channels in settings; the in-app inbox is always told

    def holds(self, role: str, model: str | None) -> bool:
        """True when the person holds `role` for `model` (for every model when None)."""
        return role in self.roles or (model is not None and role in self.models.get(model, ()))


class People(BaseModel):
    """The whole of people.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = Field(pattern=r"^pratique\.people/1$")
    people: tuple[Person, ...] = ()

    def find(self, person_id: str) -> Person | None:
        """Return the person of that id, or None."""
        return next((p for p in self.people if p.id == person_id), None)

    def holding(self, role: str, model: str | None) -> tuple[Person, ...]:
        """Return everyone who holds `role` for `model`, in file order."""
        return tuple(p for p in self.people if p.holds(role, model))
