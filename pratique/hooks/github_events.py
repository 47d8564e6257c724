"""Which event a body of GitHub is of: the header that names the event is not signed, the body is.

Source: GitHub Docs, "Webhook events and payloads".
"""

from __future__ import annotations

from pratique.canonical import strict_json
from pratique.errors import InvalidInputError

#: Events by members that their bodies have and that no event further down has all of. The first that fits counts: a
#: deployment's status, for one, has the deployment and its run in it too.
_SHAPES: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (event, frozenset(members))
    for event, members in (
        ("ping", ("zen", "hook_id")),
        ("deployment_protection_rule", ("deployment_callback_url",)),
        ("deployment_review", ("workflow_run", "since")),
        ("deployment_status", ("deployment_status",)),
        ("workflow_job", ("workflow_job",)),
        ("deployment", ("deployment",)),
        ("workflow_run", ("workflow_run",)),
        ("check_run", ("check_run",)),
        ("check_suite", ("check_suite",)),
        ("push", ("ref", "before", "after", "commits")),
        ("pull_request", ("pull_request", "number")),
        ("release", ("release",)),
        ("registry_package", ("registry_package",)),
        ("package", ("package",)),
        ("merge_group", ("merge_group",)),
        ("repository_dispatch", ("client_payload",)),
        ("workflow_dispatch", ("workflow", "inputs")),
    )
)
_KNOWN = frozenset(event for event, _ in _SHAPES)


def fits_event(event: str, raw: bytes) -> bool:
    """Say whether a body can be one of the event that a header names.

    A body with the shape of an event above is of that event alone, and such an event has no other body. Events that
    are not above are not told from each other. A body that is no JSON is of none, and no rule reads it.
    """
    try:
        body = strict_json(raw, "the body")
    except InvalidInputError:
        return True
    members = frozenset(body) if isinstance(body, dict) else frozenset()
    shaped = next((name for name, wanted in _SHAPES if wanted <= members), None)
    return event == shaped if shaped is not None else event not in _KNOWN
