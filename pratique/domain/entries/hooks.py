"""Facts about what tools send to the hooks."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class HookReceived(Fact):
    """A delivery was proved authentic, or found by asking the tool, and is kept as it came.

    `body` is the raw body: text, or base64 where it is no UTF-8 that both databases can hold. Headers are those that
    rules may look at; signatures, secrets and credentials are never among them.
    """

    tag = "hook:delivery:received"
    filed_under = ("hook", "source")
    id: str
    source: str
    kind: str
    delivery: str  #: what the sender knows it by; unique within the source
    found_by: str  #: `hook`, or `reconciling` where it was missed and asked for
    headers: dict[str, str]
    body: str
    is_base64: bool
    sha256: str  #: of the raw body
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSettled(Fact):
    """It is known what a delivery says: `state` is mapped, ignored, dead or replayed.

    `events` lists {rule, source, id, type, model, version, is_duplicate}, one for each rule that applied.
    """

    tag = "hook:delivery:settled"
    filed_under = ("hook", "source")
    id: str
    source: str
    state: str
    was: str
    reason: str
    events: list[dict[str, Json]]
    rules_digest: str  #: of the rules that it was mapped by
    person: str | None = None  #: who had it mapped again
    credential: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookReconciled(Fact):
    """A tool was asked what it holds, and everything up to `mark` is here now."""

    tag = "hook:source:reconciled"
    filed_under = ("hook", "source")
    id: str
    source: str
    mark: int  #: creation time of the newest that was seen, in milliseconds since 1970, as the tool counts it
    seen: int
    found: list[str]  #: ids of the deliveries that were missing
