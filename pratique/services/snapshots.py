"""Snapshots: the engine itself fetches a public page, so that nobody can say that it said something else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC
from urllib.parse import urlsplit
from uuid import uuid4

from pratique import __version__
from pratique.collectors.warc import Capture, write_capture
from pratique.services.parts import Parts

#: What a captured page is kept as.
MEDIA_TYPE = "application/warc"
#: Captures under way at one moment; each may hold a page of 16 MiB.
AT_ONCE = 8

#: Said to every site: who asks, and that a person wants the page that people see.
_HEADERS = {"User-Agent": f"pratique/{__version__}", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A captured page, as the file that is kept."""

    content: bytes  #: a WARC file
    filename: str


@dataclass(slots=True)
class Captures:
    """Takes snapshots, a few at one moment. Lives on one event loop; no thread waits for a site."""

    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def take(self, parts: Parts, url: str) -> Snapshot:
        """Return the page at `url` as it stands now, whatever the site answers.

        Raises:
            EgressRefusedError: the engine does not go to this address, or where it redirects to.
            EgressFailedError: no whole answer within the limits.
        """
        async with self.turn:
            answer = await parts.egress.get(url, headers=_HEADERS)
        capture = Capture(
            requested_url=url,
            url=answer.url,
            redirects=tuple((hop.url, hop.status) for hop in answer.hops),
            captured_at=parts.ledger.clock(),
            address=answer.address,
            status=answer.status,
            reason=answer.reason,
            headers=answer.headers,
            body=answer.body,
        )
        return await asyncio.to_thread(_as_file, capture)


def _as_file(capture: Capture) -> Snapshot:
    host = urlsplit(capture.url).hostname or "page"
    at = capture.captured_at.astimezone(UTC)
    content = write_capture(capture, software=f"pratique {__version__}", ids=[str(uuid4()) for _ in range(3)])
    return Snapshot(content=content, filename=f"{host[:200].replace(':', '-')}-{at:%Y%m%dT%H%M%SZ}.warc")
