"""Pipelines that ask GitHub's or GitLab's way are told how their gates stand, at once and when they are decided."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Clock,
    clock_fixture,
    engine_config_fixture,
    engine_settings_fixture,
    ok,
    refused,
)
from forge_fakes import SHA, FakeGithub, FakeGitlab
from hook_fixtures import GITHUB
from local_site import Site
from webhook_fixtures import Told, secrets_fixture, site_fixture, telling  # noqa: F401

from pratique.domain.asking import Standing, Verdict, comment_of, verdict_of
from pratique.services import answering
from pratique.services.work import claim_in_turn, settle
from pratique.settings import Settings

HOOK_SECRET = "forge-secret-A"
Start = Callable[..., Told]


class Asked(Told):
    """An engine that pipelines ask."""

    def ask(self, kind: str, body: bytes, delivery: str = "d-1") -> Any:
        made = hmac.new(HOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json"}
        if kind == "github":
            headers |= {"x-github-event": "deployment_protection_rule", "x-github-delivery": delivery}
            headers |= {"x-hub-signature-256": f"sha256={made}"}
        else:
            headers |= {"x-gitlab-signature": made}
        return self.client.request("POST", f"/v1/hooks/{kind}", headers=headers, content=body)

    def quiet(self) -> list[Any]:
        """Wait until nothing waits but what is to be tried again, and return all messages."""

        def settled() -> Any:
            found = self.answers()
            is_quiet = found and all(one["state"] != "waiting" or one["attempts"] for one in found)
            return found if is_quiet else None

        return list(self.until(settled))

    def clear(self) -> None:
        self.submit("score", value=10)
        for who in ("jonas", "ines"):
            ok(self.decide(who, "quorum"))


def hook_of(kind: str, folder: Path) -> dict[str, Any]:
    rule = GITHUB["map"][0] | {"data": {"gate": '"quorum"'}}
    if kind == "gitlab":
        rule |= {"when": "has(body.external_approval_rule)", "occasion": "body.object_attributes.last_commit.id"}
    return {**GITHUB, "source": kind, "kind": kind, "secrets": [{"file": str(folder / "hook")}], "map": [rule]}


@pytest.fixture(name="start")
def start_fixture(
    engine_settings: Settings, clock: Clock, tmp_path: Path, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Start]:
    started: list[Told] = []

    def start(subscription: dict[str, Any]) -> Told:
        (secrets / "hook").write_text(HOOK_SECRET)
        told = telling(
            engine_settings, clock, tmp_path, subscription, hook=hook_of(subscription["hook"], secrets), made=Asked
        )
        started.append(told)
        told.register()
        return told

    yield start
    for told in started:
        told.client.close()
        told.parts.ledger.close()


@pytest.fixture(name="github")
def github_fixture(site: Site, clock: Clock) -> FakeGithub:
    fake = FakeGithub(site)
    fake.now = clock.now.timestamp()
    return fake


@pytest.fixture(name="hub")
def hub_fixture(start: Start, github: FakeGithub, secrets: Path) -> Told:
    (secrets / "pem").write_bytes(github.pem)
    (secrets / "app").write_text("4711")
    return start(
        {
            "format": "pratique.subscription/1",
            "name": "github",
            "kind": "github-deployment",
            "hook": "github",
            "api": github.url,
            "app_id": {"file": str(secrets / "app")},
            "private_key": {"file": str(secrets / "pem")},
        }
    )


@pytest.fixture(name="lab")
def lab_fixture(start: Start, site: Site, secrets: Path) -> tuple[Told, FakeGitlab]:
    fake = FakeGitlab(site)
    (secrets / "token").write_text("glpat-secret")
    told = start(
        {
            "format": "pratique.subscription/1",
            "name": "gitlab",
            "kind": "gitlab-status-check",
            "hook": "gitlab",
            "api": f"{fake.url}/api/v4",
            "token": {"file": str(secrets / "token")},
        }
    )
    return told, fake


def test_a_deployment_hears_at_once_on_what_it_waits_and_is_approved_when_the_gate_clears(
    hub: Asked, github: FakeGithub
) -> None:
    assert hub.ask("github", github.delivery()).status_code == 202
    hub.until(lambda: github.said)
    [report] = github.said
    assert "state" not in report
    assert report["environment_name"] == "production"
    assert report["comment"] == (
        "Pratique, model version **aurora/2.1**\n"
        f"- [quorum](http://127.0.0.1:8470/models/aurora/2.1/gates/quorum?occasion={SHA}): "
        "open, waiting on evidence (1 open finding), until 2026-12-03"
    )
    assert github.wanted == {
        "repositories": ["models"],
        "permissions": {"deployments": "write", "actions": "read"},
    }
    hub.clear()
    hub.until(lambda: [one for one in github.said if one.get("state") == "approved"])
    assert [one.get("state") for one in github.said] == [None, None, "approved"]
    assert "waiting on a decision of people" in github.said[1]["comment"]
    hub.quiet()
    texts = [str(hub.rows(f"SELECT * FROM {table}")) for table in ("answer", "answer_attempt", "asking", "outbox")]
    assert not [text for text in texts if "ghs_" in text or "PRIVATE KEY" in text]


def test_a_rejected_gate_rejects_the_deployment(hub: Asked, github: FakeGithub) -> None:
    hub.ask("github", github.delivery())
    hub.until(lambda: github.said)
    ok(hub.decide("jonas", "quorum", "reject"))
    hub.until(lambda: len(github.said) == 2)
    assert github.said[1]["state"] == "rejected"


def test_a_deployment_that_joins_a_cleared_gate_is_approved_at_once(hub: Asked, github: FakeGithub) -> None:
    hub.trigger("quorum", occasion=SHA)
    hub.clear()
    hub.ask("github", github.delivery())
    hub.until(lambda: github.said)
    assert [one["state"] for one in github.said] == ["approved"]
    hub.ask("github", github.delivery())  # by hand again: it is known
    hub.quiet()
    assert len(github.said) == 1


def test_time_alone_never_approves(hub: Asked, github: FakeGithub) -> None:
    hub.ask("github", github.delivery())
    hub.until(lambda: github.said)
    for _ in range(3):
        hub.clock.forward(days=30)
        github.now = hub.clock.now.timestamp()
        hub.sweep()
    hub.quiet()
    assert {one.get("state") for one in github.said} == {None}


def test_a_run_of_another_commit_is_not_approved(hub: Asked, github: FakeGithub) -> None:
    hub.ask("github", github.delivery())
    hub.until(lambda: github.said)
    github.head_sha = "0" * 40
    hub.clear()
    dead = hub.until(lambda: hub.answers(state="dead"))
    assert dead[0]["reason"] == "the run is of another commit than the one that was asked about"
    assert not [one for one in github.said if "state" in one]


def test_a_gate_that_ceased_to_be_cleared_before_the_answer_went_out_is_not_approved(
    hub: Asked, github: FakeGithub
) -> None:
    hub.ask("github", github.delivery())
    hub.until(lambda: github.said)
    hub.quiet()
    github.status = 503
    hub.clear()
    hub.until(lambda: [one for one in hub.answers(state="waiting") if one["attempts"]])
    hub.submit("score", value=90, after=0.1)
    assert hub.gate("quorum")["state"] == "stale"
    github.status = None
    hub.clock.forward(hours=1)
    github.now = hub.clock.now.timestamp()
    hub.app.state.answer_lane.wake()
    hub.until(lambda: all(one["state"] != "waiting" for one in hub.answers()))
    assert not [one for one in github.said if "state" in one]


def test_an_approval_is_tried_again_until_github_takes_it(hub: Asked, github: FakeGithub) -> None:
    hub.ask("github", github.delivery())
    hub.until(lambda: github.said)
    github.status = 502
    hub.clear()
    hub.until(lambda: len([one for one in hub.answers(state="waiting") if one["attempts"]]) >= 1)
    github.status = None
    for _ in range(3):
        hub.clock.forward(minutes=1)
        github.now = hub.clock.now.timestamp()
        hub.app.state.answer_lane.wake()
        hub.quiet()
    hub.until(lambda: [one for one in github.said if one.get("state") == "approved"])


@pytest.mark.parametrize(
    "callback",
    [
        "http://169.254.169.254/repos/acme/models/actions/runs/7/deployment_protection_rule",
        "{}/repos/other/models/actions/runs/7/deployment_protection_rule",
        "{}/repos/acme/models/actions/runs/7/deployment_protection_rule?x=1",
        "{}@evil.example/repos/acme/models/actions/runs/7/deployment_protection_rule",
        "{}/repos/acme/models/actions/runs/../../deployment_protection_rule",
    ],
)
def test_an_answer_goes_to_the_api_of_the_subscription_alone(hub: Asked, github: FakeGithub, callback: str) -> None:
    hub.ask("github", github.delivery(callback.format(github.url)))
    dead = hub.until(lambda: hub.answers(state="dead"))
    reason = "the callback lies elsewhere than the API of the subscription and the repository"
    assert {one["reason"] for one in dead} == {reason}
    assert github.site.seen == []


def test_reports_end_before_github_takes_no_more(hub: Asked, github: FakeGithub) -> None:
    hub.ask("github", github.delivery())
    hub.until(lambda: github.said)
    for number in range(14):
        hub.submit("score", value=10 if number % 2 == 0 else 90, after=number / 60)
        hub.until(lambda: all(one["state"] != "waiting" for one in hub.answers()))
    assert len(github.said) == 9
    assert hub.answers(state="dead") == []


def test_only_webhooks_can_be_tried_out(hub: Asked) -> None:
    problem = refused(hub.send("POST", "/v1/subscriptions/github/test", "admin", json={}), 422, "invalid-input")
    assert "it answers who asked" in problem["detail"]


def test_a_merge_request_fails_at_once_passes_when_cleared_and_fails_again_when_stale(
    lab: tuple[Asked, FakeGitlab],
) -> None:
    told, gitlab = lab
    assert told.ask("gitlab", gitlab.delivery()).status_code == 202
    told.until(lambda: gitlab.said)
    assert gitlab.said == [{"sha": SHA, "external_status_check_id": 3, "status": "failed"}]
    told.clear()
    told.until(lambda: len(gitlab.said) == 2)
    told.clock.forward(days=31)
    told.sweep()
    told.until(lambda: len(gitlab.said) == 3)
    assert [one["status"] for one in gitlab.said] == ["failed", "passed", "failed"]
    told.quiet()
    last = told.answers(state="delivered")[-1]["id"]
    told.post(f"/v1/answers/{last}/replay", "admin")
    told.until(lambda: len(gitlab.said) == 4)
    assert "glpat" not in str(told.rows("SELECT * FROM answer_attempt")) + str(told.rows("SELECT * FROM answer"))


def test_a_verdict_that_changed_while_another_was_sent_is_told_after_it(
    lab: tuple[Asked, FakeGitlab], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, gitlab = lab
    real, late = answering._tell, iter([True])

    async def slow(parts: Any, subscription: Any, raw: bytes, reply: Any) -> Any:
        """The first is sent as it was read before the gate went back."""
        if next(late, False):
            reply = replace(reply, verdict=Verdict.APPROVE, comment="as it was")
        return await real(parts, subscription, raw, reply)

    monkeypatch.setattr(answering, "_tell", slow)
    told.ask("gitlab", gitlab.delivery())
    told.until(lambda: len(gitlab.said) == 2)
    assert [one["status"] for one in gitlab.said] == ["passed", "failed"]
    told.quiet()
    assert len(gitlab.said) == 2


def test_of_a_pipelines_messages_one_is_leased_at_a_time_and_the_next_when_it_is_done(
    lab: tuple[Asked, FakeGitlab],
) -> None:
    told, _ = lab
    ledger, topic = told.parts.ledger, "test:in-turn"

    def take(worker: str) -> Any:
        return ledger.write("engine:t", partial(claim_in_turn, worker=worker, topic=topic, lease_seconds=60))

    for number in range(2):
        ledger.write("engine:t", lambda tx, n=number: tx.enqueue(topic, f"in-turn:{n}", {"n": n}))
    (first,) = take("a")
    assert take("b") == []
    ledger.write("engine:t", partial(settle, work_id=first["id"], worker="a", ok=True))
    (second,) = take("b")
    assert second["id"] != first["id"]
    told.clock.forward(seconds=61)
    assert [one["id"] for one in take("a")] == [second["id"]], "a lease that ran out keeps nobody waiting"


def test_a_merge_request_whose_head_moved_on_is_not_passed(lab: tuple[Asked, FakeGitlab]) -> None:
    told, gitlab = lab
    told.ask("gitlab", gitlab.delivery())
    told.until(lambda: gitlab.said)
    gitlab.head = "0" * 40
    told.clear()
    assert told.until(lambda: told.answers(state="dead"))[0]["reason"] == "answered 422"
    assert [one["status"] for one in gitlab.said] == ["failed"]


def test_a_pass_that_was_taken_unseen_is_failed_when_the_gate_went_back_meanwhile(
    lab: tuple[Asked, FakeGitlab],
) -> None:
    told, gitlab = lab
    told.ask("gitlab", gitlab.delivery())
    told.until(lambda: gitlab.said)
    told.quiet()
    gitlab.swallows = True
    told.clear()
    told.until(lambda: [one for one in told.answers(state="waiting") if one["attempts"]])
    assert gitlab.said[-1]["status"] == "passed"
    gitlab.swallows = False
    told.clock.forward(days=31)
    told.sweep()
    told.until(lambda: all(one["state"] != "waiting" for one in told.answers()))
    assert gitlab.said[-1]["status"] == "failed"


def test_a_check_that_is_not_signed_is_nobodys(lab: tuple[Asked, FakeGitlab]) -> None:
    told, gitlab = lab
    headers = {"x-gitlab-signature": "0" * 64}
    answer = told.client.request("POST", "/v1/hooks/gitlab", headers=headers, content=gitlab.delivery())
    assert answer.status_code == 401


def standing(state: str, gate: str = "placement") -> Standing:
    return Standing(gate=gate, state=state, open_findings=2, due_on="2026-12-03", link="https://x/y")


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ([], Verdict.WAIT),
        (["cleared"], Verdict.APPROVE),
        (["cleared", "open"], Verdict.WAIT),
        (["cleared", "cleared"], Verdict.APPROVE),
        (["cleared", "rejected"], Verdict.REJECT),
        (["withdrawn"], Verdict.REJECT),
        (["stale"], Verdict.WAIT),
        (["in_review"], Verdict.WAIT),
        (["returned"], Verdict.WAIT),
    ],
)
def test_all_gates_must_be_cleared(states: list[str], verdict: Verdict) -> None:
    assert verdict_of([standing(state) for state in states]) is verdict


def test_a_comment_stays_within_what_github_takes() -> None:
    text = comment_of("aurora/2.1", [standing("open", f"gate-{number}") for number in range(200)])
    assert len(text) <= 1024
    assert text.endswith("- and more")
