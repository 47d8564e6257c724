"""The engine process: `python -m pratique.web.serve`."""

from __future__ import annotations

import logging
import sys

import uvicorn

from pratique.bootstrap import build_parts, open_parts
from pratique.errors import PratiqueError
from pratique.settings import Settings
from pratique.web.app import create_app


def main() -> int:
    """Run the engine until it is told to stop; return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings()
    try:
        parts = build_parts(settings)
        open_parts(parts)
    except PratiqueError as error:
        print(f"pratique: {error.title}\n{error.message}", file=sys.stderr)  # noqa: T201 - for the operator
        return 1
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(parts),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
    try:
        server.run()
    finally:
        parts.ledger.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
