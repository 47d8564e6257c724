"""Evidence over HTTP: what is kept, what is read in it, and what comes back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    INSPECT,
    VERSION,
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
)


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    return engine


def files(engine: Engine) -> list[Path]:
    return [path for path in engine.settings.evidence_dir.rglob("*") if path.is_file()]


def kept(engine: Engine) -> tuple[int, int]:
    return len(files(engine)), int(engine.rows("SELECT count(*) FROM evidence")[0][0])


def log(name: str) -> bytes:
    return (INSPECT / name).read_bytes()


def test_a_digest_that_does_not_match_leaves_neither_file_nor_row(story: Engine) -> None:
    refused(story.upload(b"{}", "a.json", sha256="0" * 64), 422, "digest-mismatch")
    refused(story.upload(b"{}", "a.json", sha256="xyz"), 422, "invalid-input")
    assert kept(story) == (0, 0)
    content = log("cbrn_mc_epochs3.eval")
    answer = ok(story.upload(content, "cbrn.eval", sha256=hashlib.sha256(content).hexdigest()))
    assert answer["evidence"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert kept(story) == (1, 1)


def test_a_file_beyond_the_cap_leaves_neither_file_nor_row(story: Engine) -> None:
    refused(story.upload(b"x" * (4 * 1024**2 + 1), "big.bin"), 413, "too-large")
    assert kept(story) == (0, 0)
    ok(story.upload(b"x" * 4 * 1024**2, "big.bin"))
    assert kept(story) == (1, 1)


def test_evidence_for_an_unknown_version_or_with_a_bad_name_is_not_kept(story: Engine) -> None:
    path = VERSION.replace("2.1", "9.9") + "/evidence"
    refused(story.send("POST", path, params={"filename": "a.json"}, content=b"{}"), 404, "not-found")
    for name in ("..", "a/", "\n", "x" * 256, "a\x07b", ""):
        refused(story.upload(b"{}", name), 422, "invalid-input")
    refused(story.upload(b"{}", "a.json", requirement="Not An Id"), 422, "invalid-input")
    refused(story.send("POST", f"{VERSION}/evidence", content=b"{}"), 422, "invalid-input")
    assert kept(story) == (0, 0)


def test_a_log_of_a_finished_run_meets_its_requirement(story: Engine) -> None:
    story.trigger("logs")
    answer = ok(story.upload(log("cbrn_mc_epochs3.eval"), "cbrn.eval"))
    evidence = answer["evidence"]
    assert (evidence["reading"], evidence["kind"], evidence["complete"]) == ("read", "evaluation", True)
    assert evidence["subject"] == "mockllm/model"
    assert answer["gates"][0]["state"] == "in_review"
    assert answer["gates"][0]["findings"][0]["evidence"] == evidence["id"]
    assert story.get(f"/v1/evidence/{evidence['id']}") == evidence


def _truncated() -> bytes:
    return log("cbrn_mc_epochs3.eval")[:-1000]


def _cancelled() -> bytes:
    value: dict[str, Any] = json.loads(log("cbrn_mc_epochs3.json"))
    return json.dumps(value | {"status": "cancelled"}).encode()


def _other_version() -> bytes:
    return json.dumps(json.loads(log("cbrn_mc_epochs3.json")) | {"version": 99}).encode()


def _nul_in_text() -> bytes:
    value = json.loads(log("cbrn_mc_epochs3.json"))
    value["eval"]["task"] = "cbrn\x00"
    value["eval"]["packages"] = {"inspect_ai": "0.3\x00"}
    value["eval"]["model"] = "mock\x00llm"
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("content", "filename", "why"),
    [
        (_truncated, "cut.eval", "cut.eval"),
        (_cancelled, "cancelled.json", "cancel"),
        (_other_version, "version.json", "version"),
        (lambda: b"", "empty.eval", "empty"),
        (lambda: b"PK\x03\x04garbage", "zip.eval", "zip.eval"),
        (_nul_in_text, "nul.json", ""),
    ],
)
def test_a_log_that_cannot_be_relied_on_is_not_tested_with_the_reason(
    story: Engine, content: Any, filename: str, why: str
) -> None:
    story.settings.__dict__["read_at_once_bytes"] = 4 * 1024**2
    story.trigger("logs")
    answer = ok(story.upload(content(), filename, requirement="log"))
    finding = answer["gates"][0]["findings"][0]
    assert finding["status"] == "not_tested"
    assert why in finding["reason"]
    assert answer["gates"][0]["state"] == "open"
    assert kept(story) == (1, 1), "what was refused is kept all the same"
    assert story.send("GET", f"/v1/evidence/{answer['evidence']['id']}/content").content == content()


def test_logs_of_failed_and_half_done_runs_do_not_pass(story: Engine) -> None:
    story.trigger("logs")
    for name in (
        "error_run.eval",
        "limited_8_of_40.eval",
        "killed_midrun_started.eval",
        "partial_errors_tolerated.eval",
    ):
        evidence = ok(story.upload(log(name), name))["evidence"]
        assert not evidence["complete"]
        assert evidence["incomplete_reason"] or evidence["reading_reason"]
    assert story.gate("logs")["state"] == "open"


def test_the_same_file_twice_is_stored_once_and_changes_no_signature(story: Engine) -> None:
    story.trigger("logs")
    story.clock.forward(hours=1)
    ok(story.upload(log("cbrn_mc_epochs3.eval"), "cbrn.eval"))
    basis = story.gate("logs")["basis"]
    ok(story.upload(log("cbrn_mc_epochs3.eval"), "again.eval"))
    assert kept(story) == (1, 2)
    assert story.gate("logs")["basis"] == basis
    assert len(story.get(f"{VERSION}/evidence")["items"]) == 2


def test_a_download_is_an_attachment_under_a_name_that_leads_nowhere(story: Engine) -> None:
    names = {
        "../../etc/passwd": "passwd",
        "..\\..\\boot.ini": "boot.ini",
        'a"; x="b.html': "a%22%3B%20x%3D%22b.html",
        "übung 1.json": "%C3%BCbung%201.json",
    }
    for name, shown in names.items():
        evidence = ok(story.upload(b"<script>", name, who="mira"))["evidence"]
        assert evidence["submitter"] == "mira"
        answer = story.send("GET", f"/v1/evidence/{evidence['id']}/content")
        assert answer.content == b"<script>"
        assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{shown}"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox"
    inside = story.settings.evidence_dir.resolve()
    assert all(path.resolve().is_relative_to(inside) for path in files(story))
    refused(story.send("GET", "/v1/evidence/none"), 404, "not-found")
    refused(story.send("GET", "/v1/evidence/none/content"), 404, "not-found")


def test_a_stored_file_that_is_gone_is_a_problem_and_not_a_crash(story: Engine) -> None:
    evidence = ok(story.upload(b"abc", "a.txt"))["evidence"]
    for path in files(story):
        path.unlink()
    refused(story.send("GET", f"/v1/evidence/{evidence['id']}/content"), 404, "not-found")


def test_a_large_file_is_read_by_the_flow_that_its_upload_starts(story: Engine) -> None:
    story.settings.__dict__["read_at_once_bytes"] = 1000
    run = story.trigger("logs")["gate_run"]
    (opening,) = story.claim("flow")
    settled = {"worker": "w1", "ok": True}
    ok(story.send("POST", f"/v1/work/{opening['id']}/settle", "worker", json=settled))
    answer = ok(story.upload(log("cbrn_mc_epochs3.eval"), "cbrn.eval"))
    assert answer["evidence"]["reading"] == "pending"
    finding = answer["gates"][0]["findings"][0]
    assert (finding["status"], "not read yet" in finding["reason"]) == ("not_tested", True)
    (item,) = story.claim("flow")
    assert item["payload"]["gate_run"] == run
    report = story.post(f"/v1/gate-runs/{run}/collect", "worker", {"checkpoint": "a"})
    assert report == {"read": 1, "unreadable": 0, "pending": 0}
    assert story.gate("logs")["state"] == "in_review"
    assert story.post(f"/v1/gate-runs/{run}/collect", "worker", {})["read"] == 0
    ok(story.upload(b"x" * 2000, "x.bin"))
    assert story.post(f"/v1/gate-runs/{run}/collect", "worker", {})["unreadable"] == 1


def test_a_large_file_whose_gates_are_all_cleared_is_read_too(story: Engine) -> None:
    story.trigger("auto")
    story.submit("report", ok=True)
    story.claim("flow")
    story.settings.__dict__["read_at_once_bytes"] = 10
    story.clock.forward(seconds=30)
    assert story.submit("report", ok=False)["gates"][0]["state"] == "cleared"
    (item,) = story.claim("flow")
    story.post(f"/v1/gate-runs/{item['payload']['gate_run']}/collect", "worker", {})
    assert story.gate("auto")["state"] == "stale"


def test_the_list_of_evidence_is_paged_from_the_oldest_without_gap_or_double(engine: Engine) -> None:
    engine.register()
    sent = [ok(engine.upload(f"text {n}".encode(), f"{n}.txt"))["evidence"]["id"] for n in range(5)]  # at one instant
    engine.clock.forward(hours=1)
    sent += [ok(engine.upload(b"later", "later.txt"))["evidence"]["id"]]
    path, found, cursor = f"{VERSION}/evidence", [], None
    for _ in range(3):
        page = engine.get(path, limit=2, **({"cursor": cursor} if cursor else {}))
        found += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert (found, cursor) == (sorted(sent[:5]) + sent[5:], None)
    assert engine.get(path)["next"] is None
    for wrong in ("x", "2026/../x", "a/b/c"):
        refused(engine.send("GET", path, params={"cursor": wrong}), 422, "invalid-input")
    refused(engine.send("GET", "/v1/models/aurora/versions/9/evidence"), 404, "not-found")
