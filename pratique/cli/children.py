"""One child process of `pratique up`: started with the project importable, restarted, stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

#: Pauses before a child that died is started again; the last one repeats.
RESTART_SECONDS = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)
#: A child that lived this long starts again with the shortest pause.
STEADY_SECONDS = 60.0
#: How long a child may take to stop before it is killed. The worker gives flows under way 15 s.
STOP_SECONDS = 25.0
#: A longer log is moved aside at the next start.
MOST_LOG_BYTES = 20 * 1024**2
_TAIL_BYTES = 3000
_PR_SET_PDEATHSIG = 1


class Child:
    """A Python module run as a process, its output appended to a log file."""

    def __init__(
        self, name: str, module: str, *, root: Path, log: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = log
        self._module = module
        self._root = root
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._began_at = 0.0  #: monotonic seconds
        self._restart_at: float | None = None
        self._deaths = 0

    @property
    def pid(self) -> int | None:
        """Process id, while there is one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process."""
        self._began_at = time.monotonic()
        self._restart_at = None
        self._trim_log()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                # -P: a `flows` folder where the user happens to stand must not shadow ours.
                [sys.executable, "-P", "-m", self._module],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the supervisor alone, which stops its children in order.
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )

    def is_alive(self) -> bool:
        """True while the process runs."""
        return self._process is not None and self._process.poll() is None

    def restart_if_dead(self) -> str | None:
        """Start a dead child again when its pause is over; return what happened the moment it is seen dead."""
        if self.is_alive():
            return None
        now = time.monotonic()
        if self._restart_at is not None:
            if now >= self._restart_at:
                self.start()
            return None
        if now - self._began_at > STEADY_SECONDS:
            self._deaths = 0
        wait = RESTART_SECONDS[min(self._deaths, len(RESTART_SECONDS) - 1)]
        self._deaths += 1
        self._restart_at = now + wait
        code = self._process.returncode if self._process else None
        return f"ended (exit code {code}); it is started again in {wait:g} s"

    def stop(self) -> None:
        """Ask the process to end, and insist."""
        if self._process is None or not self.is_alive():
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def log_tail(self) -> str:
        """Return the end of the log."""
        with self.log.open("rb") as stream:
            stream.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            return stream.read().decode("utf-8", "replace").strip()

    def _environment(self) -> dict[str, str]:
        """Make `-m deployments.x` work from any folder, from a checkout and from a wheel."""
        paths = [str(self._root), *filter(None, [os.environ.get("PYTHONPATH")])]
        return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"} | self._settings

    def _trim_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > MOST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))


def _die_with_parent() -> Callable[[], None] | None:
    """Return what makes a child end when the supervisor is killed; None where the system cannot."""
    if not sys.platform.startswith("linux"):
        return None
    # Loaded before the fork: after it, only calls that cannot wait for a lock are safe.
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the call
            os._exit(1)

    return ask_kernel
