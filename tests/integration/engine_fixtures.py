"""A whole engine in this process: small gates of its own, a clock that tests move, real HTTP semantics."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI
from pydantic import SecretStr

from pratique.bootstrap import build_parts, open_parts
from pratique.domain.times import instant_text
from pratique.services.access import TokenRequest, issue_token
from pratique.services.parts import Parts
from pratique.settings import Settings
from pratique.store.ledger import Ledger
from pratique.store.places import files_of
from pratique.store.sealer import seal_batch
from pratique.web.app import create_app

INSPECT = Path(__file__).resolve().parents[1] / "data" / "inspect"
VERSION = "/v1/models/aurora/versions/2.1"
START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def _requirement(name: str, **members: Any) -> dict[str, Any]:
    return {"id": name, "title": name.title(), "measures": ["S-3.2"], "why": "For the test.", **members}


def _facts(name: str, criterion: str, **members: Any) -> dict[str, Any]:
    return _requirement(name, evidence={"kind": f"facts.{name}"}, criterion=criterion, **members)


def _gate(
    name: str, *requirements: dict[str, Any], roles: dict[str, int], applies_when: str | None = None
) -> dict[str, Any]:
    return {
        "format": "pratique.gate/1",
        "id": name,
        "version": 1,
        "edition": "eu-gpai-code@2025-07-10",
        "title": f"The {name} gate",
        "decides": f"Whether {name} goes on.",
        "stage": "training",
        "moment": "training_trigger",
        "measures": ["S-1.2"],
        "does_not_show": "Much.",
        "opens_on": [f"test.moment.{name}", "test.moment.all"],
        "checkpoints": [{"id": "a", "kind": "assessment", "title": "A", "requirements": list(requirements)}],
        "sign_off": {"roles": roles},
        "due": {"follow_up_days": 5, "due_days": 10},
    } | ({"applies_when": applies_when} if applies_when else {})


_SCORE = _facts("score", "facts.value < 50", fresh_for_days=30, owner="eval_lead", unmet="The score is too high.")
_REPORT = _facts("report", "facts.ok", owner="owner")
_LOG = _requirement(
    "log",
    evidence={"kind": "evaluation", "select": 'facts.task.startsWith("cbrn")'},
    criterion='facts.status == "success"',
    owner="security_lead",
)
GATES = [
    _gate(
        "trial",
        _SCORE,
        _facts("report", "facts.ok", gating="advise"),
        roles={"owner": 1, "approver": 1},
        applies_when="profile.systemic_risk",
    ),
    _gate("final", _requirement("before", gate="trial"), _REPORT, roles={"approver": 1, "executive": 1}),
    _gate("auto", _REPORT, roles={}),
    _gate("quorum", _SCORE, roles={"approver": 2}),
    _gate("solo", _SCORE, roles={"owner": 1}),
    _gate("logs", _LOG, roles={"approver": 1}),
]
PEOPLE = {
    "mira": ["owner", "eval_lead"],
    "jonas": ["approver"],
    "ines": ["executive", "approver"],
    "kim": ["owner", "approver"],
    "sam": ["security_lead"],
}
_SCHEMAS = {"score": {"value": {"type": "number"}}, "report": {"ok": {"type": "boolean"}}}


def write_config(folder: Path) -> None:
    """Write the gates, facts schemas and people above."""
    (folder / "gates").mkdir(parents=True)
    (folder / "facts").mkdir()
    for gate in GATES:
        (folder / "gates" / f"{gate['id']}.yaml").write_text(yaml.safe_dump(gate, sort_keys=False))
    for name, properties in _SCHEMAS.items():
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:pratique.facts/{name}@1",
            "type": "object",
            "additionalProperties": False,
            "required": list(properties),
            "properties": properties,
        }
        (folder / "facts" / f"{name}.schema.json").write_text(json.dumps(schema))
    write_people(folder, PEOPLE)


def write_people(folder: Path, people: dict[str, list[str]]) -> None:
    """Write people.yaml: person -> roles."""
    listed = [
        {
            "id": name,
            "name": name.title(),
            "email": f"{name}@aurora.example",
            "roles": roles,
            "channels": ["mail", "fax"],
        }
        for name, roles in people.items()
    ]
    (folder / "people.yaml").write_text(yaml.safe_dump({"format": "pratique.people/1", "people": listed}))


class Clock:
    """The present, as a test says it is."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Let time go by."""
        self.now += timedelta(**by)


