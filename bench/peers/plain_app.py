"""A plain FastAPI application over SQLModel: `python -m bench.peers.plain_app PORT DATABASE`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import Engine

from bench.peers.plain_sqlmodel import open_plain, receive


class Event(BaseModel):
    """A CloudEvent, as far as it is looked at."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str | None = None
    data: dict[str, Any]


def create_app(engine: Engine) -> FastAPI:
    """Return the application."""
    app = FastAPI()

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/v1/events")
    def post_event(event: Event) -> dict[str, Any]:  # a plain function: FastAPI runs it in its thread pool
        return receive(engine, event.model_dump())

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(open_plain(Path(sys.argv[2]))),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="error",
        access_log=False,
    )
