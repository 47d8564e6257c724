"""A body from a stranger, in memory under a cap: counted while it comes, and while it inflates."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from pratique.egress.refusal import EgressFailedError

_PIECE_BYTES = 64 * 1024
#: zlib's window bits: gzip, or a zlib header.
_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}


async def read_body(pieces: AsyncIterator[bytes], encoding: str, max_bytes: int) -> bytes:
    """Return the whole body, inflated.

    Args:
        pieces: as it comes over the wire.
        encoding: of the header Content-Encoding; the engine asks for none.
        max_bytes: the largest body, coming in or inflated.

    Raises:
        EgressFailedError: larger, of an unknown encoding, or cut.
    """
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        return await _plain(pieces, max_bytes)
    if coding not in _WINDOW:
        raise EgressFailedError("the body came in an encoding that is not read; expected none, gzip or deflate")
    inflated = bytearray()
    inflater = zlib.decompressobj(_WINDOW[coding])
    try:
        async for piece in _counted(pieces, max_bytes):
            rest = piece
            while rest and not inflater.eof:
                inflated += inflater.decompress(rest, _PIECE_BYTES)
                rest = inflater.unconsumed_tail
                if len(inflated) > max_bytes:
                    raise _too_large(max_bytes)
    except zlib.error:
        raise EgressFailedError(f"the body is no whole {coding}") from None
    if not inflater.eof:
        raise EgressFailedError(f"the body is no whole {coding}")
    return bytes(inflated)


async def _plain(pieces: AsyncIterator[bytes], max_bytes: int) -> bytes:
    return b"".join([piece async for piece in _counted(pieces, max_bytes)])


async def _counted(pieces: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > max_bytes:
            raise _too_large(max_bytes)
        yield piece


def _too_large(max_bytes: int) -> EgressFailedError:
    return EgressFailedError(f"the body is larger than {max_bytes} bytes")
