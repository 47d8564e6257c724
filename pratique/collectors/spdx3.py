"""Collector `spdx3`: SPDX 3.0 as JSON-LD, with the profiles AI and Dataset.

Source: SPDX 3.0.1, its JSON-LD serialisation, and a file of spdx-python-model 0.0.6. Values of an enumeration are
short names in the serialisation and IRIs elsewhere; the last part counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import count_at, instant_at, list_at, text_at
from pratique.collectors.jsonfile import load_object
from pratique.collectors.jsonhead import confidence, json_head
from pratique.collectors.shape import COUNT, COUNTS, TEXT, TEXTS, facts_of, record
from pratique.collectors.spdx3_model import MODEL_SHAPE, enum_at, listed, model_facts, sha256_of
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

MAX_SPDX_BYTES = 32 * 1024**2

_WHAT = "SPDX 3"
_CONTEXT = "spdx.org/rdf/3.0"
_MODEL = "ai_AIPackage"
_DATASET = "dataset_DatasetPackage"
_SHOWN = 100
_LICENCES = {"hasDeclaredLicense": "declared", "hasConcludedLicense": "concluded"}

Element = Mapping[str, Any]


class Spdx3Collector:
    """Reads SPDX 3.0 JSON-LD. Incomplete without a document, without packages, or where ids stand for two elements."""

    name = "spdx3"
    version = "1"
    kinds = frozenset({"bill-of-materials"})
    facts_schema = facts_of(
        "format",
        "elements",
        "references",
        format=TEXT,
        spec_version=TEXT,
        profiles=TEXTS,
        elements=record(total=COUNT, by_type=COUNTS),
        references=record(duplicate=COUNT, unresolved=COUNT),
        licences=record(declared=TEXTS, concluded=TEXTS),
        models=TEXTS,
        datasets={
            "type": "array",
            "items": record(name=TEXT, confidentiality=TEXT, sensitive_personal=TEXT, size=COUNT),
        },
        model=MODEL_SHAPE,
    )

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of a JSON object with the context of SPDX 3.0."""
        seen = json_head(head)
        sure = _CONTEXT in seen.text("@context") or (seen.has("@context", "@graph") and _CONTEXT.encode() in head)
        return confidence(head, filename, sure=sure, endings=(".json", ".jsonld", ".spdx3"))

    def read(self, path: Path) -> Extraction:
        """Return what the document says.

        Raises:
            UnreadableError: too large, not JSON, or no SPDX 3.0.
        """
        document = load_object(path, _WHAT, max_bytes=MAX_SPDX_BYTES, marks=('"@context"', _CONTEXT))
        contexts = listed(document.get("@context"))
        if not any(isinstance(context, str) and _CONTEXT in context for context in contexts):
            raise UnreadableError(f"{_WHAT}: the @context is not that of SPDX 3.0")
        elements = [item for item in list_at(document, "@graph") if isinstance(item, Mapping)]
        if not elements:
            raise UnreadableError(f"{_WHAT}: no elements in @graph; expected the serialisation with a graph")
        return _extract(_Graph(elements))


class _Graph:
    """Elements by id, and what the relationships between them say."""

    def __init__(self, elements: list[Element]) -> None:
        self.elements = elements
        ids = [identity for identity in map(_identity, elements) if identity]
        self.by_id: dict[str, Element] = {i: e for e in elements if (i := _identity(e))}
        self.duplicates = len(ids) - len(self.by_id)
        self.relationships = [item for item in elements if _type(item).endswith("Relationship")]

    def of(self, kind: str) -> list[Element]:
        return [item for item in self.elements if _type(item) == kind]

    def related(self, source: Element, kind: str) -> list[Element]:
        """Return what `source` is in relationship `kind` to."""
        return [
            self.by_id[target]
            for item in self.relationships
            if text_at(item, "from") == _identity(source) and enum_at(item, "relationshipType") == kind
            for target in listed(item.get("to"))
            if isinstance(target, str) and target in self.by_id
        ]

    def unresolved(self) -> int:
        """Return how many relationships name an element that is neither here nor imported."""
        imported = {
            text_at(entry, "externalSpdxId") for doc in self.of("SpdxDocument") for entry in listed(doc.get("import"))
        }
        ends = {end for item in self.relationships for end in (text_at(item, "from"), *listed(item.get("to")))
                if isinstance(end, str)}  # fmt: skip
        return len(ends - self.by_id.keys() - imported)

    def model(self) -> Element:
        """Return the model that the document is about: its only root model, else the only one, else nothing."""
        roots = {
            root for doc in self.of("SpdxDocument") for root in listed(doc.get("rootElement")) if isinstance(root, str)
        }
        models = self.of(_MODEL)
        rooted = [model for model in models if _identity(model) in roots]
        chosen = rooted or models
        return chosen[0] if len(chosen) == 1 else {}


