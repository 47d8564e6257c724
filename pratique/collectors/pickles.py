"""What pickles would import when they are loaded. They are taken apart with picklescan, and never loaded.

Picklescan keeps every operation of a pickle in memory, and takes bytes that it cannot parse for harmless; so the bytes
are walked first, under a cap, and what is no whole pickle counts as an error.
"""

from __future__ import annotations

import io
import logging
import pickletools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from picklescan.scanner import scan_pickle_bytes

from pratique.collectors.unreadable import UnreadableError, shown

#: One pickle is held in memory. Weights are no part of it where torch writes them: 10,000 tensors are about 3 MB.
MAX_PICKLE_BYTES = 64 * 1024**2
#: Operations of all pickles of a file. A tensor takes about 35; picklescan holds 150 bytes for each.
MAX_OPERATIONS = 1_000_000
#: Pickles one after another in a stream.
MAX_PICKLES = 1_000
#: Real files import some dozens of names.
MAX_IMPORTS = 10_000
#: What torch wrote first before it wrote ZIPs (torch.serialization.MAGIC_NUMBER); four pickles and raw data follow.
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PICKLES = 5

# It logs every import that it finds, under names that the file chose.
logging.getLogger("picklescan").setLevel(logging.CRITICAL + 1)


@dataclass(slots=True)
class Imports:
    """What the pickles of a file import, by danger, and how much of them could be taken apart."""

    pickles: int = 0  #: whole ones
    broken: int = 0  #: places where a pickle should be and none, or no whole one, is
    unresolved: int = 0  #: pickles whose imports could not be told
    is_legacy: bool = False  #: of the kind that torch wrote before 1.6
    names: dict[tuple[str, str], str] = field(default_factory=dict)  #: module, name -> innocuous, suspicious, dangerous
    operations_left: int = MAX_OPERATIONS

    @property
    def by_danger(self) -> Counter[str]:
        """Number of different imports, by danger."""
        return Counter(self.names.values())

    def named(self, danger: str, limit: int) -> list[str]:
        """Return the first `limit` imports of that danger, in order."""
        names = sorted(name for name, found in self.names.items() if found == danger)
        return [shown(f"{module} {name}", 120) for module, name in names[:limit]]

    def add(self, data: bytes, what: str, *, must_be_whole: bool = True) -> None:
        """Take apart the pickles in `data`, which stand one after another.

        Args:
            data: the stream, or its first `MAX_PICKLE_BYTES`.
            what: the file, for messages.
            must_be_whole: count what is no pickle as an error; else as something that is none.

        Raises:
            UnreadableError: more operations than `MAX_OPERATIONS`, or more imports than `MAX_IMPORTS`.
        """
        for start, end, is_whole in self._walk(data, what):
            before = len(self.names)
            is_resolved = self._scan(data[start:end])
            if is_whole:
                self.pickles += 1
            elif must_be_whole or len(self.names) > before:
                self.broken += 1
            self.unresolved += not is_resolved and (is_whole or must_be_whole)
            if len(self.names) > MAX_IMPORTS:  # rather none than some: what is left out could be the dangerous one
                raise UnreadableError(f"{what}: more than {MAX_IMPORTS} different imports found")

    def _walk(self, data: bytes, what: str) -> Iterator[tuple[int, int, bool]]:
        """Yield start, end and wholeness of each pickle; after one that is not whole there is no next."""
        stream = io.BytesIO(data)
        for number in range(MAX_PICKLES):
            start = stream.tell()
            if start >= len(data) or (self.is_legacy and number >= _LEGACY_PICKLES):
                return
            is_whole, integer = self._walk_one(stream, what)
            self.is_legacy = self.is_legacy or (number == 0 and integer == _LEGACY_MAGIC)
            yield start, stream.tell() if is_whole else len(data), is_whole
            if not is_whole:
                return
        if stream.tell() < len(data):
            raise UnreadableError(f"{what}: more than {MAX_PICKLES} pickles one after another found")

    def _walk_one(self, stream: io.BytesIO, what: str) -> tuple[bool, int | None]:
        """Return whether a whole pickle stands here, and the integer in it where there is just one."""
        integers: list[int] = []
        try:
            for _, value, _ in pickletools.genops(stream):
                self.operations_left -= 1
                if self.operations_left < 0:
                    break
                if isinstance(value, int) and len(integers) < 4:
                    integers.append(value)
        except Exception:  # of many kinds; whatever it is, this is no whole pickle
            return False, None
        if self.operations_left < 0:
            raise UnreadableError(f"{what}: more than {MAX_OPERATIONS} pickle operations found")
        return True, next((value for value in integers if value > 2**64), None)

    def _scan(self, pickle: bytes) -> bool:
        """Note what a pickle imports; tell whether that could be told."""
        try:
            found = scan_pickle_bytes(io.BytesIO(pickle), "", multiple_pickles=False)
        except Exception:  # of many kinds: an import whose name is computed, a memo that is not there
            return False
        self.names.update({(one.module, one.name): one.safety.value for one in found.globals})
        return True
