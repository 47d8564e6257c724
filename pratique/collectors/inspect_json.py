"""Inspect's `.json`: the same log as one document, samples inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pratique.collectors.inspect_log import extract
from pratique.collectors.inspect_samples import SampleTally
from pratique.collectors.jsontext import walk_object
from pratique.collectors.unreadable import UnreadableError
from pratique.domain.evidence import Extraction

#: The text is held in memory while it is walked, as bytes and as text of up to four bytes a character.
#: 400 long samples are about as much; 1,500 are 118 MB here, but 3.2 MB as `.eval`, which has no such limit.
MAX_JSON_BYTES = 32 * 1024**2


def read_json(path: Path, what: str) -> Extraction:
    """Return what the `.json` log at `path` says.

    Raises:
        UnreadableError: too large, cut, not JSON, or no Inspect log.
    """
    size = path.stat().st_size
    if size > MAX_JSON_BYTES:
        raise UnreadableError(
            f"{what}: {size} bytes of JSON found, at most {MAX_JSON_BYTES} expected",
            hint="submit the log in its .eval form: `inspect log convert`",
        )
    tally = SampleTally()

    def count(sample: Any) -> None:
        tally.add(sample)
        tally.add_edits(sample)

    header = walk_object(path.read_bytes(), what, streamed="samples", on_item=count)
    return extract(header, tally, what)
