"""One machine that runs Pratique: `pratique up` as a child process, its command line, its tokens."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

import pratique

ROOT = Path(__file__).resolve().parent.parent

#: The command line, as this interpreter runs it.
PROGRAM = (sys.executable, "-m", "pratique.cli.main")
#: The ports of the settings; others are taken when these are in use.
PORT, PREFECT_PORT = 8470, 8471
#: A first start makes the database; a machine that is busy with other work takes its time.
START_SECONDS = 180.0
#: What the supervisor itself gives its children, and a little more.
STOP_SECONDS = 60.0
COMMAND_SECONDS = 120.0
_POLL_SECONDS = 0.1
#: Open files that hold the claims of this process.
_claims: list[IO[str]] = []

T = TypeVar("T")

# A proxy from the environment must not stand between us and this machine.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class StepFailedError(AssertionError):
    """Something that the story promises did not happen."""


class Machine:
    """`pratique up` on a data folder of its own."""

    def __init__(
        self,
        data_dir: Path,
        *,
        program: Sequence[str] = PROGRAM,
        cwd: Path = ROOT,
        people_file: Path = ROOT / "config" / "people.example.yaml",
        ports: tuple[int, int] | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.mail_dir = data_dir / "mail"
        port, prefect_port = ports or (claim_port(PORT), claim_port(PREFECT_PORT))
        self.url = f"http://127.0.0.1:{port}"
        self.prefect_url = f"http://127.0.0.1:{prefect_port}"
        self._program = list(program)
        self._cwd = cwd
        self._supervisor: subprocess.Popen[bytes] | None = None
        self.environment = _without_settings() | {
            "PRATIQUE_DATA_DIR": str(data_dir),
            "PRATIQUE_PORT": str(port),
            "PRATIQUE_PREFECT__PORT": str(prefect_port),
            "PRATIQUE_PEOPLE_FILE": str(people_file),
            "PRATIQUE_CHANNELS__MAIL": f"mailfolder://{self.mail_dir}",
            **(settings or {}),
        }

    def start(self, *options: str) -> None:
        """Start `pratique up`; return at once."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self.up_log.open("ab") as log:
            self._supervisor = subprocess.Popen(  # noqa: S603 - our own program
                [*self._program, "up", *options],
                cwd=self._cwd,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        """Wait until the engine takes events; the Prefect server may still be starting."""
        eventually(lambda: self._still_up() and _answers(f"{self.url}/readyz"), "the engine is ready", START_SECONDS)

    def wait_until_introduced(self, tell: Callable[[str], None]) -> None:
        """Wait until `pratique up` says that everything runs; pass on what it says until then."""
        told = 0
        introduction = "Dashboard "

        def look() -> bool:
            nonlocal told
            self._still_up()
            lines = self.up_log.read_text(encoding="utf-8").splitlines()
            for line in lines[told:]:
                if not line.startswith(introduction):
                    tell(line)
                    continue
                return True
            told = len(lines)
            return False

        eventually(look, "engine, worker and Prefect server run", START_SECONDS)

    def stop(self) -> None:
        """Stop `pratique up` and all that it started."""
        if self._supervisor is None or self._supervisor.poll() is not None:
            return
        self._supervisor.send_signal(signal.SIGINT)
        try:
            self._supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()

    @property
    def is_up(self) -> bool:
        """True while `pratique up` runs."""
        return self._supervisor is not None and self._supervisor.poll() is None

    @property
    def up_log(self) -> Path:
        """What `pratique up` said."""
        return self.data_dir / "up.log"

    @property
    def supervisor_pid(self) -> int:
        """Process id of `pratique up`."""
        return self._supervisor.pid if self._supervisor else 0

    def command(self, *words: str, token: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a `pratique` command as a person at this machine would."""
        environment = self.environment | {"PRATIQUE_URL": self.url}
        if token is not None:
            environment["PRATIQUE_TOKEN_FILE"] = str(token)
        return subprocess.run(  # noqa: S603 - our own program
            [*self._program, *words],
            cwd=self._cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def token_file(self, name: str) -> Path:
        """Return the file of a token: `admin`, `pipeline`, `worker`, or one that was made later."""
        return self.data_dir / "tokens" / f"{name}.token"

    def client(self, name: str) -> pratique.Client:
        """Return the SDK's client with that token."""
        return pratique.Client(self.url, self.token_file(name).read_text(encoding="ascii").strip())

    def prefect(self, path: str, body: dict[str, Any]) -> Any:
        """Ask the Prefect server's own API."""
        request = urllib.request.Request(  # noqa: S310 - our own http URL
            f"{self.prefect_url}/api/{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with _direct.open(request, timeout=30) as reply:
            return json.load(reply)

    def _still_up(self) -> bool:
        if not self.is_up:
            raise StepFailedError(f"`pratique up` ended:\n{self.up_log.read_text(encoding='utf-8')[-4000:]}")
        return True


def eventually(look: Callable[[], T], what: str, seconds: float, *, every: float = _POLL_SECONDS) -> T:
    """Look until there is something to see, and return it.

    Raises:
        StepFailedError: nothing came in time.
    """
    until = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > until:
            raise StepFailedError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)
    return seen


def free_port(wanted: int = 0) -> int:
    """Return `wanted` when nothing listens there, else a port that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StepFailedError("no port of 127.0.0.1 is free")


def claim_port(wanted: int) -> int:
    """Return a port that nobody listens on and no other demo has claimed: `wanted`, or one some tens above it.

    The claim ends with this process. Servers take seconds to start, and two demos that look at the same moment would
    both find the port free.
    """
    for port in range(wanted, wanted + 200, 10):
        claim = _locked(Path(tempfile.gettempdir()) / f"pratique-demo-{port}.lock")
        if claim is not None and free_port(port) == port:
            _claims.append(claim)
            return port
        if claim is not None:
            claim.close()
    return free_port()


def _locked(path: Path) -> IO[str] | None:
    """Return the file, locked; None when it is another demo's, perhaps another person's."""
    try:
        file = path.open("w")
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _answers(url: str) -> bool:
    try:
        with _direct.open(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except (OSError, ValueError):
        return False


def _without_settings() -> dict[str, str]:
    """Return the environment without what points at another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PRATIQUE_", "PREFECT_"))}
