"""Writes verdicts back to MLflow: tags of the model version, and an alias of the model.

Source: MLflow 3.17 REST API 2.0: model-versions/set-tag, registered-models/alias. The address and the way to sign in
are those of the hook's registry, which is the operator's own configuration, as when it is asked (`pratique.hooks`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

from pratique.answers.asked import NotAskedError, Reply, body_of, member
from pratique.answers.outcome import AnswerOutcome, Outcome, cancelled, failed, refused
from pratique.canonical import canonical_json, parse_json
from pratique.domain.asking import Verdict
from pratique.domain.subscriptions import MlflowSubscription
from pratique.domain.times import instant_text
from pratique.errors import InvalidInputError
from pratique.hooks import Source

_API = "/api/2.0/mlflow"
_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
_MOST_BYTES = 1024 * 1024
#: What MLflow says of an alias that is not set.
_NO_ALIAS = (b"RESOURCE_DOES_NOT_EXIST", b"INVALID_PARAMETER_VALUE")


class _StopError(Exception):
    """Not everything was written; `outcome` is why."""

    def __init__(self, outcome: AnswerOutcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def version_of(raw: bytes) -> tuple[str, str]:
    """Return the model and the version, as MLflow calls them, that a delivery is about.

    Raises:
        NotAskedError: it is about none.
    """
    data = member(body_of(raw), "data")
    name, version = data.get("name"), data.get("version")
    if not (isinstance(name, str) and name and isinstance(version, str) and version):
        raise NotAskedError("the delivery names no model version")
    return name, version


def is_about_version(raw: bytes) -> bool:
    """True for a delivery that names a model version."""
    try:
        version_of(raw)
    except NotAskedError:
        return False
    return True


async def answer_mlflow(
    subscription: MlflowSubscription, source: Source | None, raw: bytes, reply: Reply, *, at: datetime
) -> AnswerOutcome:
    """Write how the gates stand: `cleared` or `blocked` for each, and the alias while all are cleared.

    The alias goes last when it is set and first when it is taken away: what is cut off in between says too little.

    Args:
        subscription: which alias.
        source: of hooks, with the registry.
        raw: the delivery that named the model version.
        reply: how the gates stand.
        at: now.
    """
    saying = f"{reply.verdict.value}\n{canonical_json(_verdicts(reply)).decode()}"
    if saying == reply.said:
        return cancelled("MLflow knows it already")
    registry = source.settings.registry if source is not None else None
    if source is None or registry is None:
        return failed(f"hook {subscription.hook} names no registry")
    try:
        name, version = version_of(raw)
        async with _connected(registry.url, source.registry_authorization) as client:
            await _write(_Server(client, name, version), subscription.alias, reply, at)
    except NotAskedError as error:
        return refused(str(error))
    except _StopError as stop:
        return stop.outcome
    except httpx.HTTPError as error:
        return failed(f"MLflow does not answer: {type(error).__name__}")
    word = "cleared" if reply.verdict is Verdict.APPROVE else "blocked"
    return AnswerOutcome(outcome=Outcome.DELIVERED, reason=f"wrote {word}", status=200, said=saying)


def _connected(url: str, authorization: str | None) -> httpx.AsyncClient:
    headers = {"Accept": "application/json"}
    if authorization is not None:
        headers["Authorization"] = authorization
    return httpx.AsyncClient(
        base_url=url.rstrip("/"),
        headers=headers,
        timeout=_TIMEOUT,
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
        trust_env=False,
    )


async def _write(server: _Server, alias: str | None, reply: Reply, at: datetime) -> None:
    if alias is not None and reply.verdict is not Verdict.APPROVE:
        await server.take_alias_away(alias)
    for key, value in _tags(reply, at).items():
        await server.set_tag(key, value)
    if alias is not None and reply.verdict is Verdict.APPROVE:
        await server.set_alias(alias)


def _verdicts(reply: Reply) -> dict[str, str]:
    return {one.gate: "cleared" if one.state == "cleared" else "blocked" for one in reply.standings}


def _tags(reply: Reply, at: datetime) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in reply.standings:
        key = f"pratique.gate.{one.gate}"
        found |= {f"{key}.at": instant_text(at), f"{key}.link": one.link, key: _verdicts(reply)[one.gate]}
    return found


class _Server:
    """One model version of an MLflow server."""

    def __init__(self, client: httpx.AsyncClient, name: str, version: str) -> None:
        self._client, self._name, self._version = client, name, version

    async def set_tag(self, key: str, value: str) -> None:
        body = {"name": self._name, "version": self._version, "key": key, "value": value}
        await self._call("POST", "model-versions/set-tag", body)

    async def set_alias(self, alias: str) -> None:
        """Set it where it is not there yet: setting it tells hooks, and telling them what they know would never end."""
        if await self._aliased(alias) != self._version:
            body = {"name": self._name, "alias": alias, "version": self._version}
            await self._call("POST", "registered-models/alias", body)

    async def take_alias_away(self, alias: str) -> None:
        """Take it away where it is on this version; on another one it is none of this verdict's."""
        if await self._aliased(alias) == self._version:
            await self._call("DELETE", "registered-models/alias", {"name": self._name, "alias": alias})

    async def _aliased(self, alias: str) -> str | None:
        found = await self._call("GET", "registered-models/alias", {"name": self._name, "alias": alias}, is_asking=True)
        version = found.get("model_version")
        return str(version.get("version")) if isinstance(version, dict) else None

    async def _call(self, method: str, path: str, values: dict[str, str], *, is_asking: bool = False) -> dict[str, Any]:
        given: dict[str, Any] = {"params": values} if is_asking else {"json": values}
        async with self._client.stream(method, f"{_API}/{path}", **given) as answer:
            content = bytearray()
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise _StopError(failed(f"MLflow answers with more than {_MOST_BYTES} bytes"))
        status = answer.status_code
        if is_asking and status in (400, 404) and any(code in content for code in _NO_ALIAS):
            return {}
        if status != 200:
            is_final = 300 <= status < 500 and status not in (408, 425, 429)
            outcome = Outcome.REFUSED if is_final else Outcome.FAILED
            raise _StopError(
                AnswerOutcome(outcome=outcome, reason=f"MLflow answered {status} to {path}", status=status)
            )
        try:
            value = parse_json(bytes(content) or b"{}", "MLflow's answer")
        except InvalidInputError:
            value = None
        if not isinstance(value, dict):
            raise _StopError(failed("MLflow answered with no JSON object"))
        return value
