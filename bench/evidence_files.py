"""Evidence files: an upload beside `sha256sum` of the same file, and hashing all of them again beside the tools."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.measure import Sample, Series, interleave
from bench.report import Claim, Figure, Result, number
from bench.servers import Server, engine_arguments, running
from bench.sizes import Sizes
from bench.world import MODEL, World, open_world, populate
from pratique.services.file_check import Expected, check_files
from pratique.services.parts import Parts

_MIB = 1024**2
_FILES = 8  #: that the content is cut into for hashing it again
UPLOAD, SUM, COPY = "upload over HTTP", "sha256sum", "cp, then fsync"
OPENSSL = "openssl dgst -sha256"
VERIFY, SUMS, READ = "pratique evidence verify", "sha256sum, one process a core", "cat > /dev/null"
OPENSSLS = "openssl dgst -sha256, one process a core"


def run(sizes: Sizes) -> Result:
    """Measure one upload of a large file, and a verification of as many bytes in several files."""
    result = Result(
        "Files",
        f"evidence files, {sizes.file_mib} MiB",
        "One file is sent to the engine process (SQLite, folder store) over HTTP with its digest, hashed while it is "
        "written, synced and recorded, beside `sha256sum` (coreutils) and `openssl dgst` of the very file and beside "
        f"a plain copy with fsync. Then as many bytes in {_FILES} files are hashed again as `pratique evidence verify` "
        "does, beside the same tools, once for each core, and beside reading alone. Files are in the page cache.",
        columns=("MiB/s", "wall s"),
    )
    with open_world(3) as world:
        version = populate(world, 1, with_evidence=False)[0]
        stored = [_store(world.parts, sizes.file_mib * _MIB // _FILES) for _ in range(_FILES)]
        world.parts.ledger.close()  # one engine at a time writes
        source = world.root / "large.bin"
        with running(*engine_arguments(world.environment)) as server:
            uploads = _uploads(world, server, version, source, sizes)
        checks = _checks(world, stored, sizes)
    for name, series in (*uploads.items(), *checks.items()):
        wall = series.wall_us / 1e6
        result.figures.append(Figure(name, (number(sizes.file_mib / wall), number(wall))))
    result.claims += [
        Claim(what=f"{UPLOAD}: rate / {SUM}", measured=uploads[SUM].wall_ratio(uploads[UPLOAD]), at_least=0.5),
        Claim(what=f"{UPLOAD}: rate / {OPENSSL}", measured=uploads[OPENSSL].wall_ratio(uploads[UPLOAD])),
        Claim(what=f"{UPLOAD}: rate / {COPY}", measured=uploads[COPY].wall_ratio(uploads[UPLOAD])),
        Claim(what=f"{VERIFY}: rate / {SUMS}", measured=checks[SUMS].wall_ratio(checks[VERIFY])),
        Claim(what=f"{VERIFY}: rate / {OPENSSLS}", measured=checks[OPENSSLS].wall_ratio(checks[VERIFY]), at_least=0.8),
    ]
    return result


def _store(parts: Parts, size: int) -> Path:
    received = parts.files.store(os.urandom(min(_MIB, size)) for _ in range(max(size // _MIB, 1)))
    return received.path


def _uploads(world: World, server: Server, version: str, source: Path, sizes: Sizes) -> dict[str, Series]:
    numbers = iter(range(1_000_000))

    def changed() -> None:  # the same content again would be compared, not stored
        with source.open("r+b") as file:
            file.write(next(numbers).to_bytes(8, "big"))

    with source.open("wb") as file:
        for _ in range(sizes.file_mib):
            file.write(os.urandom(_MIB))
    target = world.root / "copy.bin"
    contenders: dict[str, Callable[[], Sample]] = {
        SUM: lambda: _timed(lambda: _run("sha256sum", source)),
        OPENSSL: lambda: _timed(lambda: _run("openssl", "dgst", "-sha256", source)),
        COPY: lambda: _timed(lambda: _copy(source, target)),
        UPLOAD: lambda: _upload(server, world.token("pipeline"), version, source, changed),
    }
    return interleave(contenders, sizes.rounds)


def _upload(server: Server, token: str, version: str, source: Path, change: Callable[[], None]) -> Sample:
    change()
    digest = subprocess.run(["sha256sum", source], check=True, capture_output=True, text=True).stdout.split()[0]
    headers = {"Authorization": f"Bearer {token}", "Content-Length": str(source.stat().st_size)}
    path = f"/v1/models/{MODEL}/versions/{version}/evidence?filename=large.bin&sha256={digest}"

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, blocksize=_MIB)
        with source.open("rb") as file:
            connection.request("POST", path, body=file, headers=headers)
        answer = connection.getresponse()
        if answer.status != 201:
            raise RuntimeError(f"{answer.status} {answer.read()!r}")
        answer.read()
        connection.close()

    return _timed(send)


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--reflink=never", source, target], check=True)
    descriptor = os.open(target, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _checks(world: World, stored: list[Path], sizes: Sizes) -> dict[str, Series]:
    names, cores = "\0".join(map(str, stored)), str(os.cpu_count() or 1)
    named = {path.name: Expected(path.name, path.stat().st_size, is_purged=False) for path in stored}

    def verify() -> None:
        report = check_files(world.parts.files, named)
        if not report.ok or report.files != len(stored):
            raise RuntimeError(str(report))

    def each_core(*tool: str) -> None:
        command = ["xargs", "-0", "-P", cores, "-n", "1", *tool]
        subprocess.run(command, input=names, text=True, check=True, stdout=subprocess.DEVNULL)

    contenders: dict[str, Callable[[], Sample]] = {
        SUMS: lambda: _timed(lambda: each_core("sha256sum")),
        OPENSSLS: lambda: _timed(lambda: each_core("openssl", "dgst", "-sha256")),
        READ: lambda: _timed(lambda: _run("cat", *stored)),
        VERIFY: lambda: _timed(verify),
    }
    return interleave(contenders, sizes.rounds)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _timed(call: Callable[[], object]) -> Sample:
    began = time.perf_counter()
    call()
    return Sample(0.0, time.perf_counter() - began, 1)
