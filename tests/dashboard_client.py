"""A browser without a screen: cookies, headers and forms against the ASGI application, in this process."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

BASE = "http://127.0.0.1:8470"


class PageClient:
    """Sends one request at a time; follows no redirect."""

    def __init__(self, app: FastAPI, headers: dict[str, str]) -> None:
        self._app = app
        self.headers = dict(headers)
        self.cookies = httpx.Cookies()

    def get(self, url: str, **given: Any) -> httpx.Response:
        return asyncio.run(self._send("GET", url, given))

    def post(self, url: str, **given: Any) -> httpx.Response:
        return asyncio.run(self._send("POST", url, given))

    async def _send(self, method: str, url: str, given: dict[str, Any]) -> httpx.Response:
        headers = {**self.headers, **given.pop("headers", {})}
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=self.cookies) as client:
            answer = await client.request(method, url, headers=headers, **given)
            self.cookies = client.cookies
            return answer
