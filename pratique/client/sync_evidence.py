"""Files of evidence, sent side by side and without an end at a broken connection."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.client import upload_calls as calls
from pratique.client.call import Call, FileBody, Progress
from pratique.client.engine_calls import evidence as evidence_page
from pratique.client.files import file_body, file_sha256
from pratique.client.uploading import FILES_AT_ONCE, Added, Batch, FilesProgress, Pace, Sent, added, is_resumed
from pratique.client.views import Evidence
from pratique.errors import ConflictError, NotFoundError, PratiqueError, UnavailableError

if TYPE_CHECKING:
    from pratique.client.sync_client import Client


class EvidenceNamespace:
    """`client.evidence`; called as `client.evidence(model, version)`, it is `list`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __call__(self, model: str, version: str) -> Iterator[Evidence]:
        """Yield the evidence of a model version, oldest first, page by page."""
        return self.list(model, version)

    def list(self, model: str, version: str) -> Iterator[Evidence]:
        """Yield the evidence of a model version, oldest first, page by page."""
        cursor: str | None = None
        while True:
            items, cursor = self._client.send(evidence_page(model, version, cursor))
            yield from items
            if cursor is None:
                return

    def add(
        self,
        files: Sequence[str | os.PathLike[str]],
        model: str,
        version: str,
        requirement: str | None = None,
        *,
        revises: str | None = None,
        at_once: int = FILES_AT_ONCE,
        progress: FilesProgress | None = None,
    ) -> Added:
        """Send files side by side, each with its own digest; larger ones go on where a broken connection left them.

        What was sent once is not sent again, neither after a restart of the engine nor by a pipeline that starts anew.

        Args:
            files: the files.
            model, version: what they are evidence of.
            requirement: which requirement they are meant for; None lets the engine find out.
            revises: evidence of the same version that the one file replaces.
            at_once: files under way at one moment.
            progress: called with a file, bytes sent of it so far and bytes in all; one call at a time.

        Raises:
            EvidenceNotAddedError: some were refused or not sent, once all were tried; says which and why.
        """
        batch = Batch(files, progress, model, version, requirement, revises)
        return added(_side_by_side(self, batch, at_once))

    def resume(
        self,
        path: str | os.PathLike[str],
        model: str,
        version: str,
        requirement: str | None = None,
        *,
        revises: str | None = None,
        sha256: str | None = None,
        progress: Progress | None = None,
    ) -> Evidence:
        """Send one file so that it goes on where a broken connection, or a client that died, left it.

        Args:
            path: the file.
            model, version: what it is evidence of.
            requirement: which requirement it is meant for; None lets the engine find out.
            revises: evidence of the same version that it replaces.
            sha256: the digest it must have; None takes the digest of the file as it is now.
            progress: called with bytes that are there and bytes in all.

        Raises:
            InvalidInputError: what arrived has another digest; nothing was kept.
            TooLargeError: larger than the engine's cap; nothing was sent.
            UnavailableError: the engine took no byte for five minutes.
        """
        digest = sha256.lower() if sha256 else file_sha256(path)
        body = file_body(path, progress)
        start = calls.announce(model, version, body, sha256=digest, requirement=requirement, revises=revises)
        pace = Pace(time.monotonic)
        while True:
            try:
                return self._go_on(start, body, pace, progress)
            except (UnavailableError, ConflictError, NotFoundError) as error:
                pause = pace.failed(error)
            time.sleep(pause)

    def _go_on(self, start: Call[calls.Upload], body: FileBody, pace: Pace, progress: Progress | None) -> Evidence:
        """Send what the engine lacks of an upload, and submit it."""
        upload = self._client.send_once(start)
        pace.reached(upload.offset)
        if upload.offset < body.size:
            self._client.send_once(calls.append(upload, body))
        elif progress:
            progress(body.size, body.size)
        return (self._client.send_once(calls.submit(upload, body.size)))[0]

    def _sent(self, batch: Batch, path: Path) -> Sent:
        progress = batch.progress_of(path)
        meant = (batch.model, batch.version, batch.requirement)
        try:
            if is_resumed(path):
                found = self.resume(path, *meant, revises=batch.revises, progress=progress)
            else:
                found = self._client.add_evidence(path, *meant, revises=batch.revises, progress=progress)
        except PratiqueError as error:
            return Sent(path=path, error=error)
        return Sent(path=path, evidence=found)


def _side_by_side(add: EvidenceNamespace, batch: Batch, at_once: int) -> list[Sent]:
    from concurrent.futures import ThreadPoolExecutor  # a light import does not pay for what only uploads need

    with ThreadPoolExecutor(max(1, at_once), thread_name_prefix="evidence") as pool:
        return list(pool.map(lambda path: add._sent(batch, path), batch.paths))
