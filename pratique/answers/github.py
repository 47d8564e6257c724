"""Answers deployment protection rules of GitHub, as a GitHub App.

Source: GitHub REST API 2022-11-28: "Review custom deployment protection rules for a workflow run" (204; `state` left
out is a report, ten of them at most; 1024 characters), "Create an installation access token for an app" (201), JSON
web tokens of apps (RS256, ten minutes at most), "Get a workflow run".
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pratique.answers.asked import NotAskedError, Reply, body_of, member, number
from pratique.answers.outcome import AnswerOutcome, Outcome, cancelled, failed, judged, refused
from pratique.answers.secrets import Secrets
from pratique.canonical import canonical_json, parse_json
from pratique.domain.asking import Verdict
from pratique.domain.subscriptions import GithubSubscription
from pratique.egress import Answer, Egress, EgressFailedError, EgressRefusedError
from pratique.errors import InvalidInputError

#: Reports of one deployment; GitHub takes ten, and one is left for people.
MOST_REPORTS = 9
_STATES = {Verdict.APPROVE: "approved", Verdict.REJECT: "rejected"}
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_MOST_BYTES = 1024 * 1024
#: The token is for a clock that is behind, and no longer than it takes. Source: GitHub Docs, JWT of an app.
_BACK_SECONDS, _AHEAD_SECONDS = 60, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is asked: may this commit be deployed to this environment?"""

    callback: str
    repository: str
    run: int
    sha: str
    environment: str
    installation: int


