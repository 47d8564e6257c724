"""What the first bytes of a JSON file tell: its outermost members, found without parsing the whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pratique.collectors.collector import HEAD_BYTES, Confidence

#: Strings, punctuation, and whatever else is a scalar. A string that the head cuts is one token too: to look for an
#: end that is not there from each quote in it takes the square of its length.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|(?P<cut>\\?\Z))|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
#: Stands for a text that the head cuts.
_CUT = '""'
_BLANK = b"\xef\xbb\xbf \t\r\n"


@dataclass(frozen=True, slots=True)
class JsonHead:
    """The members of the outermost object, or of the first object in the outermost list, as far as the head goes."""

    opening: str  #: `{`, `[`, or nothing where this is no JSON object or list
    members: Mapping[str, str]  #: name -> first token of its value: a scalar as written, `{` or `[`
    whole: bool  #: the head is the whole file, so that what is not in sight is not there

    def has(self, *names: str) -> bool:
        """Tell whether every one of these members is in sight."""
        return all(name in self.members for name in names)

    def text(self, name: str) -> str:
        """Return the text of member `name` without its quotes; nothing where it is no text."""
        raw = self.members.get(name, "")
        return raw[1:-1] if raw.startswith('"') else ""


@lru_cache(maxsize=16)
def json_head(head: bytes) -> JsonHead:
    """Return what `head`, the first bytes of a file, shows of a JSON document. Never raises."""
    start = head.lstrip(_BLANK)[:1]
    if start not in (b"{", b"["):
        return JsonHead("", {}, whole=len(head) < HEAD_BYTES)
    return JsonHead(start.decode(), _members(head, 1 if start == b"{" else 2), whole=len(head) < HEAD_BYTES)


def confidence(head: bytes, filename: str, *, sure: bool, endings: tuple[str, ...] = (".json",)) -> Confidence:
    """Return how sure a reader of a JSON format is.

    Args:
        head: the first bytes of the file.
        filename: its name.
        sure: the format's own members are in sight.
        endings: names under which such a file comes; only then is one tried whose members are not in sight yet.
    """
    if sure:
        return Confidence.SURE
    seen = json_head(head)
    late = bool(seen.opening) and not seen.whole and filename.lower().endswith(endings)
    return Confidence.MAYBE if late else Confidence.NO


def _members(head: bytes, level: int) -> dict[str, str]:
    """Return name -> first token at nesting `level`, of the first object there."""
    found: dict[str, str] = {}
    depth = 0
    key: bytes | None = None  # the last string at our level
    named: str | None = None  # a member whose value comes next
    for match in _TOKEN.finditer(head):
        token = match[0]
        if match["cut"] is not None:
            if named is not None:
                found.setdefault(named, _CUT)  # it is there; what it says is not in sight
            break
        if named is not None and token not in b":,":
            found.setdefault(named, token.decode("utf-8", "replace"))
            named = None
        if token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
            if depth < level:
                break
        elif depth == level and token == b":" and key is not None:
            named, key = key[1:-1].decode("utf-8", "replace"), None
        elif depth == level and token.startswith(b'"'):
            key = token
        elif depth == level:
            key = None
    return found
