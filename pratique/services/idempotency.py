"""Requests that come again under the same `Idempotency-Key`: one effect, and the answer of the first.

The key's row is written in the transaction of the effect, so that neither exists without the other. It is
operational, as sessions are: it says what a caller was answered, proves nothing, and goes after a day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import bindparam, delete, select

import pratique.store.tables  # noqa: F401 - registers the tables
from pratique.domain.times import instant_text
from pratique.errors import KeyReusedError, SecretShownError
from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

Json = Any

#: How long a key is remembered; after that it is a new one.
KEY_HOURS = 24

_key = table_named("idempotency_key")
_BY_ID = Query(select(_key).where(_key.c.id == bindparam("id")))
_DROP = Query(delete(_key).where(_key.c.id == bindparam("given")))
_DROP_EXPIRED = Query(delete(_key).where(_key.c.expires_at <= bindparam("at")))


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A key as its caller gave it, and the request that came with it."""

    id: str  #: digest of caller and key; the key itself is kept nowhere
    request_sha256: str  #: of method, address and body

    @classmethod
    def of(cls, caller: str, key: str, *request: bytes) -> RequestKey:
        """Return the key of a caller for a request, given in parts."""
        return cls(_digest(caller.encode(), key.encode()), _digest(*request))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered."""

    body: Json
    is_repeated: bool


class Once:
    """A command that has its effect once for each key, however often it is sent, or run again after an outage.

    Args:
        key: the key and its request.
        command: the effect; returns the answer.
        shown_once: member of the answer that is a secret and must not be kept.
    """

    def __init__(
        self, key: RequestKey, command: Callable[[Transaction], Json], *, shown_once: str | None = None
    ) -> None:
        self._key = key
        self._command = command
        self._shown_once = shown_once
        self._attempt = str(uuid4())
        self._answer: Json = None

    def __call__(self, tx: Transaction) -> Answer:
        """Run the command, or return what it returned the first time.

        Raises:
            KeyReusedError: the key came with another request before.
            SecretShownError: the first answer held a secret.
        """
        row = tx.one(_BY_ID, id=self._key.id)
        if row is not None and row["expires_at"] > tx.at:
            return self._again(row)
        if row is not None:
            tx.run(_DROP, given=self._key.id)
        self._answer = self._command(tx)
        tx.insert(
            "idempotency_key",
            id=self._key.id,
            request_sha256=self._key.request_sha256,
            attempt=self._attempt,
            answer=json.dumps(self._kept()),
            created_at=tx.at,
            expires_at=instant_text(tx.now + timedelta(hours=KEY_HOURS)),
        )
        return Answer(self._answer, is_repeated=False)

    def _again(self, row: Row) -> Answer:
        if row["attempt"] == self._attempt:
            # Ours: the connection broke while it committed, and the commit stood. Nobody has seen the answer yet.
            return Answer(self._answer, is_repeated=False)
        if row["request_sha256"] != self._key.request_sha256:
            raise KeyReusedError(
                "this Idempotency-Key came with another request before", hint="give each request a key of its own"
            )
        answer = json.loads(row["answer"])
        if self._shown_once is not None:
            raise SecretShownError(
                f"this was answered at {row['created_at']}; the {self._shown_once} was shown then and is kept nowhere",
                hint="if that answer was lost, take back what it made and ask again with another Idempotency-Key",
                answer=answer,
            )
        return Answer(answer, is_repeated=True)

    def _kept(self) -> Json:
        if self._shown_once is None:
            return self._answer
        return {name: value for name, value in self._answer.items() if name != self._shown_once}


def was_answered(reader: Reader, key: RequestKey, at: datetime) -> bool:
    """Tell whether a request of this key was answered, and the answer is still kept."""
    row = reader.one(_BY_ID, id=key.id)
    return row is not None and row["expires_at"] > instant_text(at)


def drop_expired_keys(tx: Transaction) -> None:
    """Forget the keys whose day is over."""
    tx.run(_DROP_EXPIRED, at=tx.at)


def _digest(*parts: bytes) -> str:
    """Return the digest of parts, each after its length, so that no two lists of parts have the same."""
    summed = hashlib.sha256()
    for part in parts:
        summed.update(len(part).to_bytes(8, "big"))
        summed.update(part)
    return summed.hexdigest()
