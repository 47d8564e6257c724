"""A full disk: typed problems, reads go on, and with room again the engine goes on by itself."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fault_checks import assert_verified
from fault_processes import Engine
from fault_requests import GATE, assert_unavailable, register, trigger
from fault_story import DOCUMENTS

DISK_BYTES = 16 * 1024**2
NOTE = DOCUMENTS["mitigation-record.json"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk is mounted by root alone; the file size limit below runs for everybody")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def _no_room_on(disk: Path) -> Iterator[None]:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1024**2, 4096):  # to the last page
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    yield
    filler.unlink()


@contextmanager
def _no_file_may_grow(pid: int) -> Iterator[None]:
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_answered_by_503_and_work_goes_on_when_there_is_room(small_disk: Path, tmp_path: Path) -> None:
    with Engine(small_disk / "data", tmp_path).start() as engine:
        _fill_and_free(engine, lambda: _no_room_on(small_disk))


def test_a_file_size_limit_is_answered_by_503_and_work_goes_on_without_it(tmp_path: Path) -> None:
    with Engine(tmp_path / "data", tmp_path).start() as engine:
        _fill_and_free(engine, lambda: _no_file_may_grow(engine.running.pid or 0))


def _fill_and_free(engine: Engine, no_room: Callable[[], object]) -> None:
    with engine.client() as client:
        root = register(client)
        kept = client.post(f"{root}/evidence", params={"filename": "kept.json"}, content=NOTE).json()["evidence"]
        before = trigger(client, "before").json()["gates"][0]
        files = _files(engine)
        with no_room():  # type: ignore[attr-defined]
            for number in range(60):  # what room a page still had is used up by the first of these
                reply = trigger(client, f"during-{number}", occasion=f"o{number}")
                if reply.status_code != 200:
                    break
            assert "write" in assert_unavailable(reply)["detail"]
            refused = client.post(f"{root}/evidence", params={"filename": "lost.bin"}, content=os.urandom(300_000))
            assert "nothing was kept" in assert_unavailable(refused)["detail"]
            _assert_reads_go_on(client, root, before["gate_run"], kept["id"])
            assert engine.running.poll() is None
        assert _files(engine) == files  # nothing half-written stays
        for attempt in (f"during-{number}", "after"):  # the refused one, by the same id, and another
            assert trigger(client, attempt, occasion=attempt).status_code == 200
        reply = client.post(f"{root}/evidence", params={"filename": "new.bin"}, content=os.urandom(300_000))
        assert reply.status_code == 201, reply.text
    assert engine.running.stop() == 0, engine.running.tail()
    counts = assert_verified(engine.data_dir, engine.port)
    assert counts["files"] == 2


def _assert_reads_go_on(client: httpx.Client, root: str, gate_run: str, evidence: str) -> None:
    views = client.get(f"{root}/gates").json()["items"]
    assert (
        gate_run in {view["gate_run"] for view in views}
        or client.get(f"{root}/gates/{GATE}", params={"occasion": "default"}).json()["gate_run"] == gate_run
    )
    assert client.get(f"/v1/evidence/{evidence}/content").content == NOTE
    assert client.get("/v1/journal").status_code == 200
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def _files(engine: Engine) -> set[Path]:
    return {path for path in (engine.data_dir / "evidence").rglob("*") if path.is_file()}
