"""Members of a ZIP from a stranger, inflated in memory under caps; nothing is ever written or extracted.

The standard library reads the directory; member bodies are inflated here, because Inspect compresses with
Zstandard (method 93), which `zipfile` reads only from Python 3.14 on.
"""

from __future__ import annotations

import errno
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from backports import zstd

from pratique.collectors.unreadable import UnreadableError, shown

#: Everything inflated from one file together, for the time it takes: one member is in memory at a moment, if at
#: all. 1,500 long samples inflate to 118 MB.
MAX_TOTAL_BYTES = 2 * 1024**3
#: The directory is held in memory by `zipfile`: about 300,000 members.
_MAX_DIRECTORY_BYTES = 32 * 1024**2
#: A Zstandard body may be several frames; a body of a million empty ones is an attack.
_MAX_FRAMES = 64
#: Bodies are inflated in pieces of this size, so that looking through one costs no more memory.
_PIECE_BYTES = 1024**2

#: Packed bytes that give at least the first bytes of a body; a block of Zstandard has at most 128 KiB.
_HEAD_SLACK = 256 * 1024

_STORED, _DEFLATED, _ZSTANDARD = 0, 8, 93
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64_BYTES = 20


class Archive:
    """An open ZIP. Every member name is unique and stays inside; bodies are checked against size and CRC-32."""

    def __init__(self, file: BinaryIO, what: str) -> None:
        self._file = file
        self._what = what
        self._left = MAX_TOTAL_BYTES
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in _directory(file, what):
            self._admit(info)

    @property
    def names(self) -> tuple[str, ...]:
        """Member names, in the directory's order."""
        return tuple(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    @property
    def inflated_bytes(self) -> int:
        """What all members inflate to by their declared sizes, which none can exceed and be read."""
        return sum(info.file_size for info in self._members.values())

    def size(self, name: str) -> int:
        """Return the declared size of member `name`, inflated."""
        return self._members[name].file_size

    def read(self, name: str, max_bytes: int) -> bytes:
        """Return the body of member `name`, which the archive has.

        Raises:
            UnreadableError: larger than `max_bytes`, cut, of an unknown compression, wrong size or checksum.
        """
        return b"".join(self.pieces(name, max_bytes))

    def pieces(self, name: str, max_bytes: int) -> Iterator[bytes]:
        """Return the body of member `name` in pieces; it is whole and sound once the last one was taken.

        Raises:
            UnreadableError: as `read`, at the latest after the last piece.
        """
        info = self._members[name]
        what = f"{self._what}, member {shown(name)}"
        allowed = min(max_bytes, self._left)
        if max(info.file_size, info.compress_size) > allowed:
            raise UnreadableError(f"{what}: {info.file_size} bytes when inflated, at most {allowed} expected")
        size = checksum = 0
        for piece in _inflate(self._packed(info, what), info, what):
            size += len(piece)
            self._left -= len(piece)
            checksum = zlib.crc32(piece, checksum)
            yield piece
        if size != info.file_size:
            raise UnreadableError(f"{what}: inflates to another size than the {info.file_size} bytes it declares")
        if checksum != info.CRC:
            raise UnreadableError(f"{what}: checksum differs from the declared CRC-32; the file was damaged or altered")

    def head(self, name: str, size: int) -> bytes:
        """Return the first `size` bytes of member `name`, unchecked: its end was not looked at.

        Raises:
            UnreadableError: damaged, cut, or of an unknown compression.
        """
        info = self._members[name]
        what = f"{self._what}, member {shown(name)}"
        found = bytearray()
        for piece in _inflate(self._packed(info, what, min(info.compress_size, size + _HEAD_SLACK)), info, what):
            found += piece[: size - len(found)]
            if len(found) >= size:
                break
        return bytes(found)

    def _admit(self, info: zipfile.ZipInfo) -> None:
        name = info.orig_filename
        if name in self._members:
            raise UnreadableError(f"{self._what}: member {shown(name)} stands in it twice; expected once")
        if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
            raise UnreadableError(f"{self._what}: member name {shown(name)} leads out of the archive")
        if info.header_offset < 0:
            raise UnreadableError(f"{self._what}: member {shown(name)} begins before the file does; bytes are missing")
        if info.flag_bits & _ENCRYPTED:
            raise UnreadableError(f"{self._what}: member {shown(name)} is encrypted; expected plain members")
        self._members[name] = info

    def _packed(self, info: zipfile.ZipInfo, what: str, size: int | None = None) -> bytes:
        """Return the packed body of a member, or its first `size` bytes."""
        wanted = info.compress_size if size is None else size
        self._file.seek(info.header_offset)
        raw = self._file.read(_LOCAL_HEADER.size)
        if len(raw) != _LOCAL_HEADER.size or raw[:4] != b"PK\x03\x04":
            raise UnreadableError(f"{what}: no member header at the place that the directory names")
        *_, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(raw)
        name = self._file.read(name_bytes)
        self._file.seek(extra_bytes, os.SEEK_CUR)
        # Two names for one body is how two readers are made to see two files.
        if name.decode("utf-8" if info.flag_bits & _UTF8_NAME else "cp437", "replace") != info.orig_filename:
            raise UnreadableError(f"{what}: the member's own header names another file than the directory does")
        packed = self._file.read(wanted)
        if len(packed) != wanted:
            raise UnreadableError(f"{what}: the file ends inside this member")
        return packed


@contextmanager
def open_archive(path: Path, what: str) -> Iterator[Archive]:
    """Open the ZIP at `path`.

    Raises:
        UnreadableError: not a whole ZIP, a member twice, a name that leads outside.
    """
    with path.open("rb") as file:
        yield Archive(file, what)


def inflated_bytes(path: Path) -> int:
    """Return what the members of the ZIP at `path` inflate to at most; 0 when it is no ZIP that can be read."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return 0
    try:
        with open_archive(path, "ZIP") as archive:
            return archive.inflated_bytes
    except UnreadableError:
        return 0


def _directory(file: BinaryIO, what: str) -> list[zipfile.ZipInfo]:
    cut = UnreadableError(f"{what}: no whole ZIP directory found at its end; the file was cut or is not a ZIP")
    try:
        if _directory_bytes(file) > _MAX_DIRECTORY_BYTES:
            raise UnreadableError(f"{what}: the ZIP directory is larger than {_MAX_DIRECTORY_BYTES} bytes")
        with zipfile.ZipFile(file) as archive:
            return archive.infolist()
    except OSError as error:  # an offset before the file's start; other trouble is the disk's
        if error.errno != errno.EINVAL:
            raise
        raise cut from None
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, OverflowError, EOFError, IndexError):
        raise cut from None


def _directory_bytes(file: BinaryIO) -> int:
    """Return the directory's declared size, before `zipfile` reads it into memory."""
    end = file.seek(0, os.SEEK_END)
    start = max(0, end - _END.size - 0xFFFF)
    file.seek(start)
    tail = file.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) - found < _END.size:
        raise zipfile.BadZipFile
    size = int(_END.unpack_from(tail, found)[5])
    at64 = start + found - _LOCATOR64_BYTES - _END64.size
    if at64 >= 0:
        file.seek(at64)
        raw = file.read(_END64.size)
        if len(raw) == _END64.size and raw[:4] == b"PK\x06\x06":
            size = max(size if size != 0xFFFFFFFF else 0, int(_END64.unpack(raw)[8]))
    return size


