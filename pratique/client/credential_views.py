"""Credentials as they come back at the only moment at which they are shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from pratique.client.views import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token at the only moment at which it is shown."""

    id: str
    token: str = field(repr=False)
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, value: Json) -> IssuedToken:
        """Return the token in an answer of the engine."""
        return cls(id=value["id"], token=value["token"], raw=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLink:
    """A link that signs one person in once."""

    url: str = field(repr=False)
    expires_at: str

    @classmethod
    def from_json(cls, value: Json) -> LoginLink:
        """Return the link in an answer of the engine."""
        return cls(url=value["url"], expires_at=value["expires_at"])
