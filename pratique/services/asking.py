"""Asking: pipelines that asked by a hook wait for gates; what they are to be told, read at the moment of telling."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, update

from pratique.answers.asked import Reply
from pratique.answers.mlflow import is_about_version
from pratique.canonical import canonical_json, stored_json
from pratique.domain.asking import Standing, Verdict, comment_of, verdict_of
from pratique.domain.subscriptions import Asker, GithubSubscription, GitlabSubscription, Happening
from pratique.services import lookups
from pratique.services.hook_intake import raw_of
from pratique.services.lookups import asking
from pratique.services.messages import put
from pratique.services.parts import Parts
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

SETTLED = "hook:delivery:settled"
_SAID = Query(
    update(asking)
    .where(asking.c.id == bindparam("row"))
    .values(said=bindparam("saying"), reports=asking.c.reports + bindparam("more"))
)


def is_question(subscription: Asker, raw: bytes, headers: dict[str, str]) -> bool:
    """True for a delivery that waits for an answer; others of the same source are none of the subscription's."""
    if isinstance(subscription, GithubSubscription):
        return headers.get("x-github-event") == "deployment_protection_rule"
    if isinstance(subscription, GitlabSubscription):
        return b'"external_approval_rule"' in raw
    return is_about_version(raw)


def take_question(tx: Transaction, parts: Parts, values: dict[str, Any], entry_id: str) -> None:
    """Remember who asks, when a hook's delivery became events that opened or joined gates; have it answered at once."""
    for name, one in parts.subscriptions.by_name.items():
        if not isinstance(one, Asker) or one.hook != values["source"]:
            continue
        row = tx.one(lookups.HOOK_DELIVERY, id=values["id"])
        if row is None or not is_question(one, raw_of(row), json.loads(row["headers"])):
            continue
        runs = _runs_of(tx, one, values["events"])
        if runs and tx.one(lookups.ASKING_ONCE, subscription=name, delivery=row["id"]) is None:
            _remember(tx, name, row["id"], runs, entry_id)


def put_for(tx: Transaction, parts: Parts, run: Row, happening: Happening, entry_id: str) -> None:
    """Have everybody told who waits for a gate run."""
    for row in tx.all(lookups.ASKINGS_OF_RUN, gate_run_id=run["id"]):
        if row["subscription"] in parts.subscriptions.by_name:
            _put(tx, row["subscription"], row["id"], happening, run["id"], entry_id)


def put_if_changed(tx: Transaction, parts: Parts, row: Row, said: str) -> None:
    """Have a pipeline told once more where the verdict changed while a message was on its way.

    Args:
        tx: the open transaction, in which what was said is written down.
        parts: the engine.
        row: the message that was delivered.
        said: verdict and comment that were told by it.
    """
    found = reply_of(tx, parts, stored_json(row["body"])["asking"])
    if found is None or found[1].verdict == said.partition("\n")[0]:
        return
    happening = next(one for one in Happening if one.type == row["type"])
    # A person may have the message sent again, so that its id alone does not make a key.
    key = f"{row['id']}/{row['attempts']}/changed"
    put(tx, row["subscription"], key=key, happening=happening, body=row["body"], run_id=row["gate_run_id"])


def _remember(tx: Transaction, name: str, delivery: str, runs: list[str], entry_id: str) -> None:
    asking_id = tx.new_id()
    tx.insert("asking", id=asking_id, subscription=name, delivery=delivery, said="", reports=0, created_at=tx.at)
    for run_id in runs:
        tx.insert("asking_run", id=tx.new_id(), asking_id=asking_id, gate_run_id=run_id)
    _put(tx, name, asking_id, Happening.OPENED, runs[0], entry_id)


def _put(tx: Transaction, name: str, asking_id: str, happening: Happening, run_id: str, entry_id: str) -> None:
    body = canonical_json({"asking": asking_id}).decode()
    put(tx, name, key=f"{name}/{entry_id}/{asking_id[-12:]}", happening=happening, body=body, run_id=run_id)


def _runs_of(tx: Transaction, subscription: Asker, events: list[dict[str, Any]]) -> list[str]:
    found: dict[str, None] = {}
    for event in events:
        row = tx.one(lookups.EVENT, source=event["source"], event_id=event["id"])
        for run_id in json.loads(row["gate_runs"]) if row is not None else ():
            run = tx.one(lookups.GATE_RUN_PLAIN, id=run_id)
            if run is not None and subscription.filter.lets_through(None, model=event["model"], gate=run["gate"]):
                found[run_id] = None
    return list(found)


def reply_of(reader: Reader, parts: Parts, asking_id: str) -> tuple[bytes, Reply] | None:
    """Return the delivery that asked, and what is to be said at this moment; None where nobody asks any more."""
    row = reader.one(lookups.ASKING, id=asking_id)
    delivery = reader.one(lookups.HOOK_DELIVERY, id=row["delivery"]) if row is not None else None
    if row is None or delivery is None:
        return None
    runs = reader.all(lookups.RUNS_OF_ASKING, asking_id=asking_id)
    version = reader.one(lookups.MODEL_VERSION_BY_ID, id=runs[0]["model_version_id"]) if runs else None
    if version is None:
        return None
    subject = f"{version['model']}/{version['version']}"
    root = f"{parts.settings.base_url}/models/{subject}/gates"
    standings = tuple(
        Standing(
            gate=run["gate"],
            state=run["state"],
            open_findings=run["open_findings"],
            due_on=run["due_at"][:10],
            link=f"{root}/{run['gate']}?occasion={run['occasion']}",
        )
        for run in runs
    )
    verdict, comment = verdict_of(standings), comment_of(subject, standings)
    return raw_of(delivery), Reply(
        verdict=verdict, comment=comment, standings=standings, said=row["said"], reports=row["reports"]
    )


def note_said(tx: Transaction, asking_id: str, saying: str, *, is_new: bool = True) -> None:
    """Write down what a pipeline was told; not `is_new`: it knew it already."""
    more = int(is_new and saying.partition("\n")[0] == Verdict.WAIT)
    tx.run(_SAID, row=asking_id, saying=saying, more=more)


def note_unsure(tx: Transaction, asking_id: str) -> None:
    """Write down, before it is told something else, that nobody knows what it knows.

    An attempt that is cut off may have been taken, whole or in part. Compared with what was said before it, a gate that
    went back meanwhile would look as if nothing had to be said.
    """
    tx.run(_SAID, row=asking_id, saying="", more=0)