class _StopError(Exception):
    """Nothing is said; `outcome` is why."""

    def __init__(self, outcome: AnswerOutcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def deployment_of(raw: bytes, api: str) -> Deployment:
    """Return what a delivery of `deployment_protection_rule` asks.

    Args:
        raw: its body.
        api: the root that the callback must lie below, in the very place that its repository has.

    Raises:
        NotAskedError: it asks nothing, or wants the answer elsewhere.
    """
    body = body_of(raw)
    repository, environment = member(body, "repository").get("full_name"), body.get("environment")
    sha, callback = member(body, "deployment").get("sha"), body.get("deployment_callback_url")
    if not (isinstance(repository, str) and _REPOSITORY.fullmatch(repository)) or ".." in repository:
        raise NotAskedError("the delivery names no repository")
    if not (isinstance(sha, str) and _SHA.fullmatch(sha)):
        raise NotAskedError("the delivery names no commit")
    if not (isinstance(environment, str) and environment):
        raise NotAskedError("the delivery names no environment")
    place = f"{api}/repos/{repository}/actions/runs/"
    text = callback if isinstance(callback, str) else ""
    found = re.fullmatch(rf"{re.escape(place)}([0-9]{{1,19}})/deployment_protection_rule", text)
    if found is None:
        raise NotAskedError("the callback lies elsewhere than the API of the subscription and the repository")
    return Deployment(
        callback=text,
        repository=repository,
        run=int(found[1]),
        sha=sha,
        environment=environment,
        installation=number(member(body, "installation").get("id"), "installation.id"),
    )


async def answer_github(
    subscription: GithubSubscription, raw: bytes, reply: Reply, *, at: datetime, secrets: Secrets, egress: Egress
) -> AnswerOutcome:
    """Tell GitHub how the gates stand: a report, an approval or a rejection.

    Args:
        subscription: as which app.
        raw: the delivery that asked.
        reply: what to say.
        at: now.
        secrets: where the app's key is.
        egress: the guarded way out.
    """
    if reply.said_verdict in _STATES:
        return cancelled("GitHub was answered already, and takes no second answer")
    if reply.saying == reply.said:
        return cancelled("nothing is new since the last report")
    if reply.verdict is Verdict.WAIT and reply.reports >= MOST_REPORTS:
        return cancelled(f"{MOST_REPORTS} reports were sent; GitHub takes ten")
    try:
        asked = deployment_of(raw, subscription.api)
        token = await _token(subscription, asked, at, secrets, egress)
        if reply.verdict is not Verdict.WAIT:
            await _check_run(subscription, asked, token, egress)
        return await _say(asked, reply, token, egress)
    except NotAskedError as error:
        return refused(str(error))
    except _StopError as stop:
        return stop.outcome
    except EgressRefusedError as error:
        return refused(error.message)
    except EgressFailedError as error:
        return failed(error.message)


def app_token(app_id: str, key: RSAPrivateKey, at: datetime) -> str:
    """Return the JSON web token by which an app proves itself."""
    seconds = int(at.timestamp())
    claims = {"iat": seconds - _BACK_SECONDS, "exp": seconds + _AHEAD_SECONDS, "iss": app_id}
    text = b".".join(_base64(json.dumps(one).encode()) for one in ({"alg": "RS256", "typ": "JWT"}, claims))
    signature = key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    return (text + b"." + _base64(signature)).decode()


async def _token(
    subscription: GithubSubscription, asked: Deployment, at: datetime, secrets: Secrets, egress: Egress
) -> str:
    """Return a token of the installation for this repository alone, and for no more than is done with it."""
    app_id, pem = secrets.read(subscription.app_id), secrets.read(subscription.private_key)
    if app_id is None or pem is None:
        missing = subscription.app_id if app_id is None else subscription.private_key
        raise _StopError(failed(f"there is no secret in {missing}"))
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise _StopError(failed(f"the secret in {subscription.private_key} is no RSA key in PEM"))
    wanted = {
        "repositories": [asked.repository.partition("/")[2]],
        "permissions": {"deployments": "write", "actions": "read"},
    }
    url = f"{subscription.api}/app/installations/{asked.installation}/access_tokens"
    headers = _headers(app_token(app_id, key, at))
    answer = await egress.post(url, canonical_json(wanted), headers=headers, max_bytes=_MOST_BYTES)
    token = _object(answer, "asked for a token").get("token")
    if not (isinstance(token, str) and token.isascii() and token.isprintable() and token):
        raise _StopError(failed("GitHub gave no token"))
    return token


async def _check_run(subscription: GithubSubscription, asked: Deployment, token: str, egress: Egress) -> None:
    """See that the run is still of the commit that the gates were asked about."""
    url = f"{subscription.api}/repos/{asked.repository}/actions/runs/{asked.run}"
    run = _object(await egress.get(url, headers=_headers(token), max_bytes=_MOST_BYTES), "asked for the run")
    if run.get("id") != asked.run or run.get("head_sha") != asked.sha:
        raise _StopError(refused("the run is of another commit than the one that was asked about"))
    if run.get("status") == "completed":
        raise _StopError(refused("the run ended; nobody waits for the answer"))


async def _say(asked: Deployment, reply: Reply, token: str, egress: Egress) -> AnswerOutcome:
    body: dict[str, Any] = {"environment_name": asked.environment, "comment": reply.comment}
    if reply.verdict in _STATES:
        body["state"] = _STATES[reply.verdict]
    answer = await egress.post(asked.callback, canonical_json(body), headers=_headers(token), max_bytes=_MOST_BYTES)
    found = judged(answer)
    if found.outcome is not Outcome.DELIVERED:
        return found
    said = _STATES.get(reply.verdict, "a report")
    return AnswerOutcome(
        outcome=Outcome.DELIVERED, reason=f"{said}: answered {answer.status}", status=answer.status, said=reply.saying
    )


def _object(answer: Answer, what: str) -> dict[str, Any]:
    found = judged(answer)
    if found.outcome is not Outcome.DELIVERED:
        outcome = Outcome.REFUSED if found.outcome is Outcome.GONE else found.outcome
        raise _StopError(
            AnswerOutcome(
                outcome=outcome,
                reason=f"{what}, GitHub {found.reason}",
                status=found.status,
                again_after=found.again_after,
            )
        )
    try:
        value = parse_json(answer.body, "GitHub's answer")
    except InvalidInputError:
        value = None
    if not isinstance(value, dict):
        raise _StopError(failed(f"{what}, GitHub answered with no JSON object"))
    return value


def _headers(token: str) -> dict[str, str]:
    return {
        "accept": "application/vnd.github+json",
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "x-github-api-version": "2022-11-28",
    }


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
