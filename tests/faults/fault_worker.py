"""A worker process without Prefect: the real lanes, leases and mail channel; a starter that keeps a diary of keys."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pratique import notify
from pratique.client import AsyncClient
from pratique.settings import Settings
from pratique.worker import Json, Outcome, Worker

#: How long the stub's flow takes, and a channel's answer after it took the message: where a kill hurts most.
FLOW_SECONDS, ANSWER_SECONDS = 0.02, 0.02


class Diary:
    """What was begun and done, a line each, in a file that outlives the process."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, *words: str) -> None:
        os.write(self._handle, (" ".join(words) + "\n").encode())


class DiaryStarter:
    """A `FlowStarter` that stands for Prefect: exactly one run for a key, recorded in the ledger."""

    def __init__(self, client: AsyncClient, diary: Diary) -> None:
        self._engine, self._diary = client.worker, diary

    async def start(self, payload: Mapping[str, Any], key: str) -> None:
        self._diary.write("flow-begun", key)
        run = await self._engine.flow_run_started(
            key,
            payload["flow"],
            gate_run=payload["gate_run"],
            prefect_run_id=str(uuid5(NAMESPACE_URL, key)),
            name=f"{payload['gate']} of {payload['model']}",
        )
        await asyncio.sleep(FLOW_SECONDS)
        await self._engine.flow_run_ended(run, "Blocked", "stub")
        self._diary.write("flow-done", key)


class DiarySender:
    """The real channels, with a line in the diary after each attempt that the channel took."""

    def __init__(self, settings: Settings, diary: Diary) -> None:
        self._channels, self._diary = settings.channels, diary

    async def send(self, delivery: Json) -> Outcome:
        outcome = await notify.send(delivery, self._channels)
        self._diary.write("sent", delivery["id"], delivery["idempotency_key"], str(outcome.ok))
        await asyncio.sleep(ANSWER_SECONDS)
        return outcome


async def _work() -> None:
    settings = Settings()
    diary = Diary(Path(os.environ["FAULT_DIARY"]))
    async with AsyncClient(os.environ["PRATIQUE_URL"], os.environ["PRATIQUE_WORKER_TOKEN"]) as client:
        worker = Worker(
            client.worker,
            starter=DiaryStarter(client, diary),
            sender=DiarySender(settings, diary),
            lease_seconds=settings.lease_seconds,
        )
        worker.stop_on_signals()
        await worker.run()


def main() -> int:
    """Work until told to stop."""
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(_work())
    return 0


if __name__ == "__main__":
    sys.exit(main())
