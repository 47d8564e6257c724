"""The calls of pipelines and people. Each function only says what goes over the wire; the clients send it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from pratique.client.call import Call, FileBody, Reply, path_of
from pratique.client.credential_views import IssuedToken, LoginLink
from pratique.client.events import Event, Recorded, recorded_from_json
from pratique.client.gate_view import GateView
from pratique.client.views import Evidence, JournalPage, Json, Registration
from pratique.errors import InvalidInputError

G = TypeVar("G", bound=GateView)
Bind = Callable[[GateView], G]


def whoami() -> Call[Json]:
    """Ask which token this is, of what kind, for whom and with which scopes."""
    return Call(method="GET", path=path_of("whoami"), read=_json)


def register(model: str, version: str, profile: Mapping[str, Any]) -> Call[Registration]:
    """Make or change a model version."""
    return Call(
        method="PUT",
        path=_version_path(model, version),
        body=profile,
        read=lambda reply: Registration.from_json(reply.json()),
    )


def model(model: str, version: str) -> Call[Registration]:
    """Ask for one model version."""
    return Call(
        method="GET",
        path=_version_path(model, version),
        read=lambda reply: Registration.from_json(reply.json()),
    )


def models(cursor: str | None) -> Call[tuple[list[Registration], str | None]]:
    """Ask for a page of model versions, and the cursor of the next."""

    def read(reply: Reply) -> tuple[list[Registration], str | None]:
        value = reply.json()
        return [Registration.from_json(item) for item in value["items"]], value.get("next")

    return Call(method="GET", path=path_of("models"), query={"cursor": cursor}, read=read)


def record(event: Event, bind: Bind[G]) -> Call[Recorded[G]]:
    """Report an event. Its id makes sending it again harmless."""

    def read(reply: Reply) -> Recorded[G]:
        is_duplicate = reply.headers.get("pratique-duplicate", "").lower() == "true"
        return recorded_from_json(reply.json(), bind, is_duplicate=is_duplicate)

    return Call(
        method="POST",
        path=path_of("events"),
        body=event.as_cloudevent(),
        content_type="application/cloudevents+json",
        read=read,
    )


def gates(model: str, version: str, bind: Bind[G]) -> Call[list[G]]:
    """Ask for every gate run of a model version."""
    return Call(
        method="GET",
        path=f"{_version_path(model, version)}/gates",
        read=lambda reply: [bind(GateView.from_json(item)) for item in reply.json()["items"]],
    )


def gate_sheet(gate: str) -> Call[Json]:
    """Ask for the data sheet of a gate."""
    return Call(method="GET", path=path_of("gates", gate), read=_json)


def gate(
    model: str,
    version: str,
    gate: str,
    bind: Bind[G],
    *,
    occasion: str | None = None,
    hold_seconds: float = 0.0,
    row_version: int | None = None,
) -> Call[G]:
    """Ask for one gate; with `hold_seconds` and `row_version` the answer waits until the gate has moved on."""
    is_held = hold_seconds > 0 and row_version is not None
    return Call(
        method="GET",
        path=_gate_path(model, version, gate),
        query={
            "occasion": occasion,
            "wait": f"{hold_seconds:.3f}".rstrip("0").rstrip(".") if is_held else None,
            "row_version": row_version if is_held else None,
        },
        hold_seconds=hold_seconds,
        read=_gate_reader(bind),
    )


def decide(gate: GateView, act: str, reason: str, bind: Bind[G], *, role: str | None) -> Call[G]:
    """Record a person's act on what `gate` shows. However often it is sent, its key makes it one act."""
    return _act(gate, "decisions", bind, act=act, reason=reason, basis=_seen(gate), role=role)


def waive(gate: GateView, requirement: str, reason: str, expires_at: datetime | str, bind: Bind[G]) -> Call[G]:
    """Take an open finding on oneself until a date."""
    return _act(gate, "waivers", bind, requirement=requirement, reason=reason, expires_at=_instant(expires_at))


def revoke_waiver(gate: GateView, waiver: str, reason: str, bind: Bind[G]) -> Call[G]:
    """End a waiver before its date, on what `gate` shows."""
    noun = path_of("waivers", waiver, "revoke").removeprefix("/v1/")
    return _act(gate, noun, bind, reason=reason, basis=_seen(gate))


def set_dates(
    gate: GateView, due_at: datetime | str, reason: str, bind: Bind[G], *, follow_up_at: datetime | str | None
) -> Call[G]:
    """Set by when the gate is to be settled, and when people are asked again."""
    follow_up = None if follow_up_at is None else _instant(follow_up_at)
    return _act(gate, "dates", bind, due_at=_instant(due_at), follow_up_at=follow_up, reason=reason)


