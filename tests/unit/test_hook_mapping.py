"""Sources in files: every shipped example is sound and maps what its tool sends; every error is shown at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pratique.canonical import canonical_json, strict_json
from pratique.criteria import CelTexts, ExpressionError
from pratique.domain.hooks import (
    MOVES,
    REPLAYABLE,
    DeliveryMove,
    DeliveryState,
    HookKind,
    HookSource,
    next_delivery_state,
)
from pratique.errors import ConfigError, InvalidInputError, MoveRefusedError
from pratique.hooks import Delivery, Hooks, Mapper, Mapping, UnmappableError, load_hooks
from pratique.hooks.mlflow_registry import with_tags_by_key
from pratique.hooks.naming import delivery_name

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "hooks"
EXAMPLES = ROOT / "config" / "hooks" / "examples"


@pytest.fixture(scope="module")
def mapper() -> Mapper:
    return Mapper()


@pytest.fixture(scope="module")
def examples(mapper: Mapper) -> Hooks:
    return load_hooks({"": EXAMPLES}, mapper, {})


def sent(name: str) -> tuple[dict[str, str], bytes]:
    said = json.loads((DATA / f"{name}.headers.json").read_text())
    return {key.lower(): value for key, value in said["headers"]}, (DATA / f"{name}.body").read_bytes()


def mapping_of(mapper: Mapper, examples: Hooks, source: str, headers: dict[str, str], raw: bytes) -> Mapping:
    found = examples.sources[source]
    details = json.loads((DATA / "mlflow" / "model_version_get.json").read_text())["model_version"]
    delivery = Delivery(
        name="d",
        headers=found.kept_headers(headers),
        raw=raw,
        details=with_tags_by_key(details) if source == "mlflow" else None,
    )
    return mapper.map(found.settings, delivery)


def test_there_is_an_example_of_every_kind_and_every_one_is_sound(examples: Hooks) -> None:
    assert {one.settings.kind for one in examples.sources.values()} == set(HookKind)
    for name, one in examples.sources.items():
        assert one.name == name
        assert one.secrets == (), "no example holds a secret"
        assert one.rules_digest == one.rules_digest
    assert len(examples.warnings) >= len(examples.sources)


def event(name: str, number: int = 0) -> bytes:
    return json.dumps(json.loads((DATA / "orchestrators" / f"{name}_events.json").read_text())[number]).encode()


ARGO = sent("argo/webhook_eventsource")
AIRFLOW = json.loads(sent("airflow/asset_events")[1])["asset_events"][0]
AIRFLOW["extra"]["version"] = "7b"
DAGSTER = json.loads(event("dagster")) | {"model": "acme-7b", "version": "1"}
GITHUB_PAYLOAD = json.loads(sent("github/deployment_protection_rule.requested")[1])
GITHUB_PAYLOAD["deployment"]["payload"] = {"model": "aurora", "version": "2.1"}
GITHUB_PAYLOAD.pop("repository", None)


@pytest.mark.parametrize(
    ("source", "headers", "raw", "model", "version", "gate", "occasion"),
    [
        ("mlflow", *sent("mlflow/004"), "acme-7b-instruct", "1", "pre-placement", None),
        ("github", sent("github/deployment_protection_rule.requested")[0], json.dumps(GITHUB_PAYLOAD).encode(),
         "aurora", "2.1", "placement", "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"),
        ("huggingface", *sent("huggingface/repo.config.update_public"), "acme-7b-instruct",
         "6dcd4ce23d88e2ee9568ba546c007c63d9131c1b", "placement", None),
        ("huggingface", *sent("huggingface/repo.content.update"), "acme-7b-instruct", "1.0", "pre-placement",
         "6dcd4ce23d88e2ee9568ba546c007c63d9131c1b"),
        ("wandb", *sent("wandb/add_artifact_alias"), "acme-7b-instruct", "v3", "pre-placement", None),
        ("sagemaker", *sent("sagemaker/model_package.PendingManualApproval"), "versionedmp-p-idy6c3e1fiqj", "2",
         "placement", None),
        ("standard-webhooks", *sent("standardwebhooks/ok"), "acme-7b-instruct", "3", "pre-placement", None),
        ("cloudevents", *sent("cloudevents/binary"), "acme-7b-instruct", "3", "pre-placement", None),
        ("cloudevents", *sent("cloudevents/structured"), "acme-7b-instruct", "3", "pre-placement", None),
        ("cdevents", *sent("cdevents/artifact_published"), "myapp", "234fd47e07d1004f0aed9c", "pre-placement", None),
        ("argo", *ARGO, "acme-7b-instruct", "3", "pre-placement", None),
        ("prefect", {}, event("prefect", 1), "acme-7b-instruct", "1", "pre-placement", None),
        ("dagster", {}, json.dumps(DAGSTER).encode(), "acme-7b", "1", "training-trigger", None),
        ("airflow", {}, json.dumps(AIRFLOW).encode(), "acme-7b", "7b", "training-trigger", "manual__2026-11-23"),
    ],
)  # fmt: skip
def test_the_example_of_a_tool_maps_what_it_sends(
    mapper: Mapper,
    examples: Hooks,
    source: str,
    headers: dict[str, str],
    raw: bytes,
    model: str,
    version: str,
    gate: str,
    occasion: str | None,
) -> None:
    mapping = mapping_of(mapper, examples, source, headers, raw)
    assert len(mapping.events) == 1, mapping.reason
    found = mapping.events[0].event
    assert found.model_version == (model, version)
    assert (found.data["gate"], found.data.get("occasion")) == (gate, occasion)
    assert (found.source, found.type) == (f"urn:pratique:hook:{source}", "pratique.gate.triggered")


@pytest.mark.parametrize(
    ("source", "name", "reason"),
    [
        ("mlflow", "mlflow/001", "MLflow's test delivery"),
        ("mlflow", "mlflow/002", "MLflow's test delivery"),
        ("mlflow", "mlflow/003", "no rule of this source waits for it"),
        ("mlflow", "mlflow/010", "no rule of this source waits for it"),
        ("github", "github/ping", "GitHub's ping"),
        ("github", "github/workflow_run.completed", "rule other-repositories"),
        ("huggingface", "huggingface/discussion.create_pr", "rule talk"),
        ("wandb", "wandb/link_artifact", "no rule"),
        ("sagemaker", "sagemaker/model_package.Approved", "no rule"),
        ("standard-webhooks", "standardwebhooks/rotated_two_signatures", "no rule"),
        ("cdevents", "cdevents/service_deployed", "no rule"),
        ("cdevents", "cdevents/approval_closed", "no rule"),
    ],
)
def test_the_example_of_a_tool_ignores_the_rest_with_a_reason(
    mapper: Mapper, examples: Hooks, source: str, name: str, reason: str
) -> None:
    mapping = mapping_of(mapper, examples, source, *sent(name))
    assert mapping.events == ()
    assert mapping.reason.startswith(reason)


def test_what_mlflow_created_is_named_alike_whoever_tells_of_it(mapper: Mapper, examples: Hooks) -> None:
    said = mapping_of(mapper, examples, "mlflow", *sent("mlflow/004")).events[0]
    assert said.event.id == "model-version/acme-7b-instruct/1/1795441736853"
    assert said.event.data["mlflow_run"] == "1f9bd0465171485cbfc56fb0aa718e41"


def test_without_the_details_that_a_rule_needs_nothing_is_guessed(mapper: Mapper, examples: Hooks) -> None:
    delivery = Delivery(name="d", headers={}, raw=sent("mlflow/004")[1])
    with pytest.raises(UnmappableError, match=r"version-registered, event_id: there is no member .creation_timestamp"):
        mapper.map(examples.sources["mlflow"].settings, delivery)


def wrong(tmp_path: Path, mapper: Mapper, **files: Any) -> list[str]:
    folder = tmp_path / "hooks"
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    with pytest.raises(ConfigError) as refused:
        load_hooks({"overlay/": folder}, mapper, {})
    return refused.value.errors


RULE = {"id": "r", "when": "true", "type": '"t"', "model": '"m"', "version": '"v"'}
GOOD = {"format": "pratique.hook/1", "source": "a", "kind": "mlflow", "secrets": [{"env": "A"}], "map": [RULE]}


def test_every_error_of_every_file_is_shown_at_once(tmp_path: Path, mapper: Mapper) -> None:
    bad_rules = [
        {**RULE, "when": "body.x +"},
        {**RULE, "id": "s", "when": '"text"', "model": "1 + 1", "version": "nobody.version"},
    ]
    lines = wrong(
        tmp_path,
        mapper,
        a={**GOOD, "map": bad_rules, "delivery": "body.id ? 1 : 2"},
        b=GOOD,
        c={**GOOD, "source": "c", "secret": "whsec_inline", "secrets": [{"value": "x"}]},
        d="not: [closed",
        e={**GOOD, "source": "e", "kind": "telex"},
    )
    text = "\n".join(lines)
    assert "overlay/hooks/a.yaml: map[r].when: found 'body.x +': does not compile" in text
    assert "overlay/hooks/a.yaml: map[s].when: found" in text
    assert "overlay/hooks/a.yaml: map[s].model: found '1 + 1': the result is INT, expected STRING" in text
    assert "undeclared reference to 'nobody" in text
    assert "overlay/hooks/a.yaml: delivery: found" in text
    assert "overlay/hooks/b.yaml: source: found 'a', expected 'b', as the file is named" in text
    assert "overlay/hooks/c.yaml: secret: found this key, expected no such key" in text
    assert "whsec_inline" not in text
    assert "overlay/hooks/d.yaml: found" in text
    assert "overlay/hooks/e.yaml: kind: found" in text


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"map": [RULE, {**RULE, "type": '"u"'}]}, "each rule id once"),
        ({"header": "X-Key"}, "no `header`"),
        ({"access_token": {"env": "A"}}, "no `access_token`"),
        ({"kind": "github", "registry": {"url": "http://m:5000"}}, "no `registry`"),
        ({"registry": {"url": "http://user:secret@m:5000"}}, "String should match pattern"),
        ({"registry": {"url": "http://m", "token": {"env": "A"}, "username": "u", "password": {"env": "B"}}}, "either"),
        ({"secrets": [{"env": "A", "file": "/x"}]}, "either `env`"),
        ({"map": [{**RULE, "data": {"model": '"x"'}}]}, "`model` beside `data`"),
        ({"window_seconds": 5}, "greater than or equal to 10"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    tmp_path: Path, mapper: Mapper, members: dict[str, Any], expected: str
) -> None:
    assert expected in "\n".join(wrong(tmp_path, mapper, a={**GOOD, **members}))


def test_secrets_come_from_variables_and_files_and_a_missing_one_is_a_warning(tmp_path: Path, mapper: Mapper) -> None:
    folder = tmp_path / "hooks"
    folder.mkdir()
    (tmp_path / "now").write_text("from-file\n")
    places = [{"file": str(tmp_path / "now")}, {"env": "BEFORE"}, {"env": "GONE"}, {"file": str(tmp_path / "none")}]
    (folder / "a.yaml").write_text(yaml.safe_dump({**GOOD, "secrets": places}))
    hooks = load_hooks({"": folder}, mapper, {"BEFORE": "from-env"})
    assert hooks.sources["a"].secrets == (b"from-file", b"from-env")
    assert hooks.warnings == ("hooks/a: no secret in $GONE", f"hooks/a: no secret in {tmp_path}/none")
    assert "from-" not in repr(hooks)
    assert load_hooks({"": tmp_path / "nothing"}, mapper, {}).sources == {}


def name_of(kind: str, headers: dict[str, str], raw: bytes, **members: Any) -> str:
    settings = HookSource.model_validate({**GOOD, "kind": kind, **members})
    try:
        body = strict_json(raw, "body")
    except InvalidInputError:
        body = None
    return delivery_name(settings, Mapper().texts, headers=headers, raw=raw, body=body)


def test_what_is_unique_to_a_delivery_is_as_each_tool_has_it() -> None:
    assert name_of("sagemaker", *sent("sagemaker/model_package.Approved")) == "619262df-d338-5b0a-955a-9aa46ae73512"
    assert name_of("prefect", {}, event("prefect")) == "01a208cd-286c-7f15-8a9f-95c513c17bae"
    assert name_of("argo", *ARGO) == '["model-events","f40cda34-0fc7-5967-a86a-8f4744acc6b2"]'
    assert name_of("dagster", {}, event("dagster")).startswith("sha256:")
    assert name_of("dagster", {}, b'{"run_id":"r","storage_id":7}') == '["r","7"]'
    assert name_of("airflow", {}, b'{"id": 11}') == "11"
    assert name_of("huggingface", *sent("huggingface/repo.content.update")).startswith("sha256:"), "a ref was made"
    assert name_of("huggingface", *sent("huggingface/discussion.create_pr")).startswith("sha256:")
    # The conformance files of CDEvents bear one id: source, id and type together are different.
    names = {name_of("cdevents", *sent(f"cdevents/{one}")) for one in ("artifact_published", "service_deployed")}
    assert len(names) == 2
    assert name_of("cloudevents", *sent("cloudevents/structured")).startswith(
        '["https://pipelines.acme.example/train","bcf7'
    )


def test_two_deliveries_that_are_not_one_have_two_names() -> None:
    def told(of: str, number: str) -> str:
        return name_of("cloudevents", {}, canonical_json({"source": of, "id": number, "type": "t"}))

    assert told("urn:lab/a", "b") != told("urn:lab", "a/b")
    assert told("urn:lab", "b") == told("urn:lab", "b")


def _pushed(old: str | None, new: str | None, at: str = "1") -> str:
    body = {
        "webhook": {"id": "w"},
        "repo": {"id": "r", "headSha": at},
        "event": {"scope": "repo.content"},
        "updatedRefs": [{"ref": "refs/heads/x", "oldSha": old, "newSha": new}],
    }
    return name_of("huggingface", {}, canonical_json(body))


def test_a_ref_that_is_set_back_or_deleted_again_is_no_repetition() -> None:
    assert _pushed("a", "b") == _pushed("a", "b", at="2") == '["w","r","repo.content","refs/heads/x","a","b"]'
    assert _pushed("a", "b") != _pushed("c", "b"), "back where it was before"
    assert _pushed("a", None) == _pushed("a", None), "by its bytes"
    assert _pushed("a", None) != _pushed("a", None, at="2")


@pytest.mark.parametrize("kind", ["github", "gitlab", "wandb"])
def test_a_header_that_nobody_signed_names_no_delivery(kind: str) -> None:
    body, rule = b'{"run": "r1"}', 'headers["x-github-delivery"]'
    names = {name_of(kind, {"x-github-delivery": one}, body, delivery=rule) for one in ("1", "2")}
    names |= {name_of(kind, {"x-github-delivery": one}, body) for one in ("1", "2")}
    assert len(names) == 1
    assert name_of("airflow", {"x-run": "7"}, body, delivery='headers["x-run"]') == "7", "it comes beside the secret"


def test_a_delivery_without_a_name_is_named_by_its_bytes() -> None:
    one, other = name_of("prefect", {}, b"no JSON"), name_of("prefect", {}, b"no JSON ")
    assert one.startswith("sha256:")
    assert one != other
    assert name_of("github", {}, b"{}").startswith("sha256:")
    assert name_of("mlflow", {"x-mlflow-delivery-id": "a" * 400}, b"{}").startswith("sha256:")
    assert name_of("mlflow", {"x-mlflow-delivery-id": "a\x07b"}, b"{}").startswith("sha256:")
    assert name_of("wandb", {}, b'{"run": "r1"}', delivery="body.run") == "r1"
    assert name_of("wandb", {}, b'{"run": 1}', delivery="body.run").startswith("sha256:")


def test_nothing_that_proves_who_sends_is_kept(examples: Hooks) -> None:
    secret = {"authorization", "x-api-key", "x-webhook-secret", "cookie"}
    headers = dict.fromkeys((*secret, "x-mlflow-signature", "webhook-signature", "x-hub-signature-256"), "s3cret")
    headers |= {"x-wandb-signature": "s3cret", "content-type": "application/json", "ce-id": "1", "x-forwarded-for": "1"}
    for source in examples.sources.values():
        assert source.kept_headers(headers) == {"ce-id": "1", "content-type": "application/json"}


@pytest.mark.parametrize("state", list(DeliveryState))
@pytest.mark.parametrize("move", list(DeliveryMove))
def test_every_move_of_a_delivery_is_known_or_refused(state: DeliveryState, move: DeliveryMove) -> None:
    if (state, move) in MOVES:
        assert next_delivery_state(state, move) is MOVES[state, move]
    else:
        with pytest.raises(MoveRefusedError):
            next_delivery_state(state, move)


def test_what_became_events_is_never_settled_again() -> None:
    assert {DeliveryState.DEAD, DeliveryState.IGNORED} == REPLAYABLE


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("body.n", "the result is INT"),
        ("body.none", "the result is NULL"),
        ("body.gone", "no member"),
        ('"a" + body.n', "no matching overload"),
        ('"a\\u0000b"', "NUL"),
        ('body.long + body.long', "characters, expected at most"),
        ("body.list[5]", "index"),
        ("string(1 / 0)", "divide by zero"),
        ("body", "the result is MAP"),
    ],
)  # fmt: skip
def test_an_expression_gives_exactly_a_text_or_nothing(expression: str, reason: str) -> None:
    texts = CelTexts(("body",))
    bound = texts.bind(body={"n": 1, "none": None, "long": "x" * 3000, "list": [1]})
    with pytest.raises(ExpressionError) as refused:
        texts.text(expression, bound)
    assert reason.lower() in str(refused.value).lower()


@pytest.mark.parametrize(
    "expression", ["body.n", '"true"', "body.gone", "body.gone || true", "body.none", "1 / 0 == 1"]
)
def test_a_condition_holds_or_does_not_or_is_an_error(expression: str) -> None:
    texts = CelTexts(("body",))
    with pytest.raises(ExpressionError):
        texts.flag(expression, texts.bind(body={"n": 1, "none": None}))


def test_an_event_that_a_rule_gives_is_held_to_what_every_event_is(mapper: Mapper) -> None:
    settings = HookSource.model_validate({**GOOD, "map": [{**RULE, "type": "body.type"}]})
    with pytest.raises(UnmappableError, match="rule r gives no event: type: expected 1 to 256 printable"):
        mapper.map(settings, Delivery(name="d", headers={}, raw=canonical_json({"type": ""})))
