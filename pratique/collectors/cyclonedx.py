"""Collector `cyclonedx`: bills of materials in CycloneDX JSON, 1.5 to 1.7, machine-learning ones among them.

Source: the schemas of CycloneDX 1.6 and 1.7, and files of cyclonedx-py and of an ML-BOM. The JSON itself is read:
the Python library of CycloneDX knows no `modelCard` and drops it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pratique.collectors.bom_model import MODEL_SHAPE, MODEL_TYPE, model_facts, sha256_of
from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import count_at, instant_at, list_at, mapping_at, text_at
from pratique.collectors.jsonfile import load_object
from pratique.collectors.jsonhead import confidence, json_head
from pratique.collectors.shape import COUNT, COUNTS, FLAG, TEXT, TEXTS, facts_of, record
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

MAX_BOM_BYTES = 32 * 1024**2
#: `modelCard` came with 1.5; a later version may mean something else by the same names.
SPEC_VERSIONS = ("1.5", "1.6", "1.7")

_WHAT = "CycloneDX"
_SHOWN = 100
_ENDINGS = (".json", ".cdx")


class CycloneDxCollector:
    """Reads a bill of materials. Incomplete where it lists nothing, says so itself, or its references are ambiguous."""

    name = "cyclonedx"
    version = "1"
    kinds = frozenset({"bill-of-materials"})
    facts_schema = facts_of(
        "format",
        "spec_version",
        "components",
        "licences",
        "hashes",
        "references",
        format=TEXT,
        spec_version=TEXT,
        serial_number=TEXT,
        bom_version=COUNT,
        tools=TEXTS,
        lifecycles=TEXTS,
        describes=record(type=TEXT, name=TEXT, version=TEXT),
        components=record(total=COUNT, by_type=COUNTS, without_version=COUNT, without_purl=COUNT),
        licences=record(components_with=COUNT, components_without=COUNT, names=TEXTS),
        hashes=record(components_with=COUNT, components_without=COUNT),
        references=record(duplicate=COUNT, unresolved=COUNT),
        aggregates=TEXTS,
        vulnerabilities=record(total=COUNT, by_severity=COUNTS),
        models=TEXTS,
        model=MODEL_SHAPE,
        signed=FLAG,
    )

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of JSON whose outermost object says `"bomFormat": "CycloneDX"`."""
        return confidence(head, filename, sure=json_head(head).text("bomFormat") == _WHAT, endings=_ENDINGS)

    def read(self, path: Path) -> Extraction:
        """Return what the bill of materials says.

        Raises:
            UnreadableError: too large, not JSON, no CycloneDX, or of an unknown version of it.
        """
        bom = load_object(path, _WHAT, max_bytes=MAX_BOM_BYTES, marks=('"bomFormat"', _WHAT))
        if text_at(bom, "bomFormat") != _WHAT:
            raise UnreadableError(f"{_WHAT}: bomFormat is not CycloneDX")
        if text_at(bom, "specVersion") not in SPEC_VERSIONS:
            found = shown(text_at(bom, "specVersion") or "none", 20)
            raise UnreadableError(f"{_WHAT}: specVersion {found} found; expected one of {', '.join(SPEC_VERSIONS)}")
        return _extract(bom)


def _extract(bom: Mapping[str, Any]) -> Extraction:
    components = list(_components(bom))
    named = [component for component in components if text_at(component, "name")]
    duplicate, unresolved = _references(bom, components)
    reasons = []
    if not components:
        reasons.append("it lists no component")
    if len(named) < len(components):
        reasons.append(f"{len(components) - len(named)} of {len(components)} components have no name")
    if duplicate:
        reasons.append(
            f"{duplicate} references (bom-ref) stand for two components, so what depends on what is ambiguous"
        )
    if partial := sorted({name for name in _aggregates(bom) if name.startswith("incomplete")}):
        reasons.append(f"it says of itself that it is {', '.join(partial)}")
    model = _model(bom, components)
    return Extraction(
        kind="bill-of-materials",
        collector=CycloneDxCollector.name,
        collector_version=CycloneDxCollector.version,
        tool=shown(", ".join(_tools(bom)), 80) or None,
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=len(components),
        done=len(named),
        errors=len(components) - len(named) + duplicate,
        subject=text_at(model, "name"),
        subject_version=text_at(model, "version"),
        subject_digest=sha256_of(model),
        produced_at=instant_at(bom, "metadata", "timestamp"),
        facts=_facts(bom, components, model, {"duplicate": duplicate, "unresolved": unresolved}),
    )


