"""The hourly sweep, and asking tools for what they told nobody of, so that people see both in the run history."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from pratique.client.work import Swept
from pratique.worker.report import sweep_page
from tasks.flow_runs import recorded
from tasks.reconciling import reconcile_once
from tasks.sweeps import sweep_once


@flow(name="sweep", flow_run_name="sweep")
async def sweep() -> Swept:
    """Have the engine look at freshness, waivers, reminders, overdue dates and lost webhooks; leave its report.

    The engine sweeps by itself every half minute, and a sweep is safe to repeat: no deadline depends on
    this run.
    """
    async with recorded("sweep") as run:
        report = await sweep_once()
        asked = await reconcile_once()
        await acreate_markdown_artifact(sweep_page(report, asked), key="sweep", description="What the sweep found")
        await run.end("Completed", f"{report.overdue} overdue, {report.expired} went stale")
        return report
