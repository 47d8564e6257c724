"""Starts flows: creates each run at the Prefect server under a key and runs it in this process.

A process per run costs three to five seconds here; in the worker's own loop a run costs fractions of one.
With a work pool configured, the run is only created, and the pool's workers execute it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import Abort, ObjectNotFound, Pause
from prefect.flow_engine import run_flow_async
from prefect.states import Cancelled, Crashed, Pending
from prefect.utilities.engine import propose_state
from prefect.utilities.urls import url_for

from deployments.registry import POOLED, SCHEDULED, STAGES, register
from pratique.errors import ConfigError, InvalidInputError, PratiqueError, UnavailableError
from pratique.worker.backoff import pause
from tasks.engine import engine

_log = logging.getLogger(__name__)

#: How often runs that a schedule or a person created are looked for. Nobody waits for them.
SCHEDULED_EVERY_SECONDS = 15.0

#: Statuses from here on say that the server has a problem, not that we asked for something wrong.
FIRST_SERVER_ERROR = 500
#: Members of the payload that a stage flow takes, beside its key.
PARAMETERS = ("gate_run", "model", "version", "gate", "stage")


class FlowFailedError(PratiqueError):
    """The flow ran and did not end in a completed state."""

    code = "flow-failed"
    title = "Flow failed"


class PrefectStarter:
    """A `FlowStarter` on Prefect. Runs one flow at a time, whoever asks."""

    def __init__(self, *, work_pool: str | None = None) -> None:
        self._work_pool = work_pool
        self._deployments: dict[str, UUID] = {}
        self._one_at_a_time = asyncio.Lock()

    async def start(self, payload: Mapping[str, Any], key: str) -> None:
        """Run the flow that the payload names, once per key.

        Raises:
            UnavailableError: the Prefect server does not answer.
            FlowFailedError: the flow ran and failed; another key runs it again.
            ConfigError: the flow is not registered for the work pool.
        """
        name = payload["flow"]
        if name not in STAGES:
            raise InvalidInputError(f"no flow is named {name!r}", hint=f"known: {', '.join(STAGES)}")
        async with _prefect(self) as client:
            run = await self._create(client, await self.deployment(client, name), payload, key)
            if run is not None and self._work_pool is None:
                await self._execute(STAGES[name], run)

    def forget(self) -> None:
        """Register again before the next run: the server may have lost its database."""
        self._deployments.clear()

    async def run_scheduled(self, stop: asyncio.Event) -> None:
        """Run what Prefect's schedules (or a person) ask for, until `stop` is set."""
        while self._work_pool is None and not stop.is_set():
            try:
                async with _prefect(self) as client:
                    await self.run_due(client)
            except PratiqueError as error:
                _log.warning("scheduled runs: %s", error)
            except Exception:
                _log.exception("scheduled runs")
            await pause(SCHEDULED_EVERY_SECONDS, stop)

    async def run_due(self, client: PrefectClient) -> None:
        """Run the newest of each that is due; it covers those that were missed before it."""
        for name in SCHEDULED:
            await self._run_newest(client, name)

    async def _run_newest(self, client: PrefectClient, name: str) -> None:
        deployment = await self.deployment(client, name)
        due = await client.get_scheduled_flow_runs_for_deployments(
            [deployment], scheduled_before=datetime.now(UTC), limit=200
        )
        for missed in due[:-1]:
            await client.set_flow_run_state(
                missed.id, Cancelled(message=f"missed; a later {name} covers it"), force=True
            )
        for run in due[-1:]:
            if await _claimed(client, run):
                await self._execute(SCHEDULED[name], await client.read_flow_run(run.id))

    async def deployment(self, client: PrefectClient, name: str) -> UUID:
        """Return the id of the deployment that runs of this flow belong to; register it at the first call."""
        if name not in self._deployments:
            self._deployments[name] = await (self._pooled(client, name) if self._work_pool else _embedded(name))
        return self._deployments[name]

    async def _pooled(self, client: PrefectClient, name: str) -> UUID:
        full_name = f"{STAGES[name].name}/{POOLED}"
        try:
            return (await client.read_deployment_by_name(full_name)).id
        except ObjectNotFound:
            raise ConfigError(
                [f"prefect: deployment {full_name!r} is not registered, work pool {self._work_pool!r} needs it"],
                hint="prefect --no-prompt deploy --all --prefect-file deployments/prefect.yaml",
            ) from None

    async def _create(
        self, client: PrefectClient, deployment: UUID, payload: Mapping[str, Any], key: str
    ) -> FlowRun | None:
        """Create the run of this key, or find it; return None when there is nothing left to do.

        The work item's lease is ours alone. A run of this key that calls itself running was therefore left
        behind by a worker that died: it is marked Crashed and a new one takes its place.
        """
        parameters = {name: payload[name] for name in PARAMETERS}
        attempt = 0
        while True:
            attempt_key = f"{key}~{attempt}" if attempt else key
            attempt += 1
            run = await client.create_flow_run_from_deployment(
                deployment,
                parameters=parameters | {"key": attempt_key},
                idempotency_key=attempt_key,
                state=None if self._work_pool else Pending(),
                tags=[f"{what}:{payload[what]}" for what in ("model", "version", "gate")],
            )
            state = run.state
            if state is None or state.is_scheduled() or state.is_pending():
                return run
            if state.is_completed() or (self._work_pool and not state.is_final()):
                return None
            if not state.is_final():
                await _bury(client, run, payload, attempt_key)

    async def _execute(self, flow: Flow[Any, Any], run: FlowRun) -> None:
        async with self._one_at_a_time:
            try:
                state: State[Any] | None = await run_flow_async(
                    flow, flow_run=run, parameters=run.parameters, return_type="state"
                )
            except (Abort, Pause) as signal:
                raise FlowFailedError(f"the Prefect server did not let run {run.name} go on: {signal}") from None
        if state is None or not state.is_completed():
            message = state.message if state is not None else "no state"
            raise FlowFailedError(f"run {run.name} ended {state.name if state else 'unknown'}: {message}")


