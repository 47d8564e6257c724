"""The collectors that read evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.client import collector_calls as calls
from pratique.client.views import Json

if TYPE_CHECKING:
    from pratique.client.sync_client import Client


class CollectorNamespace:
    """`client.collectors`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Json:
        """Return `items` (name, version, kinds, origin), and `problems`: why others were left out."""
        return self._client.send(calls.collectors())

    def show(self, name: str) -> Json:
        """Return one collector with `facts_schema`, the JSON Schema of its facts.

        Raises:
            NotFoundError: there is no collector of that name.
        """
        return self._client.send(calls.collector(name))
