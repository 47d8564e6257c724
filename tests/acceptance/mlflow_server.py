"""A real MLflow server, in the environment that `make mlflow` makes."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
MLFLOW = ROOT / ".venv-mlflow" / "bin" / "mlflow"
#: It imports a good deal before it listens.
PATIENCE_SECONDS = 120.0
_API = "/api/2.0/mlflow"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MlflowServer:
    """MLflow on a SQLite file, which may send webhooks to this machine."""

    def __init__(self, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "mlflow.log"
        key = base64.urlsafe_b64encode(os.urandom(32)).decode()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
            "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
            "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": key,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
        }
        command = [
            *(str(MLFLOW), "server", "--host", "127.0.0.1", "--port", self.url.rpartition(":")[2], "--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--default-artifact-root", f"{folder}/artifacts"),
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def await_start(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if self.http.get("/health").status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            assert self._process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < end, self.log.read_text()[-2000:]
            time.sleep(0.2)

    def post(self, path: str, **body: Any) -> Any:
        """Call its REST API."""
        answer = self.http.post(f"{_API}/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def add_webhook(self, url: str, secret: str) -> str:
        """Have it tell of new model versions; return the webhook's id."""
        events = [{"entity": "MODEL_VERSION", "action": "CREATED"}]
        made = self.post("webhooks", name="pratique", url=url, events=events, secret=secret)
        return str(made["webhook"]["webhook_id"])

    def try_webhook(self, webhook: str) -> Any:
        """Press `Test webhook`."""
        return self.post(f"webhooks/{webhook}/test", event={"entity": "MODEL_VERSION", "action": "CREATED"})

    def add_version(self, name: str) -> str:
        """Register the next version of a model and return its number."""
        made = self.post("model-versions/create", name=name, source="s3://acme-models/weights")
        return str(made["model_version"]["version"])

    def stop(self) -> None:
        """End it and all that it started."""
        self.http.close()
        try:
            os.killpg(self._process.pid, 15)
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait(15)
        except ProcessLookupError:
            pass