def _components(bom: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return every component, those inside others too; what the bill is about (`metadata.component`) is not one."""
    waiting = list(reversed(list_at(bom, "components")))
    while waiting:
        component = waiting.pop()
        if isinstance(component, Mapping):
            yield component
            waiting.extend(reversed(list_at(component, "components")))


def _model(bom: Mapping[str, Any], components: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the model that the bill is about: its subject, else the only model in it, else an empty object."""
    about = mapping_at(bom, "metadata", "component")
    if text_at(about, "type") == MODEL_TYPE:
        return about
    models = [component for component in components if text_at(component, "type") == MODEL_TYPE]
    return models[0] if len(models) == 1 else {}


def _references(bom: Mapping[str, Any], components: list[Mapping[str, Any]]) -> tuple[int, int]:
    """Return how many references stand for two things, and how many dependencies name nothing in the file."""
    holders = [*components, mapping_at(bom, "metadata", "component"), *list_at(bom, "services")]
    references = Counter(ref for ref in (text_at(holder, "bom-ref") for holder in holders) if ref)
    used = set()
    for dependency in list_at(bom, "dependencies"):
        names = [text_at(dependency, "ref"), *list_at(dependency, "dependsOn"), *list_at(dependency, "provides")]
        used |= {name for name in names if isinstance(name, str)}
    return sum(count > 1 for count in references.values()), len(used - references.keys())


def _aggregates(bom: Mapping[str, Any]) -> list[str]:
    return [name for name in (text_at(part, "aggregate") for part in list_at(bom, "compositions")) if name]


def _tools(bom: Mapping[str, Any]) -> list[str]:
    """Return name and version of the tools; a list in old files, an object of components in new ones."""
    tools = list_at(bom, "metadata", "tools") or list_at(bom, "metadata", "tools", "components")
    found = [" ".join(filter(None, (text_at(tool, "name"), text_at(tool, "version")))) for tool in tools]
    return [name for name in found if name]


def _facts(
    bom: Mapping[str, Any],
    components: list[Mapping[str, Any]],
    model: Mapping[str, Any],
    references: Mapping[str, int],
) -> dict[str, Any]:
    sheet = FactSheet()
    sheet.put("format", _WHAT)
    sheet.put("spec_version", text_at(bom, "specVersion"))
    sheet.put("serial_number", text_at(bom, "serialNumber"))
    sheet.put("bom_version", count_at(bom, "version"))
    sheet.put("tools", _tools(bom)[:_SHOWN])
    phases = (text_at(item, "phase") or text_at(item, "name") for item in list_at(bom, "metadata", "lifecycles"))
    sheet.put("lifecycles", [phase for phase in phases if phase][:_SHOWN])
    about = mapping_at(bom, "metadata", "component")
    if about:
        sheet.put("describes", {name: text_at(about, name) for name in ("type", "name", "version")})
    _put_components(sheet, components)
    sheet.put("references", dict(references))
    sheet.put("aggregates", sorted(set(_aggregates(bom)))[:_SHOWN])
    _put_vulnerabilities(sheet, bom)
    models = [text_at(c, "name") for c in components if text_at(c, "type") == MODEL_TYPE]
    sheet.put("models", [name for name in models if name][:_SHOWN])
    if model:
        sheet.put("model", model_facts(model, sheet))
    sheet.put("signed", bool(mapping_at(bom, "signature")))
    return sheet.finish(_WHAT)


def _put_components(sheet: FactSheet, components: list[Mapping[str, Any]]) -> None:
    total = len(components)
    kinds = Counter(shown(text_at(component, "type") or "none", 40) for component in components)
    licensed = [names for names in map(licence_names, components) if names]
    hashed = sum(bool(list_at(component, "hashes")) for component in components)
    sheet.put(
        "components",
        {
            "total": total,
            "by_type": dict(sorted(kinds.most_common(_SHOWN))),
            "without_version": sum(text_at(component, "version") is None for component in components),
            "without_purl": sum(text_at(component, "purl") is None for component in components),
        },
    )
    names = sorted({name for found in licensed for name in found})[:_SHOWN]
    with_licence = {"components_with": len(licensed), "components_without": total - len(licensed)}
    sheet.put("licences", {**with_licence, "names": names})
    sheet.put("hashes", {"components_with": hashed, "components_without": total - hashed})


def licence_names(component: Mapping[str, Any]) -> list[str]:
    """Return the licences of a component: identifiers, names or expressions."""
    found = []
    for item in list_at(component, "licenses"):
        name = text_at(item, "expression") or text_at(item, "license", "id") or text_at(item, "license", "name")
        if name:
            found.append(shown(name))
    return found


def _put_vulnerabilities(sheet: FactSheet, bom: Mapping[str, Any]) -> None:
    found = list_at(bom, "vulnerabilities")
    if not found:
        return
    severities: Counter[str] = Counter()
    for one in found:
        ratings = [text_at(rating, "severity") for rating in list_at(one, "ratings")]
        severities[shown(next((name for name in ratings if name), "none"), 40)] += 1
    sheet.put("vulnerabilities", {"total": len(found), "by_severity": dict(severities.most_common(_SHOWN))})


def build(_context: CollectorContext) -> Collector:
    """Entry point `cyclonedx`."""
    return CycloneDxCollector()
