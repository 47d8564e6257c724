"""Pages that the engine captures: kept as evidence, refused inside the network, one capture for a key."""

from __future__ import annotations

import inspect
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

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

from pratique import __version__
from pratique.cli.main import main
from pratique.client import Client
from pratique.client.async_snapshots import AsyncSnapshotNamespace
from pratique.client.sync_snapshots import SnapshotNamespace
from pratique.collectors.warc import Capture, write_capture
from pratique.domain.evidence import Extraction
from pratique.domain.times import instant_text
from pratique.egress import Egress
from pratique.errors import InvalidInputError
from pratique.services.evidence import read_file
from pratique.settings import EgressSettings

PATH = f"{VERSION}/snapshots"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    async def resolve(host: str, _port: int) -> tuple[str, ...]:
        if host == "two.test":  # as most sites have
            return ("127.0.0.1", "127.0.0.1")
        return ("10.0.0.7",) if host == "inside.test" else ("127.0.0.1",)

    allowed = EgressSettings(
        http_hosts=(".test",), allow_networks=("127.0.0.0/8",), total_seconds=30, max_body_bytes=1_000_000
    )
    object.__setattr__(engine.parts, "egress", Egress(settings=allowed, resolve=resolve))  # parts are frozen
    engine.register()
    return engine


def capture(engine: Engine, url: str, who: str = "pipeline", key: str | None = None, **members: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return engine.send("POST", PATH, who, json={"url": url, **members}, headers=headers)


def files(engine: Engine) -> list[Path]:
    return [path for path in engine.settings.evidence_dir.rglob("*") if path.is_file()]


def test_a_page_is_kept_with_its_time_and_headers(story: Engine, site: Site) -> None:
    site.page("/framework", b"<title>Framework</title>", Content_Type="text/html", ETag='"1"')
    site.page("/", status=301, Location="/framework")
    found = ok(capture(story, f"http://acme.test:{site.port}/", requirement="published-framework"))
    evidence = found["evidence"]
    assert (evidence["kind"], evidence["complete"], evidence["reading"]) == ("web-page", True, "read")
    assert evidence["filename"] == "acme.test-20261123T140000Z.warc"
    assert evidence["requirement"] == "published-framework"
    assert evidence["media_type"] == "application/warc"
    facts = evidence["facts"]
    assert facts["final_url"] == f"http://acme.test:{site.port}/framework"
    assert facts["captured_at"] == instant_text(story.clock.now)
    assert (facts["title"], facts["etag"], facts["status"]) == ("Framework", '"1"', 200)
    assert facts["captured_by_engine"] is True
    content = story.send("GET", f"/v1/evidence/{evidence['id']}/content").content
    assert content.startswith(b"WARC/1.1\r\n")
    assert b"<title>Framework</title>" in content
    assert site.seen[0][2]["user-agent"].startswith("pratique/")


def test_a_page_that_is_uploaded_is_none_that_the_engine_captured(story: Engine) -> None:
    forged = Capture(
        **{"requested_url": "https://lab.example/", "url": "https://lab.example/", "redirects": ()},
        **{"captured_at": story.clock.now, "address": "93.184.216.34", "status": 200, "reason": "OK"},
        **{"headers": (("content-type", "text/html"),), "body": b"<title>Framework</title> forged"},
    )
    content = write_capture(forged, software=f"pratique {__version__}", ids=[str(uuid4()) for _ in range(3)])
    sent = story.send("POST", f"{VERSION}/evidence?filename=lab.example.warc", "pipeline", content=content)
    facts = ok(sent)["evidence"]["facts"]
    assert (facts["captured_by"], facts["captured_by_engine"]) == ([f"pratique {__version__}"], False)


def test_no_collector_says_that_the_engine_captured_a_page(
    story: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = Extraction(kind="memo", collector="c", collector_version="1", facts={"captured_by_engine": True})
    monkeypatch.setattr("pratique.services.evidence.read_evidence", lambda *_: claims)
    read = read_file(story.parts, tmp_path, "memo.json")
    assert read.extraction is not None
    assert read.extraction.facts == {"captured_by_engine": False}


def test_a_page_that_is_gone_is_kept_and_does_not_count(story: Engine, site: Site) -> None:
    evidence = ok(capture(story, f"http://acme.test:{site.port}/gone"))["evidence"]
    assert (evidence["complete"], evidence["incomplete_reason"]) == (False, "the server answered 404, not 200")
    assert len(files(story)) == 1


def test_the_same_page_later_is_other_evidence(story: Engine, site: Site) -> None:
    site.page("/", b"text")
    first = ok(capture(story, f"http://acme.test:{site.port}/"))["evidence"]
    story.clock.forward(days=30)
    second = ok(capture(story, f"http://acme.test:{site.port}/"))["evidence"]
    assert first["id"] != second["id"]
    assert first["facts"]["sha256"] == second["facts"]["sha256"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://inside.test/", "a private address"),
        ("http://acme.example/", "http to acme.example is not allowed"),
        ("file:///etc/passwd", "expected https"),
        ("https://user:hunter2@acme.test/", "user name or password"),
    ],
)
def test_an_address_that_the_engine_does_not_go_to_is_refused(story: Engine, url: str, words: str) -> None:
    problem = refused(capture(story, url), 422, "egress-refused")
    assert words in problem["detail"]
    assert "hunter2" not in json.dumps(problem)
    assert "10.0.0.7" not in json.dumps(problem)
    assert (files(story), story.rows("SELECT 1 FROM evidence")) == ([], [])


def test_a_redirect_into_the_network_is_refused(story: Engine, site: Site) -> None:
    site.page("/", status=302, Location="http://inside.test/secret")
    refused(capture(story, f"http://acme.test:{site.port}/"), 422, "egress-refused")
    assert files(story) == []


def test_a_site_that_gives_no_whole_answer_leaves_nothing(story: Engine, site: Site) -> None:
    site.page("/", b"x" * 1_000_001)
    problem = refused(capture(story, f"http://acme.test:{site.port}/"), 502, "egress-failed")
    assert "larger than 1000000 bytes" in problem["detail"]
    refused(capture(story, "http://acme.test:1/"), 502, "egress-failed")
    site.pages["/"] = lambda request: request.connection.close()
    refused(capture(story, f"http://two.test:{site.port}/"), 502, "egress-failed")
    assert (files(story), story.rows("SELECT 1 FROM evidence")) == ([], [])


def test_a_key_makes_it_one_capture(story: Engine, site: Site) -> None:
    site.page("/", b"first")
    url = f"http://acme.test:{site.port}/"
    first = capture(story, url, key="k1")
    site.page("/", b"second")
    again = capture(story, url, key="k1")
    assert again.headers["Pratique-Duplicate"] == "true"
    assert ok(again) == ok(first)
    assert len(site.seen) == 1
    refused(capture(story, f"{url}other", key="k1"), 422, "idempotency-key-reused")
    assert len(site.seen) == 1


def test_who_may_not_submit_evidence_captures_nothing(story: Engine, site: Site) -> None:
    refused(capture(story, f"http://acme.test:{site.port}/", who="worker"), 403, "not-allowed")
    story.tokens["nobody"] = "prq_x_y"
    refused(capture(story, f"http://acme.test:{site.port}/", who="nobody"), 401, "unauthenticated")
    other = PATH.replace("2.1", "9.9")
    refused(story.send("POST", other, json={"url": f"http://acme.test:{site.port}/"}), 404, "not-found")
    assert site.seen == []


@pytest.mark.parametrize("body", [{}, {"url": ""}, {"url": "https://a b/"}, {"url": 1}, {"url": "https://a/", "x": 1}])
def test_a_malformed_request_is_refused(story: Engine, body: dict[str, Any]) -> None:
    refused(story.send("POST", PATH, json=body), 422, "invalid-input")


def test_the_person_who_asks_stands_behind_it(story: Engine, site: Site) -> None:
    site.page("/", b"text")
    assert ok(capture(story, f"http://acme.test:{site.port}/", who="mira"))["evidence"]["submitter"] == "mira"


def test_other_requests_are_answered_while_a_site_takes_its_time(story: Engine, site: Site) -> None:
    asked, release = threading.Event(), threading.Event()

    def slow(request: Any) -> None:
        asked.set()
        release.wait(20)
        request.send_response(200)
        request.end_headers()

    site.pages["/"] = slow
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(capture(story, f"http://acme.test:{site.port}/")))
    thread.start()
    assert asked.wait(20)
    assert story.send("GET", "/healthz", None).status_code == 200
    assert answers == []
    release.set()
    thread.join(30)
    assert answers[0].status_code == 201


