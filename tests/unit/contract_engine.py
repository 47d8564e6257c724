"""A small engine over real HTTP that answers as the contract says: one gate, two findings, two signatures."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Answer = tuple[int, Any]

FINDINGS = {"mitigations-hold": ["S-5.1"], "security-goal": ["S-6.1", "S-6.2"]}


def problem(status: int, code: str, detail: str, **more: Any) -> Answer:
    return status, {
        "type": f"urn:pratique:problem:{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }


class ContractEngine:
    """State and rules; `met` and `signed` are moved by uploads and decisions."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.versions: dict[tuple[str, str], dict[str, Any]] = {}
        self.gates: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.events: dict[tuple[str, str], dict[str, Any]] = {}
        self.evidence: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self.failures_to_come = 0  #: how many requests are answered 503
        self.is_holding = True  #: False: answers long polls at once
        self.held = 0  #: long polls held back since somebody last looked

    def view(self, key: tuple[str, str, str]) -> dict[str, Any]:
        gate = self.gates[key]
        model, version, name = key
        is_met = len(gate["met"]) == len(FINDINGS)
        state = gate["final"] or (("cleared" if len(gate["signed"]) == 2 else "in_review") if is_met else "open")
        outcomes = {"cleared": "cleared", "in_review": "awaiting_decision", "open": "blocked", "stale": "blocked"}
        return {
            "gate_run": gate["id"],
            "model": model,
            "version": version,
            "gate": name,
            "title": "Training trigger point",
            "decides": "May training go on?",
            "occasion": gate["occasion"],
            "edition": "eu-gpai-code@2025-07-10",
            "spec_version": 1,
            "state": state,
            "outcome": outcomes.get(state, "rejected"),
            "row_version": gate["row_version"],
            "opened_at": "2026-11-23T14:00:00.000000Z",
            "due_at": "2026-12-03T14:00:00.000000Z",
            "is_overdue": False,
            "basis": hashlib.sha256(repr(sorted(gate["met"])).encode()).hexdigest(),
            "findings": [
                {
                    "requirement": name,
                    "title": name,
                    "checkpoint": "mitigation",
                    "checkpoint_kind": "mitigation",
                    "measures": measures,
                    "owner": "owner",
                    "status": "met" if name in gate["met"] else "not_tested",
                    "enforced": True,
                    **({} if name in gate["met"] else {"reason": "no evidence yet"}),
                    "something_new": {"later": "versions may add members"},
                }
                for name, measures in FINDINGS.items()
            ],
            "sign_off": {
                "roles": {"owner": 1, "approver": 1},
                "four_eyes": True,
                "signed": [{"person": p, "role": "owner", "at": "2026-11-23T14:00:00Z"} for p in gate["signed"]],
                "missing": [f"{2 - len(gate['signed'])} more signatures"] if len(gate["signed"]) < 2 else [],
            },
            "waiting_on": [
                {"role": "owner", "people": ["mira"], "for": "decision" if is_met else "evidence", "requirements": []}
            ],
            "waivers": [],
            "decisions": [],
            "weights_sha256": self.versions[model, version].get("weights_sha256"),
            "does_not_show": "It does not show that systemic risks are acceptable.",
            "links": {"self": "/v1/x", "page": "http://engine/gates/x", "evidence": "/v1/y", "prefect": None},
        }

    def move(self, gate: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the gate named `gate` and wake who waits."""
        with self.changed:
            for key, value in self.gates.items():
                if key[2] == gate:
                    change(value)
                    value["row_version"] += 1
            self.changed.notify_all()

    def meet_all(self, gate: str = "training-trigger") -> None:
        self.move(gate, lambda value: value["met"].update(FINDINGS))

    def sign(self, person: str, gate: str = "training-trigger") -> None:
        self.move(gate, lambda value: value["signed"].append(person))

    def end(self, state: str, gate: str = "training-trigger") -> None:
        self.move(gate, lambda value: value.update(final=state))

    def when_held(self, *acts: Callable[[], object]) -> None:
        """Do each of `acts` as soon as one more long poll is held back; nobody waits for the clock."""

        def do_in_turn() -> None:
            with self.changed:
                for act in acts:
                    if not self.changed.wait_for(lambda: self.held > 0, 20):
                        return
                    self.held = 0
                    act()

        threading.Thread(target=do_in_turn, daemon=True).start()

    def put_version(self, model: str, version: str, profile: dict[str, Any]) -> Answer:
        is_new = (model, version) not in self.versions
        self.versions[model, version] = profile
        return 200, {"model": model, "version": version, "profile": profile, "created": is_new}

    def post_event(self, event: dict[str, Any]) -> Answer:
        identity = (event["source"], event["id"])
        model, version = event["subject"].split("/")
        if (model, version) not in self.versions:
            return problem(404, "not-found", f"model version {model} {version} is not registered", hint="register it")
        if identity in self.events:
            return 200, {**self.events[identity], "is_duplicate": True}
        gate = event["data"].get("gate") or event["type"].rsplit(".", 1)[1].replace("_", "-")
        answer: dict[str, Any] = {"event": {"id": event["id"], "source": event["source"]}, "not_opened": []}
        if gate == "placement":
            answer |= {"gates": [], "not_opened": [{"gate": gate, "reason": "the model carries no systemic risk"}]}
        else:
            self.open_gate((model, version, gate), event["data"].get("occasion", "default"))
            answer["gates"] = [self.view((model, version, gate))]
        self.events[identity] = answer
        return 200, answer

    def open_gate(self, key: tuple[str, str, str], occasion: str) -> None:
        fresh = {"id": f"run-{len(self.gates) + 1}", "occasion": occasion, "met": set(), "signed": [], "row_version": 1}
        self.gates.setdefault(key, fresh | {"final": None})

    def get_gate(self, key: tuple[str, str, str], query: dict[str, str]) -> Answer:
        if key not in self.gates:
            return problem(404, "not-found", f"gate {key[2]} of {key[0]} {key[1]} was never opened")
        until = time.monotonic() + float(query.get("wait", 0)) * self.is_holding
        with self.changed:
            while self.gates[key]["row_version"] <= int(query.get("row_version", -1)):
                self.held += 1
                self.changed.notify_all()
                if not self.changed.wait(max(0.0, until - time.monotonic())):
                    break
            return 200, self.view(key)

    def post_evidence(self, subject: tuple[str, str], query: dict[str, str], content: bytes) -> Answer:
        digest = hashlib.sha256(content).hexdigest()
        if query["sha256"] != digest:
            return problem(422, "digest-mismatch", f"digest is {digest}, expected {query['sha256']}; nothing was kept")
        item = {
            "id": f"ev-{len(self.evidence) + 1}",
            "model": subject[0],
            "version": subject[1],
            "filename": query["filename"],
            "size": len(content),
            "sha256": digest,
            "received_at": "2026-11-23T14:00:00.000000Z",
            "submitter": "pipeline",
            "reading": "read",
            "requirement": query.get("requirement"),
            "kind": "facts",
            "complete": True,
            "facts": {"n": 1},
        }
        self.evidence.append(item)
        return 201, {"evidence": item, "gates": []}

    def decide(self, key: tuple[str, str, str], body: dict[str, Any], token: str) -> Answer:
        if token.startswith("prq_pipeline"):
            return problem(403, "not-allowed", "a pipeline token can never decide", hint="use a person's token")
        if body["basis"] != self.view(key)["basis"]:
            return problem(409, "conflict", "the gate shows something else now")
        self.sign(token.split("_")[1], key[2])
        return 200, self.view(key)


def answer_to(engine: ContractEngine, method: str, target: str, body: bytes, token: str) -> Answer:
    """Route one request."""
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    path = [unquote(part) for part in parts.path.strip("/").split("/")]
    match method, path[1:]:
        case "PUT", ["models", model, "versions", version]:
            return engine.put_version(model, version, json.loads(body))
        case "GET", ["models"]:
            return models_page(engine, query.get("cursor"))
        case "POST", ["events"]:
            return engine.post_event(json.loads(body))
        case "GET", ["models", model, "versions", version, "gates"]:
            return 200, {"items": [engine.view(key) for key in engine.gates if key[:2] == (model, version)]}
        case "GET", ["models", model, "versions", version, "gates", gate]:
            return engine.get_gate((model, version, gate), query)
        case "POST", ["models", model, "versions", version, "gates", gate, "decisions"]:
            return engine.decide((model, version, gate), json.loads(body), token)
        case "POST", ["models", model, "versions", version, "gates", gate, "waivers"]:
            engine.move(gate, lambda value: value["met"].add(json.loads(body)["requirement"]))
            return 200, engine.view((model, version, gate))
        case "POST", ["models", model, "versions", version, "gates", gate, "dates"]:
            return 200, engine.view((model, version, gate)) | {"due_at": json.loads(body)["due_at"]}
        case "POST", ["models", model, "versions", version, "evidence"]:
            return engine.post_evidence((model, version), query, body)
        case "GET", ["models", _, "versions", _, "evidence"]:
            return 200, {"items": engine.evidence}
        case "GET", ["gates", gate]:
            return gate_sheet(gate)
        case "GET", ["journal"]:
            return 200, {"entries": [journal_line(seq) for seq in range(int(query["after"]) + 1, 4)], "next": None}
        case "POST", ["tokens"]:
            return 200, {"id": "t1", "token": "prq_t1_secret", **json.loads(body)}
        case "GET", ["tokens"]:
            return 200, {"items": [{"id": "t1", "label": "ci", "kind": "pipeline", "person": None, "scopes": []}]}
        case "POST", ["tokens", token_id, "revoke"]:
            return 200, {"id": token_id}
        case "POST", ["login-links"]:
            return 200, {"url": "http://engine/login/once", "expires_at": "2026-11-23T15:00:00Z"}
        case "POST", ["work", "claim"]:
            payload = {"flow": "training", "gate_run": "run-1"}
            return 200, {"items": [{"id": 7, "topic": "flow", "key": "k", "payload": payload, "failures": 0}]}
        case "POST", ["work", _, "extend"]:
            return problem(409, "conflict", "the lease was lost")
        case _:
            return problem(404, "not-found", f"no such path: {parts.path}")


def gate_sheet(gate: str) -> Answer:
    """The data sheet of a shipped gate, as the engine makes it."""
    from shipped_gates import RULEBOOK  # only tests that ask for it load every rule

    from pratique.regimes.datasheet import data_sheet

    spec = RULEBOOK.specs.get(gate)
    if spec is None:
        return problem(404, "not-found", f"gate {gate!r} is unknown")
    return 200, data_sheet(spec, RULEBOOK.edition).as_json()


def models_page(engine: ContractEngine, cursor: str | None) -> Answer:
    """One model version a page, so that paging is seen."""
    at = int(cursor or 0)
    items = [
        {"model": m, "version": v, "profile": p, "gates": [{"gate": "training-trigger", "state": "open"}]}
        for (m, v), p in engine.versions.items()
    ]
    return 200, {"items": items[at : at + 1], "next": str(at + 1) if at + 1 < len(items) else None}


def journal_line(seq: int) -> dict[str, Any]:
    entry = {"id": f"e{seq}", "at": "2026-11-23T14:00:00Z", "tag": "gate:opened", "actor": "pipeline"}
    return {"seq": seq, "link": "ab" * 32, "entry": {**entry, "subject": "aurora/2.1", "v": 1, "values": {}}}


class Server:
    """The engine on a port of 127.0.0.1; can be stopped and started again on the same port."""

    def __init__(self, engine: ContractEngine) -> None:
        self.engine = engine
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = _Quiet(("127.0.0.1", self.port), _handler(self.engine))
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving(engine: ContractEngine) -> Iterator[Server]:
    server = Server(engine)
    try:
        yield server
    finally:
        server.stop()


class _Quiet(ThreadingHTTPServer):
    block_on_close = False
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news here."""


def _handler(engine: ContractEngine) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            engine.requests.append((self.command, self.path, dict(self.headers)))
            engine.bodies.append(body)
            status, value = self.result(body)
            content = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/problem+json" if status >= 400 else "application/json")
            self.send_header("Content-Length", str(len(content)))
            if isinstance(value, dict) and value.get("is_duplicate"):
                self.send_header("Pratique-Duplicate", "true")
            self.end_headers()
            self.wfile.write(content)

        def result(self, body: bytes) -> Answer:
            if engine.failures_to_come:
                engine.failures_to_come -= 1
                return problem(503, "unavailable", "the ledger is being migrated")
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if not token:
                return problem(401, "unauthenticated", "no token came with the request")
            if self.path.endswith("/content"):
                return 200, b"the bytes"
            return answer_to(engine, self.command, self.path, body, token)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: Any) -> None:
            """Tests print nothing."""

    return Handler
