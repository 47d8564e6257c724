"""Long lines from strangers take time in proportion to their length: the parser holds up the whole engine meanwhile."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.collectors import UnreadableError, build_registry, read_evidence
from pratique.collectors.collector import HEAD_BYTES
from pratique.collectors.jsonhead import json_head
from pratique.collectors.markdown import headings
from pratique.collectors.picklescan_report import PicklescanReportCollector
from pratique.collectors.warc import Record, read_records, read_response

_REGISTRY = build_registry()
#: Each of these took from many seconds to days before.
_MOST_SECONDS = 2.0
_SUMMARY = (
    "----------- SCAN SUMMARY -----------\nScanned files: 1\nInfected files: 0\n"
    "Suspicious globals: 0\nDangerous globals: 0\n"
)


def seconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    with contextlib.suppress(UnreadableError):
        call()
    return time.perf_counter() - begin


@pytest.mark.parametrize("value", [" " * 8000 + "\nx", " " * 8000 + "\n", " \n" * 4000 + "x", "\t" * 60_000])
def test_fields_of_a_warc(value: str) -> None:
    data = f"WARC/1.1\r\nA: {value}\r\nContent-Length: 0\r\n\r\n\r\n\r\n".encode()
    assert seconds(lambda: read_records(data, "page")) < _MOST_SECONDS


@pytest.mark.parametrize("character", ["\n", "\r", "\0"])
def test_a_line_that_ends_early_for_some_readers_is_refused(character: str) -> None:
    data = f"WARC/1.1\r\nA: b{character}c\r\nContent-Length: 0\r\n\r\n\r\n\r\n".encode()
    with pytest.raises(UnreadableError, match="no `Name: value`"):
        read_records(data, "page")


def test_the_head_of_an_answer_is_bounded() -> None:
    block = b"HTTP/1.1 200 OK\r\nA: " + b"b" * 300_000 + b"\r\n\r\nbody"
    with pytest.raises(UnreadableError, match="holds no HTTP answer"):
        read_response(Record(fields={}, block=block), "page")


def test_lines_of_a_picklescan_report(tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    line = "x: dangerous import '" * 390
    report.write_text((line + "\n") * 100 + _SUMMARY)
    assert seconds(lambda: read_evidence(report, "report.txt", _REGISTRY)) < _MOST_SECONDS
    report.write_text("ERROR: " + "x: dangerous import '" * 40_000 + "\n" + _SUMMARY)
    assert seconds(lambda: read_evidence(report, "report.txt", _REGISTRY)) < _MOST_SECONDS
    with pytest.raises(UnreadableError, match=r"a line of 840007 characters found, at most 8192 expected"):
        PicklescanReportCollector().read(report)


def test_a_finding_whose_file_is_named_like_a_finding_is_one(tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    line = "/a: suspicious import 'b' FOUND.pkl: dangerous import 'os system' FOUND\n"
    report.write_text(
        line + _SUMMARY.replace("Infected files: 0", "Infected files: 1").replace("ous globals: 0", "ous globals: 1")
    )
    found = PicklescanReportCollector().read(report)
    assert found.complete
    assert found.facts["files"] == ["a: suspicious import 'b' FOUND.pkl"]


def test_headings_of_a_text() -> None:
    line = "# " + " " * 350 + "x" + " #" * 20
    assert seconds(lambda: headings(f"{line}\n" * 10_000)) < _MOST_SECONDS
    hostile = "# a" + " " * 200 + "\x01" * 2 + " " * 150 + "b\n"
    assert seconds(lambda: headings(hostile * 10_000)) < _MOST_SECONDS
    assert headings("# One #\n ##  Two ## \n### Three#\n#### four\n#five\n# ##\n") == ["One", "Two", "Three"]


@pytest.mark.parametrize("quotes", [b'\\"', b'"\\', b'\\"\\\\'])
def test_strings_that_the_head_of_a_file_cuts(quotes: bytes) -> None:
    head = b'{"a": "' + quotes * HEAD_BYTES * 16
    assert seconds(lambda: json_head(head)) < _MOST_SECONDS


def test_a_cut_string_ends_what_is_in_sight() -> None:
    head = json_head(b'{"a": 1, "b": "cut \\" {')
    assert dict(head.members) == {"a": "1", "b": '""'}
    assert head.text("b") == ""
