"""Projectors of tokens and sign-ins."""

from __future__ import annotations

from pratique.store.changes import Change, Insert, Update
from pratique.store.projection.values import Projector, Values, text


def _token_issued(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v.get(name) for name in ("id", "label", "kind", "person", "secret_sha256", "expires_at")}
    return (Insert("token", row | {"scopes": text(v["scopes"]), "issued_at": at, "revoked_at": None}),)


def _token_revoked(v: Values, at: str) -> tuple[Change, ...]:
    return (Update("token", v["id"], {"revoked_at": at}),)


def _nothing(v: Values, at: str) -> tuple[Change, ...]:
    return ()


#: By tag.
ACCESS: dict[str, Projector] = {
    "access:token:issued": _token_issued,
    "access:token:revoked": _token_revoked,
    "access:person:signed_in": _nothing,
    "access:login_link:made": _nothing,
}
