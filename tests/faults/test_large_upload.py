"""A large upload over real HTTP: the engine's memory stays flat, whatever store the file goes to."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_checks import assert_verified
from fault_processes import Engine, http_client
from fault_requests import assert_unavailable, register, trigger
from s3_server import BUCKET, s3_server

MIB = 1024**2
#: More than this in addition, and it depends on the size of the file: parts under way, buffers, threads.
MOST_GROWTH = 64 * MIB
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Memory:
    """The most that a process had in memory, looked at all the while."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.before = self.most = self._resident()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def growth(self) -> int:
        return self.most - self.before

    def _resident(self) -> int:
        return int(Path(f"/proc/{self._pid}/statm").read_text().split()[1]) * _PAGE

    def _watch(self) -> None:
        while not self._ended.wait(0.02):
            self.most = max(self.most, self._resident())


def _content(mib: int) -> Iterator[bytes]:
    """Yield content that no cache or sparse file makes smaller, made on the fly."""
    piece = bytearray(os.urandom(MIB))
    for number in range(mib):
        piece[:8] = number.to_bytes(8, "big")
        yield bytes(piece)


def _upload(engine: Engine, root: str, mib: int) -> tuple[str, float]:
    digest = hashlib.sha256()

    def body() -> Iterator[bytes]:
        for piece in _content(mib):
            digest.update(piece)
            yield piece

    headers = {"Authorization": f"Bearer {engine.token('pipeline')}", "Content-Length": str(mib * MIB)}
    with http_client(base_url=engine.url, headers=headers) as client:
        began = time.monotonic()
        reply = client.post(f"{root}/evidence", params={"filename": "weights.bin"}, content=body(), timeout=600)
        taken = time.monotonic() - began
    assert reply.status_code == 201, reply.text
    evidence = reply.json()["evidence"]
    assert (evidence["sha256"], evidence["size"]) == (digest.hexdigest(), mib * MIB)
    return str(evidence["sha256"]), taken


@pytest.mark.parametrize(
    "mib", [512, pytest.param(4096, marks=[pytest.mark.slow, pytest.mark.timeout(600)])], ids=["512 MiB", "4 GiB"]
)
def test_memory_stays_flat_while_a_large_file_comes_in(tmp_path: Path, mib: int) -> None:
    room = os.statvfs(tmp_path)
    if room.f_bavail * room.f_frsize < 2 * mib * MIB:
        pytest.skip(f"there is no room for {mib} MiB")
    settings = {"PRATIQUE_MAX_EVIDENCE_BYTES": str(mib * MIB)}
    with Engine(tmp_path / "data", tmp_path, settings=settings).start() as engine, engine.client() as client:
        root = register(client)
        for number in range(3):  # threads, caches and pages that any request needs are there then
            client.post(f"{root}/evidence", params={"filename": "warm.bin"}, content=os.urandom(number + 3 * MIB))
        with Memory(engine.running.pid or 0) as memory:
            sha256, taken = _upload(engine, root, mib)
        print(f"{mib} MiB in {taken:.1f} s, {mib / taken:.0f} MiB/s, {memory.growth / MIB:.1f} MiB more")
        assert memory.growth < MOST_GROWTH, f"{memory.growth / MIB:.1f} MiB"
        path = engine.data_dir / "evidence" / sha256[:2] / sha256[2:4] / sha256
        assert path.stat().st_size == mib * MIB
        path.unlink()  # room for others


def test_memory_stays_flat_while_a_large_file_goes_to_a_bucket(tmp_path: Path) -> None:
    mib = 256
    with s3_server() as s3:
        settings = {**s3.environment, "PRATIQUE_FILES": f"s3://{BUCKET}/kept"}
        with Engine(tmp_path / "data", tmp_path, settings=settings).start() as engine, engine.client() as client:
            root = register(client)
            client.post(f"{root}/evidence", params={"filename": "warm.bin"}, content=os.urandom(20 * MIB))
            with Memory(engine.running.pid or 0) as memory:
                sha256, taken = _upload(engine, root, mib)
            print(f"{mib} MiB in {taken:.1f} s, {mib / taken:.0f} MiB/s, {memory.growth / MIB:.1f} MiB more")
            assert memory.growth < MOST_GROWTH, f"{memory.growth / MIB:.1f} MiB"
            assert f"kept/{sha256[:2]}/{sha256[2:4]}/{sha256}" in s3.names()
            assert not any("incoming" in name for name in s3.names())


def test_a_bucket_that_goes_away_is_answered_by_503_and_nothing_stays_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = os.urandom(300_000)
    with s3_server() as s3:
        settings = {**s3.environment, "PRATIQUE_FILES": f"s3://{BUCKET}/kept"}
        engine = Engine(tmp_path / "data", tmp_path, settings=settings).start()
        with engine, engine.client() as client:
            root = register(client)
            kept = client.post(f"{root}/evidence", params={"filename": "kept.bin"}, content=note).json()["evidence"]
            names = s3.names()
            s3.client.delete_object(Bucket=BUCKET, Key=names[0])
            s3.client.delete_bucket(Bucket=BUCKET)
            refused = client.post(f"{root}/evidence", params={"filename": "lost.bin"}, content=os.urandom(300_000))
            assert "nothing was kept" in assert_unavailable(refused)["detail"]
            many = client.post(
                f"{root}/evidence", params={"filename": "lost.bin"}, content=os.urandom(12 * MIB), timeout=60
            )
            assert "nothing was kept" in assert_unavailable(many)["detail"]
            assert trigger(client, "e1").status_code == 200  # everything else goes on
            items = client.get(f"{root}/evidence").json()["items"]
            assert [one["id"] for one in items] == [kept["id"]]
            left = [path for path in (engine.data_dir / "evidence-cache").rglob("*") if path.is_file()]
            assert [path.name for path in left] == [kept["sha256"]]
            s3.client.create_bucket(Bucket=BUCKET)
            again = client.post(f"{root}/evidence", params={"filename": "lost.bin"}, content=os.urandom(300_000))
            assert again.status_code == 201
            mended = client.post(f"{root}/evidence", params={"filename": "kept.bin"}, content=note)
            assert mended.status_code == 201
            secret = s3.environment["AWS_SECRET_ACCESS_KEY"]
            assert secret not in (tmp_path / "engine.log").read_text()
            assert engine.running.stop() == 0, engine.running.tail()
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        assert assert_verified(engine.data_dir, engine.port)["files"] == 2
