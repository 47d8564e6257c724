"""`pratique up`: starts the engine, the Prefect server and the worker, and keeps them alive."""

from __future__ import annotations

import fcntl
import json
import secrets
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from pratique.cli.children import Child
from pratique.domain.people import People, Person
from pratique.errors import ConfigError, ConflictError, PratiqueError, UnavailableError
from pratique.project import activate
from pratique.settings import Settings

#: How long the first start may take: migrations of a new database on a slow machine.
ENGINE_READY_SECONDS = 90.0
PREFECT_READY_SECONDS = 180.0
#: How often children are looked at.
WATCH_SECONDS = 0.25
#: Roles that the first person to log in should hold, most wanted first.
FIRST_LOGIN_ROLES = ("admin", "owner")

#: A proxy from the environment must not stand between us and our own machine.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Stopped(Exception):  # noqa: N818  # not an error: somebody asked for it
    """SIGINT or SIGTERM came while something was waited for."""


class Supervisor:
    """The processes of one machine, started in order and restarted when they die."""

    def __init__(self, settings: Settings, root: Path, *, with_prefect: bool, with_worker: bool) -> None:
        self._settings = settings
        self._root = root
        self._logs = settings.data_dir / "logs"
        # An outside server needs none here.
        self._with_prefect = with_prefect and settings.embed_prefect and settings.prefect.api_url is None
        self._with_worker = with_worker and settings.embed_worker
        self._children: list[Child] = []
        self._is_stopping = False
        self._instance = secrets.token_hex(8)

    def run(self) -> int:
        """Start everything, say where it is, and stay until SIGINT or SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)
        try:
            self._check_ports()
            self._start_all()
            self._introduce()
            while not self._is_stopping:
                self._watch()
        except Stopped:
            pass
        finally:
            self._stop_all()
        return 0

    def _start_all(self) -> None:
        """Start the engine first; the Prefect server takes longest, so it starts beside it."""
        say(f"Pratique keeps its data in {self._settings.data_dir}")
        engine = self._spawn("engine", "pratique.web.serve")
        server = self._spawn("prefect", "deployments.prefect_server") if self._with_prefect else None
        # Between the look at the port and the engine's own start another one may have taken it: its answer is not ours.
        url, ours = f"{engine_url(self._settings)}/readyz", f'"{self._instance}"'
        self._await_ready(engine, url, ENGINE_READY_SECONDS, ours=ours)
        if self._with_worker:
            self._spawn("worker", "deployments.embedded_worker")
        if server is not None:
            say("The engine takes events now; the Prefect server, which records flow runs, is still starting.")
            self._await_ready(server, f"{self._settings.prefect.url}/health", PREFECT_READY_SECONDS)

    def _spawn(self, name: str, module: str) -> Child:
        settings = {"PRATIQUE_INSTANCE": self._instance}
        child = Child(name, module, root=self._root, log=self._logs / f"{name}.log", settings=settings)
        child.start()
        self._children.append(child)
        return child

    def _await_ready(self, child: Child, url: str, most_seconds: float, *, ours: str = "") -> None:
        """Wait until `url` answers 200 with `ours` in its body.

        Raises:
            UnavailableError: the child ended, or took too long; holds the end of its log.
        """
        began = time.monotonic()
        while not answers(url, ours):
            if self._is_stopping:
                raise Stopped
            waited = time.monotonic() - began
            if not child.is_alive() or waited > most_seconds:
                why = "ended" if not child.is_alive() else f"was not ready after {waited:.0f} s"
                raise UnavailableError(f"the {child.name} {why}\n{child.log_tail()}", hint=f"its log: {child.log}")
            time.sleep(WATCH_SECONDS)
        say(f"  {child.name} ready after {time.monotonic() - began:.1f} s")

    def _introduce(self) -> None:
        settings = self._settings
        say("")
        say(f"Dashboard   {settings.base_url}/")
        if self._with_prefect:
            say(f"Flow runs   {settings.prefect.ui_url}/ (Prefect, this machine only)")
        say(f"Log in      {login_hint(settings)}")
        say(f"Tokens      {settings.tokens_dir}")
        say(f"Logs        {self._logs}")
        say("")
        say("Press Ctrl-C to stop. Stopping loses nothing: whatever was accepted goes on at the next start.")

    def _watch(self) -> None:
        for child in self._children:
            if (died := child.restart_if_dead()) is not None:
                say(f"The {child.name} {died}. Its log: {child.log}")
        time.sleep(WATCH_SECONDS)

    def _check_ports(self) -> None:
        wanted = {"PRATIQUE_PORT": (self._settings.host, self._settings.port)}
        if self._with_prefect:
            wanted["PRATIQUE_PREFECT__PORT"] = ("127.0.0.1", self._settings.prefect.port)
        errors = [
            f"{name}: {problem}" for name, (host, port) in wanted.items() if (problem := port_problem(host, port))
        ]
        if errors:
            raise ConfigError(errors, hint="is Pratique running already? Otherwise set another port in the environment")

    def _ask_to_stop(self, number: int, frame: object) -> None:
        self._is_stopping = True

    def _stop_all(self) -> None:
        """Stop the worker before what it talks to, so that it can settle what it holds."""
        if self._children:
            say("Stopping.")
        for child in reversed(self._children):
            child.stop()


def run(*, with_prefect: bool = True, with_worker: bool = True) -> int:
    """Run Pratique on this machine until Ctrl-C; return the exit code.

    Raises:
        PratiqueError: it could not start; the message says which part and why.
    """
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    (settings.data_dir / "logs").mkdir(exist_ok=True, mode=0o700)
    with only_one(settings.data_dir):
        supervisor = Supervisor(settings, activate(), with_prefect=with_prefect, with_worker=with_worker)
        return supervisor.run()


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data folder: two engines on one ledger would both write.

    Raises:
        ConflictError: another `pratique up` has it.
    """
    with (data_dir / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConflictError(
                f"another `pratique up` uses {data_dir}", hint="stop it, or set PRATIQUE_DATA_DIR to another folder"
            ) from None
        yield


def engine_url(settings: Settings) -> str:
    """Return where this machine reaches the engine."""
    host = settings.host
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # what it binds to; a client needs an address to call
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def answers(url: str, ours: str = "") -> bool:
    """True when `url` answers 200 now, with `ours` in its body."""
    try:
        with _direct.open(url, timeout=5) as reply:
            return bool(reply.status == 200 and ours in reply.read(10_000).decode("utf-8", "replace"))
    except (OSError, ValueError):
        return False


def port_problem(host: str, port: int) -> str | None:
    """Return why nothing can listen on this port, or None."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do; else a port that was in use a moment ago would be refused.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return f"cannot listen on {host}:{port}: {error.strerror or error}"
    return None


def login_hint(settings: Settings) -> str:
    """Return a one-time login link for the first person who holds a leading role, or say why there is none."""
    try:
        person = first_login(settings)
        link = _post(settings, "/v1/login-links", {"person": person.id})
        return f"{link['url']}  (once, as {person.name}, until {link['expires_at']})"
    except urllib.error.HTTPError as error:
        return f"no login link: the engine answered {error.code}"
    except (PratiqueError, OSError, ValueError, KeyError) as error:
        return f"no login link: {error}"


def first_login(settings: Settings) -> Person:
    """Return the first person who holds role admin, else owner.

    Raises:
        ConfigError: there is no such person or no people file.
    """
    places = [settings.people_file] if settings.people_file else [settings.config_dir, settings.data_dir]
    files = [place / "people.yaml" if place.is_dir() else place for place in places]
    for file in files:
        with suppress(FileNotFoundError):
            people = People.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
            for role in FIRST_LOGIN_ROLES:
                for person in people.holding(role, None):
                    return person
    raise ConfigError([f"no person holds role admin or owner in {' or '.join(map(str, files))}"])


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _post(settings: Settings, path: str, body: dict[str, Any]) -> dict[str, Any]:
    token = (settings.tokens_dir / "admin.token").read_text(encoding="ascii").strip()
    request = urllib.request.Request(  # noqa: S310  # our own http URL
        engine_url(settings) + path,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with _direct.open(request, timeout=10) as reply:
        answer: dict[str, Any] = json.load(reply)
        return answer
