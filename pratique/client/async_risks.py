"""The risk register of model versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pratique.client import risk_calls as calls
from pratique.client.views import Json

if TYPE_CHECKING:
    from pratique.client.async_client import AsyncClient


class AsyncRiskNamespace:
    """`client.risks`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def record(self, model: str, version: str, risks: Sequence[Mapping[str, Any]]) -> Json:
        """Record the whole register, or replace it; gates that rest on it are judged again.

        Args:
            model: name of the model.
            version: its version.
            risks: one mapping each: `id`, `title`, `category`, and what is known of it.

        Raises:
            InvalidInputError: something in it is not known to the taxonomy, the people or the evidence; says all.
        """
        return await self._client.send(calls.record_register(model, version, risks))

    async def register(self, model: str, version: str) -> Json:
        """Return the register: every identified risk, with `recorded` saying whether anything was recorded of it."""
        return await self._client.send(calls.register(model, version))
