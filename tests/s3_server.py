"""A real HTTP server on 127.0.0.1 that answers as S3 does (moto), and what tests ask of it behind the engine's back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
from moto.server import ThreadedMotoServer

BUCKET = "evidence"
SECRET = "s3-secret-that-nobody-sees"


@dataclass(frozen=True)
class S3:
    """The server, with one bucket."""

    url: str
    client: Any

    @property
    def environment(self) -> dict[str, str]:
        """Return what an engine is given."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "engine",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }

    def names(self) -> list[str]:
        """Return the names of all objects."""
        return sorted(one["Key"] for one in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", ()))

    def put(self, key: str, content: bytes) -> None:
        """Write an object as somebody else would."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def content(self, key: str) -> bytes:
        """Return an object."""
        return bytes(self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def delete(self, key: str) -> None:
        """Remove an object."""
        self.client.delete_object(Bucket=BUCKET, Key=key)

    def uploads(self) -> list[Any]:
        """Return what is under way in parts."""
        return list(self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads") or ())


@contextmanager
def s3_server() -> Iterator[S3]:
    """Run the server with an empty bucket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        client = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="y", region_name="us-east-1"
        )
        # What servers of before hold is one and the same in a process.
        httpx.post(f"{url}/moto-api/reset", trust_env=False).raise_for_status()
        client.create_bucket(Bucket=BUCKET)
        yield S3(url, client)
    finally:
        server.stop()
