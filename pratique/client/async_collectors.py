"""The collectors that read evidence, for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.client import collector_calls as calls
from pratique.client.views import Json

if TYPE_CHECKING:
    from pratique.client.async_client import AsyncClient


class AsyncCollectorNamespace:
    """`client.collectors`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self) -> Json:
        """Return `items` (name, version, kinds, origin), and `problems`: why others were left out."""
        return await self._client.send(calls.collectors())

    async def show(self, name: str) -> Json:
        """Return one collector with `facts_schema`, the JSON Schema of its facts.

        Raises:
            NotFoundError: there is no collector of that name.
        """
        return await self._client.send(calls.collector(name))