class AppClient:
    """The application with its lifespan, on an event loop in a thread; many threads may send at once."""

    def __init__(self, app: FastAPI) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="app", daemon=True)
        self._thread.start()
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8470", timeout=60)
        self._lifespan = app.router.lifespan_context(app)
        self._do(self._lifespan.__aenter__())

    def _do(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=90)

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Send one request."""
        answer: httpx.Response = self._do(self._http.request(method, path, **given))
        return answer

    def close(self) -> None:
        """End the lifespan and the loop."""
        self._do(self._lifespan.__aexit__(None, None, None))
        self._do(self._http.aclose())
        self._do(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


_first: dict[tuple[Path, Path | None], Parts] = {}


def _wire(settings: Settings, clock: Clock) -> Parts:
    """Return an engine's parts; a configuration, which is the same for many tests, is loaded once."""
    where = (settings.config_dir, settings.overlay_dir)
    if where not in _first:
        _first[where] = build_parts(settings, clock=clock)
    return replace(
        _first[where],
        settings=settings,
        running=_first[where].running.fork(),
        ledger=Ledger(settings.ledger_url, clock=clock),
        files=files_of(settings),
        pinned={},
    )


def forget_configuration(settings: Settings) -> None:
    """Have the next engine of these settings read its files anew, as a restart does."""
    _first.pop((settings.config_dir, settings.overlay_dir), None)


