"""Real processes for the fault tests: started cold or from a warm parent, killed with -9, always ended."""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ENGINE = "pratique.web.serve:main"
WORKER = "fault_worker:main"
#: A start-up, a stop or a catch-up that takes longer has failed.
PATIENCE_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_that(is_so: Callable[[], bool], what: str, *, seconds: float = PATIENCE_SECONDS, every: float = 0.01) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"waited {seconds:g} s in vain: {what}"
        time.sleep(every)


def http_client(**arguments: Any) -> httpx.Client:
    """A client for plain HTTP; without `verify=False` each one would load all authorities (70 ms of CPU)."""
    return httpx.Client(timeout=30, trust_env=False, verify=False, **arguments)


class Zygote:
    """The warm parent (`fault_zygote.py`)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(HERE / "fault_zygote.py"), ENGINE, WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": f"{ROOT}:{HERE}"},
        )
        assert self._answer() == {"ready": True}

    def start(self, program: str, environment: Mapping[str, str], log: Path) -> int:
        order = {"program": program, "environment": dict(environment), "log": str(log)}
        return int(self._ask(order)["pid"])

    def poll(self, pid: int) -> int | None:
        code = self._ask({"poll": pid})["code"]
        return None if code is None else int(code)

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(10)

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@functools.cache
def zygote() -> Zygote:
    """The session's warm parent; it ends with this process, and so does all that it started."""
    parent = Zygote()
    atexit.register(parent.close)
    return parent


@dataclass
class Running:
    """A program in a process of its own, to be killed and started again."""

    program: str
    environment: dict[str, str]
    log: Path
    pid: int | None = None
    _cold: subprocess.Popen[bytes] | None = None

    def start(self, *, cold: bool = False) -> None:
        """Start from the warm parent, or `cold` as an operator would."""
        assert self.pid is None
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")} | self.environment
        if cold:
            module = self.program.partition(":")[0]
            with self.log.open("ab") as log:
                self._cold = subprocess.Popen(
                    [sys.executable, "-P", "-m", module], cwd="/", env=environment, stdout=log, stderr=log
                )
            self.pid = self._cold.pid
        else:
            self.pid = zygote().start(self.program, environment, self.log)

    def poll(self) -> int | None:
        assert self.pid is not None
        code = self._cold.poll() if self._cold else zygote().poll(self.pid)
        if code is not None:
            self.pid, self._cold = None, None
        return code

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        end = time.monotonic() + seconds
        while (code := self.poll()) is None:
            assert time.monotonic() < end, f"{self.program} did not end within {seconds:g} s\n{self.tail()}"
            time.sleep(0.005)
        return code

    def kill(self) -> None:
        """kill -9, and wait until it is dead."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            assert self.wait() == -signal.SIGKILL, self.tail()

    def stop(self, seconds: float = PATIENCE_SECONDS) -> int:
        """SIGTERM; return the exit code."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGTERM)
        return self.wait(seconds)

    def end(self) -> None:
        """Be gone, whatever state it is in."""
        if self.pid is not None and self.poll() is None:
            os.kill(self.pid or 0, signal.SIGKILL)
            self.wait()

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""


@dataclass
class Engine:
    """One engine on a port and a data folder that stay the same over its lives."""

    data_dir: Path
    work_dir: Path  #: log and mails; not on the disk that is made full
    settings: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()  #: settings that are left to their defaults
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        # One of the four people has a channel beside the inbox: enough mails to lose one, few enough to send them all.
        people = (ROOT / "config" / "people.example.yaml").read_text()
        before, person, after = people.partition("  - id: jonas\n")
        after, later, rest = after.partition("  - id: ines\n")
        mute = "channels: []"
        self.people_file.write_text(
            before.replace("channels: [mail]", mute) + person + after + later + rest.replace("channels: [mail]", mute)
        )
        self.running = Running(ENGINE, self.environment, self.work_dir / "engine.log")

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.running.end()

    @property
    def environment(self) -> dict[str, str]:
        given = {
            "PYTHONPATH": f"{ROOT}:{HERE}",
            "PRATIQUE_DATA_DIR": str(self.data_dir),
            "PRATIQUE_PORT": str(self.port),
            "PRATIQUE_CHANNELS__MAIL": f"mailfolder://{self.mail_dir}",
            "PRATIQUE_PEOPLE_FILE": str(self.people_file),
            "PRATIQUE_LEASE_SECONDS": "5",
            **self.settings,
        }
        return {name: value for name, value in given.items() if name not in self.without}

    @property
    def people_file(self) -> Path:
        return self.work_dir / "people.yaml"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def mail_dir(self) -> Path:
        return self.work_dir / "mail"

    def start(self, *, cold: bool = False) -> Engine:
        self.running.start(cold=cold)
        self.await_ready()
        return self

    def await_ready(self) -> None:
        await_that(self._is_ready, "the engine to be ready")

    def _is_ready(self) -> bool:
        assert self.running.poll() is None, f"the engine ended\n{self.running.tail()}"
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False

    def token(self, name: str) -> str:
        return (self.data_dir / "tokens" / f"{name}.token").read_text().strip()

    def client(self, token: str = "pipeline") -> httpx.Client:
        """A client with one of the first tokens, or with any other token."""
        secret = token if token.startswith("prq_") else self.token(token)
        headers = {"Authorization": f"Bearer {secret}"}
        return http_client(base_url=self.url, headers=headers)

    def person_token(self, person: str) -> str:
        with self.client("admin") as admin:
            reply = admin.post("/v1/tokens", json={"label": person, "kind": "person", "person": person})
            assert reply.status_code < 300, reply.text
            return str(reply.json()["token"])


def worker(engine: Engine, number: int = 1) -> Running:
    """A worker process (`fault_worker.py`) for that engine; not started yet."""
    environment = engine.environment | {
        "PRATIQUE_URL": engine.url,
        "PRATIQUE_WORKER_TOKEN": engine.token("worker"),
        "FAULT_DIARY": str(engine.work_dir / "diary"),
    }
    return Running(WORKER, environment, engine.work_dir / f"worker-{number}.log")
