"""Sources that evidence is collected from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pratique.client import source_calls as calls
from pratique.client.files import file_body, file_sha256
from pratique.client.source_calls import SourceOrder
from pratique.client.views import Evidence, Json

if TYPE_CHECKING:
    from pratique.client.sync_client import Client


class SourceNamespace:
    """`client.sources`. All but `list` needs a token with the scope `worker`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> list[Json]:
        """Return every source and how things stand with each model version that it holds evidence of."""
        return self._client.send(calls.sources())

    def due(self) -> Sequence[SourceOrder]:
        """Return what is to be fetched now."""
        return self._client.send(calls.due())

    def order(self, source: str, model: str, version: str) -> SourceOrder:
        """Return what is to be fetched from one source for one model version, due or not."""
        return self._client.send(calls.order(source, model, version))

    def hand_over(self, path: str | os.PathLike[str], order: SourceOrder) -> Evidence:
        """Send a file that was fetched; the same content under the same name changes nothing."""
        call = calls.hand_over(
            order.source, order.model, order.version, file_body(path, None), sha256=file_sha256(path)
        )
        return self._client.send(call)

    def settle(self, order: SourceOrder, *, evidence: Sequence[str] = (), failure: str | None = None) -> Json:
        """Say what came of an order: ids of evidence, or why there is none."""
        return self._client.send(calls.settle(order.source, order.model, order.version, order.as_of, evidence, failure))
