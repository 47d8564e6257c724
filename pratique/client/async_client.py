"""The asynchronous client: what flows and tasks use. It needs httpx, which it imports at its first call."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pratique.client import engine_calls as calls
from pratique.client.async_attestations import AsyncAttestationNamespace
from pratique.client.async_clocks import AsyncClockNamespace
from pratique.client.async_collectors import AsyncCollectorNamespace
from pratique.client.async_evidence import AsyncEvidenceNamespace
from pratique.client.async_gate import AsyncGate
from pratique.client.async_hooks import AsyncHookNamespace
from pratique.client.async_keeping import AsyncKeepingNamespace
from pratique.client.async_regimes import AsyncRegimeNamespace
from pratique.client.async_risks import AsyncRiskNamespace
from pratique.client.async_scope import AsyncScopeNamespace
from pratique.client.async_sender import AsyncSender
from pratique.client.async_snapshots import AsyncSnapshotNamespace
from pratique.client.async_sources import AsyncSourceNamespace
from pratique.client.async_subscriptions import AsyncSubscriptionNamespace
from pratique.client.async_worker import AsyncWorkerNamespace
from pratique.client.call import Progress
from pratique.client.credential_views import IssuedToken, LoginLink
from pratique.client.events import DEFAULT_SOURCE, Event, Recorded, Trigger, new_event_id
from pratique.client.files import Download, file_body, file_sha256, weights_sha256
from pratique.client.gate_view import GateView, checked_weights
from pratique.client.views import Evidence, JournalPage, Json, Registration

if TYPE_CHECKING:
    from pratique.client.async_transport import AsyncTransport


class AsyncClient(AsyncSender):
    """One engine, asked with one token, in one event loop; `async with` or `close` ends its connections."""

    def __init__(
        self, url: str | None = None, token: str | None = None, *, transport: AsyncTransport | None = None
    ) -> None:
        """Make a client.

        Args:
            url: the engine's address; None reads `PRATIQUE_URL`, else 127.0.0.1:8470.
            token: None reads `PRATIQUE_TOKEN`, else the file named by `PRATIQUE_TOKEN_FILE`.
            transport: another way to reach the engine; None is HTTP by httpx.
        """
        super().__init__(url, token, transport=transport)
        self.worker = AsyncWorkerNamespace(self)  #: the worker's side of the engine
        self.scope = AsyncScopeNamespace(self)  #: who owes what: provider, compute, answers
        self.regimes = AsyncRegimeNamespace(self)  #: editions of regimes, and adopting them
        self.risks = AsyncRiskNamespace(self)  #: risk registers
        self.collectors = AsyncCollectorNamespace(self)  #: which formats of evidence are read
        self.snapshots = AsyncSnapshotNamespace(self)  #: public pages, captured by the engine
        self.evidence = AsyncEvidenceNamespace(self)  #: files of evidence, many at once
        self.hooks = AsyncHookNamespace(self)  #: what tools reported by themselves
        self.subscriptions = AsyncSubscriptionNamespace(self)  #: who is told outside
        self.keeping = AsyncKeepingNamespace(self)  #: until when evidence files are kept; holds, the purge
        self.attestations = AsyncAttestationNamespace(self)  #: what people say of evidence that they read
        self.sources = AsyncSourceNamespace(self)  #: what evidence is collected from
        self.clocks = AsyncClockNamespace(self)  #: time limits, incidents, requests

    def bind(self, view: GateView) -> AsyncGate:
        """Return `view` as a gate that can ask again."""
        return AsyncGate(**{**vars(view), "client": self})

    async def register(self, model: str, version: str, profile: Mapping[str, Any]) -> Registration:
        """Make a model version known, or change its profile; `profile` needs at least `systemic_risk`."""
        return await self.send(calls.register(model, version, profile))

    async def model(self, model: str, version: str) -> Registration:
        """Return one model version."""
        return await self.send(calls.model(model, version))

    async def models(self) -> AsyncIterator[Registration]:
        """Yield every model version with its gates, page by page."""
        cursor: str | None = None
        while True:
            items, cursor = await self.send(calls.models(cursor))
            for item in items:
                yield item
            if cursor is None:
                return

    async def trigger(
        self,
        gate: str,
        *,
        model: str,
        version: str,
        occasion: str = "default",
        event_id: str | None = None,
        data: Mapping[str, Any] | None = None,
        source: str = DEFAULT_SOURCE,
    ) -> AsyncGate:
        """Open a gate, or join its run of this occasion, and return it with every finding.

        Raises:
            GateNotOpenedError: it did not open; says why.
            NotFoundError: the model version is not registered.
        """
        return await self.send_trigger(
            Trigger(
                gate=gate,
                model=model,
                version=version,
                occasion=occasion,
                data=data or {},
                event_id=event_id or new_event_id(),
                source=source,
            )
        )

    async def send_trigger(self, trigger: Trigger) -> AsyncGate:
        """Send a trigger that was made before; sent again, it counts once."""
        return (await self.record(trigger.as_event())).gate(trigger.gate)

    async def event(
        self,
        type: str,
        model: str,
        version: str,
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
        source: str = DEFAULT_SOURCE,
    ) -> Recorded[AsyncGate]:
        """Report that something happened to a model version; the gates configured for `type` open."""
        return await self.record(
            Event(type=type, model=model, version=version, data=data or {}, id=id or new_event_id(), source=source)
        )

    async def record(self, event: Event) -> Recorded[AsyncGate]:
        """Send an event that was made before; sent again, it counts once."""
        return await self.send(calls.record(event, self.bind))

    async def gate(self, model: str, version: str, gate: str, occasion: str | None = None) -> AsyncGate:
        """Return a gate as it is now; without an occasion, its latest run."""
        return await self.send(calls.gate(model, version, gate, self.bind, occasion=occasion))

    async def require(
        self,
        model: str,
        version: str,
        gate: str,
        *,
        weights: str | os.PathLike[str] | None = None,
        occasion: str | None = None,
    ) -> AsyncGate:
        """Return a gate that is cleared at this moment, for these weights; call it right before you act.

        The file is hashed first and the engine asked last, so that the answer is as fresh as can be. A file that
        somebody changes afterwards is not what was asked about: keep it from them, or act on a copy.

        Args:
            model, version, gate: which one.
            weights: the file that is about to be used, or its SHA-256; None asks for the state alone.
            occasion: None is the latest run.

        Raises:
            GateNotCleared: it is not cleared; says why.
            GateChangedError: cleared for other weights, or the profile names no `weights_sha256`.
            InvalidInputError: the file cannot be read.
            NotFoundError: the gate was never opened.
        """
        digest = None if weights is None else await asyncio.to_thread(weights_sha256, weights)
        now = await self.gate(model, version, gate, occasion)
        checked_weights(now, digest)
        return now

    async def gates(self, model: str, version: str) -> list[AsyncGate]:
        """Return every gate run of a model version."""
        return await self.send(calls.gates(model, version, self.bind))

    async def gate_sheet(self, gate: str) -> Json:
        """Return what a gate decides, its requirements and sources, who signs, and what a pass does not prove."""
        return await self.send(calls.gate_sheet(gate))

    async def decide(self, gate: GateView, act: str, reason: str, role: str | None = None) -> AsyncGate:
        """Record a person's act (clear, return, reject, withdraw) on what `gate` shows; needs a person's token.

        Raises:
            ConflictError: the gate has moved on since; look at it again, then decide.
            NotAllowedError: the token is nobody's, or the person does not hold the role.
        """
        return await self.send(calls.decide(gate, act, reason, self.bind, role=role))

    async def waive(self, gate: GateView, requirement: str, reason: str, expires_at: datetime | str) -> AsyncGate:
        """Take an open finding on yourself until a date; it stays visible."""
        return await self.send(calls.waive(gate, requirement, reason, expires_at, self.bind))

    async def revoke_waiver(self, gate: GateView, waiver: str, reason: str) -> AsyncGate:
        """End a waiver before its date, on what `gate` shows; a gate that moved on since is a `ConflictError`."""
        return await self.send(calls.revoke_waiver(gate, waiver, reason, self.bind))

    async def set_dates(
        self, gate: GateView, due_at: datetime | str, reason: str, follow_up_at: datetime | str | None = None
    ) -> AsyncGate:
        """Set by when a gate is to be settled, and when people are asked again."""
        return await self.send(calls.set_dates(gate, due_at, reason, self.bind, follow_up_at=follow_up_at))

    async def add_evidence(
        self,
        path: str | os.PathLike[str],
        model: str,
        version: str,
        requirement: str | None = None,
        *,
        revises: str | None = None,
        sha256: str | None = None,
        progress: Progress | None = None,
    ) -> Evidence:
        """Send a file, streamed from disk with its own digest, so that a damaged upload is refused.

        Args:
            path: the file.
            model, version: what it is evidence of.
            requirement: which requirement it is meant for; None lets the engine find out.
            revises: evidence of the same version that it replaces.
            sha256: the digest it must have; None takes the digest of the file as it is now.
            progress: called with bytes sent so far and bytes in all.

        Raises:
            InvalidInputError: what arrived has another digest; nothing was kept.
            TooLargeError: larger than the engine's cap; nothing was kept.
        """
        digest = sha256.lower() if sha256 else await asyncio.to_thread(file_sha256, path)
        body = file_body(path, progress)
        call = calls.add_evidence(model, version, body, sha256=digest, requirement=requirement, revises=revises)
        return (await self.send(call))[0]

    async def evidence_item(self, evidence: str) -> Evidence:
        """Return one evidence by its id."""
        return await self.send(calls.evidence_item(evidence))

    async def save_evidence(self, evidence: Evidence, path: str | os.PathLike[str]) -> None:
        """Write the bytes of an evidence to a new file at `path`, and check their digest.

        Raises:
            IntegrityError: what came is not what was submitted; nothing is left at `path`.
        """
        with Download(path, evidence.sha256) as download:
            await self.send_once(calls.evidence_content(evidence.id), sink=download.write)

    async def journal(
        self, after: int = 0, limit: int | None = None, subject: str | None = None, tag: str | None = None
    ) -> JournalPage:
        """Return journal entries after sequence number `after`."""
        return await self.send(calls.journal(after, limit, subject, tag))

    async def whoami(self) -> Json:
        """Return token, kind, person and scopes of this client's token."""
        return await self.send(calls.whoami())

    async def inbox(self) -> list[Json]:
        """Return the notices of the token's person."""
        return await self.send(calls.inbox())

    async def acknowledge(self, notice: str) -> Json:
        """Say that a notice was read."""
        return await self.send(calls.acknowledge(notice))

    async def create_token(
        self,
        label: str,
        kind: str,
        person: str | None = None,
        scopes: list[str] | None = None,
        expires_in_days: int | None = None,
    ) -> IssuedToken:
        """Make a token (admin); it is shown this once."""
        return await self.send(
            calls.create_token(label, kind, person=person, scopes=scopes, expires_in_days=expires_in_days)
        )

    async def tokens(self) -> list[Json]:
        """Return the tokens without their secrets (admin)."""
        return await self.send(calls.tokens())

    async def revoke_token(self, token: str) -> Json:
        """End a token (admin)."""
        return await self.send(calls.revoke_token(token))

    async def login_link(self, person: str) -> LoginLink:
        """Make a link that signs a person in once (admin)."""
        return await self.send(calls.login_link(person))
