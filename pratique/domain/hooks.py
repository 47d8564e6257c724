"""Hooks: what tools report by themselves. Sources, the rules that map what they send, the states of a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pratique.domain.models import Name
from pratique.errors import MoveRefusedError


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    RECEIVED = "received"  #: kept as it came; what it says is not settled yet
    MAPPED = "mapped"  #: it became events
    IGNORED = "ignored"  #: it says nothing that any rule waits for; the reason says why
    DEAD = "dead"  #: it could not be mapped; a person puts right what is wrong and has it mapped again
    REPLAYED = "replayed"  #: it became events when a person had it mapped again


class DeliveryMove(StrEnum):
    """What can be done with a delivery."""

    MAP = "map"  #: rules applied, and their events were recorded
    IGNORE = "ignore"
    BURY = "bury"  #: it could not be mapped
    REPLAY = "replay"  #: a person had it mapped again, and events were recorded


#: The whole state machine. A move that is not a key here is refused.
MOVES: Mapping[tuple[DeliveryState, DeliveryMove], DeliveryState] = {
    (DeliveryState.RECEIVED, DeliveryMove.MAP): DeliveryState.MAPPED,
    (DeliveryState.RECEIVED, DeliveryMove.IGNORE): DeliveryState.IGNORED,
    (DeliveryState.RECEIVED, DeliveryMove.BURY): DeliveryState.DEAD,
    (DeliveryState.DEAD, DeliveryMove.REPLAY): DeliveryState.REPLAYED,
    (DeliveryState.DEAD, DeliveryMove.IGNORE): DeliveryState.IGNORED,
    (DeliveryState.DEAD, DeliveryMove.BURY): DeliveryState.DEAD,
    (DeliveryState.IGNORED, DeliveryMove.REPLAY): DeliveryState.REPLAYED,
    (DeliveryState.IGNORED, DeliveryMove.IGNORE): DeliveryState.IGNORED,
    (DeliveryState.IGNORED, DeliveryMove.BURY): DeliveryState.DEAD,
}
#: What a person can have mapped again. What became events stays what it is.
REPLAYABLE = frozenset(state for state, _ in MOVES) - {DeliveryState.RECEIVED}


def next_delivery_state(state: DeliveryState, move: DeliveryMove) -> DeliveryState:
    """Return the state that `move` leads to from `state`.

    Raises:
        MoveRefusedError: the pair is not in `MOVES`.
    """
    try:
        return MOVES[state, move]
    except KeyError:
        raise MoveRefusedError(
            f"a delivery that is {state.value} cannot be settled again by {move.value!r}",
            hint="deliveries that are dead or ignored can be replayed",
        ) from None


class HookKind(StrEnum):
    """Which tool sends, and so how it proves itself and what names one of its deliveries."""

    MLFLOW = "mlflow"
    GITHUB = "github"
    GITLAB = "gitlab"  #: external status checks
    HUGGINGFACE = "huggingface"
    WANDB = "wandb"
    SAGEMAKER = "sagemaker"
    STANDARD_WEBHOOKS = "standard-webhooks"
    CLOUDEVENTS = "cloudevents"
    CDEVENTS = "cdevents"
    PREFECT = "prefect"
    DAGSTER = "dagster"
    AIRFLOW = "airflow"
    ARGO = "argo"


#: Kinds whose requests bear a time that is signed with them: the replay window applies.
TIMED_KINDS = frozenset({HookKind.MLFLOW, HookKind.STANDARD_WEBHOOKS})
#: Kinds that sign nothing: a shared secret comes in a header that the operator chooses.
PLAIN_KINDS = frozenset(
    {
        HookKind.SAGEMAKER,
        HookKind.CLOUDEVENTS,
        HookKind.CDEVENTS,
        HookKind.PREFECT,
        HookKind.DAGSTER,
        HookKind.AIRFLOW,
        HookKind.ARGO,
    }
)

Expression = Annotated[str, Field(min_length=1, max_length=2000)]
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
#: Headers that no rule sees and nothing keeps: they prove who sends.
SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "x-api-key", "x-webhook-secret", "x-gitlab-token"}
)


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SecretPlace(_Data):
    """Where a secret is: the name of an environment variable, or of a file. Never the secret itself."""

    env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,100}$")] | None = None
    file: Annotated[str, Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("either `env`, the name of a variable, or `file`, a path")
        return self

    def __str__(self) -> str:
        return f"${self.env}" if self.env is not None else str(self.file)


class IgnoreRule(_Data):
    """Deliveries that mean nothing to us, with the reason that is kept beside them."""

    id: RuleId
    when: Expression  #: gives true or false
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class MapRule(_Data):
    """What a delivery becomes where `when` holds. Every other member is an expression that gives text."""

    id: RuleId
    when: Expression  #: gives true or false
    type: Expression
    model: Expression
    version: Expression
    occasion: Expression | None = None
    event_id: Expression | None = None  #: what is unique to what happened; None: the delivery and the rule
    data: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")], Expression] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _own_members(self) -> Self:
        if taken := self.data.keys() & {"model", "version", "occasion"}:
            raise ValueError(f"`{min(taken)}` beside `data`, not in it")
        return self

    def texts(self) -> dict[str, str]:
        """Return the expressions that give text, by member."""
        named = {name: getattr(self, name) for name in ("type", "model", "version", "occasion", "event_id")}
        texts = {name: text for name, text in named.items() if text is not None}
        return texts | {f"data.{name}": text for name, text in self.data.items()}


class Registry(_Data):
    """An MLflow server that is asked for what its webhooks leave out, and for what they lost."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(?:/[^\s?#]*)?$", max_length=500)]
    token: SecretPlace | None = None  #: sent as a bearer token
    username: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    password: SecretPlace | None = None  #: with `username`, as basic authentication
    overlap_minutes: Annotated[int, Field(ge=0, le=10_080)] = 15  #: looked at again at each reconciliation

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and `password` together")
        if self.token is not None and self.username is not None:
            raise ValueError("either `token`, or `username` and `password`")
        return self


