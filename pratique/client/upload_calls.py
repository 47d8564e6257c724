"""The calls of an upload that goes on after a broken connection (tus 1.0)."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.client.call import Call, FileBody, Reply, path_of
from pratique.client.engine_calls import evidence_reader
from pratique.client.gate_view import GateView
from pratique.client.views import Evidence

_TUS = {"Tus-Resumable": "1.0.0"}
#: The engine hashes and stores a file before it answers; on a slow disk that takes a while.
_STORED_BYTES_PER_SECOND = 20e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An upload as the engine has it."""

    id: str
    offset: int  #: the next byte that is wanted


def announce(
    model: str, version: str, body: FileBody, *, sha256: str, requirement: str | None, revises: str | None
) -> Call[Upload]:
    """Begin an upload, or find the one that was begun with the same words."""

    def read(reply: Reply) -> Upload:
        value = reply.json()
        return Upload(id=value["upload"], offset=int(value["offset"]))

    return Call(
        method="POST",
        path=path_of("models", model, "versions", version, "uploads"),
        query={"filename": body.path.name, "sha256": sha256, "requirement": requirement, "revises": revises},
        headers={**_TUS, "Upload-Length": str(body.size)},
        read=read,
    )


def append(upload: Upload, body: FileBody) -> Call[int]:
    """Send the rest of a file; return where the upload ends now."""
    return Call(
        method="PATCH",
        path=path_of("uploads", upload.id),
        body=body.rest(upload.offset),
        content_type="application/offset+octet-stream",
        headers={**_TUS, "Upload-Offset": str(upload.offset)},
        read=lambda reply: int(reply.headers["upload-offset"]),
    )


def submit(upload: Upload, size: int) -> Call[tuple[Evidence, list[GateView]]]:
    """Make a whole upload evidence."""
    return Call(
        method="POST",
        path=path_of("uploads", upload.id, "evidence"),
        hold_seconds=size / _STORED_BYTES_PER_SECOND,
        read=evidence_reader,
    )
