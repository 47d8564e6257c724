"""A way to the engine on which connections break after some bytes, wherever that is in a request."""

from __future__ import annotations

import random
import socket
import threading
from contextlib import suppress


class CuttingProxy:
    """Forwards to a port of this machine; of each connection at most a random number of bytes, while `cuts` last."""

    def __init__(self, port: int, *, cuts: int, most: int, seed: int) -> None:
        self._to = port
        self._random = random.Random(seed)
        self._most = most
        self.cuts_left = cuts
        self.forwarded = 0  #: bytes that went to the engine
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> CuttingProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._server.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            engine = socket.create_connection(("127.0.0.1", self._to))
        except OSError:
            client.close()
            return
        back = threading.Thread(target=self._back, args=(engine, client), daemon=True)
        back.start()
        with self._lock:
            budget = self._random.randrange(self._most) if self.cuts_left > 0 else None
        sent = 0
        with suppress(OSError):
            while data := client.recv(65536):
                part = data if budget is None else data[: budget - sent]
                engine.sendall(part)
                sent += len(part)
                self.forwarded += len(part)
                if budget is not None and sent >= budget:
                    with self._lock:
                        self.cuts_left -= 1
                    break
        for end in (client, engine):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _back(self, engine: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := engine.recv(65536):
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_WR)
