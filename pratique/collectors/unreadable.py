"""The one error that a collector raises about a file, and how file names appear in messages."""

from __future__ import annotations

from pratique.errors import InvalidInputError

#: Longest file name shown in a message; the name is the uploader's text.
_SHOWN_CHARACTERS = 120


class UnreadableError(InvalidInputError):
    """A file's facts cannot be read; the file itself stays stored and hashed.

    The message says which file, what was found and what was expected. It holds no evidence content.
    """

    code = "unreadable"
    title = "Unreadable evidence"


def shown(text: str, limit: int = _SHOWN_CHARACTERS) -> str:
    """Return foreign `text` fit for a one-line message: printable, at most `limit` characters."""
    if len(text) <= limit and text.isprintable():  # nearly always, and for each of many members
        return text
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: limit + 1])
    return clean if len(clean) <= limit else clean[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
