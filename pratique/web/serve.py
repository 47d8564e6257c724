"""The engine process: `python -m pratique.web.serve`."""

from __future__ import annotations

import gc
import logging
import signal
import sys
from types import FrameType

import uvicorn
from fastapi import FastAPI

from pratique.bootstrap import build_parts, only_engine, open_parts
from pratique.errors import PratiqueError
from pratique.settings import Settings
from pratique.web.app import create_app

#: How long requests under way may take to end after a stop; evidence that arrives then is sent again.
STOP_SECONDS = 5


class EngineServer(uvicorn.Server):
    """A server that answers who waits for a gate as soon as it is told to stop."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._watch = app.state.watch

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop taking requests, and end the waiting ones."""
        self._watch.close()
        super().handle_exit(sig, frame)


def main() -> int:
    """Run the engine until it is told to stop; return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings()
    try:
        with only_engine(settings):
            _serve(settings)
    except PratiqueError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        print(f"pratique: {error.title}\n{error.message}{hint}", file=sys.stderr)  # noqa: T201 - for the operator
        return 1
    return 0


def _serve(settings: Settings) -> None:
    parts = build_parts(settings)
    open_parts(parts)
    server = EngineServer(create_app(parts), settings)
    set_aside_what_stays()
    # uvicorn raises the signal that stopped it once more at its end: by default that would end us here and now,
    # before the ledger is closed.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    try:
        server.run()
    finally:
        parts.ledger.close()


def set_aside_what_stays() -> None:
    """Take what was loaded out of the garbage collector's sight: it stays as long as the process does.

    Measured with 32 clients: a collection of the oldest generation went through all of it, held up every request for
    180 ms, and came every few hundred requests (bench/RESULTS.md, hooks).
    """
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
