"""What an MLflow server answers about its model versions, as captured from MLflow 3.17.2, on a real port."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class FakeMlflow:
    """Model versions that tests add; newest first when they are listed, two to a page."""

    def __init__(self) -> None:
        self.versions: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                fake.asked.append(url.path.rpartition("/")[2])
                fake.headers.append(dict(self.headers))
                status, body = fake.answer(url.path, {k: v[0] for k, v in parse_qs(url.query).items()})
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Tests print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def add(self, name: str, version: str, created_at: int) -> None:
        """Register a model version."""
        tags = [{"key": "stage", "value": "candidate"}]
        self.versions.append(
            {
                "name": name,
                "version": version,
                "creation_timestamp": created_at,
                "run_id": f"run-{version}",
                "tags": tags,
            }
        )

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        """Return status and body."""
        if self.status != 200:
            return self.status, {"error_code": "TEMPORARILY_UNAVAILABLE"}
        if path.endswith("/model-versions/get"):
            for one in self.versions:
                if (one["name"], one["version"]) == (query["name"], query["version"]):
                    return 200, {"model_version": one}
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST"}
        assert query["order_by"] == "creation_timestamp DESC"
        start = int(query.get("page_token", "0"))
        listed = sorted(self.versions, key=lambda one: -one["creation_timestamp"])
        more = {"next_page_token": str(start + 2)} if start + 2 < len(listed) else {}
        return 200, {"model_versions": listed[start : start + 2], **more}

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
