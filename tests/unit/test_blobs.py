"""The evidence folder: written once, named by content, whole or not at all."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import resource
import stat
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.errors import InvalidInputError, NotFoundError, TooLargeError, UnavailableError
from pratique.store import intake
from pratique.store.blobs import Damage, Damaged, DigestMismatchError, EvidenceFolder

_MIB = 2**20


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "evidence", 10 * _MIB)


def _files(folder: EvidenceFolder) -> list[Path]:
    return sorted(path for path in folder.root.rglob("*") if path.is_file())


async def _stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


def test_content_is_found_under_its_digest(folder: EvidenceFolder) -> None:
    content = os.urandom(3 * _MIB + 17)
    received = folder.store([content[:5], content[5 : 2 * _MIB], b"", content[2 * _MIB :]])
    digest = hashlib.sha256(content).hexdigest()
    assert (received.sha256, received.size) == (digest, len(content))
    assert received.path == folder.root / digest[:2] / digest[2:4] / digest == folder.path(digest)
    with folder.open(digest) as file:
        assert file.read() == content
    assert folder.rehash(digest)


def test_stored_files_cannot_be_written(folder: EvidenceFolder) -> None:
    received = folder.store([b"content"])
    assert stat.S_IMODE(received.path.stat().st_mode) == 0o440


def test_the_same_content_twice_is_one_file(folder: EvidenceFolder) -> None:
    first, second = folder.store([b"con", b"tent"]), folder.store([b"content"])
    assert first == second
    assert _files(folder) == [first.path]


def test_an_empty_file_is_content_too(folder: EvidenceFolder) -> None:
    assert folder.store([]).sha256 == hashlib.sha256().hexdigest()


def test_received_content_has_no_place_until_it_is_kept(folder: EvidenceFolder) -> None:
    received = folder.receive([b"content"])
    with pytest.raises(NotFoundError):
        folder.open(received.sha256)
    folder.keep(received)
    assert folder.rehash(received.sha256)


def test_discarded_content_leaves_nothing(folder: EvidenceFolder) -> None:
    received = folder.receive([b"content"])
    folder.discard(received)
    folder.discard(received)
    assert _files(folder) == []


def test_content_up_to_the_cap_is_kept_and_a_byte_more_is_not(folder: EvidenceFolder) -> None:
    assert folder.store([bytes(_MIB)] * 10).size == folder.max_bytes
    kept = _files(folder)
    with pytest.raises(TooLargeError, match="larger than 10485760 bytes"):
        folder.store([*[bytes(_MIB)] * 10, b"x"])
    assert _files(folder) == kept


def test_a_stream_beyond_the_cap_is_not_read_to_its_end(folder: EvidenceFolder) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(_MIB)

    with pytest.raises(TooLargeError):
        folder.store(endless())


def test_content_with_another_digest_than_announced_is_not_kept(folder: EvidenceFolder) -> None:
    announced = hashlib.sha256(b"content").hexdigest()
    with pytest.raises(DigestMismatchError, match="nothing was kept"):
        folder.store([b"kontent"], expected=announced)
    assert _files(folder) == []
    assert folder.store([b"content"], expected=announced).sha256 == announced


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "g" * 64, "a" * 65, "a" * 64 + "\n", "..", "/" * 64, "٣" * 64]
)
def test_only_a_digest_becomes_a_path(folder: EvidenceFolder, name: str) -> None:
    for use in (folder.path, folder.open, folder.rehash):
        with pytest.raises(InvalidInputError, match="64 lower-case hex digits"):
            use(name)
    with pytest.raises(InvalidInputError):
        folder.receive([b"content"], expected=name)


def test_a_sender_that_breaks_off_leaves_nothing(folder: EvidenceFolder) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        folder.store(broken())
    assert _files(folder) == []


def test_a_changed_file_is_found(folder: EvidenceFolder) -> None:
    received = folder.store([b"content"])
    received.path.chmod(0o640)
    received.path.write_bytes(b"kontent")
    assert not folder.rehash(received.sha256)


def _overwritten(place: Path, _: Path) -> None:
    place.chmod(0o640)
    place.write_bytes(b"kontent")


def _linked(place: Path, elsewhere: Path) -> None:
    elsewhere.write_bytes(b"content")
    place.unlink()
    place.symlink_to(elsewhere)


@pytest.mark.parametrize("harm", [_overwritten, _linked])
def test_a_damaged_copy_gives_way_to_the_same_content_received_again(
    folder: EvidenceFolder, tmp_path: Path, harm: Any, caplog: pytest.LogCaptureFixture
) -> None:
    place = folder.store([b"content"]).path
    harm(place, tmp_path / "elsewhere")
    again = folder.store([b"content"])
    assert (again.path, place.is_symlink()) == (place, False)
    assert folder.rehash(again.sha256)
    assert stat.S_IMODE(place.stat().st_mode) == 0o440
    assert _files(folder) == [place]
    assert f"stored evidence {again.sha256} was damaged" in caplog.text


def test_a_link_in_the_place_of_a_file_is_not_followed(folder: EvidenceFolder, tmp_path: Path) -> None:
    received = folder.store([b"content"])
    (tmp_path / "copy").write_bytes(b"content")
    received.path.unlink()
    received.path.symlink_to(tmp_path / "copy")
    with pytest.raises(UnavailableError):
        folder.open(received.sha256)
    assert not folder.rehash(received.sha256)


def test_every_damaged_file_is_named(folder: EvidenceFolder) -> None:
    digests = [folder.store([f"content {n}".encode() * 1000]).sha256 for n in range(200)]
    changed, missing = digests[7], digests[150]
    folder.path(changed).chmod(0o640)
    folder.path(changed).write_bytes(b"other")
    folder.path(missing).unlink()
    seen: list[int] = []
    assert folder.verify_all(iter(digests), seen.append) == [
        Damaged(changed, Damage.CHANGED),
        Damaged(missing, Damage.MISSING),
    ]
    assert seen == sorted(seen)
    assert seen[-1] == 200
    assert folder.verify_all([]) == []


def test_what_a_crash_left_is_removed_when_it_is_old(folder: EvidenceFolder) -> None:
    old, young = folder.receive([b"old"]), folder.receive([b"young"])
    os.utime(old.path, (time.time() - 7200,) * 2)
    assert folder.remove_abandoned(3600) == 1
    assert _files(folder) == [young.path]
    assert EvidenceFolder(folder.root / "new", 1).remove_abandoned(0) == 0


_SMALL_DISK = """
import resource, signal, sys
from pathlib import Path
from pratique.errors import UnavailableError
from pratique.store.blobs import EvidenceFolder

