"""Subscriptions: who is told of what happens at gates, and where. Their files, the kinds of events, the states."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator, model_validator

from pratique.domain.hooks import SecretPlace
from pratique.domain.models import Name
from pratique.errors import MoveRefusedError


class Happening(StrEnum):
    """What can be told of a gate; the type of the CloudEvent is `pratique.gate.<this>`."""

    OPENED = "opened"  #: an event opened it
    FINDINGS_CHANGED = "findings_changed"  #: it stays where it is, and what is found is not what it was
    IN_REVIEW = "in_review"  #: everything is met or waived; people must decide
    CLEARED = "cleared"
    RETURNED = "returned"
    REJECTED = "rejected"
    STALE = "stale"  #: it was cleared, and no longer is
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"  #: evidence is owed again
    WAIVER_GRANTED = "waiver_granted"
    WAIVER_REVOKED = "waiver_revoked"
    TEST = "test"  #: somebody tries the subscription out; it is sent whatever the subscription filters

    @property
    def type(self) -> str:
        """The type of the CloudEvent."""
        return f"pratique.gate.{self.value}"


class AnswerState(StrEnum):
    """Where one message to one subscription stands."""

    WAITING = "waiting"  #: on its way, or to be tried again
    DELIVERED = "delivered"  #: the receiver said that it took it
    DEAD = "dead"  #: given up; people have to look at it, and can have it sent again
    CANCELLED = "cancelled"  #: not sent, because it was no longer true


class AnswerMove(StrEnum):
    """What can be done with a message."""

    DELIVER = "deliver"
    FAIL = "fail"  #: not now; it is tried again
    BURY = "bury"
    CANCEL = "cancel"
    REPLAY = "replay"  #: a person has it sent again


#: The whole state machine. A move that is not a key here is refused.
MOVES: Mapping[tuple[AnswerState, AnswerMove], AnswerState] = {
    (AnswerState.WAITING, AnswerMove.DELIVER): AnswerState.DELIVERED,
    (AnswerState.WAITING, AnswerMove.FAIL): AnswerState.WAITING,
    (AnswerState.WAITING, AnswerMove.BURY): AnswerState.DEAD,
    (AnswerState.WAITING, AnswerMove.CANCEL): AnswerState.CANCELLED,
    (AnswerState.DEAD, AnswerMove.REPLAY): AnswerState.WAITING,
    (AnswerState.DELIVERED, AnswerMove.REPLAY): AnswerState.WAITING,
}


def next_answer_state(state: AnswerState, move: AnswerMove) -> AnswerState:
    """Return the state that `move` leads to from `state`.

    Raises:
        MoveRefusedError: the pair is not in `MOVES`.
    """
    try:
        return MOVES[state, move]
    except KeyError:
        raise MoveRefusedError(
            f"a message that is {state.value} does not allow {move.value!r}",
            hint="messages that are dead or delivered can be sent again",
        ) from None


class SubscriptionState(StrEnum):
    """Whether a subscription is sent to."""

    ACTIVE = "active"
    PAUSED = "paused"  #: messages wait, and are sent when it goes on


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Filter(_Data):
    """Of what a subscription hears; what is left out lets everything through."""

    events: tuple[Happening, ...] | None = Field(default=None, min_length=1)
    models: tuple[Name, ...] | None = Field(default=None, min_length=1)
    gates: tuple[Name, ...] | None = Field(default=None, min_length=1)

    def lets_through(self, happening: Happening | None, *, model: str, gate: str) -> bool:
        """True where the subscription hears of this; `happening` None: of anything there."""
        return (
            (self.events is None or happening is None or happening in self.events)
            and (self.models is None or model in self.models)
            and (self.gates is None or gate in self.gates)
        )


Address = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(?:[/?][^\s#]*)?$", max_length=2000)]
#: The root of an API: no query, no slash at its end.
Root = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(?:/[^\s?#]*[^\s?#/])?$", max_length=500)]


class _Subscription(_Data):
    format: Literal["pratique.subscription/1"]
    name: Name
    filter: Filter = Filter()


class WebhookSubscription(_Subscription):
    """Whoever takes signed CloudEvents."""

    kind: Literal["webhook"]
    url: Address
    secrets: tuple[SecretPlace, ...] = Field(min_length=1, max_length=2)  #: the present one first, then the one before

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(set(map(str, self.secrets))) < len(self.secrets):
            raise ValueError("each place of a secret once")
        return self

    @property
    def address(self) -> str:
        """Where it is told."""
        return self.url


class _Hooked(_Subscription):
    hook: Name  #: the source of hooks by which it asks


class _Asker(_Hooked):
    api: Root

    @property
    def address(self) -> str:
        """Where it is told; nothing that a request says leads elsewhere."""
        return self.api


class GithubSubscription(_Asker):
    """Environments of GitHub that ask before they are deployed to; answered as a GitHub App."""

    kind: Literal["github-deployment"]
    api: Root = "https://api.github.com"
    app_id: SecretPlace
    private_key: SecretPlace  #: PEM, as GitHub gives it

    @property
    def secrets(self) -> tuple[SecretPlace, ...]:
        """Every secret that it needs."""
        return (self.app_id, self.private_key)


class GitlabSubscription(_Asker):
    """Merge requests of GitLab with an external status check."""

    kind: Literal["gitlab-status-check"]
    api: Root = "https://gitlab.com/api/v4"
    token: SecretPlace  #: scope `api`, of a project or group

    @property
    def secrets(self) -> tuple[SecretPlace, ...]:
        """Every secret that it needs."""
        return (self.token,)


class MlflowSubscription(_Hooked):
    """A model registry whose versions bear what became of their gates; address and sign-in are those of the hook."""

    kind: Literal["mlflow-verdict"]
    alias: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,99}$")] | None = None  #: of the cleared version

    @property
    def secrets(self) -> tuple[SecretPlace, ...]:
        """None of its own."""
        return ()

    @property
    def address(self) -> str:
        """The registry is the hook's."""
        return f"hook://{self.hook}"

    @field_validator("alias")
    @classmethod
    def _no_number(cls, value: str | None) -> str | None:
        if value is not None and (value == "latest" or re.fullmatch(r"v\d+", value)):
            raise ValueError("an alias that MLflow takes: not `latest`, not v and a number")
        return value


Asker = GithubSubscription | GitlabSubscription | MlflowSubscription
#: One file, `subscriptions/<name>.yaml`.
Subscription = WebhookSubscription | GithubSubscription | GitlabSubscription | MlflowSubscription


class SubscriptionFile(RootModel[Annotated[Subscription, Field(discriminator="kind")]]):
    """A file, read by what its `kind` says."""
