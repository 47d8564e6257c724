"""Request bodies about occurrences, incidents and requests."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from pratique.web.api.bodies import Instant, Short, Text

About = Annotated[str, Field(min_length=1, max_length=64)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OccurrenceBody(_Body):
    """Something that happened, or is planned."""

    kind: Short
    at: Instant | None = None  #: None: now
    why: Text
    about: About | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class WithdrawalBody(_Body):
    """Why an occurrence is taken back."""

    reason: Text
