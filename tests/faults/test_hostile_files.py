"""Files made to do harm, sent to an engine: kept and told why they pass for nothing, never a 500, nothing half."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hostile_files import INCOMPLETE, READ, UNREADABLE
from integration.engine_fixtures import (  # noqa: F401 - fixtures are used by name
    VERSION,
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
)

from pratique.services.verify import verify_ledger


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    return engine


def files(engine: Engine) -> set[str]:
    return {path.name for path in engine.settings.evidence_dir.rglob("*") if path.is_file()}


def sent(engine: Engine, filename: str, content: bytes) -> dict[str, Any]:
    """The evidence that a file became; its content comes back byte by byte."""
    found = ok(engine.upload(content, filename))["evidence"]
    assert found["sha256"] == hashlib.sha256(content).hexdigest()
    assert engine.send("GET", f"/v1/evidence/{found['id']}/content").content == content
    return dict(found)


def test_hostile_files_are_kept_with_the_reason_why_they_show_nothing(story: Engine, tmp_path: Path) -> None:
    outside = sorted(tmp_path.iterdir())
    wrong: list[str] = []
    digests: set[str] = set()
    for case, (filename, content, words) in UNREADABLE.items():
        found = sent(story, filename, content())
        digests.add(found["sha256"])
        reason = found["reading_reason"] or ""
        if (found["reading"], found["complete"]) != ("unreadable", False) or words not in reason:
            wrong.append(f"{case}: {found['reading']}, {reason!r}")
        assert "failed on it" not in reason, case
        assert "root:" not in reason, case
    for case, (filename, content, words) in INCOMPLETE.items():
        found = sent(story, filename, content())
        digests.add(found["sha256"])
        reason = found["incomplete_reason"] or found["reading_reason"] or ""
        if found["complete"] or not reason or words not in reason:
            wrong.append(f"{case}: {found['reading']}, {found['complete']}, {reason!r}")
    for case, (filename, content) in READ.items():
        found = sent(story, filename, content())
        digests.add(found["sha256"])
        if found["reading"] != "read":
            wrong.append(f"{case}: {found['reading_reason']!r}")
    assert not wrong, "\n".join(wrong)
    assert files(story) == digests, "every file is whole under its digest, and nothing else is there"
    assert sorted(tmp_path.iterdir()) == outside
    story.seal()
    report = verify_ledger(story.settings)
    assert report.ok, report.problems


def test_a_hostile_file_is_a_finding_that_a_person_can_act_on(story: Engine) -> None:
    story.trigger("logs")
    filename, content, words = UNREADABLE["zip bomb"]
    answer = ok(story.upload(content(), filename, requirement="log"))
    finding = answer["gates"][0]["findings"][0]
    assert finding["status"] == "not_tested"
    assert words in finding["reason"]
    assert filename in finding["reason"]
    assert answer["gates"][0]["state"] == "open"


def test_a_name_that_cannot_be_shown_is_refused_and_nothing_is_kept(story: Engine) -> None:
    for name in ("..", "a/..", "\x00", "a\x00.json", "\u2028", "\u202eexe", "x" * 256, " "):
        refused(story.upload(b"{}", name), 422, "invalid-input")
    assert files(story) == set()
    # Bytes that are no UTF-8 are replaced by the server; what is left can be shown.
    answer = ok(story.send("POST", f"{VERSION}/evidence?filename=%ed%a0%80", content=b"{}"))
    assert answer["evidence"]["filename"].isprintable()


def test_a_name_that_leads_elsewhere_is_a_name_and_nothing_more(story: Engine) -> None:
    for name in ("../../etc/cron.d/x.json", "C:\\Windows\\x.json", "/x.json"):
        assert ok(story.upload(b"{}", name))["evidence"]["filename"] == "x.json"
    assert files(story) == {hashlib.sha256(b"{}").hexdigest()}
