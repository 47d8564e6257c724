"""A bounded memory: keeps what was used last, up to a total size."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shelf(Generic[T]):
    """Values by key; who is used least goes first when the sizes exceed `room`. Safe to use from several threads.

    The newest value stays, however large it is.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._items: OrderedDict[Hashable, tuple[int, T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        """Return the value of that key, or None."""
        with self._lock:
            item = self._items.get(key)
            if item is None:
                return None
            self._items.move_to_end(key)
            return item[1]

    def put(self, key: Hashable, value: T, size: int) -> None:
        """Keep a value of that size under that key."""
        with self._lock:
            self._drop(key)
            self._items[key] = (size, value)
            self._room -= size
            while self._room < 0 and len(self._items) > 1:
                self._drop(next(iter(self._items)))

    def _drop(self, key: Hashable) -> None:
        item = self._items.pop(key, None)
        if item is not None:
            self._room += item[0]
