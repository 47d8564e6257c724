"""A warm parent of processes: it imports once, then forks a whole process for every start.

An import of the engine costs seconds of CPU here, a fork milliseconds. What is forked is the process that
`python -m pratique.web.serve` is after its imports: its own pid, environment, files, threads and death.
Orders come as JSON lines; the end of the orders kills whatever was started.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Import what the arguments name (`module:function`), then obey."""
    for program in sys.argv[1:]:
        importlib.import_module(program.partition(":")[0])
    _answer({"ready": True})
    started: set[int] = set()
    try:
        for line in sys.stdin:
            order = json.loads(line)
            if "program" in order:
                pid = _fork(order)
                started.add(pid)
                _answer({"pid": pid})
            else:
                _answer({"code": _poll(order["poll"], started)})
    finally:
        for pid in started:
            os.kill(pid, signal.SIGKILL)


def _answer(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def _poll(pid: int, started: set[int]) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return None
    started.discard(pid)
    return os.waitstatus_to_exitcode(status)


def _fork(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        _become(order)
        module, _, function = order["program"].partition(":")
        code = getattr(sys.modules[module], function)() or 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return 0


def _become(order: dict[str, Any]) -> None:
    """Take on the environment, output and working folder that a fresh process would have."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    os.environ.clear()
    os.environ.update(order["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)


if __name__ == "__main__":
    main()
