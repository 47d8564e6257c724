"""The demo stays up until Ctrl-C, a second one runs beside it, and neither leaves a process behind.

The story between start and end is for test_demo_story; here it is skipped, and only the engine is started.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from examples.machine import ROOT, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

START_SECONDS, STOP_SECONDS = 90.0, 60.0
#: `python -m examples.demo` with its data in argv[1], without the story, and without worker and Prefect server.
#: A shell's background job is born deaf to interrupts; a terminal's is not, and it is the terminal that is meant here.
DEMO = """
import signal
import sys
from functools import partialmethod
from pathlib import Path
from examples import demo
signal.signal(signal.SIGINT, signal.default_int_handler)
demo.ROOT = Path(sys.argv[1])
demo.Story.tell = lambda story: None
demo.Machine.start = partialmethod(demo.Machine.start, "--no-worker", "--no-prefect")
sys.exit(demo.main())
"""


class Demo:
    """One demo in a session of its own, as in a terminal of its own."""

    def __init__(self, root: Path, log: Path) -> None:
        self._log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", DEMO, str(root)],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @property
    def told(self) -> str:
        return self._log.read_text("utf-8")

    def wait_until_it_stays(self) -> None:
        def stays() -> bool:
            assert self.process.poll() is None, self.told
            return "Stays up until Ctrl-C." in self.told

        eventually(stays, "the demo stays up", START_SECONDS)

    def dashboard(self) -> str:
        (found,) = re.findall(r"^Dashboard +(\S+)$", self.told, re.MULTILINE)
        return str(found)

    def ends_on(self, interrupt: Callable[[int], None]) -> int:
        """Interrupt it and return its exit code; every process that it started must be gone by then."""
        started = psutil.Process(self.process.pid).children(recursive=True)
        assert len(started) >= 2, "expected the supervisor and the engine"
        interrupt(self.process.pid)
        code = self.process.wait(STOP_SECONDS)
        assert [process for process in started if process.is_running()] == [], self.told
        return code


@contextmanager
def demo(root: Path, log: Path) -> Iterator[Demo]:
    running = Demo(root, log)
    try:
        running.wait_until_it_stays()
        yield running
    finally:
        if running.process.poll() is None:  # only after a failure
            for process in psutil.Process(running.process.pid).children(recursive=True):
                process.kill()
            running.process.kill()
            running.process.wait()


def by_ctrl_c(pid: int) -> None:
    """A terminal interrupts everything that runs in it."""
    os.killpg(pid, signal.SIGINT)


def by_kill(pid: int) -> None:
    """`kill -INT` interrupts one process."""
    os.kill(pid, signal.SIGINT)


def test_two_demos_say_where_to_look_and_end_on_an_interrupt(tmp_path: Path) -> None:
    with demo(tmp_path, tmp_path / "1.log") as first, demo(tmp_path, tmp_path / "2.log") as second:
        assert first.dashboard() != second.dashboard()
        for running in (first, second):
            for person in ("mira", "jonas"):
                link = rf"^Log in +{re.escape(running.dashboard())}login/link\?t=\S+  \(as {person}, once, "
                assert re.search(link, running.told, re.MULTILINE), running.told
        assert second.ends_on(by_kill) == 0
        assert first.process.poll() is None, "the end of one demo is not the end of another"
        assert first.ends_on(by_ctrl_c) == 0
    assert len(list((tmp_path / "var" / "demo").iterdir())) == 2
