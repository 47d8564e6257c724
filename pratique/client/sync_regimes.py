"""Editions of regimes: which there are, what adopting one would touch, adopting it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pratique.client import regime_calls as calls
from pratique.client.views import Json

if TYPE_CHECKING:
    from pratique.client.sync_client import Client


class RegimeNamespace:
    """`client.regimes`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def editions(self) -> list[Json]:
        """Return the editions that the engine knows, and which are adopted."""
        return self._client.send(calls.editions())

    def adoptions(self) -> Iterator[Json]:
        """Yield what was adopted, newest first, and how much each adoption touched, page by page."""
        cursor: str | None = None
        while True:
            items, cursor = self._client.send(calls.adoptions(cursor))
            yield from items
            if cursor is None:
                return

    def impact(self, edition: str) -> Json:
        """Return what adopting an edition would change and touch (admin).

        Raises:
            NotFoundError: the engine's configuration has no such edition.
        """
        return self._client.send(calls.impact(edition))

    def adopt(self, edition: str, reason: str | None = None, *, dry_run: bool = False) -> Json:
        """Move the installation to an edition (admin); with `dry_run`, only say what that would do.

        Raises:
            NotFoundError: there is no such edition.
            InvalidInputError: a file is not sound; names every error, and nothing was changed.
        """
        return self._client.send(calls.adopt(edition, reason, dry_run=dry_run))
