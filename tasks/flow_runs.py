"""The ledger's own run history, which outlives Prefect's.

These calls are not Prefect tasks: a task costs the Prefect server some thirty milliseconds to record, and what
they report stands on the run's page anyway. The client sends them again while the engine does not answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from prefect.utilities.urls import url_for

from pratique.errors import PratiqueError
from pratique.worker.report import artifact_key, end_message, end_state, findings_page
from tasks.engine import engine


class Record:
    """One flow run in the ledger's history, open until it is given an end."""

    def __init__(self, flow_run: str) -> None:
        self._flow_run = flow_run
        self.is_ended = False

    async def end(self, state: str, message: str) -> None:
        """Report the end."""
        await engine().flow_run_ended(self._flow_run, state, message)
        self.is_ended = True

    async def end_as(self, view: dict[str, Any]) -> State[None]:
        """Leave the findings as an artifact, report the end, and return the run's named final state."""
        name, message = end_state(view), end_message(view)
        await acreate_markdown_artifact(findings_page(view), key=artifact_key(view), description=message)
        await self.end(name, message)
        return Completed(name=name, message=message)


@asynccontextmanager
async def recorded(flow: str, key: str | None = None, gate_run: str | None = None) -> AsyncIterator[Record]:
    """Report this flow run to the ledger: its start now, and a failure if the block raises.

    Args:
        flow: name of the flow.
        key: names the run; without one, Prefect's id of the run does.
        gate_run: the gate run that is driven, if any.
    """
    record = Record(await report_start(flow, key, gate_run))
    try:
        yield record
    except Exception as error:
        if not record.is_ended:
            with suppress(PratiqueError):  # the engine may be what failed; the run fails for the first reason
                await record.end("Failed", f"{type(error).__name__}: {error}")
        raise


async def report_start(flow: str, key: str | None, gate_run: str | None) -> str:
    """Report that the flow run around this call began; return the ledger's id of it."""
    run_id = str(flow_run.id)
    return await engine().flow_run_started(
        key or f"{flow}:{run_id}",
        flow,
        gate_run=gate_run,
        prefect_run_id=run_id,
        name=flow_run.name,
        url=url_for("flow-run", obj_id=run_id),
    )