async def _bury(client: PrefectClient, run: FlowRun, payload: Mapping[str, Any], key: str) -> None:
    """Mark a run that a dead worker left behind as crashed, at the Prefect server and in the ledger."""
    message = "its worker stopped; the work is done again"
    await client.set_flow_run_state(run.id, Crashed(message=message), force=True)
    record = await engine().flow_run_started(
        key,
        payload["flow"],
        gate_run=payload["gate_run"],
        prefect_run_id=str(run.id),
        name=run.name,
        url=url_for("flow-run", obj_id=run.id),
    )
    await engine().flow_run_ended(record, "Crashed", message)


async def _claimed(client: PrefectClient, run: FlowRun) -> bool:
    """Take a scheduled run; false when another worker has it, or its concurrency limit refuses it."""
    try:
        state = await propose_state(client, Pending(), flow_run_id=run.id)
    except (Abort, Pause):  # signals of Prefect, not Exceptions: uncaught, they would end the worker
        return False
    return state.is_pending()


async def _embedded(name: str) -> UUID:
    return await register((STAGES | SCHEDULED)[name])


@asynccontextmanager
async def _prefect(starter: PrefectStarter) -> AsyncIterator[PrefectClient]:
    """Open a client; what goes wrong between us and the Prefect server becomes one error."""
    try:
        async with get_client() as client:
            yield client
    except httpx.HTTPStatusError as error:
        starter.forget()
        if error.response.status_code >= FIRST_SERVER_ERROR:
            raise UnavailableError(f"the Prefect server answers {error.response.status_code}") from error
        raise FlowFailedError(f"the Prefect server refused the run: {error}") from error
    except httpx.HTTPError as error:
        starter.forget()
        raise UnavailableError(f"the Prefect server does not answer: {type(error).__name__}: {error}") from error
    except ObjectNotFound as error:
        starter.forget()
        raise FlowFailedError("the Prefect server does not know the deployment (any more)") from error
