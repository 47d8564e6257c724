"""Pipelines and people at work on an engine that may die at any moment: they retry, and remember every answer."""

from __future__ import annotations

import functools
import itertools
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fault_processes import ROOT, Engine, await_that, http_client

EVENTS_PER_MODEL = 4
#: Beside the events: two documents, two waivers or files, three decisions.
ANSWERS_PER_MODEL = EVENTS_PER_MODEL + 7
#: Designated, so that the Commission knows of it: no notification falls due, and no second gate opens beside the one
#: that these tests count.
PROFILE = {"systemic_risk": False, "designation": "designated", "known_as": ["mockllm/model", "aurora-2.1"]}
DOCUMENTS = {
    name: (ROOT / "examples" / "evidence" / name).read_bytes()
    for name in ("mitigation-record.json", "security-goal.json")
}
CYBER_LOG = (ROOT / "tests" / "data" / "inspect" / "cyber_agent_tools.eval").read_bytes()
GATE = "training-trigger"
_EVENT_TYPE = "application/cloudevents+json"
#: How long one request is retried before the test gives up on the engine.
_GIVE_UP_SECONDS = 60.0


@dataclass
class Remembered:
    """What the engine has acknowledged."""

    events: dict[str, list[str]] = field(default_factory=dict)  #: event id -> its gate runs
    evidence: dict[str, str] = field(default_factory=dict)  #: id -> SHA-256
    decisions: dict[str, str] = field(default_factory=dict)  #: id -> gate run
    waivers: dict[str, str] = field(default_factory=dict)  #: id -> gate run
    row_versions: dict[str, int] = field(default_factory=dict)  #: gate run -> newest version seen
    answers: int = 0
    lost_answers: int = 0  #: requests cut off with the outcome unknown
    repeated_events: int = 0  #: retries that the engine knew already

    def copy(self) -> Remembered:
        return Remembered(
            dict(self.events),
            dict(self.evidence),
            dict(self.decisions),
            dict(self.waivers),
            dict(self.row_versions),
            self.answers,
            self.lost_answers,
            self.repeated_events,
        )

    @property
    def ids(self) -> set[str]:
        """Ids that the journal must hold."""
        return {*self.evidence, *self.decisions, *self.waivers}


class Crowd:
    """Clients in threads, each telling the story of one model version after the other."""

    def __init__(self, engine: Engine, *, events: int, clients: int = 6, seed: int = 1) -> None:
        self.engine = engine
        self.models = events // EVENTS_PER_MODEL
        self.answers_in_all = self.models * ANSWERS_PER_MODEL
        self.remembered = Remembered()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._seed = seed
        self._give_up = threading.Event()
        self._clients: list[httpx.Client] = []
        self._tokens = {p: engine.person_token(p) for p in ("mira", "jonas")} | {"pipeline": engine.token("pipeline")}
        self._pool = ThreadPoolExecutor(clients)
        self._threads: list[Future[None]] = [self._pool.submit(self._tell_stories) for _ in range(clients)]

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        self._give_up.set()
        self._pool.shutdown(wait=True)
        for client in self._clients:
            client.close()

    @property
    def is_done(self) -> bool:
        """True when every story was told, or one went wrong."""
        went_wrong = any(t.done() and t.exception() for t in self._threads)
        return went_wrong or all(t.done() for t in self._threads)

    def await_answers(self, more: int) -> None:
        """Wait until the clients were answered so many times more, or are done."""
        enough = self.snapshot().answers + more
        await_that(lambda: self.is_done or self.snapshot().answers >= enough, "clients to be answered", every=0.002)

    def result(self) -> Remembered:
        """Wait for the end of every story; raise what went wrong in one."""
        for thread in self._threads:
            thread.result()
        return self.remembered

    def snapshot(self) -> Remembered:
        with self._lock:
            return self.remembered.copy()

    def _tell_stories(self) -> None:
        client = http_client()
        self._clients.append(client)
        while True:
            with self._lock:
                number = next(self._numbers)
            if number > self.models or self._give_up.is_set():
                return
            _Story(self, client, number, random.Random(f"{self._seed}/{number}")).tell()

    def ask(self, client: httpx.Client, who: str, method: str, path: str, **request: Any) -> httpx.Response:
        """Send until there is an answer; a cut connection and a 503 are no answer."""
        end = time.monotonic() + _GIVE_UP_SECONDS
        headers = {"Authorization": f"Bearer {self._tokens[who]}", **request.pop("headers", {})}
        while not self._give_up.is_set():
            try:
                reply = client.request(method, self.engine.url + path, headers=headers, **request)
            except httpx.ConnectError:
                pass
            except httpx.TransportError:
                with self._lock:
                    self.remembered.lost_answers += 1
            else:
                if reply.status_code != 503:
                    return reply
            assert time.monotonic() < end, f"no answer to {method} {path} for {_GIVE_UP_SECONDS:g} s"
            time.sleep(0.02)
        raise RuntimeError("given up")

    def remember(self, note: Callable[[Remembered], None]) -> None:
        with self._lock:
            note(self.remembered)
            self.remembered.answers += 1

    def saw(self, views: list[dict[str, Any]]) -> None:
        """No client may ever see a gate run go back."""
        with self._lock:
            for view in views:
                known = self.remembered.row_versions.get(view["gate_run"], 0)
                self.remembered.row_versions[view["gate_run"]] = max(known, view["row_version"])


