"""What is unique to a delivery, so that one that comes again has one effect.

A tool that names its deliveries is believed where its name is signed, or comes beside the secret. A kind that signs the
body alone names nothing by its headers: whoever has a copy of one delivery could name it anew. Where a tool has no name
for deliveries, what happened has one; and where not even that, the bytes have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.canonical import canonical_json, sha256_hex
from pratique.criteria import CelTexts, ExpressionError
from pratique.domain.hooks import HookKind, HookSource

#: Longest name of a delivery that is kept as it is; a longer one becomes its digest. With a rule's id behind it, it is
#: the id of an event.
LONGEST_NAME = 190
_HEADERS = {
    HookKind.MLFLOW: "x-mlflow-delivery-id",
    HookKind.STANDARD_WEBHOOKS: "webhook-id",
}
#: What signs the body and no header.
_BODY_SIGNED = (HookKind.GITHUB, HookKind.GITLAB, HookKind.WANDB)


def delivery_name(settings: HookSource, texts: CelTexts, *, headers: Mapping[str, str], raw: bytes, body: Any) -> str:
    """Return the name of a delivery.

    Args:
        settings: the source.
        texts: the language of rules.
        headers: lower-case names.
        raw: the body as it came.
        body: its JSON value; None where it is no JSON that every reader reads alike.
    """
    proven = {} if settings.kind in _BODY_SIGNED else headers
    parts = _by_rule(settings, texts, proven, body) or _by_kind(settings.kind, proven, body)
    name = _joined(parts)
    if not name or not name.isprintable():
        return f"sha256:{sha256_hex(raw)}"
    return name if len(name) <= LONGEST_NAME else f"sha256:{sha256_hex(name.encode())}"


def other_name(name: str, digest: str) -> str:
    """Return the name of a delivery that came under the name of another one, with another body.

    Args:
        name: what both are named.
        digest: SHA-256 (hex) of the body of this one.
    """
    both = f"{name}#{digest}"
    return both if len(both) <= LONGEST_NAME else f"sha256:{sha256_hex(both.encode())}"


def _joined(parts: list[str]) -> str:
    """Return one text for the parts that no other parts give: `a/b` and `c` is not `a` and `b/c`."""
    return parts[0] if len(parts) == 1 else canonical_json(parts).decode() if parts else ""


def _by_rule(settings: HookSource, texts: CelTexts, headers: Mapping[str, str], body: Any) -> list[str]:
    if settings.delivery is None or body is None:
        return []
    try:
        bound = texts.bind(headers=dict(headers), body=body, source=settings.source, details={})
        return [texts.text(settings.delivery, bound)]
    except ExpressionError:  # a delivery without a name is kept all the same: by its bytes
        return []


def _by_kind(kind: HookKind, headers: Mapping[str, str], body: Any) -> list[str]:
    if kind in _HEADERS:
        return _present(headers.get(_HEADERS[kind]))
    if kind is HookKind.HUGGINGFACE:
        return _hugging_face(body)
    if kind in (HookKind.CLOUDEVENTS, HookKind.CDEVENTS):
        of = headers if "ce-id" in headers else {f"ce-{k}": v for k, v in _object(body).items()}
        # One conformance file of CDEvents after the other bears one id: the type tells them apart.
        return _present(of.get("ce-source"), of.get("ce-id"), of.get("ce-type"))
    if kind is HookKind.DAGSTER:
        return _present(_object(body).get("run_id"), _object(body).get("storage_id"))
    if kind is HookKind.ARGO:
        context = _object(_object(body).get("context"))
        return _present(context.get("source"), context.get("id"))
    if kind in (HookKind.SAGEMAKER, HookKind.PREFECT, HookKind.AIRFLOW):
        return _present(_object(body).get("id"))
    return []


def _hugging_face(body: Any) -> list[str]:
    """No delivery has a name: (webhook, repository, scope, moves of revisions) is what happened.

    A move has both its ends; a ref that was made or deleted has one, and comes as often as it is made or deleted.
    """
    value = _object(body)
    refs = value.get("updatedRefs")
    ends = (
        [_object(ref).get(name) for ref in refs for name in ("ref", "oldSha", "newSha")]
        if isinstance(refs, list)
        else []
    )
    if not ends:
        return []
    event = _object(value.get("event"))
    return _present(
        _object(value.get("webhook")).get("id"), _object(value.get("repo")).get("id"), event.get("scope"), *ends
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _present(*parts: Any) -> list[str]:
    """Return the parts as texts where each is there, else none at all."""
    texts = [str(part) for part in parts if isinstance(part, str | int) and not isinstance(part, bool) and part != ""]
    return texts if len(texts) == len(parts) else []


def names_by_body(settings: HookSource) -> bool:
    """Say whether the body has to be read to name a delivery."""
    return settings.delivery is not None or settings.kind not in _HEADERS
