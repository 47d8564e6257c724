"""Tokens, sessions and login links."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT


class TokenRow(SQLModel, table=True):
    """An API token; only the digest of its secret is kept."""

    __tablename__ = "token"

    id: str = Field(primary_key=True, sa_type=String(36))
    label: str = Field(sa_type=Text)
    kind: str = Field(sa_type=String(16))
    person: str | None = Field(default=None, sa_type=String(64))
    scopes: str = Field(sa_type=Text)
    secret_sha256: str = Field(sa_type=HEX)
    issued_at: str = Field(sa_type=INSTANT)
    expires_at: str | None = Field(default=None, sa_type=INSTANT)
    revoked_at: str | None = Field(default=None, sa_type=INSTANT)


class WebSessionRow(SQLModel, table=True):
    """Operational: a signed-in browser; only the digest of its cookie is kept."""

    __tablename__ = "web_session"

    token_sha256: str = Field(primary_key=True, sa_type=HEX)
    id: str = Field(sa_type=ID)  #: names the session in the journal
    person: str = Field(sa_type=String(64))
    created_at: str = Field(sa_type=INSTANT)
    last_seen_at: str = Field(sa_type=INSTANT)
    expires_at: str = Field(sa_type=INSTANT)


class LoginLinkRow(SQLModel, table=True):
    """Operational: a one-time login link; only the digest of its token is kept."""

    __tablename__ = "login_link"

    token_sha256: str = Field(primary_key=True, sa_type=HEX)
    id: str = Field(sa_type=ID)  #: names the link in the journal
    person: str = Field(sa_type=String(64))
    created_at: str = Field(sa_type=INSTANT)
    expires_at: str = Field(sa_type=INSTANT)
    used_at: str | None = Field(default=None, sa_type=INSTANT)
