"""Keeping evidence files, for asyncio: until when, holds, the purge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.client import keeping_calls as calls
from pratique.client.views import Json

if TYPE_CHECKING:
    from pratique.client.async_client import AsyncClient


class AsyncKeepingNamespace:
    """`client.keeping`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def retention(self, evidence: str) -> Json:
        """Return until when the file of a piece of evidence is kept, by which rules, and what else keeps it."""
        return await self._client.send(calls.retention(evidence))

    async def hold(self, evidence: str | None = None, *, version: tuple[str, str] | None = None, reason: str) -> Json:
        """Keep the file of a piece of evidence, or all files of a model version, whatever the rules say (a person).

        Args:
            evidence: the evidence; or
            version: model and version.
            reason: why.
        """
        return await self._client.send(calls.hold(evidence, version, reason))

    async def lift(self, hold: str, reason: str) -> Json:
        """Lift a hold (a person); what the rules say counts again."""
        return await self._client.send(calls.lift(hold, reason))

    async def holds(self) -> list[Json]:
        """Return every hold, lifted ones too, newest first."""
        page = await self._client.send(calls.holds(None))
        found = list(page["items"])
        while page["next"] is not None:
            page = await self._client.send(calls.holds(page["next"]))
            found += page["items"]
        return found

    async def purge(self, evidence: str, reason: str) -> Json:
        """Give the file of a piece of evidence up for good (a person, with the scope admin); what was read in it stays.

        Raises:
            ConflictError: something keeps it; `extra["refused"]` says everything that does.
        """
        return await self._client.send(calls.purge(evidence, reason))
