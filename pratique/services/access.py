"""Who may do what: API tokens, one-time login links, browser sessions."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from pratique.domain.entries import LoginLinkMade, SignedIn, TokenIssued, TokenRevoked
from pratique.domain.people import Person
from pratique.domain.times import instant_text
from pratique.errors import InvalidInputError, NotAllowedError, NotFoundError, UnauthenticatedError
from pratique.services import lookups
from pratique.services.parts import Parts
from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

#: Scopes that a token of each kind has when none are named, and beyond which it goes by `_BY_NAME` alone.
SCOPES: dict[str, tuple[str, ...]] = {
    "pipeline": ("models:write", "events:write", "evidence:write", "gates:read", "journal:read"),
    "person": (
        "models:write",
        "events:write",
        "evidence:write",
        "gates:read",
        "journal:read",
        "decisions:write",
    ),
    "worker": ("worker", "gates:read"),
    "admin": ("admin", "gates:read", "journal:read", "models:write"),
}
#: What a token of a kind can be given beside those, by name alone. Giving a file up for good takes a person who may.
_BY_NAME: dict[str, tuple[str, ...]] = {"person": ("admin",)}
#: Longest life that a token can be given; who needs more issues a new one.
LONGEST_TOKEN_DAYS = 366
#: Kinds whose tokens get that life when none is named: what such a token can do, nobody should do for ever.
#: Tokens of machines may live on, because nobody sits there to notice the day on which they end.
_ENDING_KINDS = ("person", "admin")
LOGIN_LINK_MINUTES = 10
SESSION_IDLE_MINUTES = 30
SESSION_HOURS = 12
_PREFIX = "prq"

_session, _link = table_named("web_session"), table_named("login_link")
_SESSION = Query(select(_session).where(_session.c.token_sha256 == bindparam("token_sha256")))
_DROP_SESSION = Query(delete(_session).where(_session.c.token_sha256 == bindparam("given")))
_SEEN = Query(
    update(_session).where(_session.c.token_sha256 == bindparam("given")).values(last_seen_at=bindparam("at"))
)
_LINK = Query(select(_link).where(_link.c.token_sha256 == bindparam("token_sha256")).with_for_update())
_USE_LINK = Query(update(_link).where(_link.c.token_sha256 == bindparam("given")).values(used_at=bindparam("at")))


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is behind a request."""

    token: str
    kind: str
    person: str | None
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        """How the journal names them."""
        if self.kind == "person":
            return f"person:{self.person}"
        return f"{'worker' if self.kind == 'worker' else 'token'}:{self.token}"

    @property
    def credential(self) -> str:
        """What the request came by, as journal and rows name it."""
        return f"token:{self.token}"

    @property
    def submitter(self) -> str:
        """The person behind an upload, or the actor where no person is."""
        return self.person or self.actor

    def require(self, scope: str) -> None:
        """Refuse when the scope is missing.

        Raises:
            NotAllowedError: says which scope is missing.
        """
        if scope not in self.scopes:
            raise NotAllowedError(
                f"this {self.kind} token lacks the scope {scope}", hint="ask an admin for a token that has it"
            )


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which a person is signed in."""

    id: str
    person: Person

    @property
    def credential(self) -> str:
        """What its requests come by, as journal and rows name it."""
        return f"session:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A token that an admin wants."""

    label: str
    kind: str
    person: str | None = None
    scopes: tuple[str, ...] | None = None
    expires_in_days: int | None = None


def with_an_end(request: TokenRequest) -> TokenRequest:
    """Return the request with a life time, where tokens of its kind need one and none is named."""
    if request.expires_in_days is None and request.kind in _ENDING_KINDS:
        return replace(request, expires_in_days=LONGEST_TOKEN_DAYS)
    return request


def issue_token(tx: Transaction, parts: Parts, request: TokenRequest) -> dict[str, Any]:
    """Issue a token; its secret is in the answer and nowhere else.

    Raises:
        InvalidInputError: unknown kind, scope, person or life time.
    """
    _check_request(parts, request)
    token_id = _new_id()
    secret = secrets.token_urlsafe(32)
    scopes = request.scopes if request.scopes is not None else SCOPES[request.kind]
    expires_at = None
    if request.expires_in_days is not None:
        expires_at = instant_text(tx.now + timedelta(days=request.expires_in_days))
    tx.record(
        TokenIssued(
            id=token_id,
            label=request.label,
            kind=request.kind,
            person=request.person,
            scopes=sorted(scopes),
            secret_sha256=_sha256(secret),
            expires_at=expires_at,
        )
    )
    row = tx.one(lookups.TOKEN, id=token_id) or {}
    return {**token_view(row), "token": f"{_PREFIX}_{token_id}_{secret}"}


def revoke_token(tx: Transaction, token_id: str) -> None:
    """Revoke a token; it is refused from now on.

    Raises:
        NotFoundError: no such token.
    """
    row = tx.one(lookups.TOKEN, id=token_id)
    if row is None:
        raise NotFoundError(f"token {token_id[:80]} does not exist")
    if row["revoked_at"] is None:
        tx.record(TokenRevoked(id=token_id))


