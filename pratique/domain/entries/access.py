"""Facts about tokens and sign-ins."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Fact):
    """An API token was issued; the secret itself is nowhere."""

    tag = "access:token:issued"
    filed_under = ("token", "id")
    id: str
    label: str
    kind: str
    scopes: list[str]
    secret_sha256: str
    person: str | None = None
    expires_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Fact):
    """An API token was revoked."""

    tag = "access:token:revoked"
    filed_under = ("token", "id")
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Fact):
    """A person used a one-time login link."""

    tag = "access:person:signed_in"
    filed_under = ("person", "person")
    person: str
    session: str | None = None  #: id of the session that began
    link: str | None = None  #: id of the login link that was used up


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLinkMade(Fact):
    """Somebody made a one-time login link for a person; the link's token is nowhere."""

    tag = "access:login_link:made"
    filed_under = ("person", "person")
    person: str
    expires_at: str
    id: str | None = None  #: of the link, as the sign-in names it
