"""Collector `croissant`: descriptions of data sets in Croissant 1.x (JSON-LD), with the responsible-AI vocabulary.

Source: the Croissant 1.0 format and its RAI vocabulary, and a file of mlcroissant 1.1.1. The JSON is read as it is;
nothing is fetched, so a digest here is what the file says and not what the data has.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.figures import naive_time_at
from pratique.collectors.foreign import at, instant_at, sha256_at, text_at, without_credentials
from pratique.collectors.jsonfile import load_object
from pratique.collectors.jsonhead import confidence, json_head
from pratique.collectors.shape import COUNT, FLAG, TEXT, TEXT_BY_NAME, TEXTS, facts_of, record
from pratique.collectors.spdx3_model import listed
from pratique.collectors.unreadable import UnreadableError
from pratique.domain.evidence import Extraction

MAX_CROISSANT_BYTES = 16 * 1024**2

_WHAT = "Croissant"
_CONFORMS = "mlcommons.org/croissant"
_DATASET = frozenset(
    {"sc:Dataset", "Dataset", "schema:Dataset", "http://schema.org/Dataset", "https://schema.org/Dataset"}
)
_FILE = "FileObject"
_FILE_SET = "FileSet"
_SHOWN = 50
_RAI_SHOWN = 60


class CroissantCollector:
    """Reads a description of a data set. Incomplete where a file of it has no SHA-256, unless the data set is live."""

    name = "croissant"
    version = "1"
    kinds = frozenset({"dataset"})
    facts_schema = facts_of(
        "name",
        "licences",
        "distribution",
        "rai",
        name=TEXT,
        version=TEXT,
        url=TEXT,
        conforms_to=TEXTS,
        licences=TEXTS,
        creators=TEXTS,
        date_published=TEXT,
        date_created=TEXT,
        date_modified=TEXT,
        is_live=FLAG,
        distribution=record(
            files=COUNT, with_sha256=COUNT, without_sha256=COUNT, file_sets=COUNT, contained=COUNT, sha256=TEXT_BY_NAME
        ),
        records=record(sets=COUNT, fields=COUNT),
        rai=TEXT_BY_NAME,
    )

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of a JSON-LD data set that names Croissant."""
        seen = json_head(head)
        sure = seen.text("@type") in _DATASET and _CONFORMS.encode() in head
        return confidence(head, filename, sure=sure, endings=(".json", ".jsonld"))

    def read(self, path: Path) -> Extraction:
        """Return what the description says.

        Raises:
            UnreadableError: too large, not JSON, no data set, or none in Croissant.
        """
        found = load_object(path, _WHAT, max_bytes=MAX_CROISSANT_BYTES, marks=('"@type"', _CONFORMS))
        if not any(isinstance(kind, str) and kind in _DATASET for kind in listed(found.get("@type"))):
            raise UnreadableError(f"{_WHAT}: the @type is not that of a data set (sc:Dataset)")
        if not any(_CONFORMS in name for name in _names(found.get("conformsTo"))):
            raise UnreadableError(f"{_WHAT}: conformsTo does not name Croissant")
        return _extract(found)


def _extract(found: Mapping[str, Any]) -> Extraction:
    files = _parts(found, _FILE)
    # A file inside another, and one of a data set that changes all the time, need no digest of their own.
    expected = [file for file in files if not file.get("containedIn")]
    digested = [file for file in expected if sha256_at(file, "sha256")]
    live = found.get("isLiveDataset") is True
    reasons = []
    if text_at(found, "name") is None:
        reasons.append("the data set has no name")
    if not files and not _parts(found, _FILE_SET):
        reasons.append("it lists no file (distribution)")
    if len(digested) < len(expected) and not live:
        missing = len(expected) - len(digested)
        reasons.append(f"{missing} of {len(expected)} files have no SHA-256, so which data is meant is not fixed")
    return Extraction(
        kind="dataset",
        collector=CroissantCollector.name,
        collector_version=CroissantCollector.version,
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=len(expected),
        done=len(digested),
        errors=0,
        produced_at=instant_at(found, "dateModified") or instant_at(found, "datePublished"),
        facts=_facts(found, files, expected, digested),
    )


def _facts(
    found: Mapping[str, Any],
    files: list[Mapping[str, Any]],
    expected: list[Mapping[str, Any]],
    digested: list[Mapping[str, Any]],
) -> dict[str, Any]:
    sheet = FactSheet()
    sheet.put("name", text_at(found, "name") or "")
    version = at(found, "version")
    sheet.put("version", version if isinstance(version, str) else None)
    sheet.put("url", without_credentials(text_at(found, "url")))
    sheet.put("conforms_to", _names(found.get("conformsTo")))
    sheet.put("licences", _names(found.get("license")))
    sheet.put("creators", _names(found.get("creator")))
    for fact, member in (("published", "datePublished"), ("created", "dateCreated"), ("modified", "dateModified")):
        sheet.put(f"date_{fact}", text_at(found, member) or naive_time_at(found, member))
    sheet.put("is_live", found.get("isLiveDataset") is True)
    named = {text_at(f, "name") or text_at(f, "@id") or "": sha256_at(f, "sha256") for f in digested[:_SHOWN]}
    sheet.put(
        "distribution",
        {
            "files": len(files),
            "with_sha256": len(digested),
            "without_sha256": len(expected) - len(digested),
            "file_sets": len(_parts(found, _FILE_SET)),
            "contained": len(files) - len(expected),
            "sha256": {name: digest for name, digest in named.items() if name},
        },
    )
    sets = listed(_either(found, "recordSet"))
    sheet.put("records", {"sets": len(sets), "fields": sum(len(listed(_either(one, "field"))) for one in sets)})
    _put_rai(sheet, found)
    return sheet.finish(_WHAT)


def _put_rai(sheet: FactSheet, found: Mapping[str, Any]) -> None:
    """Put what the responsible-AI vocabulary says, by its own names without the prefix."""
    said: dict[str, Any] = {}
    for member, value in found.items():
        if not member.startswith("rai:"):
            continue
        texts = [item for item in listed(value) if isinstance(item, str)]
        if texts and len(said) < _RAI_SHOWN:
            said[member.removeprefix("rai:")] = "; ".join(texts)
        else:
            sheet.drop(f"rai.{member}")
    sheet.put("rai", said)


def _parts(found: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """Return the parts of the distribution of that type, whatever prefix it is written with."""
    parts = listed(_either(found, "distribution"))
    return [
        p
        for p in parts
        if isinstance(p, Mapping) and (text_at(p, "@type") or "").rpartition("/")[2].rpartition(":")[2] == kind
    ]


def _either(value: Any, member: str) -> Any:
    """Return a member that is written with or without the prefix of Croissant."""
    plain = at(value, member)
    return at(value, f"cr:{member}") if plain is None else plain


def _names(value: Any) -> list[str]:
    """Return texts, and the names, ids or addresses of objects."""
    found = []
    for item in listed(value):
        named = item if isinstance(item, str) else text_at(item, "name") or text_at(item, "@id") or text_at(item, "url")
        if named:
            found.append(named)
    return found[:_SHOWN]


def build(_context: CollectorContext) -> Collector:
    """Entry point `croissant`."""
    return CroissantCollector()
