"""What GitHub and GitLab send is proved, told apart and mapped by the shipped examples."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pratique.hooks import Delivery, Hooks, Mapper, Mapping, NotAuthenticError, Presented, check_authentic, load_hooks

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "hooks" / "github"
SECRET = b"forge-secret-A"
SHA = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
ASKED = json.loads((DATA / "deployment_protection_rule.requested.body").read_bytes())
ASKED["deployment"]["payload"] = {"model": "aurora", "version": "2.1"}
ASKED["repository"] = {"full_name": "acme/release-pipeline"}
CREATED = {
    "action": "created",
    "deployment": copy.deepcopy(ASKED["deployment"]),
    "workflow": None,
    "repository": ASKED["repository"],
}
ENDED = json.loads((DATA / "workflow_run.completed.body").read_bytes())
ENDED["repository"] = ASKED["repository"]
ENDED["workflow_run"]["display_title"] = "train aurora 2.1"
MERGE = {
    "object_kind": "merge_request",
    "project": {"id": 12, "path_with_namespace": "acme/models"},
    "object_attributes": {"iid": 5, "action": "open", "state": "opened", "last_commit": {"id": SHA}},
    "labels": [{"id": 1, "title": "release::2.1"}],
    "external_approval_rule": {"id": 3, "name": "Pratique"},
}


@pytest.fixture(scope="module")
def mapper() -> Mapper:
    return Mapper()


@pytest.fixture(scope="module")
def examples(mapper: Mapper) -> Hooks:
    return load_hooks({"": ROOT / "config" / "hooks" / "examples"}, mapper, {})


def received(mapper: Mapper, examples: Hooks, source: str, event: str, body: Any) -> Mapping:
    """Return what a signed delivery becomes: proved first, then mapped."""
    raw = json.dumps(body).encode()
    made = hmac.new(SECRET, raw, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json"}
    if source == "github":
        headers |= {"x-github-event": event, "x-github-delivery": "d-1", "x-hub-signature-256": f"sha256={made}"}
    else:
        headers |= {"x-gitlab-signature": made}
    found = replace(examples.sources[source], secrets=(SECRET,))
    check_authentic(found, Presented(headers=headers, body=raw, at=0.0))
    return mapper.map(found.settings, Delivery(name="d", headers=found.kept_headers(headers), raw=raw, details=None))


@pytest.mark.parametrize(
    ("event", "body", "gate", "occasion"),
    [
        ("deployment_protection_rule", ASKED, "placement", SHA),
        ("deployment", CREATED, "placement", SHA),
        ("workflow_run", ENDED, "pre-placement", ENDED["workflow_run"]["head_sha"]),
    ],
)
def test_three_events_of_github_open_gates_by_the_example(
    mapper: Mapper, examples: Hooks, event: str, body: Any, gate: str, occasion: str
) -> None:
    mapping = received(mapper, examples, "github", event, body)
    assert len(mapping.events) == 1, mapping.reason
    found = mapping.events[0].event
    assert found.model_version == ("aurora", "2.1")
    assert (found.data["gate"], found.data["occasion"]) == (gate, occasion)


@pytest.mark.parametrize(
    ("event", "change"),
    [
        ("deployment", {"deployment": CREATED["deployment"] | {"payload": {}}}),  # as GitHub Actions creates them
        ("deployment", {"action": "inactive"}),
        ("deployment", {"repository": {"full_name": "acme/website"}}),
    ],
)
def test_a_deployment_that_says_nothing_of_a_model_opens_nothing(
    mapper: Mapper, examples: Hooks, event: str, change: dict[str, Any]
) -> None:
    mapping = received(mapper, examples, "github", event, CREATED | change)
    assert (mapping.events, bool(mapping.reason)) == ((), True)


@pytest.mark.parametrize("event", ["workflow_run", "deployment_protection_rule", "ping"])
def test_a_deployment_under_the_name_of_another_event_is_refused(mapper: Mapper, examples: Hooks, event: str) -> None:
    with pytest.raises(NotAuthenticError):
        received(mapper, examples, "github", event, CREATED)


def test_a_status_check_of_gitlab_opens_its_gate_by_the_example(mapper: Mapper, examples: Hooks) -> None:
    mapping = received(mapper, examples, "gitlab", "", MERGE)
    assert len(mapping.events) == 1, mapping.reason
    found = mapping.events[0].event
    assert (found.model_version[1], found.data["occasion"]) == ("2.1", SHA)
