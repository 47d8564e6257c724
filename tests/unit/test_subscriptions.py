"""Files of subscriptions, keys, signatures, the states of a message."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from standardwebhooks import Webhook

from pratique.answers import Secrets, load_subscriptions
from pratique.answers.outcome import Outcome, judged
from pratique.answers.signing import KeyTroubleError, key_of, signed_headers
from pratique.answers.subscriptions import topic_of
from pratique.domain.subscriptions import MOVES, AnswerMove, AnswerState, next_answer_state
from pratique.egress import Answer
from pratique.errors import ConfigError, MoveRefusedError
from pratique.services.announcing import happening_of

ONE: dict[str, Any] = {
    "format": "pratique.subscription/1",
    "name": "chat",
    "kind": "webhook",
    "url": "https://chat.example/in",
    "secrets": [{"env": "CHAT"}],
}
KEY = bytes(range(24))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def load(folder: Path, secret: str = SECRET, **changed: Any) -> Any:
    (folder / "chat.yaml").write_text(yaml.safe_dump({**ONE, **changed}))
    return load_subscriptions({"": folder}, Secrets({"CHAT": secret}))


def test_a_file_becomes_a_subscription_and_holds_no_secret(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.warnings == ()
    assert found.get("chat").url == "https://chat.example/in"
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "other"}, "subscriptions/chat.yaml: name: found 'other', expected 'chat', as the file is named"),
        ({"url": "ftp://chat.example"}, "url: found"),
        ({"url": "https://user:word@chat.example/"}, "url: found"),
        ({"secrets": []}, "secrets: found"),
        ({"secrets": [{"env": "A"}, {"env": "A"}]}, "each place of a secret once"),
        ({"secrets": ["whsec_abc"]}, "secrets[0]: found"),
        ({"filter": {"events": ["clearred"]}}, "filter.events[0]: found"),
        ({"filter": {"event": ["cleared"]}}, "filter.event: found this key, expected no such key"),
        ({"kind": "carrier-pigeon"}, "'carrier-pigeon' found using 'kind' does not match"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, **changed)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "no secret in $CHAT"),
        ("hunter2", "does not begin with whsec_"),
        ("whsec_%%%", "is no base64 behind whsec_"),
        ("whsec_" + base64.b64encode(b"short").decode(), "stands for 5 bytes; 24 to 64 are expected"),
    ],
)
def test_a_secret_that_cannot_sign_is_a_warning_that_does_not_show_it(tmp_path: Path, secret: str, said: str) -> None:
    [warning] = load(tmp_path, secret).warnings
    assert said in warning
    assert not secret or secret not in warning


def test_the_signature_is_the_one_of_standard_webhooks() -> None:
    at = datetime.now(UTC)
    headers = signed_headers([key_of(SECRET)], message="msg_1", at=at, body='{"a":1}')
    assert Webhook(SECRET).verify('{"a":1}', headers) == {"a": 1}
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(SECRET).verify('{"a":2}', headers)


def test_the_published_example_of_standard_webhooks_is_met() -> None:
    # Source: standard-webhooks/standard-webhooks, spec/standard-webhooks.md and the reference libraries' tests.
    headers = signed_headers(
        [key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        message="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        body='{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_keys_without_padding_are_taken() -> None:
    assert key_of("whsec_" + base64.b64encode(bytes(25)).decode().rstrip("=")) == bytes(25)
    with pytest.raises(KeyTroubleError):
        key_of("whsec_" + "A" * 200)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "delivered"), (204, "delivered"), (301, "refused"), (400, "refused"), (404, "refused"), (408, "failed"),
     (410, "gone"), (425, "failed"), (429, "failed"), (500, "failed"), (503, "failed")],
)  # fmt: skip
def test_what_an_answer_means(status: int, outcome: str) -> None:
    answer = Answer(url="https://x/", status=status, reason="", headers=(("Retry-After", "9"),), body=b"", address=None)
    found = judged(answer)
    assert found.outcome == Outcome(outcome)
    assert found.again_after == (9.0 if outcome == "failed" else None)


@pytest.mark.parametrize("state", AnswerState)
@pytest.mark.parametrize("move", AnswerMove)
def test_every_move_is_in_the_table_or_refused(state: AnswerState, move: AnswerMove) -> None:
    if (state, move) in MOVES:
        assert next_answer_state(state, move) is MOVES[state, move]
    else:
        with pytest.raises(MoveRefusedError):
            next_answer_state(state, move)


@pytest.mark.parametrize(
    ("was", "state", "told"),
    [("open", "open", "findings_changed"), ("open", "in_review", "in_review"), ("in_review", "open", "reopened"),
     ("cleared", "stale", "stale"), ("stale", "rejected", "rejected"), ("open", "returned", "returned"),
     ("cleared", "withdrawn", "withdrawn")],
)  # fmt: skip
def test_a_change_of_state_has_a_name(was: str, state: str, told: str) -> None:
    assert happening_of("gate:run:evaluated", {"was": was, "state": state}).value == told


def test_topics_fit_their_column_and_differ() -> None:
    assert len(topic_of("a" * 64)) == 16
    assert topic_of("a") != topic_of("b")
