"""Evidence that is collected by itself: each source that is due is asked, and what it gives is handed over."""

from __future__ import annotations

from prefect import flow

from pratique.errors import PratiqueError
from pratique.fetching.collect import Outcome
from tasks.flow_runs import recorded
from tasks.sources import collect_from_source, due_orders


@flow(name="collection", flow_run_name="collection")
async def collection() -> list[Outcome]:
    """Ask each source that the engine says is due; one that fails keeps no other from its turn.

    A run that has nothing to do leaves nothing in the ledger.
    """
    orders = await due_orders()
    if not orders:
        return []
    async with recorded("collection") as run:
        outcomes, broken = list[Outcome](), list[PratiqueError]()
        for order in orders:
            try:
                outcomes.append(await collect_from_source(order))
            except PratiqueError as error:
                broken.append(error)
        if broken:
            raise broken[0]
        failed = [one for one in outcomes if one.failure is not None]
        await run.end("Completed", f"{len(outcomes) - len(failed)} collected, {len(failed)} failed")
        return outcomes
