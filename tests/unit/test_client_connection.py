from __future__ import annotations

from pathlib import Path

import pytest

from pratique.client import Connection
from pratique.client.problems import document_of, error_of
from pratique.errors import (
    ConfigError,
    ConflictError,
    InvalidInputError,
    MoveRefusedError,
    NotFoundError,
    PratiqueError,
    UnavailableError,
)


def test_arguments_win_over_the_environment() -> None:
    environ = {"PRATIQUE_URL": "http://other:1", "PRATIQUE_TOKEN": "other"}
    found = Connection.resolve("https://gates.example/pratique/", "mine", environ=environ)
    assert (found.url, found.token) == ("https://gates.example/pratique", "mine")


def test_the_token_file_is_read_when_no_token_is_given(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("prq_1_x\n")
    found = Connection.resolve(environ={"PRATIQUE_TOKEN_FILE": str(tmp_path / "token")})
    assert found.token == "prq_1_x"


def test_nothing_said_means_this_machine_without_a_token() -> None:
    assert Connection.resolve(environ={}) == Connection(url="http://127.0.0.1:8470")


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:9"), ("::1", "http://[::1]:9"), ("10.0.0.5", "http://10.0.0.5:9")],
)
def test_the_engines_own_settings_name_its_address(host: str, url: str) -> None:
    assert Connection.resolve(environ={"PRATIQUE_HOST": host, "PRATIQUE_PORT": "9"}).url == url


@pytest.mark.parametrize(
    "url",
    ["gates.example", "ftp://gates.example", "http://", "http://a:b@gates.example", "http://h:99999", "http://h/\nx"],
)
def test_an_unusable_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        Connection.resolve(url)


@pytest.mark.parametrize("content", ["", "  \n", "two words", "one\ntwo"])
def test_a_token_file_must_hold_one_token(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content)
    with pytest.raises(InvalidInputError, match="one token"):
        Connection.resolve(environ={"PRATIQUE_TOKEN_FILE": str(tmp_path / "token")})


def test_a_known_code_becomes_its_class_and_keeps_hint_and_members() -> None:
    body = b'{"code":"move-refused","detail":"no","hint":"allowed: clear","errors":["a"]}'
    error = error_of(409, {}, body)
    assert type(error) is MoveRefusedError
    assert (error.message, error.hint, error.extra["errors"]) == ("no", "allowed: clear", ["a"])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, NotFoundError),
        (409, ConflictError),
        (422, InvalidInputError),
        (429, UnavailableError),
        (502, UnavailableError),
    ],
)
def test_an_unknown_code_becomes_a_class_by_status_and_keeps_its_code(status: int, kind: type[PratiqueError]) -> None:
    error = error_of(status, {}, b'{"code":"of-a-later-version","title":"T","detail":"d"}')
    assert type(error) is kind
    assert document_of(error)["code"] == "of-a-later-version"
    assert document_of(error)["status"] == status


def test_wrong_configuration_over_http_is_invalid_input() -> None:
    assert not isinstance(error_of(422, {}, b'{"code":"invalid-config","detail":"a"}'), ConfigError)


@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", b"[1]", b"\xff\xfe"])
def test_an_answer_of_a_proxy_is_shown_in_short(body: bytes) -> None:
    error = error_of(503, {"retry-after": "7"}, body)
    assert isinstance(error, UnavailableError)
    assert error.message.startswith("answered 503")
    assert error.extra["retry_after"] == "7"


def test_a_redirect_is_named_and_not_followed() -> None:
    assert "https://login.example" in error_of(302, {"location": "https://login.example"}, b"").message
