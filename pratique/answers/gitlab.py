"""Answers external status checks of GitLab.

Source: GitLab Docs, External status checks API: `POST /projects/:id/merge_requests/:iid/status_check_responses` with
`sha`, `external_status_check_id` and `status` (passed, failed); one that is pending for two minutes fails by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pratique.answers.asked import NotAskedError, Reply, body_of, member, number
from pratique.answers.outcome import AnswerOutcome, Outcome, cancelled, failed, judged, refused
from pratique.answers.secrets import Secrets
from pratique.canonical import canonical_json
from pratique.domain.asking import Verdict
from pratique.domain.subscriptions import GitlabSubscription
from pratique.egress import Egress, EgressFailedError, EgressRefusedError

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequest:
    """What is asked: may the head of this merge request be merged?"""

    project: int
    iid: int
    check: int
    sha: str


def merge_request_of(raw: bytes) -> MergeRequest:
    """Return what a delivery of an external status check asks.

    Raises:
        NotAskedError: it asks nothing.
    """
    body = body_of(raw)
    attributes = member(body, "object_attributes")
    sha = member(attributes, "last_commit").get("id")
    if not (isinstance(sha, str) and _SHA.fullmatch(sha)):
        raise NotAskedError("the delivery names no commit")
    return MergeRequest(
        project=number(member(body, "project").get("id"), "project.id"),
        iid=number(attributes.get("iid"), "object_attributes.iid"),
        check=number(member(body, "external_approval_rule").get("id"), "external_approval_rule.id"),
        sha=sha,
    )


async def answer_gitlab(
    subscription: GitlabSubscription, raw: bytes, reply: Reply, *, secrets: Secrets, egress: Egress
) -> AnswerOutcome:
    """Tell GitLab whether the gates are cleared: failed at once, passed when they are, failed when they cease to be.

    GitLab itself refuses an answer about a commit that is no longer the head.

    Args:
        subscription: by which token.
        raw: the delivery that asked.
        reply: how the gates stand.
        secrets: where the token is.
        egress: the guarded way out.
    """
    status = "passed" if reply.verdict is Verdict.APPROVE else "failed"
    is_known = reply.said_verdict is not None and (reply.said_verdict is Verdict.APPROVE) == (status == "passed")
    if is_known:
        return cancelled(f"GitLab knows it as {status} already")
    token = secrets.read(subscription.token)
    if token is None:
        return failed(f"there is no secret in {subscription.token}")
    try:
        asked = merge_request_of(raw)
        url = f"{subscription.api}/projects/{asked.project}/merge_requests/{asked.iid}/status_check_responses"
        body = {"sha": asked.sha, "external_status_check_id": asked.check, "status": status}
        headers = {"private-token": token, "content-type": "application/json"}
        answer = await egress.post(url, canonical_json(body), headers=headers, max_bytes=_MOST_BYTES)
    except NotAskedError as error:
        return refused(str(error))
    except EgressRefusedError as error:
        return refused(error.message)
    except EgressFailedError as error:
        return failed(error.message)
    found = judged(answer)
    if found.outcome is not Outcome.DELIVERED:
        is_gone = found.outcome is Outcome.GONE
        return refused(found.reason) if is_gone else found
    return AnswerOutcome(
        outcome=Outcome.DELIVERED, reason=f"{status}: answered {answer.status}", status=answer.status, said=reply.saying
    )