def add_evidence(
    model: str, version: str, body: FileBody, *, sha256: str, requirement: str | None, revises: str | None = None
) -> Call[tuple[Evidence, list[GateView]]]:
    """Send a file. The digest travels with it; a file that arrives otherwise is refused and not kept."""
    return Call(
        method="POST",
        path=f"{_version_path(model, version)}/evidence",
        query={"filename": body.path.name, "sha256": sha256, "requirement": requirement, "revises": revises},
        body=body,
        read=evidence_reader,
    )


def evidence_reader(reply: Reply) -> tuple[Evidence, list[GateView]]:
    """Return the evidence and the gates that an answer to a file holds."""
    value = reply.json()
    return Evidence.from_json(value["evidence"]), [GateView.from_json(item) for item in value.get("gates") or ()]


def evidence(model: str, version: str, cursor: str | None) -> Call[tuple[list[Evidence], str | None]]:
    """Ask for a page of the evidence of a model version, and the cursor of the next."""

    def read(reply: Reply) -> tuple[list[Evidence], str | None]:
        value = reply.json()
        return [Evidence.from_json(item) for item in value["items"]], value.get("next")

    path = f"{_version_path(model, version)}/evidence"
    return Call(method="GET", path=path, query={"cursor": cursor}, read=read)


def evidence_item(evidence: str) -> Call[Evidence]:
    """Ask for one evidence."""
    return Call(method="GET", path=path_of("evidence", evidence), read=lambda reply: Evidence.from_json(reply.json()))


def evidence_content(evidence: str) -> Call[None]:
    """Ask for the bytes of one evidence."""
    return Call(method="GET", path=path_of("evidence", evidence, "content"), read=lambda reply: None)


def journal(after: int, limit: int | None, subject: str | None, tag: str | None) -> Call[JournalPage]:
    """Ask for journal entries after a sequence number."""
    return Call(
        method="GET",
        path=path_of("journal"),
        query={"after": after, "limit": limit, "subject": subject, "tag": tag},
        read=lambda reply: JournalPage.from_json(reply.json()),
    )


def inbox() -> Call[list[Json]]:
    """Ask for the notices of the token's person."""
    return Call(method="GET", path=path_of("inbox"), read=_items)


def acknowledge(notice: str) -> Call[Json]:
    """Say that a notice was read."""
    return Call(method="POST", path=path_of("notices", notice, "acknowledge"), read=_json)


def create_token(
    label: str, kind: str, *, person: str | None, scopes: list[str] | None, expires_in_days: int | None
) -> Call[IssuedToken]:
    """Make a token, one for its key: where the answer was lost, `SecretShownError` names the token that was made."""
    members = {"label": label, "kind": kind, "person": person, "scopes": scopes, "expires_in_days": expires_in_days}
    return Call(
        method="POST",
        path=path_of("tokens"),
        body=_present(members),
        key=_new_key(),
        read=lambda reply: IssuedToken.from_json(reply.json()),
    )


def tokens() -> Call[list[Json]]:
    """Ask for the tokens, without their secrets."""
    return Call(method="GET", path=path_of("tokens"), read=_items)


def revoke_token(token: str) -> Call[Json]:
    """End a token."""
    return Call(method="POST", path=path_of("tokens", token, "revoke"), read=_json)


def login_link(person: str) -> Call[LoginLink]:
    """Make a link that signs a person in once."""
    return Call(
        method="POST",
        path=path_of("login-links"),
        body={"person": person},
        key=_new_key(),
        read=lambda reply: LoginLink.from_json(reply.json()),
    )


def _new_key() -> str:
    return secrets.token_hex(16)


def _seen(gate: GateView) -> str:
    if not gate.basis:
        raise InvalidInputError(f"{gate.headline}: it shows no basis to act on; ask for it again")
    return gate.basis


def _act(gate: GateView, noun: str, bind: Bind[G], **members: object) -> Call[G]:
    return Call(
        method="POST",
        path=f"{_gate_path(gate.model, gate.version, gate.gate)}/{noun}",
        body=_present({**members, "occasion": gate.occasion}),
        key=_new_key(),
        read=_gate_reader(bind),
    )


def _gate_reader(bind: Bind[G]) -> Callable[[Reply], G]:
    return lambda reply: bind(GateView.from_json(reply.json()))


def _version_path(model: str, version: str) -> str:
    return path_of("models", model, "versions", version)


def _gate_path(model: str, version: str, gate: str) -> str:
    return path_of("models", model, "versions", version, "gates", gate)


def _present(members: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in members.items() if value is not None}


def _instant(at: datetime | str) -> str:
    if isinstance(at, str):
        return at
    if at.tzinfo is None:
        raise InvalidInputError(f"time {at.isoformat()} has no time zone; expected an aware time")
    return at.astimezone(UTC).isoformat()


def _json(reply: Reply) -> Json:
    value = reply.json()
    return value if isinstance(value, dict) else {}


def _items(reply: Reply) -> list[Json]:
    return [dict(item) for item in reply.json()["items"]]