def _extract(graph: _Graph) -> Extraction:
    packages = [item for item in graph.elements if _type(item).endswith("Package")]
    named = [item for item in packages if text_at(item, "name")]
    unresolved = graph.unresolved()
    reasons = []
    if not graph.of("SpdxDocument"):
        reasons.append("it holds no SpdxDocument")
    if not packages:
        reasons.append("it lists no package")
    if len(named) < len(packages):
        reasons.append(f"{len(packages) - len(named)} of {len(packages)} packages have no name")
    if graph.duplicates:
        reasons.append(f"{graph.duplicates} ids stand for two elements")
    if unresolved:
        reasons.append(f"{unresolved} elements that relationships name are neither in the file nor imported")
    model = graph.model()
    created = [instant_at(item, "created") for item in graph.of("CreationInfo")]
    return Extraction(
        kind="bill-of-materials",
        collector=Spdx3Collector.name,
        collector_version=Spdx3Collector.version,
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=len(packages),
        done=len(named),
        errors=graph.duplicates + unresolved,
        subject=text_at(model, "name"),
        subject_version=text_at(model, "software_packageVersion"),
        subject_digest=sha256_of(model),
        produced_at=max(filter(None, created), default=None),
        facts=_facts(graph, model, unresolved),
    )


def _facts(graph: _Graph, model: Element, unresolved: int) -> dict[str, Any]:
    sheet = FactSheet()
    sheet.put("format", "SPDX")
    versions = sorted({v for v in (text_at(item, "specVersion") for item in graph.of("CreationInfo")) if v})
    sheet.put("spec_version", ", ".join(versions) or None)
    conformances = (name for doc in graph.of("SpdxDocument") for name in listed(doc.get("profileConformance")))
    sheet.put("profiles", sorted({_last(name) for name in conformances if isinstance(name, str)})[:_SHOWN])
    kinds = Counter(shown(_type(item) or "none", 60) for item in graph.elements)
    sheet.put("elements", {"total": len(graph.elements), "by_type": dict(sorted(kinds.most_common(_SHOWN)))})
    sheet.put("references", {"duplicate": graph.duplicates, "unresolved": unresolved})
    sheet.put("models", [name for name in (text_at(item, "name") for item in graph.of(_MODEL)) if name][:_SHOWN])
    sheet.put("datasets", [_dataset(item) for item in graph.of(_DATASET)][:_SHOWN])
    if model:
        sheet.put("licences", {name: _licences(graph, model, kind) for kind, name in _LICENCES.items()})
        trained_on = [text_at(item, "name") for item in graph.related(model, "trainedOn")][:_SHOWN]
        sheet.put("model", {**model_facts(model, sheet), "trained_on": [name for name in trained_on if name]})
    return sheet.finish(_WHAT)


def _licences(graph: _Graph, model: Element, kind: str) -> list[str]:
    found = {
        text_at(item, "simplelicensing_licenseExpression") or text_at(item, "name")
        for item in graph.related(model, kind)
    }
    return sorted(name for name in found if name)[:_SHOWN]


def _dataset(item: Element) -> dict[str, Any]:
    return {
        "name": text_at(item, "name"),
        "confidentiality": enum_at(item, "dataset_confidentialityLevel"),
        "sensitive_personal": enum_at(item, "dataset_hasSensitivePersonalInformation"),
        "size": count_at(item, "dataset_datasetSize"),
    }


def _identity(item: Element) -> str | None:
    return text_at(item, "spdxId") or text_at(item, "@id")


def _type(item: Element) -> str:
    return _last(text_at(item, "type") or text_at(item, "@type") or "")


def _last(iri: str) -> str:
    return iri.rstrip("/").rpartition("/")[2]


def build(_context: CollectorContext) -> Collector:
    """Entry point `spdx3`."""
    return Spdx3Collector()
