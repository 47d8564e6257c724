"""Bars and spinners, on stderr and only when somebody watches it. Rich is imported when one is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.client.uploading import FilesProgress

#: Takes a line that must stay readable beside a spinner.
Say = Callable[[str], None]


def is_watched() -> bool:
    """True when stderr is a terminal."""
    return sys.stderr.isatty()


@contextmanager
def upload_bars() -> Iterator[FilesProgress | None]:
    """Show bytes sent of bytes in all, a bar each file; gives what to call with file and both, or None."""
    if not is_watched():
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()]
    with Bar(*columns, TimeRemainingColumn(), console=_console(), transient=True) as bar:
        tasks: dict[Path, Any] = {}

        def tell(path: Path, sent: int, total: int) -> None:
            if path not in tasks:
                tasks[path] = bar.add_task(path.name)
            bar.update(tasks[path], completed=sent, total=total, visible=sent < total)

        yield tell


@contextmanager
def files_bar() -> Iterator[Callable[[int, int, int, int], None] | None]:
    """Show files done of files in all, bytes and their rate; None when nobody watches."""
    if not is_watched():
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()]
    with Bar(*columns, TimeRemainingColumn(), console=_console(), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, size, all_sizes: bar.update(
            task, description=f"{done} of {total} files", completed=size, total=all_sizes
        )


@contextmanager
def step_bar() -> Iterator[Callable[[str, int, int | None], None] | None]:
    """Show steps done of steps in all under a changing label; None when nobody watches."""
    if not is_watched():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=_console(), transient=True
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda label, done, total: bar.update(task, description=label, completed=done, total=total)


@contextmanager
def spinner(label: str, say: Say) -> Iterator[Say]:
    """Show that something is waited for; gives a `say` whose lines the spinner does not run over."""
    if not is_watched():
        yield say
        return
    status = _console().status(label)

    def say_beside(text: str) -> None:
        status.stop()
        say(text)
        status.start()

    with status:
        yield say_beside


def _console() -> Any:
    from rich.console import Console

    return Console(stderr=True)
