"""What a collector is: a named reader that turns one file of a known format into an Extraction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pratique.domain.evidence import Extraction
from pratique.domain.keys import NO_KEYS, TrustedKeys

#: Bytes of a file's beginning that `sniff` sees.
HEAD_BYTES = 4096

#: A JSON Schema (2020-12), parsed.
Schema = Mapping[str, Any]


class Confidence(IntEnum):
    """How sure a collector is that a file is its own. A plain bool works too: True means MAYBE."""

    LAST = -1  #: could be, as any text could; worth a try where every other collector refuses
    NO = 0  #: not this format
    MAYBE = 1  #: could be; worth a try where nobody is sure
    SURE = 2  #: the content says so; an error of this collector is final


class Collector(Protocol):
    """Reads one format. Keeps no state between files; called from several threads at once."""

    @property
    def name(self) -> str:
        """Name in the registry, unique; recorded with every extraction."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same file could give other facts."""
        ...

    @property
    def kinds(self) -> frozenset[str]:
        """Evidence kinds that `read` can return."""
        ...

    @property
    def facts_schema(self) -> Schema:
        """JSON Schema of the facts that `read` gives. A package's collector may go without it; see `schema_of`."""
        ...

    def sniff(self, head: bytes, filename: str) -> int:
        """Return a `Confidence` for a file that begins with `head` (at most `HEAD_BYTES`)."""
        ...

    def read(self, path: Path) -> Extraction:
        """Return what the file at `path` says.

        Raises:
            UnreadableError: truncated, malformed, beyond a cap, or of an unknown schema version.
        """
        ...


def schema_of(collector: Collector) -> Schema:
    """Return the JSON Schema of the facts that `collector` gives; an empty one, where it states none."""
    found = getattr(collector, "facts_schema", None)
    return found if isinstance(found, Mapping) else {}


@runtime_checkable
class ReadsReceived(Protocol):
    """A collector whose reading hangs on when the file was received."""

    def read_received(self, path: Path, received_at: datetime) -> Extraction:
        """Do as `read` for a file that was received at `received_at` (aware)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorContext:
    """What a factory may need to build its collector."""

    facts_schemas: Mapping[str, Schema] = field(default_factory=dict)  #: `<id>` or `<id>@<n>` -> schema of `facts`
    trusted_keys: TrustedKeys = NO_KEYS  #: what signatures are verified with; none: no signature can be


#: What an entry point of group `pratique.collectors` names.
CollectorFactory = Callable[[CollectorContext], Collector]
