"""Collector `web_page`: a public page as it stood at a moment, in a WARC file."""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path
from urllib.parse import urlsplit

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import MAX_TEXT_CHARACTERS, FactSheet
from pratique.collectors.shape import COUNT, FLAG, TEXT, TEXTS, facts_of, record
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.collectors.warc import Record, Response, captured_at, read_records, read_response, read_warc_fields
from pratique.domain.evidence import Extraction

#: A body of the default cap of captures (16 MiB), with what stands around it.
MAX_BYTES = 64 * 1024**2

_WHAT = "captured page"
_OK = 200
#: A title stands in the head of a page.
_TITLE_WITHIN_BYTES = 256 * 1024
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,1000})</title", re.IGNORECASE)
_MAX_TITLE_CHARACTERS = 300
#: What is longer could not become a fact.
_URL = re.compile(rf"[!-~]{{1,{MAX_TEXT_CHARACTERS}}}")


class WebPageCollector:
    """Reads WARC files with one answer. Complete where the page was there and held something."""

    name = "web_page"
    version = "2"
    kinds = frozenset({"web-page"})
    facts_schema = facts_of(
        "url", "final_url", "status", "captured_at", "bytes", "sha256", "captured_by_engine",
        url=TEXT, final_url=TEXT, host=TEXT, status=COUNT, captured_at=TEXT, bytes=COUNT, sha256=TEXT, title=TEXT,
        content_type=TEXT, last_modified=TEXT, etag=TEXT, server_date=TEXT, address=TEXT, captured_by=TEXTS,
        captured_by_engine=FLAG,
        redirects={"type": "array", "items": record(url=TEXT, status=COUNT)},
    )  # fmt: skip

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of the first line of a WARC file."""
        return Confidence.SURE if head.startswith((b"WARC/1.1\r\n", b"WARC/1.0\r\n")) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what was captured.

        Raises:
            UnreadableError: too large, no WARC, cut, damaged, or not exactly one answer in it.
        """
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableError(f"{_WHAT}: {size} bytes found, at most {MAX_BYTES} expected")
        records = read_records(path.read_bytes(), _WHAT)
        answers = [one for one in records if one.type == "response"]
        if len(answers) != 1:
            raise UnreadableError(f"{_WHAT}: {len(answers)} answers found; expected one page a file")
        response = read_response(answers[0], _WHAT)
        at = captured_at(answers[0], _WHAT)
        reasons = _reasons(response)
        return Extraction(
            kind="web-page",
            collector=self.name,
            collector_version=self.version,
            tool=next(iter(_software(records)), None),
            complete=not reasons,
            incomplete_reason="; ".join(reasons) or None,
            produced_at=at,
            facts=_facts(records, answers[0], response),
        )


def _reasons(response: Response) -> list[str]:
    reasons = []
    if response.status != _OK:
        reasons.append(f"the server answered {response.status}, not {_OK}")
    if not response.body.strip():
        reasons.append("the page was empty")
    return reasons


def _facts(records: list[Record], answer: Record, response: Response) -> dict[str, object]:
    url = answer.fields.get("warc-target-uri", "").strip("<>")
    if not _URL.fullmatch(url):
        raise UnreadableError(f"{_WHAT}: the record does not say of which address (WARC-Target-URI)")
    way = [pair for one in records if one.type == "metadata" for pair in read_warc_fields(one.block, _WHAT)]
    sheet = FactSheet()
    sheet.put("url", next((value for name, value in way if name == "requested" and _URL.fullmatch(value)), url))
    sheet.put("final_url", url)
    sheet.put("host", _host(url))
    sheet.put("status", response.status)
    sheet.put("captured_at", answer.fields.get("warc-date"))
    sheet.put("bytes", len(response.body))
    sheet.put("sha256", hashlib.sha256(response.body).hexdigest())
    sheet.put("title", _title(response))
    for fact, header in (("content_type", "content-type"), ("last_modified", "last-modified"), ("etag", "etag")):
        sheet.put(fact, response.headers.get(header))
    sheet.put("server_date", response.headers.get("date"))
    sheet.put("address", answer.fields.get("warc-ip-address"))
    sheet.put("captured_by", _software(records))
    sheet.put("captured_by_engine", value=False)  # no file can say so; the engine does, of what it fetched
    sheet.put("redirects", [_hop(value) for name, value in way if name == "via"])
    return sheet.finish(_WHAT)


def _software(records: list[Record]) -> list[str]:
    info = [one for one in records if one.type == "warcinfo"]
    pairs = [pair for one in info for pair in read_warc_fields(one.block, _WHAT)]
    return [shown(value) for name, value in pairs if name.lower() == "software" and value][:5]


def _hop(value: str) -> dict[str, object]:
    status, _, url = value.partition(" ")
    return {"url": url, "status": int(status)} if re.fullmatch(r"[0-9]{3}", status) else {"url": value}


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _title(response: Response) -> str | None:
    if "html" not in response.headers.get("content-type", "html").lower():
        return None
    found = _TITLE.search(response.body[:_TITLE_WITHIN_BYTES].decode("utf-8", "replace"))
    return " ".join(html.unescape(found[1]).split())[:_MAX_TITLE_CHARACTERS] or None if found else None


def build(_context: CollectorContext) -> Collector:
    """Entry point `web_page`."""
    return WebPageCollector()
