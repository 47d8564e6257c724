"""Makes Inspect logs out of the real ones: members changed, doubled, packed in other ways."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from backports import zstd

from pratique.collectors import build_registry, read_evidence
from pratique.collectors.archive import open_archive
from pratique.domain.evidence import Extraction

DATA = Path(__file__).resolve().parent.parent / "data"
INSPECT = DATA / "inspect"
SANDBOX = INSPECT / "sandbox_local.eval"

_REGISTRY = build_registry()


def read(path: Path, filename: str | None = None) -> Extraction:
    return read_evidence(path, filename or path.name, _REGISTRY)


def members(path: Path) -> dict[str, bytes]:
    with open_archive(path, "test") as archive:
        return {name: archive.read(name, 2**24) for name in archive.names}


def changed(path: Path, name: str, **values: Any) -> dict[str, bytes]:
    """The members of `path`, with top-level values of the JSON object `name` set; None removes one."""
    found = members(path)
    document = json.loads(found[name])
    for key, value in values.items():
        if value is None:
            document.pop(key, None)
        else:
            document[key] = value
    found[name] = json.dumps(document).encode()
    return found


def pack(target: Path, contents: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with warnings.catch_warnings():  # zipfile warns of a name that stands twice; that is the point here
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(target, "w", method) as archive:
            for name, body in contents:
                archive.writestr(name, body)
    return target


def pack_zstandard(target: Path, name: str, packed: bytes, *, size: int, crc: int) -> Path:
    """A ZIP of one member whose Zstandard body and whose declared size and checksum are given."""
    raw = name.encode()
    fixed = struct.pack("<HHHHHIIIHH", 63, 0, 93, 0, 33, crc, len(packed), size, len(raw), 0)
    local = b"PK\x03\x04" + fixed + raw + packed
    central = b"PK\x01\x02" + struct.pack("<H", 63) + fixed + struct.pack("<HHHII", 0, 0, 0, 0, 0) + raw
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    target.write_bytes(local + central + end)
    return target


def zeros(count: int) -> tuple[bytes, int]:
    """`count` zero bytes as a small Zstandard frame, and their CRC-32, made a MiB at a time."""
    compressor = zstd.ZstdCompressor()
    out, crc, block = io.BytesIO(), 0, bytes(2**20)
    for _ in range(count // len(block)):
        out.write(compressor.compress(block))
        crc = zlib.crc32(block, crc)
    out.write(compressor.flush())
    return out.getvalue(), crc
