"""The ledger's tables.

Rows of the `PROJECTED` tables follow from the journal: `pratique verify` rebuilds and compares them, column by
column. Rows that are called operational (work, leases, sessions) prove nothing.

Every instant is 27 characters of UTC text (`pratique.domain.times`), every JSON value is its canonical text,
so that a stored row equals its replayed twin byte for byte in both databases. No foreign key cascades: nothing
is ever deleted from a projected table.
"""

from __future__ import annotations

from sqlmodel import SQLModel

from pratique.store.tables.access import LoginLinkRow, TokenRow, WebSessionRow
from pratique.store.tables.adoptions import AdoptionRow
from pratique.store.tables.answers import AnswerAttemptRow, AnswerRow, AskingRow, AskingRunRow, SubscriptionStateRow
from pratique.store.tables.attestations import AttestationRow
from pratique.store.tables.clocks import CalendarFeedRow, ClockRow, OccurrenceRow
from pratique.store.tables.decisions import DecisionRow
from pratique.store.tables.events import EventRow
from pratique.store.tables.evidence import EvidenceRow
from pratique.store.tables.flow_runs import FlowRunRow
from pratique.store.tables.gates import GateRunRow, GateSpecRow
from pratique.store.tables.holds import HoldRow, PurgeRow
from pratique.store.tables.hooks import HookDeliveryRow, HookMarkRow
from pratique.store.tables.journal import JournalEntryRow, JournalLinkRow, JournalPendingRow
from pratique.store.tables.kept_counts import KeptCountRow
from pratique.store.tables.keys import IdempotencyKeyRow
from pratique.store.tables.models import ModelVersionRow
from pratique.store.tables.notices import DeliveryRow, NoticeRow
from pratique.store.tables.outbox import OutboxRow
from pratique.store.tables.profiles import ComputeRow, ProviderRow
from pratique.store.tables.sources import SourceCollectionRow
from pratique.store.tables.waivers import WaiverRow

__all__ = [
    "PROJECTED",
    "AdoptionRow",
    "AnswerAttemptRow",
    "AnswerRow",
    "AskingRow",
    "AskingRunRow",
    "AttestationRow",
    "CalendarFeedRow",
    "ClockRow",
    "ComputeRow",
    "DecisionRow",
    "DeliveryRow",
    "EventRow",
    "EvidenceRow",
    "FlowRunRow",
    "GateRunRow",
    "GateSpecRow",
    "HoldRow",
    "HookDeliveryRow",
    "HookMarkRow",
    "IdempotencyKeyRow",
    "JournalEntryRow",
    "JournalLinkRow",
    "JournalPendingRow",
    "KeptCountRow",
    "LoginLinkRow",
    "ModelVersionRow",
    "NoticeRow",
    "OccurrenceRow",
    "OutboxRow",
    "ProviderRow",
    "PurgeRow",
    "SourceCollectionRow",
    "SubscriptionStateRow",
    "TokenRow",
    "WaiverRow",
    "WebSessionRow",
]

#: Tables that the journal alone determines.
PROJECTED: tuple[type[SQLModel], ...] = (
    ModelVersionRow,
    EventRow,
    GateSpecRow,
    GateRunRow,
    EvidenceRow,
    HoldRow,
    PurgeRow,
    AttestationRow,
    DecisionRow,
    WaiverRow,
    NoticeRow,
    DeliveryRow,
    FlowRunRow,
    TokenRow,
    ProviderRow,
    ComputeRow,
    OccurrenceRow,
    ClockRow,
    CalendarFeedRow,
    AdoptionRow,
    HookDeliveryRow,
    HookMarkRow,
    SubscriptionStateRow,
    SourceCollectionRow,
)
