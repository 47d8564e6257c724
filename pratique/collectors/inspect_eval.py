"""Inspect's `.eval`: a ZIP of JSON members, `header.json` written last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pratique.collectors.archive import Archive, open_archive
from pratique.collectors.inspect_log import check_version, extract
from pratique.collectors.inspect_samples import SampleTally, may_be_edited
from pratique.collectors.jsontext import parse_json, walk_list
from pratique.collectors.unreadable import UnreadableError
from pratique.domain.evidence import Extraction

HEADER = "header.json"
START = "_journal/start.json"
SUMMARIES = "summaries.json"

#: The largest header seen is 14 kB; sample ids of a huge dataset may make it some megabytes.
_MAX_HEADER_BYTES = 16 * 1024**2
#: About 700 bytes a sample.
_MAX_SUMMARIES_BYTES = 32 * 1024**2
#: A sample that is parsed, because it may be edited or has no summary, stands in memory whole.
_MAX_SAMPLE_BYTES = 8 * 1024**2
#: Any other sample is only looked through, piece by piece.
_MAX_SCANNED_BYTES = 64 * 1024**2
#: More members than this no directory can name.
_MAX_SUMMARIES = 300_000

_JOURNAL = re.compile(r"_journal/summaries/(\d+)\.json")
_SAMPLE = re.compile(r"samples/.+\.json", re.DOTALL)


def read_eval(path: Path, what: str) -> Extraction:
    """Return what the `.eval` file at `path` says.

    Raises:
        UnreadableError: not a whole ZIP, a member twice, damaged or beyond a cap, or no Inspect log.
    """
    with open_archive(path, what) as archive:
        header = _header(archive, what)
        return extract(header, _tally(archive, what), what)


def _header(archive: Archive, what: str) -> dict[str, Any]:
    """Return the header; of a run that was killed, what its journal kept, without any status it may claim."""
    name = HEADER if HEADER in archive else START
    if name not in archive:
        raise UnreadableError(f"{what}: a ZIP without {HEADER} and {START}; expected an Inspect log")
    header = parse_json(archive.read(name, _MAX_HEADER_BYTES), f"{what}, member {name}")
    if not isinstance(header, dict):
        raise UnreadableError(f"{what}, member {name}: expected a JSON object")
    check_version(header, what)
    if name == START:
        return {"version": header["version"], "eval": header.get("eval"), "plan": header.get("plan")}
    return header


def _tally(archive: Archive, what: str) -> SampleTally:
    tally = SampleTally()
    names = [name for name in archive.names if _SAMPLE.fullmatch(name)]
    for summary in _summaries(archive, what):
        tally.add(summary)
        if tally.summarised > _MAX_SUMMARIES:
            raise UnreadableError(f"{what}: summaries of more than {_MAX_SUMMARIES} samples found")
    has_summaries = tally.summarised > 0
    for name in names:
        if has_summaries and not may_be_edited(archive.pieces(name, _MAX_SCANNED_BYTES)):
            continue
        _count(archive, name, what, tally, is_whole=not has_summaries)
    # A header and summaries without the samples themselves would hide every edit.
    tally.logged = len(names)
    return tally


def _count(archive: Archive, name: str, what: str, tally: SampleTally, *, is_whole: bool) -> None:
    """Count one sample; a function of its own, so that its parse is gone before the next one is read."""
    sample = parse_json(archive.read(name, _MAX_SAMPLE_BYTES), f"{what}, a sample")
    tally.add_edits(sample)
    if is_whole:
        tally.add(sample)


def _summaries(archive: Archive, what: str) -> Iterator[Any]:
    journal = sorted((int(m[1]), m[0]) for m in map(_JOURNAL.fullmatch, archive.names) if m)
    for name in [SUMMARIES] if SUMMARIES in archive else [name for _, name in journal]:
        yield from walk_list(archive.read(name, _MAX_SUMMARIES_BYTES), f"{what}, member {name}")