class _Story:
    """One model version: events, evidence, waivers, and two people who decide."""

    def __init__(self, crowd: Crowd, client: httpx.Client, number: int, dice: random.Random) -> None:
        self._crowd = crowd
        self._ask = functools.partial(crowd.ask, client)
        self._model = f"aurora-{number}"
        self._root = f"/v1/models/{self._model}/versions/2.1"
        self._dice = dice
        self._marks = itertools.count(1)

    def tell(self) -> None:
        reply = self._ask("pipeline", "PUT", self._root, json=PROFILE)
        assert reply.status_code == 200, reply.text
        self.trigger(GATE)
        for name, content in DOCUMENTS.items():
            self.submit(name, content)
        self.waive("cbrn-evaluation")
        if self._dice.random() < 0.2:
            self.submit("cyber.eval", CYBER_LOG)
        else:
            self.waive("cyber-evaluation")
        self.trigger(GATE)  # the same occasion: joins
        self.decide("mira", "clear")
        self.decide("jonas", self._dice.choice(("clear", "clear", "return")))
        self.trigger("pre-placement")
        self.trigger(GATE, occasion="second")
        self.decide(*self._dice.choice((("mira", "withdraw"), ("jonas", "reject"), ("jonas", "return"))))

    def trigger(self, gate: str, **data: str) -> None:
        event_id = f"{self._model}-{next(self._marks)}"
        event = {
            "specversion": "1.0",
            "id": event_id,
            "source": "/ci/faults",
            "type": "pratique.gate.triggered",
            "subject": f"{self._model}/2.1",
            "data": {"gate": gate, **data},
        }
        reply = self._ask("pipeline", "POST", "/v1/events", json=event, headers={"content-type": _EVENT_TYPE})
        assert reply.status_code == 200, reply.text
        views = reply.json()["gates"]
        self._crowd.saw(views)

        def note(memory: Remembered) -> None:
            memory.events[event_id] = [view["gate_run"] for view in views]
            memory.repeated_events += "pratique-duplicate" in reply.headers

        self._crowd.remember(note)

    def submit(self, filename: str, content: bytes) -> None:
        reply = self._ask("pipeline", "POST", f"{self._root}/evidence", params={"filename": filename}, content=content)
        assert reply.status_code == 201, reply.text
        told = reply.json()
        self._crowd.saw(told["gates"])
        self._crowd.remember(lambda m: m.evidence.update({told["evidence"]["id"]: told["evidence"]["sha256"]}))

    def waive(self, requirement: str) -> None:
        reason = f"mark {next(self._marks)}"
        expires_at = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        body = {"requirement": requirement, "reason": reason, "expires_at": expires_at}
        reply = self._ask("jonas", "POST", f"{self._root}/gates/{GATE}/waivers", json=body)
        assert reply.status_code in (200, 409), reply.text  # 409: the answer to an earlier try was lost
        view = self._answer_or_look(reply)
        granted = [w["id"] for w in view["waivers"] if w["reason"] == reason]
        assert len(granted) == 1, reply.text
        self._crowd.remember(lambda m: m.waivers.update({granted[0]: view["gate_run"]}))

    def decide(self, person: str, act: str) -> None:
        reason = f"mark {next(self._marks)}"
        while True:
            basis = self._look()["basis"]
            body = {"act": act, "reason": reason, "basis": basis}
            reply = self._ask(person, "POST", f"{self._root}/gates/{GATE}/decisions", json=body)
            assert reply.status_code in (200, 409), reply.text
            view = self._answer_or_look(reply)
            made = [d["id"] for d in view["decisions"] if d["reason"] == reason]
            assert len(made) <= 1, f"{person} decided twice: {view['decisions']}"
            if made:
                self._crowd.remember(functools.partial(_note_decision, made[0], view["gate_run"]))
                return
            assert "no longer what stands" in reply.text, f"{reply.text}\n{view['state']}: {view['findings']}"

    def _answer_or_look(self, reply: httpx.Response) -> dict[str, Any]:
        if reply.status_code != 200:
            return self._look()
        view: dict[str, Any] = reply.json()
        self._crowd.saw([view])
        return view

    def _look(self) -> dict[str, Any]:
        reply = self._ask("pipeline", "GET", f"{self._root}/gates/{GATE}")
        assert reply.status_code == 200, reply.text
        view: dict[str, Any] = reply.json()
        self._crowd.saw([view])
        return view


def _note_decision(decision: str, gate_run: str, memory: Remembered) -> None:
    memory.decisions[decision] = gate_run
