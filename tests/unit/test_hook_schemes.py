"""Each kind of tool proves itself as it documents it: every capture is taken, and every altered copy refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from pratique.domain.hooks import PLAIN_KINDS, HookKind, HookSource
from pratique.hooks import NotAuthenticError, Presented, Source, check_authentic

DATA = Path(__file__).resolve().parents[1] / "data" / "hooks"
MLFLOW_SECRETS = ("whsec-demo-9f8e7d6c5b4a", "another-secret")
RULE = {"id": "r", "when": "true", "type": '"t"', "model": '"m"', "version": '"v"'}


def source(kind: str, *secrets: str, access_token: str | None = None, **members: Any) -> Source:
    """A source of a kind, with these secrets."""
    places = [{"env": "NONE"}]
    settings = HookSource.model_validate(
        {"format": "pratique.hook/1", "source": "s", "kind": kind, "secrets": places, "map": [RULE], **members}
    )
    token = access_token.encode() if access_token is not None else None
    return Source(settings=settings, secrets=tuple(one.encode() for one in secrets), access_token=token)


def load(path: Path) -> tuple[dict[str, Any], dict[str, str], bytes]:
    """Return what is known of a capture, its headers, and its body."""
    said = json.loads(path.read_text())
    body = path.with_name(path.name.replace(".headers.json", ".body")).read_bytes()
    return said, {name.lower(): value for name, value in said["headers"]}, body


def captures(folder: str) -> list[Path]:
    return sorted((DATA / folder).glob("*.headers.json"))


def is_authentic(of: Source, headers: dict[str, str], body: bytes, at: float) -> bool:
    try:
        check_authentic(of, Presented(headers=headers, body=body, at=at))
    except NotAuthenticError as error:
        return any(secret.decode() in error.reason for secret in of.secrets)  # a reason that tells one fails the test
    return True


def altered(headers: dict[str, str], body: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    """Yield copies of a request with one thing changed that the proof covers, or that it is."""
    yield headers, body + b" "
    yield headers, body[:-1] + bytes([body[-1] ^ 1])
    for name in [
        n for n in headers if n.endswith(("signature", "signature-256", "secret", "api-key", "authorization"))
    ]:
        if name == "x-hub-signature":
            continue  # SHA-1, which nobody looks at
        value = headers[name]
        yield {k: v for k, v in headers.items() if k != name}, body
        yield {**headers, name: ""}, body
        yield {**headers, name: value[:-2] + ("A" if value[-2] != "A" else "B") + value[-1]}, body
    for name in [n for n in headers if n.endswith(("delivery-id", "webhook-id"))]:
        yield {**headers, name: headers[name] + "0"}, body
    for name in [n for n in headers if n.endswith("timestamp")]:
        yield {**headers, name: str(int(headers[name]) + 1)}, body


def test_every_capture_of_mlflow_is_taken_and_every_altered_copy_refused() -> None:
    of, taken, refused = source("mlflow", *MLFLOW_SECRETS), 0, 0
    for path in captures("mlflow"):
        said, headers, body = load(path)
        if "x-mlflow-signature" not in headers:
            assert not is_authentic(of, headers, body, said["received_at"]), "no secret, no proof"
            continue
        assert is_authentic(of, headers, body, said["received_at"]), path.name
        taken += 1
        for changed, other in altered(headers, body):
            assert not is_authentic(of, changed, other, said["received_at"]), (path.name, changed)
            refused += 1
    assert taken >= 10
    assert refused >= 7 * taken


@pytest.mark.parametrize("path", captures("github") + captures("standardwebhooks"), ids=lambda p: p.name)
def test_signed_examples_are_taken_and_altered_copies_refused(path: Path) -> None:
    said, headers, body = load(path)
    kind = {"github": "github", "standardwebhooks": "standard-webhooks"}[path.parent.name]
    of = source(kind, "a new one", said["secret_for_test"])
    assert is_authentic(of, headers, body, said.get("received_at", 0)), "the second secret is taken while it is rotated"
    for changed, other in altered(headers, body):
        assert not is_authentic(of, changed, other, said.get("received_at", 0)), changed
    assert not is_authentic(source(kind, "xyzzy"), headers, body, said.get("received_at", 0))


@pytest.mark.parametrize("path", captures("github"), ids=lambda p: p.name)
def test_an_event_of_github_that_its_body_does_not_bear_out_is_refused(path: Path) -> None:
    said, headers, body = load(path)
    of, true = source("github", said["secret_for_test"]), headers.get("x-github-event")
    if true is None:
        return  # the vector of the signature alone, which is no JSON
    for event in ("deployment_protection_rule", "deployment", "deployment_review", "workflow_run", "ping", "star", ""):
        assert is_authentic(of, {**headers, "x-github-event": event}, body, 0) is (event == true), event


@pytest.mark.parametrize(("event", "is_taken"), [("star", True), ("issues", True), ("workflow_run", False)])
def test_an_event_of_github_without_a_shape_of_its_own_is_taken_under_such_names(event: str, is_taken: bool) -> None:
    body = b'{"action":"requested"}'
    made = "sha256=" + hmac.new(b"k", body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": made, "x-github-event": event}
    assert is_authentic(source("github", "k"), headers, body, 0) is is_taken


@pytest.mark.parametrize("path", captures("wandb"), ids=lambda p: p.name)
def test_wandb_signs_the_body_and_shows_a_token_where_one_is_configured(path: Path) -> None:
    said, headers, body = load(path)
    secret = said["secret_for_test"]
    assert is_authentic(source("wandb", secret), headers, body, 0)
    both = source("wandb", secret, access_token="wb-access-token")
    assert is_authentic(both, headers, body, 0)
    for changed, other in altered(headers, body):
        assert not is_authentic(both, changed, other, 0), changed


@pytest.mark.parametrize("path", captures("huggingface"), ids=lambda p: p.name)
def test_hugging_face_shows_the_secret_as_it_is(path: Path) -> None:
    said, headers, body = load(path)
    of = source("huggingface", said["secret_for_test"])
    assert is_authentic(of, headers, body, 0)
    for value in ("", "hf-hook-secret-B", "hf-hook-secret-A ä", said["secret_for_test"][:-1]):
        assert not is_authentic(of, {**headers, "x-webhook-secret": value}, body, 0)
    assert not is_authentic(of, {}, body, 0)


@pytest.mark.parametrize("path", captures("sagemaker"), ids=lambda p: p.name)
def test_sagemaker_shows_the_key_that_eventbridge_was_given(path: Path) -> None:
    said, headers, body = load(path)
    of = source("sagemaker", said["secret_for_test"], header="X-Api-Key")
    assert is_authentic(of, headers, body, 0)
    assert not is_authentic(of, {**headers, "x-api-key": "eb-conn-key-B"}, body, 0)
    assert not is_authentic(source("sagemaker", said["secret_for_test"]), headers, body, 0), "no bearer token"


@pytest.mark.parametrize("kind", sorted(PLAIN_KINDS))
def test_what_signs_nothing_shows_a_bearer_token(kind: str) -> None:
    of = source(kind, "token-1")
    assert is_authentic(of, {"authorization": "Bearer token-1"}, b"", 0)
    for value in ("token-1", "Bearer token-2", "Bearer ", "Basic token-1", "Bearer token-1 2"):
        assert not is_authentic(of, {"authorization": value}, b"", 0)
    assert not is_authentic(source(kind), {"authorization": "Bearer "}, b"", 0)


@pytest.mark.parametrize("kind", list(HookKind))
def test_without_a_secret_nothing_is_authentic(kind: HookKind) -> None:
    of = source(kind.value)
    empty = base64.b64encode(hmac.new(b"", b"d.1.{}", hashlib.sha256).digest()).decode()
    plain = base64.b64encode(hmac.new(b"", b"{}", hashlib.sha256).digest()).decode()
    headers = {
        "authorization": "Bearer ",
        "x-webhook-secret": "",
        "x-hub-signature-256": "sha256=" + hmac.new(b"", b"{}", hashlib.sha256).hexdigest(),
        "x-wandb-signature": plain,
    } | {f"{prefix}{name}": value for prefix in ("x-mlflow-", "webhook-") for name, value in (
        ("id", "d"), ("delivery-id", "d"), ("timestamp", "1"), ("signature", f"v1,{empty}"))}  # fmt: skip
    assert not is_authentic(of, headers, b"{}", 1)
    assert not is_authentic(of, {}, b"", 1)


@pytest.mark.parametrize(("seconds", "is_taken"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_a_signed_time_is_taken_within_the_window_to_both_sides(seconds: int, is_taken: bool) -> None:
    said, headers, body = load(DATA / "standardwebhooks" / "ok.headers.json")
    at = int(headers["webhook-timestamp"]) + seconds
    assert is_authentic(source("standard-webhooks", said["secret_for_test"]), headers, body, at) is is_taken


@pytest.mark.parametrize("text", ["", "now", "1e9", "-1", "٣", "1" * 13, "1795443600.0"])
def test_a_time_that_is_no_whole_number_of_seconds_is_refused(text: str) -> None:
    _, headers, body = load(DATA / "standardwebhooks" / "ok.headers.json")
    of = source("standard-webhooks", "whsec_VZrq0IJk1XldOQlxjN0Fq9SVcuhP5VWQ7vMaiKCP3/0=")
    assert not is_authentic(of, {**headers, "webhook-timestamp": text}, body, 1795443600)


def test_what_the_library_of_standard_webhooks_signs_is_taken() -> None:
    secret, at = "whsec_" + base64.b64encode(b"0123456789abcdef").decode(), datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    body = '{"über": 1}'
    made = Webhook(secret).sign("msg_1", at, body)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": f"v2,AAAA {made}",
    }
    assert is_authentic(source("standard-webhooks", secret), headers, body.encode(), at.timestamp())
    assert not is_authentic(source("standard-webhooks", "whsec_!!"), headers, body.encode(), at.timestamp())


def test_no_more_than_a_few_signatures_of_one_request_are_tried() -> None:
    said, headers, body = load(DATA / "standardwebhooks" / "ok.headers.json")
    of = source("standard-webhooks", said["secret_for_test"])
    value = "v1,AAAA " * 8 + headers["webhook-signature"]
    assert not is_authentic(of, {**headers, "webhook-signature": value}, body, said["received_at"])
