"""Asking an MLflow server: for what its webhooks leave out, and for the model versions that they never told of.

Source: MLflow 3.17 REST API 2.0. Its address is the operator's own configuration; nothing that a delivery says is taken
for a host or a path.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import httpx

from pratique.canonical import parse_json, strict_json
from pratique.domain.hooks import HookKind
from pratique.errors import InvalidInputError
from pratique.hooks.sources import Source

_log = logging.getLogger(__name__)

_API = "/api/2.0/mlflow"
_TIMEOUT = httpx.Timeout(5.0, connect=3.0)
#: One answer, whatever trickles in meanwhile.
_MOST_SECONDS = 20.0
_MOST_BYTES = 8 * 1024 * 1024
_PAGE = 200
#: Pages of one reconciliation; more is a listing that does not end.
_MOST_PAGES = 500
#: The end of the year 9999, in milliseconds since 1970.
_LATEST = 253_402_300_799_999
#: Entities of webhooks that name a version.
_OF_VERSIONS = frozenset({"model_version", "model_version_tag", "model_version_alias"})


class RegistryAwayError(Exception):
    """The server does not answer as it should; it may later."""


class NotInRegistryError(Exception):
    """The server answers that there is no such model version."""


def details_of(source: Source, raw: bytes) -> dict[str, Any] | None:
    """Return what the server says of the model version that a delivery names; None: nothing is to be asked.

    Raises:
        RegistryAwayError: it does not answer now.
        NotInRegistryError: it does not know that version.
    """
    named = _named(raw) if source.settings.kind is HookKind.MLFLOW and source.is_enriched else None
    if named is None:
        return None
    with _client(source) as client:
        answer = _get(client, f"{_API}/model-versions/get", {"name": named[0], "version": named[1]})
    return with_tags_by_key(_object(answer.get("model_version")))


def created_since(source: Source, since: int) -> Iterator[list[dict[str, Any]]]:
    """Yield model versions created at `since` (milliseconds since 1970) or later, a page at a time, the newest first.

    One that is no object, or says no time, is left out with a warning.

    Raises:
        RegistryAwayError: the server does not answer as it should.
    """
    token = ""
    with _client(source) as client:
        for _ in range(_MOST_PAGES):
            wanted = {"max_results": str(_PAGE), "order_by": "creation_timestamp DESC"}
            answer = _get(client, f"{_API}/model-versions/search", wanted | ({"page_token": token} if token else {}))
            page = list(_readable(source, _listed(answer.get("model_versions"))))
            new = [version for version in page if created_at(version) >= since]
            yield new
            token = str(answer.get("next_page_token") or "")
            if not token or len(new) < len(page):
                return
    raise RegistryAwayError(
        f"MLflow lists more than {_MOST_PAGES * _PAGE} model versions since then; name a later time"
    )


def _readable(source: Source, items: list[Any]) -> Iterator[dict[str, Any]]:
    for item in items:
        try:
            version = with_tags_by_key(_object(item))
            created_at(version)
        except RegistryAwayError as error:
            _log.warning("a model version that source %s lists is passed over: %s", source.name, error)
        else:
            yield version


def created_at(version: dict[str, Any]) -> int:
    """Return when a version was created, in milliseconds since 1970.

    Raises:
        RegistryAwayError: the server does not say.
    """
    at = version.get("creation_timestamp")
    if isinstance(at, int) and not isinstance(at, bool) and 0 <= at <= _LATEST:
        return at
    raise RegistryAwayError(
        "MLflow answers with a model version that has no creation_timestamp, or one of no such time"
    )


def with_tags_by_key(version: dict[str, Any]) -> dict[str, Any]:
    """Return a version with its tags as webhooks have them: by key."""
    tags = version.get("tags")
    listed = tags if isinstance(tags, list) else []
    return {**version, "tags": {str(_object(tag).get("key")): _object(tag).get("value", "") for tag in listed}}


def _named(raw: bytes) -> tuple[str, str] | None:
    try:
        body = _object(strict_json(raw, "the body"))
    except (InvalidInputError, RegistryAwayError):
        return None  # mapping says what is wrong
    data = body.get("data") if body.get("entity") in _OF_VERSIONS else None
    name, version = (data.get("name"), data.get("version")) if isinstance(data, dict) else (None, None)
    is_trial = name == "example_model"  # MLflow's own test deliveries name a model that it does not hold
    return (name, version) if isinstance(name, str) and isinstance(version, str) and not is_trial else None


def _client(source: Source) -> httpx.Client:
    registry = source.settings.registry
    if registry is None:
        raise RegistryAwayError(f"source {source.name} names no registry")
    headers = {"Accept": "application/json"}
    if source.registry_authorization is not None:
        headers["Authorization"] = source.registry_authorization
    return httpx.Client(
        base_url=registry.url.rstrip("/"), headers=headers, timeout=_TIMEOUT, follow_redirects=False, trust_env=False
    )


def _get(client: httpx.Client, path: str, params: dict[str, str]) -> dict[str, Any]:
    try:
        with client.stream("GET", path, params=params) as answer:
            content, end = bytearray(), time.monotonic() + _MOST_SECONDS
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise RegistryAwayError(f"MLflow answers with more than {_MOST_BYTES} bytes")
                if time.monotonic() > end:
                    raise RegistryAwayError(f"MLflow takes more than {_MOST_SECONDS:g} s to answer")
    except httpx.HTTPError as error:
        raise RegistryAwayError(f"MLflow does not answer: {type(error).__name__}") from None
    if answer.status_code == 404 and path.endswith("/get") and b"RESOURCE_DOES_NOT_EXIST" in content:
        raise NotInRegistryError("MLflow does not know this model version; was it deleted?")
    if answer.status_code != 200:
        raise RegistryAwayError(f"MLflow answers {answer.status_code}")
    try:
        return _object(parse_json(bytes(content), "MLflow's answer"))
    except InvalidInputError as error:
        raise RegistryAwayError(error.message) from None


def _listed(value: Any) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise RegistryAwayError(f"MLflow answers with {type(value).__name__}, expected a list")
    return value or []


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RegistryAwayError(f"MLflow answers with {type(value).__name__}, expected an object")
    return value