folder = EvidenceFolder(Path(sys.argv[1]), 2**30)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    folder.store([bytes(65536)] * 100)
except UnavailableError as error:
    sys.exit(error.message)
"""


@pytest.mark.parametrize("room", [0, 1000, 3 * _MIB])
def test_a_full_disk_keeps_nothing(folder: EvidenceFolder, room: int) -> None:
    command = [sys.executable, "-c", _SMALL_DISK, str(folder.root), str(room)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == "no room left for evidence; nothing was kept"
    assert _files(folder) == []


def test_a_failing_sync_keeps_nothing(folder: EvidenceFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    folder.store([b"first"])
    kept = _files(folder)
    monkeypatch.setattr(intake.os, "fsync", fail)
    with pytest.raises(UnavailableError, match="Input/output error"):
        folder.store([b"second"])
    assert _files(folder) == kept


def test_a_root_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError):
        EvidenceFolder(tmp_path / "file" / "evidence", 10).store([b"x"])


def test_a_killed_process_leaves_no_half_file_under_a_digest(folder: EvidenceFolder) -> None:
    code = (
        "import os, sys; from pathlib import Path; from pratique.store.blobs import EvidenceFolder\n"
        "def chunks():\n    yield bytes(3 * 2**20)\n    os.kill(os.getpid(), 9)\n"
        "EvidenceFolder(Path(sys.argv[1]), 2**30).store(chunks())"
    )
    subprocess.run([sys.executable, "-c", code, str(folder.root)], cwd=Path(__file__).parents[2], check=False)
    assert {path.parent.name for path in _files(folder)} == {"incoming"}
    assert folder.remove_abandoned(-1) == 1


def test_a_stream_is_stored_as_the_same_bytes_would_be(folder: EvidenceFolder) -> None:
    content = os.urandom(5 * _MIB + 3)
    pieces = [content[at : at + 65_536] for at in range(0, len(content), 65_536)]
    streamed = asyncio.run(folder.store_stream(_stream(*pieces)))
    assert streamed == folder.store([content])
    assert asyncio.run(folder.store_stream(_stream(content))) == streamed  # one chunk of 5 MiB
    assert asyncio.run(folder.store_stream(_stream())).size == 0


def test_a_stream_is_capped_and_compared_like_other_content(folder: EvidenceFolder) -> None:
    with pytest.raises(TooLargeError):
        asyncio.run(folder.store_stream(_stream(*[bytes(_MIB)] * 12)))
    with pytest.raises(DigestMismatchError):
        asyncio.run(folder.store_stream(_stream(b"content"), expected="a" * 64))
    with pytest.raises(InvalidInputError):
        asyncio.run(folder.store_stream(_stream(b"content"), expected="../x"))
    assert _files(folder) == []


def test_a_stream_that_breaks_off_leaves_nothing(folder: EvidenceFolder) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(3 * _MIB)
        raise ConnectionError("client went away")

    with pytest.raises(ConnectionError):
        asyncio.run(folder.store_stream(broken()))
    assert _files(folder) == []


def test_a_cancelled_stream_leaves_nothing_and_no_thread_at_work(folder: EvidenceFolder) -> None:
    async def slow() -> AsyncIterator[bytes]:
        while True:
            yield bytes(2 * _MIB)
            await asyncio.sleep(0.01)

    async def run() -> None:
        big = EvidenceFolder(folder.root, 2**40)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(big.store_stream(slow()), 0.2)

    asyncio.run(run())
    assert _files(folder) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("asyncio")]


def test_the_event_loop_stays_free_while_a_stream_is_stored(folder: EvidenceFolder) -> None:
    """Sync takes a second here; the loop must tick on meanwhile."""
    real = os.fsync

    def slow_sync(descriptor: Any) -> None:
        time.sleep(0.3)
        real(descriptor)

    async def run() -> int:
        ticks = 0
        storing = asyncio.ensure_future(folder.store_stream(_stream(*[bytes(65_536)] * 64)))
        while not storing.done():
            await asyncio.sleep(0.01)
            ticks += 1
        await storing
        return ticks

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake.os, "fsync", slow_sync)
        assert asyncio.run(run()) > 20


def test_a_large_stream_takes_little_memory(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path / "big", 2**40)
    chunk = bytes(65_536)

    async def run() -> None:
        await folder.store_stream(_stream(*[chunk] * 256))  # threads and buffers are there after this
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await folder.store_stream(_stream(*[chunk] * 4096))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024

    asyncio.run(run())


def test_many_streams_of_the_same_content_end_as_one_file(folder: EvidenceFolder) -> None:
    async def run() -> list[str]:
        stored = await asyncio.gather(*(folder.store_stream(_stream(*[b"x" * 65_536] * 20)) for _ in range(12)))
        return [received.sha256 for received in stored]

    assert len(set(asyncio.run(run()))) == 1
    assert len(_files(folder)) == 1
