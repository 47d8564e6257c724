"""A real Chromium, driven over its DevTools protocol: enough for tests, nothing more."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import websocket

#: No outbound call of its own; only this machine resolves.
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root in a container has no user namespaces
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
    "--remote-debugging-port=0",
)


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Page:
    """One tab."""

    def __init__(self, socket_url: str) -> None:
        self._socket = websocket.create_connection(socket_url, timeout=30, suppress_origin=True)
        self._ids = count(1)
        self.events: list[dict[str, Any]] = []  #: DevTools events seen so far (of enabled domains)

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Call one DevTools method and return its result; events on the way are kept in `events`."""
        call = next(self._ids)
        self._socket.send(json.dumps({"id": call, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") != call:
                self.events.append(message)
            elif "error" in message:
                raise RuntimeError(f"{method}: {message['error']['message']}")
            else:
                return dict(message["result"])

    def evaluate(self, expression: str) -> Any:
        """Return the JSON value of a JavaScript expression (promises are awaited)."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def go(self, url: str, *, seconds: float = 30) -> None:
        """Open `url` and wait until it has loaded."""
        self.send("Page.enable")
        failed = self.send("Page.navigate", url=url).get("errorText")
        if failed:
            raise RuntimeError(f"{url}: {failed}")
        self.wait_for("document.readyState === 'complete'", seconds=seconds)

    def wait_for(self, expression: str, *, seconds: float = 30) -> None:
        """Wait until a JavaScript expression is true."""
        until = time.monotonic() + seconds
        while not self.evaluate(expression):
            if time.monotonic() > until:
                raise TimeoutError(f"{expression} stayed false for {seconds:g} s")
            time.sleep(0.05)

    def close(self) -> None:
        """Close the tab."""
        try:
            self.send("Page.close")
        finally:
            self._socket.close()


@dataclass
class Chromium:
    """One running browser."""

    program: str
    profile: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _port: int = 0

    def start(self) -> Chromium:
        """Start the browser and wait until it answers."""
        self._process = subprocess.Popen(
            [self.program, *_FLAGS, f"--user-data-dir={self.profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        written = self.profile / "DevToolsActivePort"
        until = time.monotonic() + 60
        while not (written.exists() and written.read_text().strip()):
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"{self.program} did not open its DevTools port")
            time.sleep(0.05)
        self._port = int(written.read_text().split()[0])
        return self

    @contextmanager
    def page(self, url: str | None = None) -> Iterator[Page]:
        """A new tab in a fresh profile (no cookies of other tests), closed at the end."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/json/version", timeout=30) as answer:
            browser = Page(json.load(answer)["webSocketDebuggerUrl"])
        context = browser.send("Target.createBrowserContext")["browserContextId"]
        target = browser.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        tab = Page(f"ws://127.0.0.1:{self._port}/devtools/page/{urllib.parse.quote(target)}")
        try:
            if url is not None:
                tab.go(url)
            yield tab
        finally:
            tab._socket.close()
            browser.send("Target.disposeBrowserContext", browserContextId=context)
            browser._socket.close()

    def stop(self) -> None:
        """End the browser."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
