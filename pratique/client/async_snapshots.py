"""Snapshots of public pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.client import snapshot_calls as calls
from pratique.client.views import Evidence

if TYPE_CHECKING:
    from pratique.client.async_client import AsyncClient


class AsyncSnapshotNamespace:
    """`client.snapshots`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def take(self, url: str, model: str, version: str, requirement: str | None = None) -> Evidence:
        """Have the engine fetch a public page now and keep it as evidence, whatever the site answers.

        Args:
            url: the page; https.
            model: name of the model.
            version: its version.
            requirement: which requirement it is meant for; None lets the engine find out.

        Raises:
            InvalidInputError: an address that the engine does not go to.
        """
        return await self._client.send(calls.take(url, model, version, requirement))
