"""Every flow that a payload or a schedule can name, and how it is registered with Prefect."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, VersionInfo
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows.collection import collection
from flows.deployment import deployment
from flows.post_deployment import post_deployment
from flows.sweep import sweep
from flows.training import training
from pratique import __version__

#: Name of the deployments whose runs the embedded worker executes in its own process.
EMBEDDED = "embedded"
#: Name of the deployments in prefect.yaml, whose runs a work pool executes.
POOLED = "pool"

#: What a payload's `flow` names.
STAGES: dict[str, Flow[Any, Any]] = {
    "training": training,
    "deployment": deployment,
    "post_deployment": post_deployment,
}
SWEEP: Flow[Any, Any] = sweep
SWEEP_SCHEDULE = Cron("0 * * * *", timezone="UTC")
#: Prefect runs every missed sweep at once when its server returns; one at a time is enough.
SWEEP_LIMIT = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
COLLECTION: Flow[Any, Any] = collection
#: The engine says what is due at each run; this is only how soon it is asked.
COLLECTION_SCHEDULE = Cron("*/5 * * * *", timezone="UTC")
#: What a schedule, or a person, has run, by name.
SCHEDULED: dict[str, Flow[Any, Any]] = {"sweep": SWEEP, "collection": COLLECTION}


async def register(flow: Flow[Any, Any]) -> UUID:
    """Create or update the flow's embedded deployment; return its id. Safe to repeat."""
    schedule = {SWEEP.name: SWEEP_SCHEDULE, COLLECTION.name: COLLECTION_SCHEDULE}.get(flow.name)
    spec = await flow.ato_deployment(
        EMBEDDED,
        schedule=schedule,
        concurrency_limit=SWEEP_LIMIT if schedule is not None else None,
        description=flow.description,
        tags=["pratique"],
        version=__version__,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    # Given, so that Prefect does not ask git and the environment what version this is.
    return await spec.aapply(version_info=VersionInfo(type="prefect:simple", version=__version__))
