"""HTTP load from a process of its own: `python -m bench.load` reads a job on stdin, writes what it saw on stdout.

Each client is one keep-alive connection that sends its next request when the answer has come.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to send."""

    port: int
    clients: int
    path: str
    bodies: Sequence[str] = ()  #: one POST each; empty means `gets` times GET
    gets: int = 0
    headers: tuple[str, ...] = ()
    own_headers: Sequence[str] = ()  #: one line for each body, such as its signature


@dataclass(frozen=True, slots=True)
class Seen:
    """What came back."""

    wall: float  #: seconds from the first request to the last answer
    latencies: list[float]  #: milliseconds
    bytes_received: int


def run_load(job: Job) -> Seen:
    """Run a job in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(job)).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    return Seen(**json.loads(done.stdout))


async def _load(job: Job) -> Seen:
    waiting = _requests(job)
    latencies: list[float] = []
    connections = [await asyncio.open_connection("127.0.0.1", job.port) for _ in range(job.clients)]
    began = time.perf_counter()
    sizes = await asyncio.gather(*(_client(*c, waiting, latencies) for c in connections))
    wall = time.perf_counter() - began
    for _, writer in connections:
        writer.close()
    return Seen(wall, latencies, sum(sizes))


async def _client(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: Iterator[bytes], latencies: list[float]
) -> int:
    received = 0
    for request in waiting:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        latencies.append((time.perf_counter() - began) * 1e3)
        if not head.startswith(b"HTTP/1.1 2"):
            raise RuntimeError(f"{head.decode()}{body[:500].decode()}")
        received += len(head) + len(body)
    return received


def _requests(job: Job) -> Iterator[bytes]:
    lines = [f"Host: 127.0.0.1:{job.port}", *job.headers]
    if not job.bodies:
        head = "\r\n".join([f"GET {job.path} HTTP/1.1", *lines, "", ""]).encode()
        for _ in range(job.gets):
            yield head
    for number, body in enumerate(job.bodies):
        data = body.encode()
        own = [job.own_headers[number]] if job.own_headers else []
        wanted = [*lines, *own, f"Content-Length: {len(data)}"]
        yield "\r\n".join([f"POST {job.path} HTTP/1.1", *wanted, "", ""]).encode() + data


if __name__ == "__main__":
    given = Job(**json.load(sys.stdin))
    json.dump(asdict(asyncio.run(_load(given))), sys.stdout)
