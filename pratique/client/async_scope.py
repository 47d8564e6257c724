"""Who owes what: the provider, the compute ledger, the answers of scope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pratique.client import scope_calls as calls
from pratique.client.views import Json

if TYPE_CHECKING:
    from pratique.client.async_client import AsyncClient


class AsyncScopeNamespace:
    """`client.scope`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def record_provider(self, profile: Mapping[str, Any]) -> Json:
        """Say who the provider is, or replace what was said; gates that rest on it are judged again."""
        return await self._client.send(calls.record_provider(profile))

    async def provider(self) -> Json:
        """Return the provider's profile, and who set which part of it.

        Raises:
            NotFoundError: nobody has recorded it.
        """
        return await self._client.send(calls.provider())

    async def explain(self, model: str, version: str) -> Json:
        """Return every question of scope with its answer, reason and source."""
        return await self._client.send(calls.explain(model, version))

    async def compute(self, model: str, version: str) -> Json:
        """Return the compute ledger of a model version: entries, sums (FLOP), and when 10^25 FLOP are crossed."""
        return await self._client.send(calls.compute(model, version))

    async def record_compute(
        self,
        model: str,
        version: str,
        *,
        run: str,
        kind: str,
        flop: float,
        begins_at: datetime | str,
        ends_at: datetime | str,
        source: str,
        purpose: str = "pre_training",
    ) -> Json:
        """Record compute of one run over one span of time.

        Args:
            model: name of the model.
            version: its version.
            run: name of the run; what is planned and done of one run is compared.
            kind: `planned` or `done`.
            flop: FLOP.
            begins_at: aware time, or its text.
            ends_at: aware time, or its text; past, where kind is `done`.
            source: how the figure was come by.
            purpose: `pre_training`, `post_training`, `synthetic_data` or `other`; all of it counts.
        """
        call = calls.record_compute(
            model,
            version,
            run=run,
            kind=kind,
            flop=flop,
            begins_at=begins_at,
            ends_at=ends_at,
            purpose=purpose,
            source=source,
        )
        return await self._client.send(call)

    async def compute_proposal(self, model: str, version: str, evidence: str) -> Json:
        """Return what a piece of evidence gives ground to record, with cautions; nothing is recorded by asking."""
        return await self._client.send(calls.compute_proposal(model, version, evidence))

    async def withdraw_compute(self, model: str, version: str, entry: str, reason: str) -> Json:
        """Say that an entry was wrong; needs a person's token."""
        return await self._client.send(calls.withdraw_compute(model, version, entry, reason))
