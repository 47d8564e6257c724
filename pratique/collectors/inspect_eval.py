"""Inspect's `.eval`: a ZIP of JSON members, `header.json` written last."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pratique.collectors.archive import Archive, open_archive
from pratique.collectors.inspect_log import check_version, extract
from pratique.collectors.inspect_samples import SampleTally, may_be_edited
from pratique.collectors.jsontext import parse_json
from pratique.collectors.unreadable import UnreadableError
from pratique.domain.evidence import Extraction

HEADER = "header.json"
START = "_journal/start.json"
SUMMARIES = "summaries.json"

#: The largest header seen is 14 kB; sample ids of a huge dataset may make it some megabytes.
_MAX_HEADER_BYTES = 16 * 1024**2
#: About 700 bytes a sample.
_MAX_SUMMARIES_BYTES = 64 * 1024**2
_MAX_SAMPLE_BYTES = 64 * 1024**2

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
    summaries = _summaries(archive, what)
    for summary in summaries:
        tally.add(summary)
    for name in names:
        body = archive.read(name, _MAX_SAMPLE_BYTES)
        if may_be_edited(body) or not summaries:
            sample = parse_json(body, f"{what}, a sample")
            tally.add_edits(sample)
            if not summaries:
                tally.add(sample)
    # A header and summaries without the samples themselves would hide every edit.
    tally.logged = len(names)
    return tally


def _summaries(archive: Archive, what: str) -> list[Any]:
    if SUMMARIES in archive:
        return _list(archive, SUMMARIES, what)
    journal = sorted((int(m[1]), m[0]) for m in map(_JOURNAL.fullmatch, archive.names) if m)
    return [summary for _, name in journal for summary in _list(archive, name, what)]


def _list(archive: Archive, name: str, what: str) -> list[Any]:
    found = parse_json(archive.read(name, _MAX_SUMMARIES_BYTES), f"{what}, member {name}")
    if not isinstance(found, list):
        raise UnreadableError(f"{what}, member {name}: expected a JSON list")
    return found
