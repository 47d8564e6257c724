"""Whatever bytes and headers come: a mapping or a reason, an event or a refusal, authentic or not; nothing else."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.domain.events import parse_batch, parse_binary, parse_structured
from pratique.errors import InvalidInputError
from pratique.hooks import (
    Delivery,
    Hooks,
    Mapper,
    NotAuthenticError,
    Presented,
    UnmappableError,
    check_authentic,
    load_hooks,
)
from pratique.hooks.mlflow_registry import details_of
from pratique.hooks.naming import delivery_name
from pratique.services.hook_intake import as_text, raw_of

ROOT = Path(__file__).resolve().parents[2]
BODIES = sorted((ROOT / "tests" / "data" / "hooks").rglob("*.body"))
EXAMPLES = ROOT / "config" / "hooks" / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))


@cache
def wired() -> tuple[Mapper, Hooks]:
    mapper = Mapper()
    places = [place for name in NAMES for place in re.findall(r"HOOK_[A-Z_]+", (EXAMPLES / f"{name}.yaml").read_text())]
    return mapper, load_hooks({"": EXAMPLES}, mapper, dict.fromkeys(places, "s"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A sample with some bytes changed, or with a member of it put another way; or anything."""
    raw = draw(st.sampled_from(BODIES)).read_bytes()[:6000]
    how = draw(st.integers(0, 3))
    if how == 0:
        return draw(st.binary(max_size=200))
    if how == 1:
        return raw[: draw(st.integers(0, len(raw)))]
    if how == 2:
        place = draw(st.integers(0, max(0, len(raw) - 1)))
        return raw[:place] + draw(st.binary(min_size=1, max_size=4)) + raw[place + 1 :]
    try:
        value = json.loads(raw)
    except ValueError:
        return raw
    return json.dumps(_put(draw, value, draw(JSON))).encode()


def _put(draw: st.DrawFn, value: Any, other: Any) -> Any:
    if isinstance(value, dict) and value and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(value)))
        return {**value, name: _put(draw, value[name], other)}
    return other


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(raw=bodies(), event=st.sampled_from(["ping", "workflow_run", "deployment_protection_rule", ""]))
def test_any_body_is_mapped_or_has_a_reason(name: str, raw: bytes, event: str) -> None:
    mapper, hooks = wired()
    source = hooks.sources[name]
    headers = source.kept_headers({"x-github-event": event, "ce-type": event, "content-type": "application/json"})
    kept, is_base64 = as_text(raw)
    assert raw_of({"body": kept, "is_base64": is_base64}) == raw
    try:
        mapping = mapper.map(source.settings, Delivery(name="d", headers=headers, raw=raw, details={"run_id": "r"}))
    except UnmappableError as error:
        assert str(error)  # noqa: PT017 - the reason is what is tested
    else:
        assert mapping.reason
        for one in mapping.events:
            assert all(one.event.model_version)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    assert 1 <= len(delivery_name(source.settings, mapper.texts, headers=headers, raw=raw, body=body)) <= 200
    if source.settings.registry is None:
        assert details_of(source, raw) is None


HEADERS = ("authorization", "x-api-key", "x-webhook-secret", "x-hub-signature-256", "x-wandb-signature", "webhook-id",
           "webhook-timestamp", "webhook-signature", "x-mlflow-delivery-id", "x-mlflow-timestamp",
           "x-mlflow-signature")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(headers=st.dictionaries(st.sampled_from(HEADERS), st.text(st.characters(max_codepoint=255), max_size=40)))
def test_no_header_is_authentic_by_chance_or_meets_an_error_of_ours(name: str, headers: dict[str, str]) -> None:
    source = wired()[1].sources[name]
    if any(value.strip().removeprefix("Bearer ").strip() == "s" for value in headers.values()):
        return
    with pytest.raises(NotAuthenticError):
        check_authentic(source, Presented(headers=headers, body=b"{}", at=0.0))


@settings(max_examples=150, deadline=None)
@given(raw=bodies())
def test_any_body_is_events_or_refused(raw: bytes) -> None:
    for read in (parse_structured, parse_batch, lambda body: parse_binary({"ce-specversion": "1.0"}, body)):
        try:
            read(raw)
        except InvalidInputError as error:
            assert error.message  # noqa: PT017 - the reason is what is tested
