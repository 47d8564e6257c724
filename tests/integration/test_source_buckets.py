"""Files of a bucket as a source, from a real HTTP server that answers as S3 does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_server import BUCKET, S3, SECRET, s3_server

from pratique.egress import Egress
from pratique.fetching import bucket
from pratique.fetching.fetch import FetchFailedError, Order, fetch


@pytest.fixture(name="s3", scope="module")
def s3_fixture() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture(autouse=True)
def environment(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)


def fetched(into: Path, where: str, files: str = "*") -> dict[str, bytes]:
    found = fetch(Order(kind="s3", where=where, files=files), into, Egress())
    assert all(path.parent == into for path in found)
    return {path.name: path.read_bytes() for path in found}


def test_the_files_right_below_a_prefix_are_fetched(s3: S3, tmp_path: Path) -> None:
    large = bytes(range(256)) * 50_000
    for key, content in {
        "scans/2.1/b.json": large, "scans/2.1/a.json": b"{}", "scans/2.1/a.txt": b"-", "scans/2.1/.a.json": b"-",
        "scans/2.1/below/c.json": b"-", "scans/2.10/d.json": b"-",
    }.items():  # fmt: skip
        s3.put(key, content)
    assert fetched(tmp_path, f"s3://{BUCKET}/scans/2.1", "*.json") == {"a.json": b"{}", "b.json": large}


def test_a_bucket_that_gives_nothing_says_why_and_no_secret(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put("many/a.json", b"12")
    s3.put("many/b.json", b"34")
    for where, reason in (
        (f"s3://{BUCKET}/none", "has no file that matches"),
        ("s3://no-such-bucket/x", "cannot be read ("),
        ("s3://A", "is no address such as s3://bucket/prefix"),
    ):
        with pytest.raises(FetchFailedError) as caught:
            fetched(tmp_path, where)
        assert reason in caught.value.message
        assert SECRET not in caught.value.message
    monkeypatch.setattr(bucket, "MOST_BYTES", 3)
    with pytest.raises(FetchFailedError, match="have 4 bytes, more than 3"):
        fetched(tmp_path, f"s3://{BUCKET}/many")
    monkeypatch.setattr(bucket, "MOST_FILES", 1)
    with pytest.raises(FetchFailedError, match="more than 1 files"):
        fetched(tmp_path, f"s3://{BUCKET}/many")
    assert list(tmp_path.iterdir()) == []
