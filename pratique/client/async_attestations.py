"""What people attest of evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.client import attestation_calls as calls
from pratique.client.views import Json

if TYPE_CHECKING:
    from pratique.client.async_client import AsyncClient


class AsyncAttestationNamespace:
    """`client.attestations`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def attest(self, evidence: str, *, statement: str, sha256: str, role: str | None = None) -> Json:
        """Say that you read a file and what it is (a person); gates that ask for it are judged again.

        Args:
            evidence: the evidence.
            statement: what it is.
            sha256: of the file that you read.
            role: in which you act; None: the first that you hold for the model.
        """
        return await self._client.send(calls.attest(evidence, statement=statement, sha256=sha256, role=role))

    async def of(self, evidence: str) -> Json:
        """Return who attests a piece of evidence, and every attestation of it."""
        return await self._client.send(calls.attestations(evidence))

    async def withdraw(self, evidence: str, attestation: str, reason: str) -> Json:
        """Take an attestation back (a person)."""
        return await self._client.send(calls.withdraw(evidence, attestation, reason))
