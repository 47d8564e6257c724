"""What all facts share: a tag, the subject they are filed under, and their members.

Members are JSON values; instants are text (`pratique.domain.times`). A member that is None is left out of the
entry. Retired tags and members stay readable: the projection reads members by name and tolerates absence.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

Json = Any

_MEMBERS: dict[type[Fact], tuple[str, ...]] = {}


def _members(fact: type[Fact]) -> tuple[str, ...]:
    if fact not in _MEMBERS:
        _MEMBERS[fact] = tuple(member.name for member in fields(fact))
    return _MEMBERS[fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Base of all facts."""

    tag: ClassVar[str]  #: `source:subject:action`
    version: ClassVar[int] = 1  #: schema version of the members
    filed_under: ClassVar[tuple[str, str]]  #: prefix of the subject, member that names it

    @property
    def subject(self) -> str:
        """What the entry is about, such as `gate:<gate run id>`."""
        prefix, member = self.filed_under
        return f"{prefix}:{getattr(self, member)}"

    def values(self) -> dict[str, Json]:
        """Return the members that say something."""
        return {name: value for name in _members(type(self)) if (value := getattr(self, name)) is not None}
