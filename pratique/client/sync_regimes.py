"""Editions of regimes: which there are, what adopting one would touch, adopting it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

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

    def replay(
        self, gate: str, spec: Mapping[str, Any], *, model: str | None = None, version: str | None = None
    ) -> Iterator[Json]:
        """Yield pages of the gate's runs judged again under a proposed spec: `items` are those that would change.

        Raises:
            InvalidInputError: the spec is not sound; names every error.
            NotAllowedError: the token is neither an admin's nor a person's.
        """
        cursor: str | None = None
        while True:
            page = self._client.send(calls.replay(gate, spec, model=model, version=version, cursor=cursor))
            yield page
            cursor = page.get("next")
            if cursor is None:
                return