def client_of(engine: Engine) -> Client:
    return Client("http://engine", engine.headers("pipeline")["Authorization"][7:], transport=AppTransport(engine))


def test_the_sdk_and_the_command_line_take_snapshots(
    story: Engine, site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site.page("/", b"text")
    taken = client_of(story).snapshots.take(f"http://acme.test:{site.port}/", "aurora", "2.1", "published-framework")
    assert (taken.kind, taken.complete, taken.raw["requirement"]) == ("web-page", True, "published-framework")
    with pytest.raises(InvalidInputError, match="a private address"):
        client_of(story).snapshots.take("http://inside.test/", "aurora", "2.1")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("pratique.cli.snapshot.connect", lambda *_: client_of(story))
        monkeypatch.setattr("sys.argv", ["pratique", "evidence", "snapshot", "aurora/2.1", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    story.clock.forward(days=1)
    code, out, _ = run(f"http://acme.test:{site.port}/")
    assert (code, out.split()[0], out.split()[2]) == (0, "acme.test-20261124T140000Z.warc", "captured")
    code, out, _ = run(f"http://acme.test:{site.port}/gone")
    assert (code, "incomplete: the server answered 404, not 200" in out) == (0, True)
    assert json.loads(run(f"http://acme.test:{site.port}/", "--json")[1])["kind"] == "web-page"
    code, _, err = run("ftp://acme.test/")
    assert (code, "expected https" in err) == (1, True)


def test_both_clients_take_snapshots_alike() -> None:
    twins = (SnapshotNamespace.take, AsyncSnapshotNamespace.take)
    assert len({str(inspect.signature(take)) for take in twins}) == 1
    assert inspect.iscoroutinefunction(twins[1])
