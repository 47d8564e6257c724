"""An upload over connections that break, with an engine and a client that are killed: one file, the right digest."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cutting_proxy import CuttingProxy
from fault_checks import assert_verified, rows
from fault_processes import ROOT, Engine, await_that
from fault_requests import register

import pratique
from pratique.client.uploading import EvidenceNotAddedError

MIB = 1024**2
SIZE = 24 * MIB
CUTS = 12


def _file(folder: Path, name: str, size: int = SIZE) -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _stored(engine: Engine) -> list[str]:
    found = [path for path in (engine.data_dir / "evidence").rglob("*") if path.is_file()]
    assert all(_sha256(path) == path.name for path in found)
    return sorted(path.name for path in found)


def _parts(engine: Engine) -> list[Path]:
    return list((engine.data_dir / "uploads").glob("*.part"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_connections_that_break_anywhere_and_an_engine_that_is_killed_leave_one_file(tmp_path: Path, seed: int) -> None:
    file = _file(tmp_path, "weights.bin")
    with Engine(tmp_path / "data", tmp_path).start() as engine, engine.client() as http:
        register(http)
        with CuttingProxy(engine.port, cuts=CUTS, most=4 * MIB, seed=seed) as proxy:
            client = pratique.Client(proxy.url, engine.token("pipeline"))
            kill = threading.Thread(target=_kill_at, args=(engine, SIZE // 3))
            kill.start()
            evidence = client.evidence.resume(file, "aurora", "2.1")
            kill.join()
        assert proxy.cuts_left < CUTS - 2, "too few connections broke to show anything"
        # What came is not sent again: a few pieces that were under way are all that is lost.
        assert proxy.forwarded < SIZE * 1.6
        assert evidence.sha256 == _sha256(file)
        assert _stored(engine) == [evidence.sha256]
        assert engine.running.stop() == 0
        assert rows(engine.data_dir / "ledger.db", "SELECT sha256, size FROM evidence") == [(evidence.sha256, SIZE)]
        assert_verified(engine.data_dir, engine.port)


def _kill_at(engine: Engine, size: int) -> None:
    await_that(lambda: any(part.stat().st_size >= size for part in _parts(engine)), "a third to be there")
    engine.running.kill()
    engine.start()


SENDER = """
import sys, pratique
found = pratique.Client().evidence.resume(sys.argv[1], "aurora", "2.1")
print(found.sha256)
"""


def test_a_client_that_is_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    file = _file(tmp_path, "weights.bin", 3 * SIZE)
    with Engine(tmp_path / "data", tmp_path).start() as engine, engine.client() as http:
        register(http)
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PRATIQUE_URL": engine.url,
            "PRATIQUE_TOKEN": engine.token("pipeline"),
        }
        command = [sys.executable, "-c", SENDER, str(file)]
        sender = subprocess.Popen(command, env=environment)
        await_that(
            lambda: any(part.stat().st_size > SIZE for part in _parts(engine)), "a third to be there", every=0.001
        )
        sender.send_signal(signal.SIGKILL)
        assert sender.wait() == -signal.SIGKILL
        (part,) = _parts(engine)
        before = part.stat().st_size
        assert SIZE < before < 3 * SIZE
        with CuttingProxy(engine.port, cuts=0, most=1, seed=0) as counting:
            environment["PRATIQUE_URL"] = counting.url
            ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
        assert counting.forwarded < 3 * SIZE - before + MIB
        assert ended.stdout.strip() == _sha256(file)
        assert _stored(engine) == [_sha256(file)]


def test_several_files_side_by_side_by_both_clients_one_of_them_refused(tmp_path: Path) -> None:
    files = [_file(tmp_path, f"{number}.bin", 9 * MIB + number) for number in range(3)]
    small = _file(tmp_path, "small.bin", 100)
    seen: dict[str, list[tuple[int, int]]] = {}

    def tell(path: Path, sent: int, total: int) -> None:
        seen.setdefault(path.name, []).append((sent, total))

    with Engine(tmp_path / "data", tmp_path).start() as engine, engine.client() as http:
        register(http)
        client = pratique.Client(engine.url, engine.token("pipeline"))
        found = client.evidence.add([*files, small], "aurora", "2.1", progress=tell)
        assert [one.filename for one in found] == ["0.bin", "1.bin", "2.bin", "small.bin"]
        for file in [*files, small]:
            size = file.stat().st_size
            assert seen[file.name][-1] == (size, size)
            assert [sent for sent, _ in seen[file.name]] == sorted(sent for sent, _ in seen[file.name])
        assert {one.id for one in client.evidence("aurora", "2.1")} == {one.id for one in found}

        async def again() -> None:
            async with pratique.AsyncClient(engine.url, engine.token("pipeline")) as awaited:
                with pytest.raises(EvidenceNotAddedError, match=r"1 of 3 files were not added: .*nowhere") as raised:
                    await awaited.evidence.add([files[0], tmp_path / "nowhere", small], "aurora", "2.1")
                sent = raised.value.sent
                assert [one.evidence and one.evidence.id for one in sent] == [found[0].id, None, found[3].id]

        asyncio.run(again())
        assert _stored(engine) == sorted(_sha256(file) for file in [*files, small])
