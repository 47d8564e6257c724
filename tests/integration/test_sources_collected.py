"""Evidence that is collected by itself: fetched by a worker, handed over as any other, judged by the engine alone."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    VERSION,
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
)
from local_site import Site, serving
from test_scope_cli import AppTransport

from pratique.cli import source as source_cli
from pratique.cli.main import main
from pratique.client import Client
from pratique.client.call import FileBody, Reply, Request
from pratique.domain.sources import EvidenceSource
from pratique.domain.times import instant_text
from pratique.egress import Egress
from pratique.fetching import fetch as fetching
from pratique.fetching.collect import Outcome, collect
from pratique.services.verify import verify_ledger
from pratique.settings import EgressSettings


class FileTransport(AppTransport):
    """Sends files, too."""

    def send(self, request: Request, *, sink: Any = None) -> Reply:
        body = b"".join(request.body.chunks()) if isinstance(request.body, FileBody) else request.body
        answer = self._engine.client.request(
            request.method, request.target, headers=dict(request.headers), content=body
        )
        return Reply(status=answer.status_code, headers=dict(answer.headers), body=answer.content)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "evals").mkdir()
    return tmp_path / "evals"


@pytest.fixture(name="story")
def story_fixture(engine: Engine, folder: Path, site: Site) -> Engine:
    given: dict[str, Any] = {"format": "pratique.source/1", "models": ["aurora/2.*"]}
    sources = [
        {"id": "evals", "kind": "folder", "where": str(folder), "files": "*.json", "on_gate_open": ["solo"],
         "before_expiry_days": 3},
        {"id": "page", "kind": "url", "where": f"http://acme.test:{site.port}/{{version}}/score.json",
         "every_hours": 6, "requirement": "score", "token": {"env": "SOURCE_TEST_TOKEN"}},
    ]  # fmt: skip
    found = {one["id"]: EvidenceSource.model_validate({**given, **one}) for one in sources}
    object.__setattr__(engine.parts, "sources", found)  # parts are frozen
    engine.register()
    return engine


async def resolve(host: str, _port: int) -> tuple[str, ...]:
    return ("127.0.0.1",)


EGRESS = Egress(
    settings=EgressSettings(http_hosts=(".test",), allow_networks=("127.0.0.0/8",), total_seconds=3), resolve=resolve
)


def client_of(engine: Engine) -> Client:
    return Client("http://engine", engine.headers("worker")["Authorization"][7:], transport=FileTransport(engine))


def collected(engine: Engine) -> list[Outcome]:
    client = client_of(engine)
    return [collect(client, order, EGRESS) for order in client.sources.due()]


def document(engine: Engine, value: int = 40) -> bytes:
    at = instant_text(engine.clock.now)
    facts = {"schema": "pratique.facts/score@1", "model": "aurora-2.1", "produced_at": at, "facts": {"value": value}}
    return json.dumps(facts).encode()


def leave(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    long_ago = time.time() - 60
    os.utime(path, (long_ago, long_ago))


def due(engine: Engine) -> list[tuple[str, str]]:
    return [(one["source"], one["because"][0]) for one in engine.get("/v1/sources/due", "worker")["items"]]


def evidence(engine: Engine) -> list[Any]:
    return list(engine.get(f"{VERSION}/evidence")["items"])


def last(engine: Engine, source: str) -> Any:
    (found,) = [one for one in engine.get("/v1/sources")["items"] if one["source"] == source]
    return found["versions"][0]["last"]


def test_a_gate_that_opens_has_a_folder_collected_and_the_engine_judges(story: Engine, folder: Path) -> None:
    leave(folder / "score.json", document(story))
    leave(folder / "score.txt", b"no such name is asked for")
    (folder / "link.json").symlink_to("/etc/hostname")
    assert due(story) == []  # no gate is live, so that nothing could rest on it
    opened = story.trigger("solo")
    assert opened["open_findings"] == 1
    assert ("evals", f"gate solo opened at {instant_text(story.clock.now)}") in due(story)
    story.parts.sources.pop("page")  # type: ignore[attr-defined]
    (outcome,) = collected(story)
    assert (outcome.files, outcome.failure) == (("score.json",), None)
    assert story.gate("solo")["open_findings"] == 0
    (item,) = evidence(story)
    assert (item["kind"], item["submitter"]) == ("facts.score", "source:evals")
    assert due(story) == []
    found = last(story, "evals")
    assert (found["state"], found["failures"]) == ("collected", 0)
    assert found["files"] == [{"evidence": item["id"], "filename": "score.json", "sha256": item["sha256"]}]
    story.seal()
    assert verify_ledger(story.settings).problems == []


def test_the_same_content_again_changes_nothing_and_new_content_is_judged(story: Engine, folder: Path) -> None:
    story.parts.sources.pop("page")  # type: ignore[attr-defined]
    leave(folder / "score.json", document(story))
    story.trigger("solo")
    collected(story)
    before = story.gate("solo")
    order = client_of(story).sources.order("evals", "aurora", "2.1")
    assert collect(client_of(story), order, EGRESS).failure is None
    assert len(evidence(story)) == 1
    assert story.gate("solo")["row_version"] == before["row_version"]
    leave(folder / "score.json", document(story, 90))
    collect(client_of(story), order, EGRESS)
    assert len(evidence(story)) == 2
    assert story.gate("solo")["open_findings"] == 1


def test_before_something_runs_out_it_is_collected_again_and_once(story: Engine, folder: Path) -> None:
    story.parts.sources.pop("page")  # type: ignore[attr-defined]
    leave(folder / "score.json", document(story))
    story.trigger("solo")
    collected(story)
    story.clock.forward(days=26)
    assert due(story) == []
    story.clock.forward(days=1, minutes=1)  # what it says is fresh for 30 days
    ((source, why),) = due(story)
    assert (source, why.startswith("what gate solo rests on runs out at ")) == ("evals", True)
    leave(folder / "score.json", document(story))
    collected(story)
    assert due(story) == []
    assert len(evidence(story)) == 2


def test_a_failure_is_kept_with_its_reason_and_tried_again_later_and_moves_no_gate(
    story: Engine, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.trigger("solo")
    story.parts.sources.pop("evals")  # type: ignore[attr-defined]
    before = story.gate("solo")
    (outcome,) = collected(story)
    assert outcome.failure == "no token in $SOURCE_TEST_TOKEN"
    assert site.seen == []
    monkeypatch.setenv("SOURCE_TEST_TOKEN", "s3cret")
    assert due(story) == []
    story.clock.forward(minutes=5)
    (outcome,) = collected(story)
    assert outcome.failure == "the server answered 404, not 200"
    found = last(story, "page")
    assert (found["state"], found["failures"], found["succeeded_at"]) == ("failed", 2, None)
    assert found["not_before"] == instant_text(story.clock.now.replace(minute=20))
    assert story.gate("solo")["row_version"] == before["row_version"]
    story.clock.forward(minutes=15)
    site.page("/2.1/score.json", document(story))
    (outcome,) = collected(story)
    assert outcome.files == ("score.json",)
    assert site.seen[-1][2]["authorization"] == "Bearer s3cret"
    assert last(story, "page")["failures"] == 0
    assert evidence(story)[0]["requirement"] == "score"
    assert story.gate("solo")["open_findings"] == 0
    assert "s3cret" not in json.dumps(story.get("/v1/journal", "admin"))
    assert due(story) == []
    story.clock.forward(hours=6)
    assert [one[0] for one in due(story)] == ["page"]


def test_what_opens_while_a_source_is_asked_is_asked_for_again(story: Engine, folder: Path) -> None:
    story.parts.sources.pop("page")  # type: ignore[attr-defined]
    leave(folder / "score.json", document(story))
    order = client_of(story).sources.order("evals", "aurora", "2.1")
    story.clock.forward(seconds=1)
    story.trigger("solo")
    story.clock.forward(seconds=1)
    collect(client_of(story), order, EGRESS)
    assert [one[0] for one in due(story)] == ["evals"]


def test_what_was_said_twice_is_recorded_once(story: Engine) -> None:
    story.trigger("solo")
    order = client_of(story).sources.order("evals", "aurora", "2.1")
    for _ in range(2):
        client_of(story).sources.settle(order, failure="the disk is gone")
    assert last(story, "evals")["failures"] == 1


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda folder: None, "has no file that matches '*.json'"),
        (lambda folder: (folder / "a.json").write_bytes(b"{"), "a.json is still being written"),
        (lambda folder: folder.rmdir(), "cannot be read: No such file or directory"),
        (lambda folder: leave(folder / "a\n.json", b"{}"), "filename"),
        (lambda folder: leave(folder / "a.json", bytes(4 * 1024**2 + 1)), "larger than"),
    ],
)
def test_a_folder_that_gives_nothing_says_why(
    story: Engine, folder: Path, write: Callable[[Path], None], reason: str
) -> None:
    story.trigger("solo")
    write(folder)
    order = client_of(story).sources.order("evals", "aurora", "2.1")
    outcome = collect(client_of(story), order, EGRESS)
    assert outcome.failure is not None
    assert reason in outcome.failure
    assert last(story, "evals")["reason"] == outcome.failure


def test_a_folder_of_too_many_files_is_refused_whole(
    story: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_FILES", 2)
    for name in "abc":
        leave(folder / f"{name}.json", document(story))
    order = client_of(story).sources.order("evals", "aurora", "2.1")
    assert "more than 2 files" in str(collect(client_of(story), order, EGRESS).failure)
    assert evidence(story) == []


def test_a_worker_alone_hands_over_and_only_what_the_source_speaks_of(story: Engine) -> None:
    named = {"model": "aurora", "version": "2.1", "filename": "a.json"}
    for who in ("pipeline", "admin", "mira"):
        refused(story.send("POST", "/v1/sources/evals/evidence", who, params=named, content=b"{}"), 403, "not-allowed")
        refused(story.send("GET", "/v1/sources/due", who), 403, "not-allowed")
    other = {**named, "version": "3.0"}
    refused(
        story.send("POST", "/v1/sources/evals/evidence", "worker", params=other, content=b"{}"), 422, "invalid-input"
    )
    refused(story.send("POST", "/v1/sources/none/evidence", "worker", params=named, content=b"{}"), 404, "not-found")
    body = {"model": "aurora", "version": "2.1", "as_of": instant_text(story.clock.now)}
    path = "/v1/sources/evals/collections"
    refused(story.send("POST", path, "worker", json=body), 422, "invalid-input")
    refused(story.send("POST", path, "worker", json={**body, "evidence": ["none"]}), 404, "not-found")
    later = {**body, "as_of": "2027-11-23T14:00:00Z", "failure": "x"}
    refused(story.send("POST", path, "worker", json=later), 422, "invalid-input")
    assert story.rows("SELECT count(*) FROM source_collection") == [(0,)]


def test_the_command_line_lists_what_is_due_and_collects(
    story: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def connect(url: str | None, token_file: Path | None, holder: str) -> Client:
        return Client("http://engine", story.headers(holder)["Authorization"][7:], transport=FileTransport(story))

    monkeypatch.setattr(source_cli, "connect", connect)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["pratique", "source", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(str(ended.value.code or 0)), capsys.readouterr().out

    story.trigger("solo")
    code, said = run("due")
    assert (code, "gate solo opened at" in said) == (0, True)
    code, said = run("collect", "evals", "aurora/2.1")
    assert (code, "has no file that matches" in said) == (1, True)
    leave(folder / "score.json", document(story))
    assert run("collect", "evals", "aurora/2.1") == (0, "score.json  is evidence of aurora/2.1\n")
    code, said = run("list")
    assert (code, "collected" in said, "never" in said) == (0, True, True)


def test_a_file_that_announces_more_than_is_taken_is_refused_before_any_of_it_is_read(story: Engine) -> None:
    read: list[bytes] = []

    async def content() -> Any:
        read.append(b"x")
        yield read[-1]

    headers = {"Content-Length": str(10**15)}
    where = "/v1/sources/evals/evidence?model=aurora&version=2.1&filename=a.json"
    problem = refused(story.send("POST", where, "worker", headers=headers, content=content()), 413, "too-large")
    assert "1000000000000000 announced" in problem["detail"]
    assert read == []
