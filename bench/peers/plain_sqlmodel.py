"""What most teams would write: SQLModel rows, a session a request, the journal chained in the same unit of work.

No criteria, no notices, no outbox, no check of roles: less than the engine does, so the comparison favours it.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel, create_engine, select
from sqlmodel import func as sql


class Plain(SQLModel, registry=registry()):
    """A registry of their own: these tables are none of the engine's."""


class PlainEvent(Plain, table=True):
    """An event as received."""

    id: str = Field(primary_key=True)
    source: str
    event_id: str = Field(unique=True)
    type: str
    received_at: datetime
    body: str


class PlainGate(Plain, table=True):
    """A gate of a model version."""

    id: str = Field(primary_key=True)
    model: str = Field(index=True)
    gate: str
    state: str = "open"
    row_version: int = 1
    open_findings: int = 0
    changed_at: datetime


class PlainEvidence(Plain, table=True):
    """A piece of evidence."""

    id: str = Field(primary_key=True)
    gate_id: str = Field(index=True)
    sha256: str
    facts: str
    received_at: datetime


class PlainJournal(Plain, table=True):
    """A chained entry."""

    seq: int | None = Field(default=None, primary_key=True)
    tag: str
    at: datetime
    body: str
    link: str


def open_plain(path: Path) -> Engine:
    """Return an engine on a fresh SQLite file, in WAL with synchronous=FULL."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 30})

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # as SQLAlchemy's own pages advise; else writers collide

    Plain.metadata.create_all(engine)
    return engine


def add_entry(session: Session, tag: str, values: dict[str, Any]) -> None:
    """Append a chained entry."""
    last = session.exec(select(PlainJournal).order_by(PlainJournal.seq.desc()).limit(1)).first()  # type: ignore[union-attr]
    body = json.dumps({"tag": tag, **values}, sort_keys=True)
    link = hashlib.sha256(((last.link if last else "") + body).encode()).hexdigest()
    session.add(PlainJournal(tag=tag, at=_now(), body=body, link=link))
    session.flush()


def receive(engine: Engine, given: dict[str, Any]) -> dict[str, Any]:
    """Record an event, open or join its gate, write three entries; return the gate."""
    data = given.get("data") or {}
    with Session(engine) as session:
        session.add(
            PlainEvent(
                id=_id(),
                source=given["source"],
                event_id=given["id"],
                type=given["type"],
                received_at=_now(),
                body=json.dumps(given),
            )
        )
        key = f"{given['subject']}/{data['gate']}/{data['occasion']}"
        gate = session.get(PlainGate, key)
        if gate is None:
            gate = PlainGate(id=key, model=given["subject"], gate=data["gate"], changed_at=_now())
        gate.row_version += 1
        gate.changed_at = _now()
        session.add(gate)
        for tag in ("event:received", "gate:opened", "gate:evaluated"):
            add_entry(session, tag, {"gate": key, "event": given["id"]})
        session.commit()
        session.refresh(gate)
        return gate.model_dump(mode="json")


def whole_gate(engine: Engine, number: int) -> None:
    """Start a gate, record three pieces of evidence, approve, finish: five units of work."""
    key = f"human-{number}"
    with Session(engine) as session:
        session.add(PlainGate(id=key, model="aurora", gate="human", open_findings=3, changed_at=_now()))
        add_entry(session, "gate:opened", {"gate": key})
        session.commit()
    for file in range(3):
        with Session(engine) as session:
            gate = session.exec(select(PlainGate).where(PlainGate.id == key)).one()
            facts = json.dumps({"score": 0.5, "done": 120, "file": file})
            digest = hashlib.sha256(f"{number}/{file}".encode()).hexdigest()
            session.add(PlainEvidence(id=_id(), gate_id=key, sha256=digest, facts=facts, received_at=_now()))
            gate.open_findings -= 1
            gate.row_version += 1
            session.add(gate)
            add_entry(session, "evidence:submitted", {"gate": key, "sha256": digest})
            session.commit()
    for person, state in (("mira", "in_review"), ("jonas", "cleared")):
        with Session(engine) as session:
            gate = session.exec(select(PlainGate).where(PlainGate.id == key)).one()
            count = session.exec(select(sql.count()).where(PlainEvidence.gate_id == key)).one()
            if count != 3:
                raise AssertionError("three pieces of evidence were recorded")
            gate.state, gate.row_version, gate.changed_at = state, gate.row_version + 1, _now()
            session.add(gate)
            add_entry(session, "gate:decided", {"gate": key, "by": person})
            session.commit()


def _id() -> str:
    return str(uuid.uuid4())


def _now() -> datetime:
    return datetime.now(UTC)
