"""The delivery document as the engine hands it out, made safe to print."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from pratique.domain.people import PersonId

#: Subjects longer than this are cut: mail clients and chat services show about this much.
TITLE_LIMIT = 150
#: Any other single text is cut here, so that one hostile name cannot fill a mailbox.
TEXT_LIMIT = 2_000
#: Findings shown in one message; the rest is counted, and the gate page lists all.
REASONS_SHOWN = 20

#: Exactly one plain address: no list, no display name, nothing a header could be broken with.
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\]{1,64}@[^\s@,;:<>()\[\]\"\\]{1,255}")
#: Characters that reorder what a reader sees (Unicode TR 36), which a model name could use to lie.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Controls, line and paragraph separators, lone surrogates: header injection and broken encodings.
_UNSAFE = frozenset({"Cc", "Zl", "Zp", "Cs"})


def one_line(text: str, *, limit: int = TEXT_LIMIT) -> str:
    """Return `text` as one printable line of at most `limit` characters, with an ellipsis where it was cut."""
    kept = "".join(" " if unicodedata.category(c) in _UNSAFE else c for c in text if c not in _BIDI)
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _line(text: str) -> str:
    return one_line(text)


def _name(text: str) -> str:
    return one_line(text, limit=200)


Line = Annotated[str, AfterValidator(_line)]
Name = Annotated[str, AfterValidator(_name)]


class _Border(BaseModel):
    # The engine may say more one day than this worker knows.
    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: Any) -> Any:
        return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


class Recipient(_Border):
    """The one person who is told."""

    person: PersonId
    name: Name
    email: str | None = None

    @property
    def address(self) -> str | None:
        """The mail address if it is exactly one plain address, else None."""
        found = self.email is not None and len(self.email) <= 320 and _ADDRESS.fullmatch(self.email)
        return self.email if found else None


class Notice(_Border):
    """What the person is told."""

    id: str
    kind: str = Field(pattern=r"^[a-z0-9_]{1,64}$")
    severity: str = "info"
    title: str
    model: Name = ""
    version: Name = ""
    gate: Name = ""  #: empty: it is about the installation itself, and so are model and version
    state: Name = ""
    why: Line = ""
    measures: tuple[Name, ...] = ()
    due_at: AwareDatetime | None = None
    next: Line = ""  #: what happens next in the engine's words; empty: the template's words
    link: str = Field(pattern=r"^https?://[^\s\"'<>]+$", max_length=2_000)  #: the only link of the message
    reasons: tuple[Line, ...] = ()
    created_at: AwareDatetime

    @property
    def subject(self) -> str:
        """The title on one line, cut at `TITLE_LIMIT`; never empty."""
        return one_line(self.title, limit=TITLE_LIMIT) or one_line(f"Gate {self.gate}", limit=TITLE_LIMIT)


class Delivery(_Border):
    """One message to one person over one channel."""

    id: str
    channel: str
    idempotency_key: str
    recipient: Recipient
    notice: Notice

    @property
    def key(self) -> str:
        """The idempotency key as a header value: printable ASCII only."""
        return re.sub(r"[^!-~]", "_", self.idempotency_key)[:200]