class Engine:
    """One engine, and whoever calls it."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self.parts = _wire(settings, clock)
        open_parts(self.parts)
        self.app = create_app(self.parts)
        self.client = AppClient(self.app)
        self.tokens = {
            name: (settings.tokens_dir / f"{name}.token").read_text().strip()
            for name in ("admin", "worker", "pipeline")
        }
        self._numbers = itertools.count(1)

    def headers(self, who: str) -> dict[str, str]:
        """Return the bearer header of a first token, or of a person (who gets a token when first asked)."""
        if who not in self.tokens:
            self.tokens[who] = self.issue(kind="person", person=who)
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    def issue(self, **wanted: Any) -> str:
        """Issue a token and return it."""
        request = TokenRequest(label="test", **wanted)
        issued = self.parts.ledger.write("engine:test", lambda tx: issue_token(tx, self.parts, request))
        return str(issued["token"])

    def send(self, method: str, path: str, who: str | None = "pipeline", **given: Any) -> Any:
        """Send one request and return the answer, whatever it is."""
        headers = (self.headers(who) if who else {}) | given.pop("headers", {})
        return self.client.request(method, path, headers=headers, **given)

    def get(self, path: str, who: str = "pipeline", **params: Any) -> Any:
        """Return the JSON at a path; of the journal, with everything that was written before."""
        if path == "/v1/journal":
            self.seal()
        return ok(self.send("GET", path, who, params=params))

    def post(self, path: str, who: str, body: Any = None) -> Any:
        """Post JSON; return what came back."""
        return ok(self.send("POST", path, who, json=body if body is not None else {}))

    def register(self, version: str = "2.1", **profile: Any) -> Any:
        """Register aurora of a version."""
        body = {"systemic_risk": True, "known_as": ["mockllm/model"], **profile}
        return ok(self.send("PUT", f"/v1/models/aurora/versions/{version}", json=body))

    def event(self, type_: str, *, who: str = "pipeline", event_id: str | None = None, **data: Any) -> Any:
        """Send a structured event about aurora 2.1 and return the answer."""
        event = {
            "specversion": "1.0",
            "id": event_id or f"event-{next(self._numbers)}",
            "source": "/test",
            "type": type_,
            "subject": "aurora/2.1",
            "data": data,
        }
        headers = {"content-type": "application/cloudevents+json"}
        return self.send("POST", "/v1/events", who, content=json.dumps(event), headers=headers)

    def trigger(self, gate: str, occasion: str | None = None) -> Any:
        """Open or join a gate and return it."""
        data = {"gate": gate} | ({"occasion": occasion} if occasion else {})
        return ok(self.event("pratique.gate.triggered", **data))["gates"][0]

    def upload(self, content: bytes, filename: str, who: str = "pipeline", **params: Any) -> Any:
        """Upload bytes and return the answer."""
        given = {"filename": filename, **params}
        return self.send("POST", f"{VERSION}/evidence", who, content=content, params=given)

    def submit(
        self, kind: str, *, who: str = "pipeline", after: float = 0, valid_days: float | None = None, **facts: Any
    ) -> Any:
        """Submit a facts document dated now (plus `after` hours) and return the answer's JSON."""
        at = self.clock.now + timedelta(hours=after)
        document = {
            "schema": f"pratique.facts/{kind}@1",
            "model": "aurora-2.1",
            "produced_at": instant_text(at),
            "facts": facts,
        }
        if valid_days is not None:
            document["valid_until"] = instant_text(at + timedelta(days=valid_days))
        return ok(self.upload(json.dumps(document).encode(), f"{kind}.json", who))

    def gate(self, gate: str, **params: Any) -> Any:
        """Return the latest run of a gate."""
        return self.get(f"{VERSION}/gates/{gate}", **params)

    def decide(self, who: str, gate: str, act: str = "clear", **given: Any) -> Any:
        """Decide on what stands now, unless another basis is given; return the answer."""
        basis = given.pop("basis", None) or self.gate(gate)["basis"]
        body = {"act": act, "reason": "As seen.", "basis": basis, **given}
        return self.send("POST", f"{VERSION}/gates/{gate}/decisions", who, json=body)

    def waive(self, who: str, gate: str, requirement: str, *, days: float = 7, **given: Any) -> Any:
        """Grant a waiver and return the answer."""
        until = instant_text(self.clock.now + timedelta(days=days))
        body = {"requirement": requirement, "reason": "Booked.", "expires_at": until, **given}
        return self.send("POST", f"{VERSION}/gates/{gate}/waivers", who, json=body)

    def sweep(self) -> Any:
        """Sweep now and return the report."""
        return self.post("/v1/sweep", "worker")

    def inbox(self, who: str) -> list[tuple[str, str]]:
        """Return (kind, gate) of every notice of a person, oldest first."""
        return [(n["kind"], n["gate"]) for n in reversed(self.get("/v1/inbox", who)["items"])]

    def claim(self, topic: str, worker: str = "w1", limit: int = 100) -> list[Any]:
        """Claim work and return it."""
        body = {"worker": worker, "topics": [topic], "limit": limit}
        return list(self.post("/v1/work/claim", "worker", body)["items"])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, straight from the database."""
        from sqlalchemy import text

        with self.parts.ledger.database.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    def seal(self) -> None:
        """Wait until every entry is in the chain."""
        while self.parts.ledger.url.startswith("postgresql") and self.rows("SELECT 1 FROM journal_pending"):
            seal_batch(self.parts.ledger.database)  # type: ignore[arg-type]


def ok(answer: Any) -> Any:
    """Return the JSON of an answer that is no problem."""
    assert answer.status_code < 300, (answer.status_code, answer.text)
    return answer.json() if answer.content else None


def refused(answer: Any, status: int, code: str) -> Any:
    """Check that an answer is the RFC 9457 problem expected, and return it."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["code"] == code, problem
    assert problem["type"] == f"urn:pratique:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.fixture(name="clock")
def clock_fixture() -> Clock:
    return Clock()


@pytest.fixture(name="engine_config", scope="session")
def engine_config_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine") / "config"
    write_config(folder)
    return folder


@pytest.fixture(name="engine_settings")
def engine_settings_fixture(ledger_url: str, tmp_path: Path, engine_config: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        config_dir=engine_config,
        database_url=SecretStr(ledger_url),
        max_evidence_bytes=4 * 1024**2,
        read_at_once_bytes=1024**2,
        sweep_seconds=86_400,
        channels={"mail": SecretStr(f"mailfolder://{tmp_path}/mail")},
    )


@pytest.fixture(name="engine")
def engine_fixture(engine_settings: Settings, clock: Clock) -> Iterator[Engine]:
    engine = Engine(engine_settings, clock)
    try:
        yield engine
    finally:
        engine.client.close()
        engine.parts.ledger.close()
