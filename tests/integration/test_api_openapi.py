"""What the OpenAPI document promises, tried with generated requests."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
)
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from requests import PreparedRequest
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
#: Enough to meet every parameter with several kinds of nonsense; the whole run stays below a minute.
EXAMPLES = 12
#: Tools prove themselves there in their own way.
OWN_PROOF = {("post", "/v1/hooks/{source}")}
_WHO = {"work": "worker", "sources": "worker", "access": "admin"}


def test_the_document_declares_problems_for_every_route_with_a_token(engine: Engine) -> None:
    document = engine.send("GET", "/openapi.json", None).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if not path.startswith("/v1/"):
                continue
            assert operation["security"] or (method, path) in OWN_PROOF, (method, path)
            for status in ("401", "403", "422", "503"):
                content = operation["responses"][status]["content"]
                assert list(content) == ["application/problem+json"], (method, path, status)


@pytest.mark.slow
def test_generated_requests_never_meet_a_server_error_nor_an_undeclared_answer(engine: Engine) -> None:
    engine.register()
    run = engine.trigger("trial")
    evidence = engine.submit("score", value=1)["evidence"]["id"]
    names = {"model": "aurora", "version": "2.1", "gate": "trial", "evidence": evidence, "run": run["gate_run"]}
    names["work"] = engine.claim("flow")[0]["id"]
    names["delivery"] = engine.claim("delivery")[0]["payload"]["delivery"]
    schema = schemathesis.openapi.from_dict(engine.send("GET", "/openapi.json", None).json())
    tried, seen = 0, set[int]()
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.startswith(("/v1/", "/healthz", "/readyz", "/metrics")):
            seen |= _try_operation(engine, operation, names)
            tried += 1
    assert tried >= 37
    assert {200, 201, 404, 409, 422} <= seen, "generated requests got through, and did not"


def _try_operation(engine: Engine, operation: Any, names: dict[str, str]) -> set[int]:
    seen = set[int]()
    who = _WHO.get(operation.definition.raw.get("tags", [""])[0], "mira")

    @seed(2026)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), is_real=st.booleans())
    def attempt(case: Any, is_real: bool) -> None:
        if is_real:  # else nearly every path would name something that is not there
            case.path_parameters = {k: names.get(k, v) for k, v in (case.path_parameters or {}).items()}
        if case.query and "wait" in case.query:
            case.query = {k: v for k, v in case.query.items() if k != "wait"}
        answer = _send(engine, case, who)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    attempt()
    return seen


def _send(engine: Engine, case: Any, who: str) -> Response:
    given_ = case.as_transport_kwargs(base_url="http://127.0.0.1:8470")
    prepared = PreparedRequest()
    prepared.prepare(
        method=given_["method"],
        url=given_["url"],
        headers={**dict(given_.get("headers") or {}), **engine.headers(who)},
        params=given_.get("params"),
        data=given_.get("data"),
        json=given_.get("json"),
        cookies=given_.get("cookies"),
    )
    body = prepared.body
    answer = engine.client.request(
        str(prepared.method),
        str(prepared.url),
        content=body.encode() if isinstance(body, str) else body,
        headers=[(k, v) for k, v in prepared.headers.items() if k.lower() != "content-length"],
    )
    return Response(
        status_code=answer.status_code,
        headers={name: [value] for name, value in answer.headers.items()},
        content=answer.content,
        request=prepared,
        elapsed=0.0,
        verify=False,
    )
