"""Markdown from a stranger: front matter apart from the body, and the body's headings."""

from __future__ import annotations

import re

from pratique.collectors.factsheet import is_clean_text

#: Most headings that become facts, and the longest.
_MAX_HEADINGS = 100
_MAX_HEADING_CHARACTERS = 200

_OPENING = re.compile(r"\A\ufeff?---[ \t]*\r?\n")
_CLOSING = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
_HEADING = re.compile(r" {0,3}#{1,3}[ \t]")
_FENCE = re.compile(r" {0,3}(```|~~~)")


def split_front_matter(text: str) -> tuple[str | None, str]:
    """Return (front matter, body). Front matter stands between two lines of three dashes at the very beginning.

    It is None where there is none, or where its end is missing.
    """
    opening = _OPENING.match(text)
    closing = _CLOSING.search(text, opening.end()) if opening else None
    if opening is None or closing is None:
        return None, text
    return text[opening.end() : closing.start()], text[closing.end() :]


def begins_front_matter(text: str) -> bool:
    """Tell whether the first line opens front matter."""
    return _OPENING.match(text) is not None


def headings(body: str) -> list[str]:
    """Return the headings of the first three levels, in order, without those in code."""
    found: list[str] = []
    fence = ""
    for line in body.splitlines():
        if mark := _FENCE.match(line):
            fence = "" if fence == mark[1] else fence or mark[1]
            continue
        text = "" if fence else _heading(line[: _MAX_HEADING_CHARACTERS * 2])
        if text and is_clean_text(text):
            found.append(text[:_MAX_HEADING_CHARACTERS])
            if len(found) == _MAX_HEADINGS:
                break
    return found


def _heading(line: str) -> str:
    """Return the words of a heading, without marks that close it; nothing where the line is none."""
    begin = _HEADING.match(line)
    return line[begin.end() :].rstrip(" \t").rstrip("#").strip(" \t") if begin else ""
