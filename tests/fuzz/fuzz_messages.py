"""Targets: what is sent to the engine as a message, and addresses that it is given."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator

from fuzz_target import CONFIG, DATA, Target, samples

from pratique.canonical import canonical_json, strict_json
from pratique.domain.events import CloudEvent, parse_batch, parse_binary, parse_structured
from pratique.egress.refusal import EgressRefusedError
from pratique.egress.target import target_of
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
from pratique.settings import EgressSettings

_EXAMPLES = CONFIG / "hooks" / "examples"
_SECRET = "a secret of the source that no input holds"
_PUBLIC = EgressSettings(deny_hosts=(".internal",))


def _event(event: CloudEvent) -> None:
    assert event.id
    assert event.source
    assert event.type
    for part in event.model_version:
        assert part is None or part


def _batch(data: bytes) -> None:
    for item in parse_batch(data):
        if isinstance(item, InvalidInputError):
            assert item.message
        else:
            _event(item)


def _headers_and_body(data: bytes) -> tuple[dict[str, str], bytes]:
    """Take the input as a message: lines `name: value`, an empty line, the body."""
    head, _, body = data.partition(b"\n\n")
    pairs = [line.partition(":") for line in head.decode("latin-1").split("\n")]
    return {name.strip().lower(): value.strip() for name, _, value in pairs}, body


def _message(headers: dict[str, str], body: bytes) -> bytes:
    return "\n".join(f"{k}: {v}" for k, v in headers.items()).encode("latin-1", "replace") + b"\n\n" + body


def _kept_samples() -> tuple[bytes, ...]:
    """Deliveries as they came from the real tools."""
    found = []
    for body in sorted((DATA / "hooks").rglob("*.body")):
        headers = json.loads(body.with_name(body.stem + ".headers.json").read_text())
        listed = headers.get("headers", headers) if isinstance(headers, dict) else headers
        pairs = listed.items() if isinstance(listed, dict) else listed
        found.append(_message({str(k): str(v) for k, v in pairs}, body.read_bytes()))
    return tuple(sorted(set(found), key=lambda data: (len(data), data)))


@functools.cache
def _wired() -> tuple[Mapper, Hooks]:
    mapper = Mapper()
    texts = [path.read_text() for path in sorted(_EXAMPLES.glob("*.yaml"))]
    places = {place for text in texts for place in re.findall(r"HOOK_[A-Z_]+", text)}
    return mapper, load_hooks({"": _EXAMPLES}, mapper, dict.fromkeys(places, _SECRET))


def _mapped(data: bytes) -> None:
    """Every source maps the delivery, or says why it cannot."""
    headers, raw = _headers_and_body(data)
    mapper, hooks = _wired()
    text, is_base64 = as_text(raw)
    assert raw_of({"body": text, "is_base64": is_base64}) == raw
    for source in hooks.sources.values():
        kept = source.kept_headers(headers)
        try:
            mapping = mapper.map(source.settings, Delivery(name="d", headers=kept, raw=raw, details={"run_id": "r"}))
        except UnmappableError as reason:
            assert str(reason)  # noqa: PT017 - the reason is what is checked
            str(reason).encode()
        else:
            assert mapping.reason
            for said in mapping.events:
                _event(said.event)
        if source.settings.registry is None:
            assert details_of(source, raw) is None


def _named(data: bytes) -> None:
    """A delivery has a name of 1 to 200 characters, by whatever rule."""
    headers, raw = _headers_and_body(data)
    mapper, hooks = _wired()
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    for source in hooks.sources.values():
        kept = source.kept_headers(headers)
        name = delivery_name(source.settings, mapper.texts, headers=kept, raw=raw, body=body)
        assert 1 <= len(name) <= 200
        name.encode()


def _proved(data: bytes) -> None:
    """Nothing that does not hold the secret is authentic."""
    headers, raw = _headers_and_body(data)
    for source in _wired()[1].sources.values():
        try:
            check_authentic(source, Presented(headers=headers, body=raw, at=1_764_000_000.0))
        except NotAuthenticError:
            continue
        raise AssertionError(f"{source.settings.source} took it for authentic")


def _url(data: bytes) -> None:
    target = target_of(data.decode("utf-8", "replace"), _PUBLIC)
    assert target.url.scheme == "https"
    assert not target.url.userinfo
    assert 1 <= target.port <= 65535
    assert target.host == target.host.lower()
    assert not target.host.endswith(".")
    assert target.host != "internal"
    assert not target.host.endswith(".internal")
    at = target.at("192.0.2.1")
    assert at.host == "192.0.2.1"


def _strict(data: bytes) -> None:
    canonical_json(strict_json(data, "the body"))


def targets() -> Iterator[Target]:
    """Every target that takes a message or an address."""
    invalid = (InvalidInputError,)
    bodies = samples("hooks/*/*.body", most=8000)
    kept = _kept_samples()
    yield Target(name="event-structured", run=lambda data: _event(parse_structured(data)), refusals=invalid,
                 samples=samples("hooks/cloudevents/structured*.body", "hooks/cdevents/*.body"))  # fmt: skip
    yield Target(name="event-batch", run=_batch, refusals=invalid, samples=samples("hooks/cloudevents/batch.body"))
    yield Target(name="event-binary", run=lambda data: _event(parse_binary(*_headers_and_body(data))),
                 refusals=invalid, samples=tuple(one for one in kept if b"ce-specversion" in one.lower()))  # fmt: skip
    yield Target(name="hook-mapping", run=_mapped, refusals=(), samples=kept)
    yield Target(name="hook-naming", run=_named, refusals=(), samples=kept)
    yield Target(name="hook-proof", run=_proved, refusals=(), samples=kept)
    yield Target(name="json-body", run=_strict, refusals=invalid, samples=bodies)
    urls = (b"https://example.org/page?q=1#f", b"https://u:p@a.internal.:443/", "https://ex\u0430mple.org".encode(),
            b"https://[::1%25eth0]:8443/", b"http://0x7f.1/", b"https://a.internal\xe3\x80\x82/")  # fmt: skip
    yield Target(name="egress-url", run=_url, refusals=(EgressRefusedError,), samples=urls)
