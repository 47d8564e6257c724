"""Deliveries that tools send to try a hook out: they are authentic, and say nothing of any model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.domain.hooks import HookKind

#: What MLflow 3.17 puts into the test deliveries of its `Test webhook` button; all are about `example_model`.
_MLFLOW_MARKS = (("source", "models:/123"), ("alias", "example_alias"), ("key", "example_key"))
_MLFLOW_TAGS = {"example_key": "example_value"}


def trial_reason(kind: HookKind, headers: Mapping[str, str], body: Any) -> str | None:
    """Return why a delivery is only a trial, or of our own making; None where it is neither."""
    if kind is HookKind.GITHUB and headers.get("x-github-event") == "ping":
        return "GitHub's ping: it only tries the hook out"
    if kind is HookKind.MLFLOW and _is_mlflow_test(body):
        return "MLflow's test delivery about example_model: it only tries the hook out"
    if kind is HookKind.MLFLOW and _is_own_tag(body):
        return "our own verdict, written back to MLflow"
    return None


def _is_own_tag(body: Any) -> bool:
    """Tags that answers write: whatever the rules say, they open no gate, or writing and hearing would never end."""
    data = body.get("data") if isinstance(body, dict) and body.get("entity") == "model_version_tag" else None
    key = data.get("key") if isinstance(data, dict) else None
    return isinstance(key, str) and key.startswith("pratique.gate.")


def _is_mlflow_test(body: Any) -> bool:
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or data.get("name") != "example_model":
        return False
    return data.get("tags") == _MLFLOW_TAGS or any(data.get(member) == mark for member, mark in _MLFLOW_MARKS)