def split_token(presented: str) -> tuple[str, str]:
    """Return (id, secret) of a presented token.

    Raises:
        UnauthenticatedError: not of the form of a token.
    """
    parts = presented.split("_", 2)
    if len(parts) != 3 or parts[0] != _PREFIX or not parts[1].isalnum() or not presented.isascii():
        raise UnauthenticatedError("the bearer token is not a Pratique token", hint="expected prq_<id>_<secret>")
    return parts[1], parts[2]


def principal_of(row: Row | None, secret: str, at: str) -> Principal:
    """Return who a token belongs to.

    Raises:
        UnauthenticatedError: unknown, wrong, expired or revoked.
    """
    stored = row["secret_sha256"] if row is not None else "0" * 64
    if not hmac.compare_digest(stored, _sha256(secret)) or row is None:
        raise UnauthenticatedError("the token is unknown")
    if row["revoked_at"] is not None:
        raise UnauthenticatedError("the token was revoked")
    if row["expires_at"] is not None and row["expires_at"] <= at:
        raise UnauthenticatedError("the token has expired")
    return Principal(row["id"], row["kind"], row["person"], frozenset(json.loads(row["scopes"])))


def token_view(row: Row) -> dict[str, Any]:
    """Return a token as admins see it, without its secret's digest."""
    shown = {k: v for k, v in row.items() if k != "secret_sha256"}
    return shown | {"scopes": json.loads(row["scopes"])}


def make_login_link(tx: Transaction, parts: Parts, person_id: str) -> dict[str, Any]:
    """Make a one-time login link for a person; the journal keeps who made it, and for whom.

    Raises:
        InvalidInputError: nobody of that id.
    """
    if parts.people.find(person_id) is None:
        raise InvalidInputError(f"person: found {person_id[:80]!r}, expected one of people.yaml")
    token = secrets.token_urlsafe(32)
    expires_at = instant_text(tx.now + timedelta(minutes=LOGIN_LINK_MINUTES))
    link_id = _new_id()
    tx.record(LoginLinkMade(person=person_id, expires_at=expires_at, id=link_id))
    tx.insert(
        "login_link",
        token_sha256=_sha256(token),
        id=link_id,
        person=person_id,
        created_at=tx.at,
        expires_at=expires_at,
        used_at=None,
    )
    return {"url": f"{parts.settings.base_url}/login/link?t={token}", "expires_at": expires_at, "person": person_id}


def use_login_link(tx: Transaction, token: str) -> tuple[str, str]:
    """Consume a login link; return the new session's token and the person.

    Raises:
        UnauthenticatedError: unknown, expired or used.
    """
    row = tx.one(_LINK, token_sha256=_sha256(token))
    if row is None or row["used_at"] is not None or row["expires_at"] <= tx.at:
        raise UnauthenticatedError("this login link is unknown, expired or was used", hint="ask for a new one")
    session, session_id = secrets.token_urlsafe(32), _new_id()
    tx.record(SignedIn(person=row["person"], session=session_id, link=row["id"]))
    tx.run(_USE_LINK, given=row["token_sha256"], at=tx.at)
    tx.insert(
        "web_session",
        token_sha256=_sha256(session),
        id=session_id,
        person=row["person"],
        created_at=tx.at,
        last_seen_at=tx.at,
        expires_at=instant_text(tx.now + timedelta(hours=SESSION_HOURS)),
    )
    return session, row["person"]


def live_session(reader: Reader, parts: Parts, session: str, at: str, idle_since: str) -> Session | None:
    """Return a browser session by its token, or None when it is unknown, idle for too long or expired."""
    row = reader.one(_SESSION, token_sha256=_sha256(session))
    if row is None or row["expires_at"] <= at or row["last_seen_at"] < idle_since:
        return None
    person = parts.people.find(row["person"])
    return Session(row["id"], person) if person is not None else None


def touch_session(tx: Transaction, session: str) -> None:
    """Note that a session was used."""
    tx.run(_SEEN, given=_sha256(session), at=tx.at)


def end_session(tx: Transaction, session: str) -> None:
    """Sign a browser out."""
    tx.run(_DROP_SESSION, given=_sha256(session))


def _check_request(parts: Parts, request: TokenRequest) -> None:
    if request.kind not in SCOPES:
        raise InvalidInputError(f"kind: found {request.kind[:40]!r}, expected one of {', '.join(SCOPES)}")
    if request.kind == "person" and request.person is None:
        raise InvalidInputError("person: expected with kind 'person'")
    if request.person is not None and parts.people.find(request.person) is None:
        raise InvalidInputError(f"person: found {request.person[:80]!r}, expected one of people.yaml")
    beyond = set(request.scopes or ()) - {*SCOPES[request.kind], *_BY_NAME.get(request.kind, ())}
    if beyond:
        raise NotAllowedError(f"a {request.kind} token can never have {', '.join(sorted(beyond))}")
    days = request.expires_in_days
    if days is not None and not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise InvalidInputError(f"expires_in_days: found {days}, expected 1 to {LONGEST_TOKEN_DAYS}")
    if not request.label.strip() or len(request.label) > 200 or not request.label.isprintable():
        raise InvalidInputError("label: expected 1 to 200 printable characters")


def _new_id() -> str:
    """Return what tokens, links and sessions are called by; it has nothing to do with their secrets."""
    return secrets.token_hex(6)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
