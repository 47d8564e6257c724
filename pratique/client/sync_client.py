"""The synchronous client: what a pipeline script uses, on the standard library alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pratique.client import engine_calls as calls
from pratique.client.call import Progress
from pratique.client.credential_views import IssuedToken, LoginLink
from pratique.client.events import DEFAULT_SOURCE, Event, Recorded, Trigger, new_event_id
from pratique.client.files import Download, file_body, file_sha256, weights_sha256
from pratique.client.gate import Gate
from pratique.client.gate_view import GateView, checked_weights
from pratique.client.sync_attestations import AttestationNamespace
from pratique.client.sync_clocks import ClockNamespace
from pratique.client.sync_collectors import CollectorNamespace
from pratique.client.sync_evidence import EvidenceNamespace
from pratique.client.sync_hooks import HookNamespace
from pratique.client.sync_keeping import KeepingNamespace
from pratique.client.sync_regimes import RegimeNamespace
from pratique.client.sync_risks import RiskNamespace
from pratique.client.sync_scope import ScopeNamespace
from pratique.client.sync_sender import Sender
from pratique.client.sync_snapshots import SnapshotNamespace
from pratique.client.sync_sources import SourceNamespace
from pratique.client.sync_subscriptions import SubscriptionNamespace
from pratique.client.sync_worker import WorkerNamespace
from pratique.client.transport import Transport
from pratique.client.views import Evidence, JournalPage, Json, Registration


class Client(Sender):
    """One engine, asked with one token. Thread-safe; holds no connection between calls."""

    def __init__(self, url: str | None = None, token: str | None = None, *, transport: Transport | None = None) -> None:
        """Make a client.

        Args:
            url: the engine's address; None reads `PRATIQUE_URL`, else 127.0.0.1:8470.
            token: None reads `PRATIQUE_TOKEN`, else the file named by `PRATIQUE_TOKEN_FILE`.
            transport: another way to reach the engine; None is HTTP by the standard library.
        """
        super().__init__(url, token, transport=transport)
        self.worker = WorkerNamespace(self)  #: the worker's side of the engine
        self.scope = ScopeNamespace(self)  #: who owes what: provider, compute, answers
        self.regimes = RegimeNamespace(self)  #: editions of regimes, and adopting them
        self.risks = RiskNamespace(self)  #: risk registers
        self.collectors = CollectorNamespace(self)  #: which formats of evidence are read
        self.snapshots = SnapshotNamespace(self)  #: public pages, captured by the engine
        self.evidence = EvidenceNamespace(self)  #: files of evidence, many at once
        self.hooks = HookNamespace(self)  #: what tools reported by themselves
        self.subscriptions = SubscriptionNamespace(self)  #: who is told outside
        self.keeping = KeepingNamespace(self)  #: until when evidence files are kept; holds, the purge
        self.attestations = AttestationNamespace(self)  #: what people say of evidence that they read
        self.sources = SourceNamespace(self)  #: what evidence is collected from
        self.clocks = ClockNamespace(self)  #: time limits, incidents, requests

    def bind(self, view: GateView) -> Gate:
        """Return `view` as a gate that can ask again."""
        return Gate(**{**vars(view), "client": self})

    def register(self, model: str, version: str, profile: Mapping[str, Any]) -> Registration:
        """Make a model version known, or change its profile; `profile` needs at least `systemic_risk`."""
        return self.send(calls.register(model, version, profile))

    def model(self, model: str, version: str) -> Registration:
        """Return one model version."""
        return self.send(calls.model(model, version))

    def models(self) -> Iterator[Registration]:
        """Yield every model version with its gates, page by page."""
        cursor: str | None = None
        while True:
            items, cursor = self.send(calls.models(cursor))
            yield from items
            if cursor is None:
                return

    def trigger(
        self,
        gate: str,
        *,
        model: str,
        version: str,
        occasion: str = "default",
        event_id: str | None = None,
        data: Mapping[str, Any] | None = None,
        source: str = DEFAULT_SOURCE,
    ) -> Gate:
        """Open a gate, or join its run of this occasion, and return it with every finding.

        Raises:
            GateNotOpenedError: it did not open; says why.
            NotFoundError: the model version is not registered.
        """
        return self.send_trigger(
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

    def send_trigger(self, trigger: Trigger) -> Gate:
        """Send a trigger that was made before; sent again, it counts once."""
        return self.record(trigger.as_event()).gate(trigger.gate)

    def event(
        self,
        type: str,
        model: str,
        version: str,
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
        source: str = DEFAULT_SOURCE,
    ) -> Recorded[Gate]:
        """Report that something happened to a model version; the gates configured for `type` open."""
        return self.record(
            Event(type=type, model=model, version=version, data=data or {}, id=id or new_event_id(), source=source)
        )

    def record(self, event: Event) -> Recorded[Gate]:
        """Send an event that was made before; sent again, it counts once."""
        return self.send(calls.record(event, self.bind))

    def gate(self, model: str, version: str, gate: str, occasion: str | None = None) -> Gate:
        """Return a gate as it is now; without an occasion, its latest run."""
        return self.send(calls.gate(model, version, gate, self.bind, occasion=occasion))

    def require(
        self,
        model: str,
        version: str,
        gate: str,
        *,
        weights: str | os.PathLike[str] | None = None,
        occasion: str | None = None,
    ) -> Gate:
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
        digest = None if weights is None else weights_sha256(weights)
        now = self.gate(model, version, gate, occasion)
        checked_weights(now, digest)
        return now

    def gates(self, model: str, version: str) -> list[Gate]:
        """Return every gate run of a model version."""
        return self.send(calls.gates(model, version, self.bind))

    def gate_sheet(self, gate: str) -> Json:
        """Return what a gate decides, its requirements and sources, who signs, and what a pass does not prove."""
        return self.send(calls.gate_sheet(gate))

    def decide(self, gate: GateView, act: str, reason: str, role: str | None = None) -> Gate:
        """Record a person's act (clear, return, reject, withdraw) on what `gate` shows; needs a person's token.

        Raises:
            ConflictError: the gate has moved on since; look at it again, then decide.
            NotAllowedError: the token is nobody's, or the person does not hold the role.
        """
        return self.send(calls.decide(gate, act, reason, self.bind, role=role))

    def waive(self, gate: GateView, requirement: str, reason: str, expires_at: datetime | str) -> Gate:
        """Take an open finding on yourself until a date; it stays visible."""
        return self.send(calls.waive(gate, requirement, reason, expires_at, self.bind))

    def revoke_waiver(self, gate: GateView, waiver: str, reason: str) -> Gate:
        """End a waiver before its date, on what `gate` shows; a gate that moved on since is a `ConflictError`."""
        return self.send(calls.revoke_waiver(gate, waiver, reason, self.bind))

    def set_dates(
        self, gate: GateView, due_at: datetime | str, reason: str, follow_up_at: datetime | str | None = None
    ) -> Gate:
        """Set by when a gate is to be settled, and when people are asked again."""
        return self.send(calls.set_dates(gate, due_at, reason, self.bind, follow_up_at=follow_up_at))

    def add_evidence(
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
        digest = sha256.lower() if sha256 else file_sha256(path)
        body = file_body(path, progress)
        call = calls.add_evidence(model, version, body, sha256=digest, requirement=requirement, revises=revises)
        return self.send(call)[0]

    def evidence_item(self, evidence: str) -> Evidence:
        """Return one evidence by its id."""
        return self.send(calls.evidence_item(evidence))

    def save_evidence(self, evidence: Evidence, path: str | os.PathLike[str]) -> None:
        """Write the bytes of an evidence to a new file at `path`, and check their digest.

        Raises:
            IntegrityError: what came is not what was submitted; nothing is left at `path`.
        """
        with Download(path, evidence.sha256) as download:
            self.send_once(calls.evidence_content(evidence.id), sink=download.write)

    def journal(
        self, after: int = 0, limit: int | None = None, subject: str | None = None, tag: str | None = None
    ) -> JournalPage:
        """Return journal entries after sequence number `after`."""
        return self.send(calls.journal(after, limit, subject, tag))

    def whoami(self) -> Json:
        """Return token, kind, person and scopes of this client's token."""
        return self.send(calls.whoami())

    def inbox(self) -> list[Json]:
        """Return the notices of the token's person."""
        return self.send(calls.inbox())

    def acknowledge(self, notice: str) -> Json:
        """Say that a notice was read."""
        return self.send(calls.acknowledge(notice))

    def create_token(
        self,
        label: str,
        kind: str,
        person: str | None = None,
        scopes: list[str] | None = None,
        expires_in_days: int | None = None,
    ) -> IssuedToken:
        """Make a token (admin); it is shown this once."""
        return self.send(calls.create_token(label, kind, person=person, scopes=scopes, expires_in_days=expires_in_days))

    def tokens(self) -> list[Json]:
        """Return the tokens without their secrets (admin)."""
        return self.send(calls.tokens())

    def revoke_token(self, token: str) -> Json:
        """End a token (admin)."""
        return self.send(calls.revoke_token(token))

    def login_link(self, person: str) -> LoginLink:
        """Make a link that signs a person in once (admin)."""
        return self.send(calls.login_link(person))
