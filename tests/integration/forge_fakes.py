"""The parts of GitHub's and GitLab's APIs that answers go to, on a real port, as their documentation has them."""

from __future__ import annotations

import base64
import json
import re
from http.server import BaseHTTPRequestHandler
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from local_site import Site

SHA = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
_CALLBACK = re.compile(r"/repos/acme/models/actions/runs/7/deployment_protection_rule")
_RESPONSES = re.compile(r"/api/v4/projects/12/merge_requests/5/status_check_responses")


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class _Forge:
    def __init__(self, site: Site, *paths: str) -> None:
        self.site = site
        self.said: list[dict[str, Any]] = []  #: that were taken
        self.refusals: list[str] = []
        self.status: int | None = None  #: answered to everything, where set
        self.url = f"http://127.0.0.1:{site.port}"
        for path in paths:
            site.pages[path] = self._page

    def _page(self, request: BaseHTTPRequestHandler) -> None:
        _, path, headers, body = self.site.seen[-1]
        status, value = (self.status, {"message": "no"}) if self.status else self.answer(path, headers, body)
        content = b"" if value is None else json.dumps(value).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        raise NotImplementedError


class FakeGithub(_Forge):
    """An app (4711) installed (99) on acme/models, whose run 7 waits at `production`."""

    def __init__(self, site: Site) -> None:
        super().__init__(
            site,
            "/app/installations/99/access_tokens",
            "/repos/acme/models/actions/runs/7",
            "/repos/acme/models/actions/runs/7/deployment_protection_rule",
        )
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        self.now = 0.0
        self.head_sha, self.run_status = SHA, "waiting"
        self.wanted: dict[str, Any] = {}
        self._tokens: set[str] = set()

    def delivery(self, callback: str | None = None) -> bytes:
        """Return the body with which GitHub asks."""
        path = "/repos/acme/models/actions/runs/7/deployment_protection_rule"
        return json.dumps(
            {
                "action": "requested",
                "environment": "production",
                "event": "push",
                "deployment_callback_url": callback or f"{self.url}{path}",
                "deployment": {"sha": SHA, "ref": "main", "payload": {}},
                "repository": {"full_name": "acme/models"},
                "installation": {"id": 99},
            }
        ).encode()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if path.endswith("/access_tokens"):
            return self._token(bearer, body)
        if bearer not in self._tokens:
            return 401, {"message": "Bad credentials"}
        if path.endswith("/runs/7"):
            return 200, {"id": 7, "head_sha": self.head_sha, "status": self.run_status}
        return self._review(json.loads(body)) if _CALLBACK.fullmatch(path) else (404, {"message": "Not Found"})

    def _token(self, bearer: str, body: bytes) -> tuple[int, Any]:
        try:
            head, claims, signature = bearer.split(".")
            self._key.public_key().verify(
                _unpacked(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except (InvalidSignature, ValueError):
            return 401, {"message": "A JSON web token could not be decoded"}
        said = json.loads(_unpacked(claims))
        is_timely = said["iat"] <= self.now < said["exp"] <= said["iat"] + 600
        if json.loads(_unpacked(head))["alg"] != "RS256" or said["iss"] != "4711" or not is_timely:
            return 401, {"message": "'Expiration time' claim ('exp') is too far in the future"}
        self.wanted = json.loads(body)
        token = f"ghs_{len(self._tokens)}secret"
        self._tokens.add(token)
        return 201, {"token": token, "expires_at": "2026-11-23T15:00:00Z"}

    def _review(self, body: dict[str, Any]) -> tuple[int, Any]:
        reports = [one for one in self.said if "state" not in one]
        if body.keys() - {"environment_name", "state", "comment"} or body["environment_name"] != "production":
            return 422, {"message": "Validation Failed"}
        if len(body.get("comment", "")) > 1024 or body.get("state", "approved") not in ("approved", "rejected"):
            return 422, {"message": "Validation Failed"}
        if any("state" in one for one in self.said) or ("state" not in body and len(reports) >= 10):
            return 422, {"message": "no pending review, or too many reports"}
        self.said.append(body)
        return 204, None


class FakeGitlab(_Forge):
    """Project 12, whose merge request 5 has the status check 3."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, "/api/v4/projects/12/merge_requests/5/status_check_responses")
        self.head = SHA
        self.swallows = False  #: takes answers, and says 502 all the same

    def delivery(self) -> bytes:
        """Return the body with which GitLab asks."""
        return json.dumps(
            {
                "object_kind": "merge_request",
                "event_type": "merge_request",
                "project": {"id": 12, "path_with_namespace": "acme/models"},
                "object_attributes": {"id": 90, "iid": 5, "state": "opened", "last_commit": {"id": SHA}},
                "labels": [{"id": 1, "title": "release::2.1"}],
                "external_approval_rule": {"id": 3, "name": "Pratique", "external_url": "https://x.example"},
            }
        ).encode()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        if headers.get("private-token") != "glpat-secret":
            return 401, {"message": "401 Unauthorized"}
        said = json.loads(body)
        if not _RESPONSES.fullmatch(path) or said["external_status_check_id"] != 3:
            return 404, {"message": "404 Not found"}
        if said["sha"] != self.head or said["status"] not in ("passed", "failed", "pending"):
            return 422, {"message": "sha does not match HEAD"}
        self.said.append(said)
        if self.swallows:
            return 502, {"message": "Bad Gateway"}
        return 201, {"id": 1, "merge_request": {"iid": 5}, "status": said["status"]}


class FakeRegistry(_Forge):
    """Tags and aliases of an MLflow server's model aurora, whose versions are 2.1 and 3."""

    def __init__(self, site: Site) -> None:
        root = "/api/2.0/mlflow"
        super().__init__(
            site,
            f"{root}/model-versions/set-tag",
            f"{root}/registered-models/alias",
            f"{root}/registered-models/alias?name=aurora&alias=cleared",
        )
        self.tags: dict[tuple[str, str], str] = {}  #: by version and key
        self.swallows: str | None = None  #: a call that is taken, and answered with 503 all the same
        self.alias: str | None = None
        self.calls: list[str] = []

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        method = self.site.seen[-1][0]
        self.calls.append(f"{method} {path.partition('?')[0].rpartition('/')[2]}")
        if headers.get("authorization") != "Bearer registry-secret":
            return 403, {"error_code": "PERMISSION_DENIED"}
        if method == "GET":
            if self.alias is None:
                return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "Registered model alias not found."}
            return 200, {"model_version": {"name": "aurora", "version": self.alias}}
        said = json.loads(body)
        if said["name"] != "aurora":
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST"}
        if path.endswith("set-tag"):
            self.tags[said["version"], said["key"]] = said["value"]
        else:
            self.alias = said["version"] if method == "POST" else None
        return (503, {}) if self.calls[-1] == self.swallows else (200, {})
