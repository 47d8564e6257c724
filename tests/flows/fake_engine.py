"""An engine in memory behind real HTTP: the worker's side of the contract, for runs on a real Prefect server."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any
from uuid import uuid4

import uvicorn
from fastapi import Body, FastAPI, Request
from fastapi.responses import JSONResponse
from worker_queue import MemoryQueue

from pratique.errors import PratiqueError

Document = Annotated[dict[str, Any], Body()]


class FakeEngine:
    """One gate run `gr1`; a test says what its outcome is and what fails how often."""

    def __init__(self) -> None:
        # The Prefect server outlives the engine of one test, and remembers keys.
        self.queue = MemoryQueue(keys=f"key-{uuid4()}")
        self.outcome = "blocked"
        self.calls: Counter[str] = Counter()
        self.failing: dict[str, tuple[int, int]] = {}  #: call -> (how often still, status)
        self.flow_runs: dict[str, dict[str, Any]] = {}
        self.orders: list[dict[str, Any]] = []  #: sources that are due, until something came of them
        self.handed_over: list[tuple[str, bytes]] = []  #: names and contents of files
        self.collections: list[dict[str, Any]] = []
        self.url = ""

    def fail(self, call: str, times: int, status: int = 503) -> None:
        self.failing[call] = (times, status)

    def counted(self, call: str) -> JSONResponse | None:
        """Count the call; return the problem that the test ordered for it, if any."""
        self.calls[call] += 1
        times, status = self.failing.get(call, (0, 0))
        if not times:
            return None
        self.failing[call] = (times - 1, status)
        code = {503: "unavailable", 404: "not-found"}[status]
        return problem(status, code, f"{call} fails as ordered")

    def view(self) -> dict[str, Any]:
        return {
            "gate_run": "gr1",
            "model": "aurora",
            "version": "2.1",
            "gate": "training-trigger",
            "title": "Training trigger",
            "state": {"cleared": "cleared", "awaiting_decision": "in_review"}.get(self.outcome, "open"),
            "outcome": self.outcome,
            "row_version": 1,
            "open_findings": 2 if self.outcome == "blocked" else 0,
            "edition": "eu-gpai-code@2025-07-10",
            "spec_version": 1,
            "basis": "abc",
            "findings": [
                finding("identify", "assessment"),
                finding("analyse", "assessment"),
                finding("hold", "mitigation"),
                finding("record", "documentation"),
            ],
            "sign_off": {"roles": {}, "four_eyes": True, "signed": [], "missing": ["one more approver"]},
            "waiting_on": [],
            "does_not_show": "That the model is safe.",
            "links": {"self": "/v1", "page": f"{self.url}/gates/gr1", "evidence": "/v1", "prefect": None},
        }


def finding(checkpoint: str, kind: str) -> dict[str, Any]:
    return {
        "requirement": f"{checkpoint}-1",
        "title": f"What {checkpoint} asks",
        "checkpoint": checkpoint,
        "checkpoint_kind": kind,
        "measures": ["S-3.2"],
        "owner": "eval_lead",
        "status": "not_tested",
        "reason": "no evidence yet",
        "enforced": True,
    }


def problem(status: int, code: str, detail: str) -> JSONResponse:
    body = {"type": f"urn:pratique:problem:{code}", "title": code, "status": status, "detail": detail, "code": code}
    return JSONResponse(body, status, media_type="application/problem+json")


def app_of(engine: FakeEngine) -> FastAPI:
    app = FastAPI()
    add_gate_runs(app, engine)
    add_work(app, engine)
    add_sources(app, engine)

    @app.exception_handler(PratiqueError)
    async def refused(request: Request, error: PratiqueError) -> JSONResponse:
        return problem(error.status, error.code, error.message)

    return app


def add_gate_runs(app: FastAPI, engine: FakeEngine) -> None:
    @app.get("/v1/gate-runs/{id_}")
    async def look(id_: str) -> Any:
        return engine.counted("look") or engine.view()

    @app.get("/v1/models/{model}/versions/{version}/gates/{gate}")
    async def gate(model: str, version: str, gate: str) -> Any:
        return engine.counted("gate") or engine.view()

    @app.post("/v1/gate-runs/{id_}/collect")
    async def collect(id_: str) -> Any:
        return engine.counted("collect") or {"read": 1, "pending": 0, "unreadable": 0}

    @app.post("/v1/gate-runs/{id_}/evaluate")
    async def evaluate(id_: str) -> Any:
        return engine.counted("evaluate") or engine.view()

    @app.post("/v1/gate-runs/{id_}/announce")
    async def announce(id_: str) -> Any:
        return engine.counted("announce") or {"notices": 1}

    @app.post("/v1/flow-runs")
    async def flow_run_started(run: Document) -> Any:
        engine.flow_runs[run["key"]] = run | {"ended": None}
        return {"id": run["key"]}

    @app.post("/v1/flow-runs/{id_:path}/end")
    async def flow_run_ended(id_: str, end: Document) -> Any:
        engine.flow_runs[id_]["ended"] = end
        return {}

    @app.post("/v1/sweep")
    async def sweep() -> Any:
        return engine.counted("sweep") or {"rechecked": 1, "expired": 0, "followed_up": 0, "overdue": 0, "at": "now"}

    @app.post("/v1/reconciliations")
    async def reconciliations() -> Any:
        return engine.counted("reconcile") or {"results": [{"source": "mlflow", "seen": 3, "found": {"d": "mapped"}}]}


def add_sources(app: FastAPI, engine: FakeEngine) -> None:
    @app.get("/v1/sources/due")
    async def due() -> Any:
        return engine.counted("due") or {"items": engine.orders}

    @app.post("/v1/sources/{source}/evidence")
    async def hand_over(source: str, filename: str, request: Request) -> Any:
        content = await request.body()
        refusal = engine.counted("hand_over")
        if refusal is None:
            engine.handed_over.append((filename, content))
        evidence = {"id": filename, "filename": filename, "sha256": "ab" * 32, "size": len(content), "reading": "read"}
        evidence |= {"received_at": "2026-11-23T14:00:00.000000Z", "facts": {}}
        return refusal or {"evidence": evidence}

    @app.post("/v1/sources/{source}/collections")
    async def collected(source: str, body: Document) -> Any:
        engine.collections.append({"source": source, **body})
        engine.orders = [one for one in engine.orders if one["source"] != source]
        return {}


def add_work(app: FastAPI, engine: FakeEngine) -> None:
    @app.post("/v1/work/claim")
    async def claim(ask: Document) -> Any:
        items = await engine.queue.claim(ask["worker"], ask["topics"], ask["limit"], ask.get("lease_seconds"))
        return {"items": [asdict(item) for item in items]}

    @app.post("/v1/work/{id_}/extend")
    async def extend(id_: str, ask: Document) -> Any:
        return await engine.queue.extend(id_, ask["worker"]) or {}

    @app.post("/v1/work/{id_}/settle")
    async def settle(id_: str, ask: Document) -> Any:
        return await engine.queue.settle(id_, **ask) or {}

    @app.get("/v1/deliveries/{id_}")
    async def delivery(id_: str) -> Any:
        return asdict(await engine.queue.delivery(id_))

    @app.post("/v1/deliveries/{id_}/result")
    async def delivery_result(id_: str, ask: Document) -> Any:
        return asdict(await engine.queue.delivery_result(id_, **ask))


@contextmanager
def served(engine: FakeEngine, port: int) -> Iterator[FakeEngine]:
    """Serve the engine from a thread until the block ends."""
    engine.url = f"http://127.0.0.1:{port}"
    server = uvicorn.Server(uvicorn.Config(app_of(engine), port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield engine
    finally:
        server.should_exit = True
        thread.join(10)
