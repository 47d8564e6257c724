"""MLflow forgets a webhook after four tries: what it never told of is found by asking, and counts once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Clock,
    clock_fixture,
    engine_config_fixture,
    engine_settings_fixture,
    refused,
)
from hook_fixtures import MLFLOW, Hooked, created, hook_config_fixture, hooked_fixture  # noqa: F401
from mlflow_fake import FakeMlflow

from pratique.domain.hooks import HookSource
from pratique.hooks import Hooks, Source
from pratique.services.hook_intake import keep, new_delivery

RULE = {
    **MLFLOW["map"][0],
    "event_id": '"mv/" + body.data.name + "/" + body.data.version + "/" + string(details.creation_timestamp)',
    "data": {"run": "details.run_id", "stage": 'details.tags["stage"]'},
}


@pytest.fixture(name="tool")
def tool_fixture() -> Iterator[FakeMlflow]:
    fake = FakeMlflow()
    yield fake
    fake.close()


@pytest.fixture(name="asking")
def asking_fixture(hooked: Hooked, tool: FakeMlflow) -> Iterator[Hooked]:
    """An engine whose source names the registry."""
    was = hooked.parts.hooks.sources["mlflow"]
    settings = HookSource.model_validate({**MLFLOW, "registry": {"url": tool.url}, "map": [RULE]})
    go_by(hooked, replace(was, settings=settings, registry_authorization="Bearer to-read"))
    hooked.register("2.1")
    hooked.register("2.2")
    return hooked


def go_by(engine: Hooked, source: Source) -> None:
    object.__setattr__(engine.parts, "hooks", Hooks({**engine.parts.hooks.sources, source.name: source}))


def now_ms(clock: Clock, *, back_seconds: int = 0) -> int:
    return int(clock.now.timestamp() * 1000) - back_seconds * 1000


def ask(engine: Hooked, **body: Any) -> Any:
    return engine.post("/v1/hooks/mlflow/reconcile", "admin", body)


def test_what_a_webhook_leaves_out_is_asked_for(asking: Hooked, tool: FakeMlflow, clock: Clock) -> None:
    tool.add("aurora", "2.1", 1795441736853)
    found = asking.delivery(asking.mlflow(created()))
    assert found["state"] == "mapped"
    assert found["events"][0]["id"] == "mv/aurora/2.1/1795441736853"
    assert tool.asked == ["get"]
    assert tool.headers[0]["Authorization"] == "Bearer to-read"


def test_a_version_that_no_webhook_told_of_is_found_once_and_one_that_was_told_of_never(
    asking: Hooked, tool: FakeMlflow, clock: Clock
) -> None:
    tool.add("aurora", "2.1", now_ms(clock))
    asking.mlflow(created())
    first = ask(asking)
    assert (first["seen"], first["found"]) == (1, {})
    clock.forward(minutes=1)
    tool.add("aurora", "2.2", now_ms(clock))
    second = ask(asking)
    assert list(second["found"].values()) == ["mapped"]
    assert second["mark"] == now_ms(clock)
    (found,) = [one for one in asking.get("/v1/hooks")["items"] if one["found_by"] == "reconciling"]
    assert found["events"][0]["version"] == "2.2"
    assert (ask(asking)["found"], ask(asking, since="2020-01-01T00:00:00Z")["found"]) == ({}, {})
    # The webhook comes after all, late: the event has one effect.
    late = asking.delivery(asking.mlflow(created(version="2.2"), "d-late"))
    assert late["events"][0]["is_duplicate"]
    assert asking.rows("SELECT count(*) FROM event") == [(2,)]


def test_without_a_mark_only_the_last_minutes_are_looked_at_unless_a_time_is_given(
    asking: Hooked, tool: FakeMlflow, clock: Clock
) -> None:
    tool.add("aurora", "2.1", now_ms(clock, back_seconds=3600))
    assert ask(asking)["seen"] == 0
    assert ask(asking)["seen"] == 0, "and what was before is no news the second time either"
    found = ask(asking, since="2026-11-23T12:00:00Z")
    assert list(found["found"].values()) == ["mapped"]


def test_all_pages_since_then_are_read_and_no_more(asking: Hooked, tool: FakeMlflow, clock: Clock) -> None:
    for number in range(7):
        tool.add("aurora", f"9.{number}", now_ms(clock, back_seconds=number * 300))
    found = ask(asking)
    assert found["seen"] == 4, "those of the last fifteen minutes"
    assert tool.asked == ["search"] * 3 + ["get"] * 4
    assert list(found["found"].values()) == ["dead"] * 4, "nobody registered them here; a person sees them"
    assert ask(asking)["found"] == {}, "a dead letter is not found again"


def test_a_dead_or_waiting_delivery_of_the_hook_is_not_missing(asking: Hooked, tool: FakeMlflow, clock: Clock) -> None:
    tool.add("borealis", "1", now_ms(clock))
    assert asking.delivery(asking.mlflow(created("borealis", "1")))["state"] == "dead"
    assert ask(asking)["found"] == {}


def test_a_tool_that_is_away_is_asked_again_until_it_answers(asking: Hooked, tool: FakeMlflow, clock: Clock) -> None:
    tool.add("aurora", "2.1", now_ms(clock))
    tool.status = 503
    answer = asking.mlflow(created())
    assert (answer.status_code, asking.delivery(answer)["state"]) == (202, "received")
    refused(asking.send("POST", "/v1/hooks/mlflow/reconcile", "admin", json={}), 503, "unavailable")
    results = asking.post("/v1/reconciliations", "worker")["results"]
    assert results == [{"source": "mlflow", "trouble": "MLflow answers 503", "seen": 0, "found": {}}]
    clock.forward(minutes=5)
    assert asking.sweep()["hooks_settled"] == 0
    tool.status = 200
    assert asking.sweep()["hooks_settled"] == 1
    assert asking.delivery(answer)["state"] == "mapped"


def test_a_tool_that_is_away_is_asked_once_a_sweep_and_holds_up_no_other(
    asking: Hooked, tool: FakeMlflow, clock: Clock
) -> None:
    tool.status = 503
    for number in range(5):
        asking.mlflow(created(), f"d-{number}")
    source, body = asking.parts.hooks.sources["github"], b'{"zen": "x"}'
    headers = {"x-github-event": "ping", "x-github-delivery": "g-1"}
    new = new_delivery(asking.parts, source, headers, body)
    asking.parts.ledger.write("hook:github", lambda tx: keep(tx, new))
    clock.forward(seconds=30)
    before = len(tool.asked)
    assert asking.sweep()["hooks_settled"] == 1
    assert len(tool.asked) == before + 1


def test_a_tool_that_stays_away_ends_in_a_dead_letter_that_can_be_replayed(
    asking: Hooked, tool: FakeMlflow, clock: Clock
) -> None:
    tool.add("aurora", "2.1", now_ms(clock))
    tool.status = 500
    answer = asking.mlflow(created())
    clock.forward(hours=1, minutes=1)
    assert asking.sweep()["hooks_settled"] == 1
    found = asking.delivery(answer)
    assert (found["state"], found["reason"]) == ("dead", "MLflow answers 500; given up after 1 h")
    refused(asking.send("POST", f"/v1/hooks/{found['id']}/replay", "mira"), 503, "unavailable")
    tool.status = 200
    assert asking.post(f"/v1/hooks/{found['id']}/replay", "mira")["state"] == "replayed"


def test_a_version_that_mlflow_does_not_know_is_a_dead_letter(asking: Hooked) -> None:
    found = asking.delivery(asking.mlflow(created()))
    assert (found["state"], found["reason"][:38]) == ("dead", "MLflow does not know this model versio")


@pytest.mark.parametrize("body", [b"[1]", b"{", b'{"model_version": 1}', b"x" * (9 * 1024 * 1024), b'{"a": NaN}'])
def test_an_answer_that_is_none_changes_nothing(
    asking: Hooked, tool: FakeMlflow, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "answer", lambda *_: (200, body))
    assert asking.delivery(asking.mlflow(created()))["state"] == "received"


#: Not objects, without a time or of one that there is not, or with text that cannot be kept.
ODD: list[Any] = [
    {"creation_timestamp": 10**18}, {"creation_timestamp": -(10**18)}, {"creation_timestamp": "soon"},
    {"creation_timestamp": True}, {}, 7, None,
]  # fmt: skip
ODD_AND_DATED: list[dict[str, Any]] = [
    {"tags": 7}, {"name": "a\0b"}, {"name": {"a": 1}, "version": [2]}, {"name": "x" * 9000},
]  # fmt: skip


def test_odd_versions_hide_no_other(
    asking: Hooked, tool: FakeMlflow, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool.add("aurora", "2.1", now_ms(clock, back_seconds=5))
    sound, answer = tool.versions[0], tool.answer
    dated = [{**sound, "version": "8", "creation_timestamp": now_ms(clock), **odd} for odd in ODD_AND_DATED]
    listed = {"model_versions": [*ODD, *dated, sound]}
    monkeypatch.setattr(
        tool, "answer", lambda path, query: (200, listed) if path.endswith("/search") else answer(path, query)
    )
    (result,) = asking.post("/v1/reconciliations", "worker")["results"]
    assert "trouble" not in result
    assert result["seen"] == len(dated) + 1
    assert "mapped" in result["found"].values()


@pytest.mark.parametrize("answer", [(200, {"model_versions": 7}), (404, {"error_code": "RESOURCE_DOES_NOT_EXIST"})])
def test_an_odd_answer_is_told(asking: Hooked, tool: FakeMlflow, answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "answer", lambda *_: answer)
    refused(asking.send("POST", "/v1/hooks/mlflow/reconcile", "admin", json={}), 503, "unavailable")


def test_a_version_of_a_time_to_come_hides_nothing_until_then(asking: Hooked, tool: FakeMlflow, clock: Clock) -> None:
    tool.add("aurora", "2.1", now_ms(clock, back_seconds=-3600 * 24 * 365))
    assert ask(asking)["mark"] == now_ms(clock)
    clock.forward(minutes=1)
    tool.add("aurora", "2.2", now_ms(clock))
    assert list(ask(asking)["found"].values()) == ["mapped"]


def test_a_source_that_breaks_the_engine_holds_up_no_other(
    asking: Hooked, tool: FakeMlflow, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = asking.parts.hooks.sources["mlflow"]
    go_by(asking, replace(source, settings=source.settings.model_copy(update={"source": "a-first"})))
    tool.add("aurora", "2.1", now_ms(clock))

    def begin(parts: Any, mark: Any, since: Any, overlap: Any) -> int:
        begins.append(1)
        return 1 // (len(begins) - 1) if len(begins) == 1 else 0

    begins: list[int] = []
    monkeypatch.setattr("pratique.services.hook_reconciling._begin", begin)
    first, second = asking.post("/v1/reconciliations", "worker")["results"]
    assert "ZeroDivisionError" in first["trouble"]
    assert list(second["found"].values()) == ["mapped"]


def test_a_redirect_is_not_followed(asking: Hooked, tool: FakeMlflow) -> None:
    tool.status = 302
    assert asking.delivery(asking.mlflow(created()))["state"] == "received"
    assert len(tool.asked) == 1


def test_only_what_names_a_registry_can_be_asked_and_only_by_worker_and_admin(asking: Hooked) -> None:
    problem = refused(asking.send("POST", "/v1/hooks/github/reconcile", "admin", json={}), 422, "invalid-input")
    assert "names no registry" in problem["detail"]
    refused(asking.send("POST", "/v1/hooks/none/reconcile", "admin", json={}), 404, "not-found")
    refused(asking.send("POST", "/v1/hooks/mlflow/reconcile", "pipeline", json={}), 403, "not-allowed")
    assert asking.post("/v1/hooks/mlflow/reconcile", "worker", {})["found"] == {}


def test_a_source_that_is_gone_leaves_its_deliveries_to_people(asking: Hooked, tmp_path: Path) -> None:
    tool_away = asking.mlflow(created())
    dead = asking.delivery(tool_away)
    object.__setattr__(asking.parts, "hooks", Hooks({}))
    found = asking.post(f"/v1/hooks/{dead['id']}/replay", "mira")
    assert found["reason"] == "source mlflow is not configured any more"
