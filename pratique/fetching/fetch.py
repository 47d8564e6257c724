"""Fetching what a source holds, into a folder of this machine."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pratique.egress import Egress
from pratique.errors import InvalidInputError, PratiqueError

#: Files of one collection; more is no folder of evidence.
MOST_FILES = 200
#: A file that changed within this time may still be written, and half a file is no evidence.
SETTLED_SECONDS = 5.0
_MOST_SECRET_BYTES = 4096


class FetchFailedError(PratiqueError):
    """The source did not give its files; says why."""

    code = "fetch-failed"
    status = 502
    title = "Fetch failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be fetched, as the engine says it."""

    kind: str
    where: str
    files: str = "*"
    token_env: str | None = None
    token_file: str | None = None


def fetch(order: Order, into: Path, egress: Egress) -> list[Path]:
    """Return the files of a source, by name; those of a folder where they are, any other in `into`.

    Raises:
        FetchFailedError: it gave none, or too many, or one is still being written.
        EgressRefusedError, EgressFailedError: of a URL.
    """
    if order.kind == "folder":
        return _in_folder(Path(order.where), order.files)
    if order.kind == "s3":
        from pratique.fetching.bucket import fetch_prefix  # obstore, where it is used

        return fetch_prefix(order.where, order.files, into)
    if order.kind == "url":
        return [_at_url(order, into, egress)]
    raise FetchFailedError(
        f"this worker knows no source of kind {order.kind[:40]!r}", hint="is it older than the engine?"
    )


def _in_folder(folder: Path, pattern: str) -> list[Path]:
    """Regular files of one folder alone: a link could lead anywhere, and names with a dot in front are hidden."""
    found: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not fnmatchcase(entry.name, pattern):
                    continue
                if not entry.is_file(follow_symlinks=False):
                    continue
                if time.time() - entry.stat(follow_symlinks=False).st_mtime < SETTLED_SECONDS:
                    raise FetchFailedError(f"{entry.name[:200]} is still being written")
                found.append(Path(entry.path))
                if len(found) > MOST_FILES:
                    raise FetchFailedError(f"the folder has more than {MOST_FILES} files that match {pattern!r}")
    except OSError as error:
        raise FetchFailedError(f"folder {folder} cannot be read: {error.strerror}") from None
    if not found:
        raise FetchFailedError(f"folder {folder} has no file that matches {pattern!r}")
    return sorted(found)


def _at_url(order: Order, into: Path, egress: Egress) -> Path:
    headers = {"Accept": "*/*"}
    if order.token_env is not None or order.token_file is not None:
        headers["Authorization"] = f"Bearer {_secret(order)}"
    answer = egress.get_blocking(order.where, headers=headers)
    if answer.status != 200:
        raise FetchFailedError(f"the server answered {answer.status}, not 200")
    if not answer.body:
        raise FetchFailedError("the server answered 200 with nothing in it")
    path = into / _name_at(order.where)
    path.write_bytes(answer.body)
    return path


def _name_at(url: str) -> str:
    """Return a file name from the address that is configured: a redirect does not change what the file is called."""
    name = unquote(urlsplit(url).path).replace("\\", "/").rsplit("/", 1)[-1].strip()
    is_sound = name.isprintable() and name not in ("", ".", "..") and len(name.encode()) <= 200
    return name if is_sound else "download"


def _secret(order: Order) -> str:
    if order.token_env is not None:
        value, place = os.environ.get(order.token_env, ""), f"${order.token_env}"
    else:
        value, place = _in_file(str(order.token_file)), str(order.token_file)
    value = value.strip()
    if not value or not value.isascii() or not value.isprintable():
        raise InvalidInputError(f"no token in {place}", hint="set it where the worker runs")
    return value


def _in_file(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            return file.read(_MOST_SECRET_BYTES).decode("ascii", "replace")
    except OSError:
        return ""
