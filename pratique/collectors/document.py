"""Collector `document`: PDF, DOCX, Markdown and plain text. The file is stored and hashed; its words are not judged.

Complete means that the file is whole, no more. What a document is and says, a person attests
(`pratique evidence attest`); the facts then name who did.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import Any

from pratique.collectors.archive import open_archive
from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.jsontext import decode_text
from pratique.collectors.markdown import headings
from pratique.collectors.shape import COUNT, FLAG, TEXT, TEXTS, facts_of
from pratique.collectors.unreadable import UnreadableError
from pratique.domain.evidence import Extraction

#: Words of longer texts are not counted.
MAX_TEXT_BYTES = 16 * 1024**2
#: What the two members of a DOCX that are looked at may inflate to.
MAX_MEMBER_BYTES = 64 * 1024**2

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MARKDOWN = "text/markdown"
PLAIN = "text/plain"

_WHAT = "document"
_PDF_HEAD = re.compile(rb"%PDF-(\d\.\d)")
#: Readers look for the end mark in the last 1,024 bytes (ISO 32000, implementation notes).
_PDF_TAIL_BYTES = 1024
_MARKDOWN_NAMES = (".md", ".markdown")
_TEXT_NAMES = (".txt", ".text", *_MARKDOWN_NAMES)
_CONTENT_TYPES, _BODY, _MACROS = "[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"
_MARKUP = re.compile(r"^(?:#{1,6} \S|[-*] \S|```|\|.*\|$)", re.MULTILINE)


class DocumentCollector:
    """Tells what a document is by its content. Read after every other collector: any text could be a document."""

    name = "document"
    version = "1"
    kinds = frozenset({"document"})
    facts_schema = facts_of(
        "media_type",
        "size_bytes",
        "attested",
        media_type=TEXT,
        size_bytes=COUNT,
        attested=FLAG,
        pdf_version=TEXT,
        encrypted=FLAG,
        has_macros=FLAG,
        members=COUNT,
        characters=COUNT,
        words=COUNT,
        sections=TEXTS,
    )

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of a PDF and of a ZIP that begins like an office file; take texts that nobody else can read."""
        if _PDF_HEAD.match(head):
            return Confidence.SURE
        name = filename.lower()
        if head.startswith(b"PK\x03\x04"):
            office = head[30:].startswith((_CONTENT_TYPES.encode(), b"_rels/.rels", b"word/", b"docProps/"))
            return Confidence.SURE if office else Confidence.MAYBE if name.endswith(".docx") else Confidence.NO
        return Confidence.LAST if name.endswith(_TEXT_NAMES) and head.strip() and b"\0" not in head else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what the file is.

        Raises:
            UnreadableError: a PDF without its end, a ZIP that is no whole DOCX, a text that is not UTF-8 or too long.
        """
        with path.open("rb") as file:
            head = file.read(16)
        size = path.stat().st_size
        sheet = FactSheet()
        if _PDF_HEAD.match(head):
            _put_pdf(sheet, path, size)
        elif head.startswith(b"PK\x03\x04"):
            _put_docx(sheet, path)
        else:
            _put_text(sheet, path, size)
        sheet.put("size_bytes", size)
        sheet.put("attested", value=False)
        return Extraction(
            kind="document",
            collector=DocumentCollector.name,
            collector_version=DocumentCollector.version,
            complete=True,
            planned=1,
            done=1,
            errors=0,
            facts=sheet.finish(_WHAT),
        )


def _put_pdf(sheet: FactSheet, path: Path, size: int) -> None:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        version = _PDF_HEAD.match(content[:16])
        if content.rfind(b"%%EOF", max(0, size - _PDF_TAIL_BYTES)) < 0 or content.rfind(b"startxref") < 0:
            raise UnreadableError(f"{_WHAT}: a PDF without its end (startxref, %%EOF) found; the file was cut")
        sheet.put("media_type", PDF)
        sheet.put("pdf_version", version[1].decode() if version else None)
        sheet.put("encrypted", content.find(b"/Encrypt") >= 0)


def _put_docx(sheet: FactSheet, path: Path) -> None:
    with open_archive(path, _WHAT) as archive:
        missing = [name for name in (_CONTENT_TYPES, _BODY) if name not in archive]
        if missing:
            raise UnreadableError(f"{_WHAT}: a ZIP without {', '.join(missing)} found; expected a DOCX")
        for name in (_CONTENT_TYPES, _BODY):  # held to their declared size and checksum while they are inflated
            sum(map(len, archive.pieces(name, MAX_MEMBER_BYTES)))
        sheet.put("media_type", DOCX)
        sheet.put("has_macros", _MACROS in archive)
        sheet.put("members", len(archive.names))


def _put_text(sheet: FactSheet, path: Path, size: int) -> None:
    if size > MAX_TEXT_BYTES:
        raise UnreadableError(f"{_WHAT}: {size} bytes of text found, at most {MAX_TEXT_BYTES} expected")
    text = decode_text(path.read_bytes(), _WHAT)
    if "\0" in text or not text.strip():
        raise UnreadableError(f"{_WHAT}: an empty text, or one with NUL in it, found; expected words")
    facts: dict[str, Any] = {"characters": len(text), "words": len(text.split())}
    if _MARKUP.search(text):
        facts |= {"media_type": MARKDOWN, "sections": headings(text)}
    else:
        facts["media_type"] = PLAIN
    for name, value in facts.items():
        sheet.put(name, value)


def build(_context: CollectorContext) -> Collector:
    """Entry point `document`."""
    return DocumentCollector()