class HookSource(_Data):
    """One source of deliveries: `POST /v1/hooks/{source}`."""

    format: Literal["pratique.hook/1"]
    source: Name
    kind: HookKind
    secrets: tuple[SecretPlace, ...] = Field(min_length=1, max_length=4)  #: the present one first, then earlier ones
    header: HeaderName | None = None  #: of kinds that sign nothing: where the secret comes; None: `Authorization`
    access_token: SecretPlace | None = None  #: of W&B: asked for beside the signature
    window_seconds: Annotated[int, Field(ge=10, le=86_400)] = 300  #: how old a signed time may be, and how far ahead
    delivery: Expression | None = None  #: gives what is unique to a delivery; None: as the kind has it
    ignore: tuple[IgnoreRule, ...] = Field(default=(), max_length=50)
    map: tuple[MapRule, ...] = Field(min_length=1, max_length=50)
    registry: Registry | None = None

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        if self.header is not None and self.kind not in PLAIN_KINDS:
            raise ValueError(f"no `header`: kind {self.kind.value} has one of its own")
        if self.access_token is not None and self.kind is not HookKind.WANDB:
            raise ValueError(f"no `access_token`: kind {self.kind.value} has none")
        if self.registry is not None and self.kind is not HookKind.MLFLOW:
            raise ValueError(f"no `registry`: it is for kind mlflow, not {self.kind.value}")
        ids = [rule.id for rule in self.ignore] + [rule.id for rule in self.map]
        if len(set(ids)) < len(ids):
            raise ValueError(f"each rule id once; {next(i for i in ids if ids.count(i) > 1)!r} comes twice")
        return self

    def rules(self) -> dict[str, Any]:
        """Return what decides how a delivery is mapped; its digest stands beside every mapping."""
        return self.model_dump(mode="json", include={"source", "kind", "ignore", "map"})