def _inflate(packed: bytes, info: zipfile.ZipInfo, what: str) -> Iterator[bytes]:
    ways = {_STORED: _stored, _DEFLATED: _inflate_deflate, _ZSTANDARD: _inflate_zstandard}
    way = ways.get(info.compress_type)
    if way is None:
        raise UnreadableError(
            f"{what}: compression method {info.compress_type} found; expected stored (0), deflate (8) or Zstandard (93)"
        )
    size = 0
    try:
        for piece in way(packed):
            size += len(piece)
            if size > info.file_size:  # never the whole bomb
                raise EOFError
            yield piece
    except (zlib.error, zstd.ZstdError, EOFError):
        raise UnreadableError(f"{what}: damaged, or inflates beyond the {info.file_size} bytes it declares") from None


def _stored(packed: bytes) -> Iterator[bytes]:
    yield packed


def _inflate_deflate(packed: bytes) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    while not inflater.eof:
        piece = inflater.decompress(packed, _PIECE_BYTES)
        packed = inflater.unconsumed_tail
        if not piece and not packed and not inflater.eof:
            raise EOFError
        yield piece


def _inflate_zstandard(packed: bytes) -> Iterator[bytes]:
    for _ in range(_MAX_FRAMES):
        inflater = zstd.ZstdDecompressor()
        while not inflater.eof:
            piece = inflater.decompress(packed, max_length=_PIECE_BYTES)
            packed = b""
            if not inflater.eof and inflater.needs_input:
                raise EOFError
            yield piece
        packed = inflater.unused_data
        if not packed:
            return
    raise EOFError
