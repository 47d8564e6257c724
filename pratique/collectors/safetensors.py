"""Collector `safetensors`: the header of a weights file, and the digest of the whole file.

The numbers themselves are hashed and not looked at.

Source: the format's own description (huggingface/safetensors, README, "Format"): eight bytes that give the length of a
JSON header, the header, and the tensors, which cover the rest without a hole.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import MAX_TEXT_CHARACTERS, FactSheet
from pratique.collectors.foreign import count_at, list_at, text_at
from pratique.collectors.jsontext import parse_json
from pratique.collectors.shape import COUNT, TEXT, TEXT_BY_NAME, facts_of, record
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

#: 100 bytes a tensor: room for 160,000. The library itself takes 100 MB.
MAX_HEADER_BYTES = 16 * 1024**2
#: torch itself allows 64.
_MAX_DIMENSIONS = 64
#: Characters of metadata that become facts; some tools write their whole configuration there.
_METADATA_CHARACTERS = 12_000

#: Bits of one number. Source: safetensors 0.8 `Dtype`.
BITS: Mapping[str, int] = {
    **{"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6},
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}

_WHAT = "safetensors file"
_LENGTH = struct.Struct("<Q")
_METADATA = "__metadata__"
_HEAD = re.compile(rb'.{4}\0{4}\{\s*(?:"|\})', re.DOTALL)

_SCHEMA = facts_of(
    *("tensors", "parameters", "bytes", "dtypes", "metadata", "weights_sha256"),
    tensors=COUNT,
    parameters=COUNT,
    bytes=COUNT,
    dtypes={"type": "object", "additionalProperties": record(tensors=COUNT, parameters=COUNT)},
    metadata=TEXT_BY_NAME,
    metadata_members=COUNT,
    weights_sha256=TEXT,
)


class SafetensorsCollector:
    """Reads one file of weights. Complete when its tensors cover it exactly."""

    name = "safetensors"
    version = "1"
    kinds = frozenset({"weights"})
    facts_schema = _SCHEMA

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of a length that is possible, with a JSON object behind it."""
        return Confidence.SURE if _HEAD.match(head) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what the header says, with the SHA-256 of the whole file as the subject's digest.

        Raises:
            UnreadableError: cut or longer than its tensors, a header beyond the cap, tensors that overlap or leave
                holes, a type or size that does not fit, metadata that is not text.
        """
        size = path.stat().st_size
        with path.open("rb") as file:
            header, start = _header(file, size)
            metadata = _metadata(header.pop(_METADATA, {}))
            sheet = _facts(header, size - start)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        _put_metadata(sheet, metadata)
        sheet.put("metadata_members", len(metadata))
        sheet.put("weights_sha256", digest)
        return Extraction(
            kind="weights",
            collector=self.name,
            collector_version=self.version,
            complete=bool(header),
            incomplete_reason=None if header else "the file holds no tensor",
            planned=len(header),
            done=len(header),
            errors=0,
            subject_digest=digest,
            facts=sheet.finish(_WHAT),
        )


def _header(file: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    """Return the header, and where the tensors start."""
    prefix = file.read(_LENGTH.size)
    if len(prefix) < _LENGTH.size:
        raise UnreadableError(f"{_WHAT}: {size} bytes found; expected a header's length in the first 8")
    (length,) = _LENGTH.unpack(prefix)
    if length > min(MAX_HEADER_BYTES, size - _LENGTH.size):
        raise UnreadableError(
            f"{_WHAT}: a header of {length} bytes is declared, in a file of {size}; at most {MAX_HEADER_BYTES} expected"
        )
    raw = file.read(length)
    header = parse_json(raw, f"{_WHAT}, header", allow_nan=False)
    if not isinstance(header, dict) or not raw.startswith(b"{"):
        raise UnreadableError(f"{_WHAT}: the header is no JSON object")
    return header, _LENGTH.size + length


def _metadata(found: Any) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise UnreadableError(f"{_WHAT}: its metadata is not text by name")
    return found


def _put_metadata(sheet: FactSheet, metadata: Mapping[str, str]) -> None:
    """Put what there is room for, and note the names of the rest."""
    kept: dict[str, str] = {}
    room = _METADATA_CHARACTERS
    for name, text in metadata.items():
        room -= min(len(text), MAX_TEXT_CHARACTERS) + len(name)
        if room < 0:
            sheet.drop(f"metadata.{name}")
        else:
            kept[name] = text
    sheet.put("metadata", kept)


def _facts(header: Mapping[str, Any], data_bytes: int) -> FactSheet:
    tensors: Counter[str] = Counter()
    parameters: Counter[str] = Counter()
    spans = []
    for name, tensor in header.items():
        dtype, count, span = _tensor(name, tensor)
        tensors[dtype] += 1
        parameters[dtype] += count
        spans.append(span)
    _check_cover(spans, data_bytes)
    sheet = FactSheet()
    sheet.put("tensors", tensors.total())
    sheet.put("parameters", parameters.total())
    sheet.put("bytes", data_bytes)
    sheet.put("dtypes", {one: {"tensors": tensors[one], "parameters": parameters[one]} for one in sorted(tensors)})
    return sheet


def _tensor(name: str, tensor: Any) -> tuple[str, int, tuple[int, int]]:
    """Return type, number of parameters, and first and last byte of a tensor, which fit each other."""
    what = f"{_WHAT}, tensor {shown(name)}"
    if not isinstance(tensor, Mapping):
        raise UnreadableError(f"{what}: is no JSON object")
    dtype = text_at(tensor, "dtype") or "no type"
    if dtype not in BITS:
        raise UnreadableError(f"{what}: type {shown(dtype, 20)} found; expected one of {', '.join(BITS)}")
    shape, offsets = (list_at(tensor, member) for member in ("shape", "data_offsets"))
    sizes = [count_at({"size": size}, "size") for size in shape]
    bounds = [count_at({"bound": bound}, "bound") for bound in offsets]
    is_shape = isinstance(tensor.get("shape"), list) and None not in sizes and len(sizes) <= _MAX_DIMENSIONS
    if not is_shape or len(bounds) != 2 or None in bounds:
        raise UnreadableError(f"{what}: its shape or its offsets are not whole numbers, or too many")
    count = 1
    for one in sizes:
        count *= one or 0
    begin, end = (bound or 0 for bound in bounds)
    if begin > end or count * BITS[dtype] != (end - begin) * 8:
        raise UnreadableError(f"{what}: its offsets do not fit its type and shape")
    return dtype, count, (begin, end)


def _check_cover(spans: list[tuple[int, int]], data_bytes: int) -> None:
    """Refuse tensors that overlap, leave a hole, or end elsewhere than the file."""
    at = 0
    for begin, end in sorted(spans):
        if begin != at:
            raise UnreadableError(f"{_WHAT}: its tensors overlap or leave a hole at byte {min(at, begin)} of the data")
        at = end
    if at != data_bytes:
        raise UnreadableError(f"{_WHAT}: its tensors take {at} bytes, the file has {data_bytes} for them")


def build(_context: CollectorContext) -> Collector:
    """Entry point `safetensors`."""
    return SafetensorsCollector()
