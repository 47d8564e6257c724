"""GitHub's list of the reviews of a workflow run: who approved or rejected which environments.

It is never complete: it names neither the run nor the commit nor a time, so that it is an approval of anything.
"""

from __future__ import annotations

from typing import Any

from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import list_at, mapping_at, text_at
from pratique.collectors.identities import is_bot, is_suspicious
from pratique.collectors.shape import COUNT, FLAG, TEXTS
from pratique.domain.evidence import Extraction

#: Facts that only this shape has.
GITHUB_SHAPE = {"approvers": TEXTS, "rejecters": TEXTS, "environments": TEXTS, "by_bots": COUNT, "rejected": FLAG}

_WHAT = "approval"
_UNBOUND = "it names neither run nor commit nor time, so nothing binds it to a model version"
_STATES = ("approved", "rejected")
_SHOWN = 100


def is_github(document: Any) -> bool:
    """Tell whether this is a list of reviews, each with a state, environments and a user."""
    return (
        isinstance(document, list)
        and bool(document)
        and all(text_at(r, "state") and list_at(r, "environments") and mapping_at(r, "user") for r in document)
    )


def extract_github(reviews: list[Any], collector: str, version: str) -> Extraction:
    """Return what the reviews say together: rejected when one is, approved when every one is.

    Raises:
        UnreadableError: the facts are too large.
    """
    settled = [review for review in reviews if text_at(review, "state") in _STATES and text_at(review, "user", "login")]
    bots = sum(text_at(review, "user", "type") == "Bot" or is_bot(_login(review)) for review in reviews)
    by_state: dict[str, list[str]] = {
        state: sorted({_login(r) for r in settled if text_at(r, "state") == state}) for state in _STATES
    }
    names = {text_at(place, "name") for review in reviews for place in list_at(review, "environments")}
    people = sorted({*by_state["approved"], *by_state["rejected"]})
    open_count = len(reviews) - len(settled)
    reasons = [f"{open_count} of {len(reviews)} reviews have no decision"] if open_count else []
    reasons += [f"{bots} of {len(reviews)} reviews are by bots"] if bots else []
    sheet = FactSheet()
    sheet.put("form", "github")
    sheet.put("decision", "rejected" if by_state["rejected"] else "pending" if open_count else "approved")
    sheet.put("rejected", bool(by_state["rejected"]))
    sheet.put("approvers", by_state["approved"][:_SHOWN])
    sheet.put("rejecters", by_state["rejected"][:_SHOWN])
    sheet.put("environments", sorted(name for name in names if name)[:_SHOWN])
    sheet.put("by_bots", bots)
    sheet.put("suspicious_ids", [identity for identity in people if is_suspicious(identity)][:_SHOWN])
    sheet.put("bound", value=False)
    sheet.put("reviews", len(reviews))
    return Extraction(
        kind="approval",
        collector=collector,
        collector_version=version,
        tool="GitHub Actions",
        complete=False,
        incomplete_reason="; ".join([*reasons, _UNBOUND]),
        planned=len(reviews),
        done=len(settled),
        errors=0,
        facts=sheet.finish(_WHAT),
    )


def _login(review: Any) -> str:
    return text_at(review, "user", "login") or ""
