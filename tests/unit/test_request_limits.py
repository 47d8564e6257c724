"""Bodies before a token was looked at: all are capped but those that are streamed."""

import asyncio

import pytest

from pratique.web.api.limits import RequestLimits

CAP = 1024
PIECES = 8


def read_of(method, path, root_path=""):
    """Return how many bytes a route that reads its whole body gets, and the status of what stopped it."""
    got = 0

    async def app(_scope, receive, _send):
        nonlocal got
        for _ in range(PIECES):
            got += len((await receive())["body"])

    async def receive():
        return {"type": "http.request", "body": b" " * CAP, "more_body": True}

    scope = {"type": "http", "method": method, "path": path, "root_path": root_path, "query_string": b""}
    try:
        asyncio.run(RequestLimits(app, max_bytes=CAP)(scope, receive, None))
    except Exception as error:
        return got, error.status_code
    return got, None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/models/aurora/versions/evidence"),
        ("POST", "/v1/models/aurora/versions/2.1/holds/evidence"),
        ("PUT", "/v1/models/aurora/versions/2.1/evidence"),
        ("POST", "/v1/models/evidence"),
        ("POST", "/v1/uploads/0a/evidence"),
        ("POST", "/v1/uploads/0a"),
        ("PATCH", "/v1/uploads/0a/evidence"),
        ("POST", "/elsewhere/v1/sources/bucket/evidence"),
    ],
)
def test_a_body_that_is_read_before_the_token_is_capped(method, path):
    assert read_of(method, path) == (CAP, 413)


@pytest.mark.parametrize("root_path", ["", "/pratique"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/models/aurora/versions/2.1/evidence"),
        ("POST", "/v1/models/evidence/versions/evidence/evidence"),
        ("POST", "/v1/sources/bucket/evidence"),
        ("PATCH", "/v1/uploads/0a"),
    ],
)
def test_what_is_streamed_to_disk_is_not(method, path, root_path):
    assert read_of(method, root_path + path, root_path) == (PIECES * CAP, None)
