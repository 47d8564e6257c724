"""How each kind of tool proves that a request is its own.

Source: the tools' documentation, and captures of real deliveries (tests/data/hooks).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pratique.domain.hooks import PLAIN_KINDS, HookKind
from pratique.hooks.github_events import fits_event
from pratique.hooks.proof import (
    NotAuthenticError,
    Presented,
    check_window,
    from_base64,
    hmac_sha256,
    same_as_any,
)

if TYPE_CHECKING:
    from pratique.hooks.sources import Source

_HEX = re.compile(r"[0-9a-f]{64}")
_SHA256_HEX = re.compile(r"sha256=([0-9a-f]{64})")
#: Signatures of one request that are tried; a sender that rotates its secret sends two.
_MOST_SIGNATURES = 8


def check_authentic(source: Source, request: Presented) -> None:
    """Return where the request proves to be of this source.

    Raises:
        NotAuthenticError: it does not; the reason names no secret and no signature.
    """
    kind = source.settings.kind
    if kind is HookKind.MLFLOW:
        _mlflow(source, request)
    elif kind is HookKind.GITHUB:
        _github(source.secrets, request)
    elif kind is HookKind.GITLAB:
        _gitlab(source.secrets, request)
    elif kind is HookKind.HUGGINGFACE:
        _verbatim(source.secrets, request.header("x-webhook-secret"))
    elif kind is HookKind.WANDB:
        _wandb(source, request)
    elif kind is HookKind.STANDARD_WEBHOOKS:
        _standard(source, request)
    elif kind in PLAIN_KINDS:
        _plain(source, request)
    else:
        raise NotAuthenticError("unknown scheme")


def _mlflow(source: Source, request: Presented) -> None:
    """`v1,` and the base64 of HMAC-SHA256 over id, time and body; the secret's text is the key. Source: MLflow 3.17."""
    delivery, at = request.header("x-mlflow-delivery-id"), request.header("x-mlflow-timestamp")
    found = _of_version_1(request.header("x-mlflow-signature"))
    check_window(at, at=request.at, window_seconds=source.settings.window_seconds)
    _check(found, source.secrets, (f"{delivery}.{at}.".encode(), request.body))


def _standard(source: Source, request: Presented) -> None:
    """The same over `webhook-*` headers, with a secret in base64. Source: Standard Webhooks 1.0.0."""
    message, at = request.header("webhook-id"), request.header("webhook-timestamp")
    found = _of_version_1(request.header("webhook-signature"))
    check_window(at, at=request.at, window_seconds=source.settings.window_seconds)
    keys = [from_base64(secret.decode("utf-8", "replace").removeprefix("whsec_")) for secret in source.secrets]
    _check(found, [key for key in keys if key], (f"{message}.{at}.".encode(), request.body))


def _github(secrets: Sequence[bytes], request: Presented) -> None:
    """`sha256=` and the hex of HMAC-SHA256 over the body; the SHA-1 header proves nothing. Source: GitHub Docs.

    No header is signed, so that the body has to bear out the event that one of them names.
    """
    found = _SHA256_HEX.fullmatch(request.header("x-hub-signature-256"))
    if found is None:
        raise NotAuthenticError("malformed signature")
    _check([bytes.fromhex(found[1])], secrets, (request.body,))
    if not fits_event(request.headers.get("x-github-event", ""), request.body):
        raise NotAuthenticError("another event than its body")


def _gitlab(secrets: Sequence[bytes], request: Presented) -> None:
    """Hex of HMAC-SHA256 over the body. Source: GitLab Docs, external status checks with a shared secret (17.4)."""
    found = _HEX.fullmatch(request.header("x-gitlab-signature"))
    if found is None:
        raise NotAuthenticError("malformed signature")
    _check([bytes.fromhex(found[0])], secrets, (request.body,))


def _wandb(source: Source, request: Presented) -> None:
    """Base64 of HMAC-SHA256 over the body, and a bearer token where one is configured. Source: W&B Docs."""
    _check([from_base64(request.header("x-wandb-signature"))], source.secrets, (request.body,))
    if source.access_token is not None:
        _verbatim([source.access_token], _bearer(request.header("authorization")))


def _plain(source: Source, request: Presented) -> None:
    """A shared secret in a header: a bearer token, or as it is in a header of the operator's choice."""
    name = (source.settings.header or "authorization").lower()
    value = request.header(name)
    _verbatim(source.secrets, _bearer(value) if name == "authorization" else value)


def _of_version_1(value: str) -> list[bytes]:
    signatures = [one.partition(",") for one in value.split()[:_MOST_SIGNATURES]]
    return [from_base64(text) for version, _, text in signatures if version == "v1"]


def _bearer(value: str) -> str:
    scheme, _, presented = value.partition(" ")
    if scheme.lower() != "bearer" or not presented:
        raise NotAuthenticError("no bearer token")
    return presented.strip()


def _verbatim(secrets: Sequence[bytes], presented: str) -> None:
    if not same_as_any(presented.encode("utf-8", "surrogateescape"), secrets):
        raise NotAuthenticError("another secret")


def _check(found: Sequence[bytes], secrets: Sequence[bytes], parts: Sequence[bytes]) -> None:
    wanted = [hmac_sha256(secret, *parts) for secret in secrets]
    if not any([same_as_any(one, wanted) for one in found]):  # noqa: C419 - all are looked at, whichever fits
        raise NotAuthenticError("another signature")
