"""Events that pipelines report: CloudEvents 1.0 about one model version."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pratique.client.gate_view import GateView
from pratique.client.views import Json
from pratique.errors import ConflictError

G = TypeVar("G", bound=GateView)

#: The event that opens the gate that its data names.
TRIGGERED = "pratique.gate.triggered"

#: `source` of events for which the pipeline names none. (source, id) is what the engine counts once.
DEFAULT_SOURCE = "urn:pratique:sdk"


class Moment(StrEnum):
    """Moments in a model's life whose events open the gates that are configured for them."""

    PRE_TRAINING = "pratique.moment.pre_training"
    THRESHOLD_KNOWN = "pratique.moment.threshold_known"
    TRAINING_TRIGGER = "pratique.moment.training_trigger"
    PRE_PLACEMENT = "pratique.moment.pre_placement"
    PLACEMENT = "pratique.moment.placement"
    DEPLOYMENT_USE = "pratique.moment.deployment_use"
    POST_MARKET = "pratique.moment.post_market"
    PERIODIC = "pratique.moment.periodic"
    ON_INCIDENT = "pratique.moment.on_incident"
    ON_MODEL_CHANGE = "pratique.moment.on_model_change"
    ON_FRAMEWORK_CHANGE = "pratique.moment.on_framework_change"
    ON_REQUEST = "pratique.moment.on_request"
    RETIREMENT = "pratique.moment.retirement"


def new_event_id() -> str:
    """Return an id that no other event has."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a model version; sent again with the same id and source, it counts once."""

    type: str
    model: str
    version: str
    data: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=new_event_id)
    source: str = DEFAULT_SOURCE
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_cloudevent(self) -> dict[str, Any]:
        """Return the event in CloudEvents' structured JSON form."""
        return {
            "specversion": "1.0",
            "type": str(self.type),
            "source": self.source,
            "id": self.id,
            "subject": f"{self.model}/{self.version}",
            "time": self.time.astimezone(UTC).isoformat(),
            "datacontenttype": "application/json",
            "data": dict(self.data),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """The wish to open one gate: a value that can be kept and sent again, and then counts once."""

    gate: str  #: id of the gate, such as pre-placement
    model: str
    version: str
    occasion: str = "default"  #: one gate run per occasion; a second event of the same occasion joins the run
    data: Mapping[str, Any] = field(default_factory=dict)  #: further facts, kept in the journal
    event_id: str = field(default_factory=new_event_id)
    source: str = DEFAULT_SOURCE

    def as_event(self) -> Event:
        """Return the event that asks for the gate."""
        return Event(
            type=TRIGGERED,
            model=self.model,
            version=self.version,
            data={**self.data, "gate": self.gate, "occasion": self.occasion},
            id=self.event_id,
            source=self.source,
        )


class GateNotOpenedError(ConflictError):
    """The event was recorded, but the gate that it asks for did not open."""

    code = "gate-not-opened"
    title = "Gate not opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Generic[G]):
    """What the engine did with an event."""

    event_id: str
    source: str
    gates: tuple[G, ...]  #: gates that it opened or joined
    not_opened: tuple[Mapping[str, str], ...]  #: gate and reason
    is_duplicate: bool = False  #: the same event had come before; nothing was done again
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    def gate(self, gate: str) -> G:
        """Return the gate named `gate` that the event opened or joined.

        Raises:
            GateNotOpenedError: it did not open; says why.
        """
        for view in self.gates:
            if view.gate == gate:
                return view
        reasons = [item.get("reason", "") for item in self.not_opened if item.get("gate") == gate]
        raise GateNotOpenedError(f"gate {gate} did not open: {reasons[0] if reasons else 'the engine gave no reason'}")


def recorded_from_json(value: Json, bind: Callable[[GateView], G], *, is_duplicate: bool) -> Recorded[G]:
    """Return the answer to an event, its gates made usable by `bind`."""
    return Recorded(
        event_id=value["event"]["id"],
        source=value["event"]["source"],
        gates=tuple(bind(GateView.from_json(item)) for item in value["gates"]),
        not_opened=tuple(dict(item) for item in value.get("not_opened") or ()),
        is_duplicate=is_duplicate,
        raw=value,
    )
