"""How the demo tells its story on a terminal: numbered steps, what was run, what came back."""

from __future__ import annotations

import time


class Telling:
    """Prints as it happens; a reader may watch a pipe."""

    def __init__(self) -> None:
        self._began_at = time.monotonic()

    def step(self, number: int, of: int, title: str) -> None:
        """Begin a step."""
        print(f"\n[{number:>2}/{of}] {title}  ({time.monotonic() - self._began_at:.0f} s)", flush=True)

    def line(self, text: str) -> None:
        """Print what happened."""
        for part in text.rstrip().splitlines():
            print(f"        {part}", flush=True)

    def command(self, words: tuple[str, ...]) -> None:
        """Print a command as it would be typed."""
        shown = " ".join(f'"{word}"' if " " in word else word for word in words)
        self.line(f"$ pratique {shown}")


class Silence(Telling):
    """Tells nothing."""

    def line(self, text: str) -> None:
        """Print nothing."""

    def step(self, number: int, of: int, title: str) -> None:
        """Print nothing."""
