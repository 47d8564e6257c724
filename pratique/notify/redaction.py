"""Keeps channel secrets out of the log.

Measured (Apprise 1.13 and 2.2): at DEBUG both print webhook path tokens, header values and payloads; at
WARNING an unparseable URL is printed whole. urllib3 prints the request path at DEBUG.
"""

from __future__ import annotations

import logging
import re
from urllib.parse import unquote, urlsplit

#: Loggers that could print a channel URL or a part of it.
GUARDED_LOGGERS = ("apprise", "urllib3", "urllib3.connectionpool")

#: Shorter pieces of a URL are common words; hiding them would garble the log and protect nothing.
_MIN_SECRET = 6

#: From the scheme to the end of the line: a password may hold any character, even a blank.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://[^\r\n]*")


class Redactor(logging.Filter):
    """Hides URLs and remembered secret pieces in every record, and drops tracebacks."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: frozenset[str] = frozenset()

    def remember(self, url: str) -> None:
        """Hide the parts of `url` (a channel's template, so that the set stays small) from now on."""
        self._pieces |= _secret_pieces(url)

    def clean(self, text: str) -> str:
        """Return `text` without URLs and without remembered pieces."""
        text = _URL.sub(r"\1://…", text)
        for piece in sorted(self._pieces, key=len, reverse=True):
            text = text.replace(piece, "…")
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record in place and let it pass."""
        record.msg = self.clean(record.getMessage())
        record.args = None
        record.exc_info = record.exc_text = record.stack_info = None
        return True


_REDACTOR = Redactor()


def guard_logs(url: str) -> None:
    """Cap the loggers that could print `url` at INFO and hide its parts in what they do print."""
    _REDACTOR.remember(url)
    for name in GUARDED_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.INFO))
        logger.addFilter(_REDACTOR)  # adding the same filter again changes nothing


def _secret_pieces(url: str) -> frozenset[str]:
    _, _, rest = url.partition("://")
    pieces = {rest, *re.split(r"[/?&=@:;,\s]+", rest)} | _user_info(url)
    pieces |= {unquote(piece) for piece in pieces}
    return frozenset(p for p in pieces if len(p) >= _MIN_SECRET and "{" not in p)


def _user_info(url: str) -> set[str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # an unparseable URL: its pieces are hidden all the same
        return set()
    return {part for part in (parts.username, parts.password) if part}
