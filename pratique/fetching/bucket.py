"""Files below a prefix of an S3-compatible bucket. Credentials are those of the worker's environment (`AWS_*`)."""

from __future__ import annotations

import re
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from pratique.fetching.fetch import MOST_FILES, FetchFailedError

if TYPE_CHECKING:
    from obstore.store import RetryConfig  # only its stub has it

#: All files of one collection: they lie on the worker's disk until they are handed over.
MOST_BYTES = 8 * 1024**3
_ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[!-~]*))?")
_RETRIES: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}


def fetch_prefix(address: str, pattern: str, into: Path) -> list[Path]:
    """Return the files right below `s3://bucket/prefix` whose names match, written to `into`, by name.

    Raises:
        FetchFailedError: none, too many, too large, or the bucket does not let us.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise FetchFailedError(f"{address[:200]} is no address such as s3://bucket/prefix")
    try:
        store = S3Store(found["bucket"], prefix=(found["prefix"] or "").strip("/") or None, retry_config=_RETRIES)
        keys = _keys(store, pattern, address)
        return [_written(store, key, into / key) for key in keys]
    except (BaseError, OSError) as error:
        # What the store says may name credentials and addresses; the kind of its error does not.
        raise FetchFailedError(f"{address} cannot be read ({type(error).__name__})") from None


def _keys(store: S3Store, pattern: str, address: str) -> list[str]:
    found: list[str] = []
    size = 0
    for one in obstore.list_with_delimiter(store)["objects"]:
        name = str(one["path"])
        if name.startswith(".") or "/" in name or not fnmatchcase(name, pattern):
            continue
        found.append(name)
        size += int(one["size"])
    if not found:
        raise FetchFailedError(f"{address} has no file that matches {pattern!r}")
    if len(found) > MOST_FILES:
        raise FetchFailedError(f"{address} has more than {MOST_FILES} files that match {pattern!r}")
    if size > MOST_BYTES:
        raise FetchFailedError(f"the files of {address} have {size} bytes, more than {MOST_BYTES}")
    return sorted(found)


def _written(store: S3Store, key: str, path: Path) -> Path:
    answer: Any = obstore.get(store, key)
    with path.open("xb") as file:
        for chunk in answer.stream():
            file.write(chunk)
    return path
