"""What the journal can say: one past-tense fact a class, each with its tag and the subject it is filed under."""

from __future__ import annotations

from pratique.domain.entries.access import LoginLinkMade, SignedIn, TokenIssued, TokenRevoked
from pratique.domain.entries.attestations import AttestationWithdrawn, EvidenceAttested
from pratique.domain.entries.clocks import (
    CalendarFeedMade,
    CalendarFeedRevoked,
    ClockRevised,
    ClockStarted,
    OccurrenceRecorded,
    OccurrenceWithdrawn,
)
from pratique.domain.entries.decisions import DecisionMade, DecisionsDismissed
from pratique.domain.entries.events import EventReceived
from pratique.domain.entries.evidence import EvidencePurged, EvidenceRead, EvidenceSubmitted, HoldLifted, HoldPlaced
from pratique.domain.entries.fact import Fact, Json
from pratique.domain.entries.flow_runs import FlowRunEnded, FlowRunStarted
from pratique.domain.entries.gates import (
    GateRunDated,
    GateRunEvaluated,
    GateRunMoved,
    GateRunOpened,
    GateRunReminded,
    GateRunRepinned,
    GateSpecAdopted,
)
from pratique.domain.entries.hooks import HookReceived, HookReconciled, HookSettled
from pratique.domain.entries.models import (
    ModelVersionChanged,
    ModelVersionRegistered,
    ProfileDated,
    RiskRegisterRecorded,
)
from pratique.domain.entries.notices import (
    NO_GATE,
    DeliverySettled,
    NoticeAcknowledged,
    NoticesWritten,
    NoticeWritten,
    notice_key,
)
from pratique.domain.entries.profiles import ComputeRecorded, ComputeWithdrawn, ProviderChanged, ProviderRecorded
from pratique.domain.entries.regimes import EditionAdopted
from pratique.domain.entries.sources import SourceCollected
from pratique.domain.entries.subscriptions import AnswerSettled, SubscriptionTurned
from pratique.domain.entries.waivers import WaiverGranted, WaiverRevoked

__all__ = [
    "FACTS",
    "NO_GATE",
    "AnswerSettled",
    "AttestationWithdrawn",
    "CalendarFeedMade",
    "CalendarFeedRevoked",
    "ClockRevised",
    "ClockStarted",
    "ComputeRecorded",
    "ComputeWithdrawn",
    "DecisionMade",
    "DecisionsDismissed",
    "DeliverySettled",
    "EditionAdopted",
    "EventReceived",
    "EvidenceAttested",
    "EvidencePurged",
    "EvidenceRead",
    "EvidenceSubmitted",
    "Fact",
    "FlowRunEnded",
    "FlowRunStarted",
    "GateRunDated",
    "GateRunEvaluated",
    "GateRunMoved",
    "GateRunOpened",
    "GateRunReminded",
    "GateRunRepinned",
    "GateSpecAdopted",
    "HoldLifted",
    "HoldPlaced",
    "HookReceived",
    "HookReconciled",
    "HookSettled",
    "Json",
    "LoginLinkMade",
    "ModelVersionChanged",
    "ModelVersionRegistered",
    "NoticeAcknowledged",
    "NoticeWritten",
    "NoticesWritten",
    "OccurrenceRecorded",
    "OccurrenceWithdrawn",
    "ProfileDated",
    "ProviderChanged",
    "ProviderRecorded",
    "RiskRegisterRecorded",
    "SignedIn",
    "SourceCollected",
    "SubscriptionTurned",
    "TokenIssued",
    "TokenRevoked",
    "WaiverGranted",
    "WaiverRevoked",
    "notice_key",
]

#: Every fact class by its tag.
FACTS: dict[str, type[Fact]] = {cls.tag: cls for cls in sorted(Fact.__subclasses__(), key=lambda cls: cls.tag)}
