"""The provider: who it is, how large, what it signed, who represents it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pratique.domain.models import ProviderSize

_CODES = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
#: ISO 3166-1 codes of the Member States. Source: Treaty on European Union, as of 1 February 2020.
MEMBER_STATES = frozenset(_CODES.split())

_Line = Annotated[str, Field(min_length=1, max_length=400)]
_Word = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=64)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AlternativeMeans(_Part):
    """How a provider meets the duties behind a chapter that it did not sign (Art. 53(4), 55(2))."""

    what: _Line
    where: _Line  #: where it is written down, as sent to the AI Office


class Representative(_Part):
    """The authorised representative in the Union (Art. 54)."""

    name: _Line
    mandated_on: date


class ProviderProfile(_Part):
    """What rules may ask about the provider; `profile.provider` of CEL expressions."""

    name: _Line
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")  #: ISO 3166-1, such as FR
    in_union: bool | None = None  #: established in the Union; None: as `country` says
    size: ProviderSize = ProviderSize.LARGE
    signed_chapters: tuple[_Word, ...] = ()  #: ids of chapters of the edition, such as `safety_security`
    alternative_means: dict[_Word, AlternativeMeans] = Field(default_factory=dict)  #: by chapter
    representative: Representative | None = None
    send_registered_on: date | None = None  #: with EU SEND, through which the AI Office is told
    contacts: dict[_Word, _Line] = Field(default_factory=dict)  #: published, by purpose, such as `downstream`

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        by_country = None if self.country is None else self.country in MEMBER_STATES
        if None not in (by_country, self.in_union) and by_country is not self.in_union:
            place = "a" if by_country else "no"
            raise ValueError(
                f"in_union: found {str(self.in_union).lower()}, but {self.country} is {place} Member State"
            )
        signed = self.signed_chapters
        twice = sorted({chapter for chapter in signed if signed.count(chapter) > 1})
        if twice:
            raise ValueError(f"signed_chapters: found {', '.join(twice)} twice, expected each chapter once")
        return self

    def as_json(self) -> dict[str, Any]:
        """Return the profile as plain JSON values, every field present."""
        return self.model_dump(mode="json")


def provider_values(profile: ProviderProfile | None, *, size: str) -> dict[str, Any]:
    """Return `profile.provider`: the profile with what follows from it, or what is known where none was recorded.

    Args:
        profile: as recorded; None where nobody did.
        size: size class that the model version names, for that case.
    """
    if profile is None:
        values = ProviderProfile(name="-").as_json()
        return {**values, "name": None, "size": size, "is_recorded": False}
    in_union = profile.in_union
    if in_union is None and profile.country is not None:
        in_union = profile.country in MEMBER_STATES
    return {**profile.as_json(), "in_union": in_union, "is_recorded": True}
