"""Collector `model_card`: model cards of Hugging Face, a README.md with YAML front matter.

Source: fields of huggingface_hub 2.4.0 (`ModelCardData`, `model-index`). The front matter goes through the strict
reader of this project: no alias, no tag, no key twice, and no number that is not plainly one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.figures import figure
from pratique.collectors.foreign import at, list_at, mapping_at, number_at, text_at
from pratique.collectors.jsontext import decode_text
from pratique.collectors.markdown import headings, split_front_matter
from pratique.collectors.shape import COUNT, FLAG, NUMBER, NUMBERS, TEXT, TEXTS, facts_of, record
from pratique.collectors.unreadable import UnreadableError
from pratique.collectors.yamltext import parse_yaml
from pratique.domain.evidence import Extraction

MAX_CARD_BYTES = 4 * 1024**2
#: YAML is read at some 100 kB a second; a card with hundreds of results has about as much.
MAX_FRONT_MATTER_BYTES = 256 * 1024

_WHAT = "model card"
#: Members that a model card has and other front matter (of a blog, say) seldom.
_OWN = (
    "base_model", "co2_eq_emissions", "library_name", "license", "license_name", "model-index", "model_name",
    "pipeline_tag",
)  # fmt: skip
_HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n(?:.*\n)*?(?:" + "|".join(_OWN).encode() + rb")[ \t]*:")
_TEXTS = ("license", "license_name", "license_link", "library_name", "pipeline_tag", "model_name", "inference")
_LISTS = ("base_model", "datasets", "language", "tags", "metrics")
_LIST_SHOWN = 100


class ModelCardCollector:
    """Reads a model card. Incomplete where a result of its model-index is no number, or nothing stands beneath."""

    name = "model_card"
    version = "1"
    kinds = frozenset({"model-card"})
    facts_schema = facts_of(
        "sections",
        "results",
        **dict.fromkeys(_TEXTS, TEXT),
        **dict.fromkeys((name if name != "metrics" else "metric_names" for name in _LISTS), TEXTS),
        gated=FLAG,
        models=TEXTS,
        metrics=NUMBERS,
        metrics_from_text=TEXTS,
        results=record(planned=COUNT, done=COUNT, verified=COUNT, with_source=COUNT),
        co2=record(emissions_g=NUMBER, source=TEXT, training_type=TEXT, geographical_location=TEXT, hardware_used=TEXT),
        sections=TEXTS,
        words=COUNT,
    )

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of front matter with a member of model cards; try other front matter of a Markdown file."""
        if not head.removeprefix(b"\xef\xbb\xbf").startswith(b"---"):
            return Confidence.NO
        if _HEAD.match(head):
            return Confidence.SURE
        return Confidence.MAYBE if filename.lower().endswith((".md", ".markdown")) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what the card says.

        Raises:
            UnreadableError: too large, not UTF-8, no front matter of a model card, or YAML that readers disagree on.
        """
        if (size := path.stat().st_size) > MAX_CARD_BYTES:
            raise UnreadableError(f"{_WHAT}: {size} bytes found, at most {MAX_CARD_BYTES} expected")
        front, body = split_front_matter(decode_text(path.read_bytes(), _WHAT))
        if front is None:
            raise UnreadableError(f"{_WHAT}: no front matter between two lines of --- found; expected one at the top")
        raw = front.encode()
        if len(raw) > MAX_FRONT_MATTER_BYTES:
            raise UnreadableError(
                f"{_WHAT}: {len(raw)} bytes of front matter, at most {MAX_FRONT_MATTER_BYTES} expected"
            )
        card = parse_yaml(raw, f"{_WHAT}, front matter")
        if not isinstance(card, dict) or not any(name in card for name in _OWN):
            raise UnreadableError(f"{_WHAT}: none of {', '.join(_OWN)} in the front matter; expected a model card")
        return _extract(card, body)


def _extract(card: Mapping[str, Any], body: str) -> Extraction:
    results = _Results(card)
    models = [name for name in (text_at(entry, "name") for entry in list_at(card, "model-index")) if name]
    reasons = []
    if results.done < results.planned:
        reasons.append(
            f"{results.planned - results.done} of {results.planned} results in the model-index are no number"
        )
    if "model-index" in card and not results.planned:
        reasons.append("the model-index holds no result that can be read")
    if not body.strip():
        reasons.append("nothing stands beneath the front matter")
    return Extraction(
        kind="model-card",
        collector=ModelCardCollector.name,
        collector_version=ModelCardCollector.version,
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=results.planned,
        done=results.done,
        errors=results.planned - results.done,
        subject=models[0] if len(set(models)) == 1 else None,
        facts=_facts(card, body, models, results),
    )


class _Results:
    """The results of a model-index by name: `<data set>[/<config>][/<split>]/<metric>[/<part>]`."""

    def __init__(self, card: Mapping[str, Any]) -> None:
        self.planned = self.done = self.verified = self.with_source = 0
        self.metrics: dict[str, float] = {}
        self.from_text: list[str] = []
        self.lost: list[str] = []  #: names of results that are no number, or stand twice
        for entry in list_at(card, "model-index"):
            for result in list_at(entry, "results"):
                self.with_source += bool(mapping_at(result, "source"))
                for metric in list_at(result, "metrics"):
                    self._add(result, metric)
        for name in set(self.lost) & self.metrics.keys():
            del self.metrics[name]
        self.done = len(self.metrics)

    def _add(self, result: Any, metric: Any) -> None:
        self.verified += at(metric, "verified") is True
        parts = [text_at(result, "dataset", "type") or text_at(result, "dataset", "name")]
        parts += [text_at(result, "dataset", name) for name in ("config", "split")]
        name = "/".join(part for part in (*parts, text_at(metric, "type") or "metric") if part)
        for key, value in _values(name, at(metric, "value")):
            self.planned += 1
            number = figure(value)
            if number is None or key in self.metrics:
                self.lost.append(key)
                continue
            self.metrics[key] = number
            if isinstance(value, str):
                self.from_text.append(key)


def _values(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        yield from ((f"{name}/{part}", item) for part, item in value.items())
    else:
        yield name, value


def _facts(card: Mapping[str, Any], body: str, models: list[str], results: _Results) -> dict[str, Any]:
    sheet = FactSheet()
    for name in _TEXTS:
        sheet.put(name, text_at(card, name))
    for name in _LISTS:
        sheet.put(name if name != "metrics" else "metric_names", _texts(card.get(name)))
    sheet.put("gated", any(name.startswith("extra_gated_") for name in card))
    sheet.put("models", models[:_LIST_SHOWN])
    sheet.put("metrics", results.metrics)
    sheet.put("metrics_from_text", results.from_text[:_LIST_SHOWN])
    for name in results.lost:
        sheet.drop(f"metrics.{name}")
    counts = ("planned", "done", "verified", "with_source")
    sheet.put("results", {name: getattr(results, name) for name in counts})
    _put_co2(sheet, card)
    sheet.put("sections", headings(body))
    sheet.put("words", len(body.split()))
    return sheet.finish(_WHAT)


def _put_co2(sheet: FactSheet, card: Mapping[str, Any]) -> None:
    """Put emissions in grams of CO2 equivalent, as the format counts them; a text with another unit is left out."""
    said = card.get("co2_eq_emissions")
    if said is None:
        return
    amount = number_at(said, "emissions") if isinstance(said, Mapping) else number_at(card, "co2_eq_emissions")
    if amount is None:
        sheet.drop("co2.emissions_g")
    names = ("source", "training_type", "geographical_location", "hardware_used")
    sheet.put("co2", {"emissions_g": amount, **{name: text_at(said, name) for name in names}})


def _texts(value: Any) -> list[str] | None:
    """Return a text or a list of texts as a list; None where the card has neither."""
    found = [value] if isinstance(value, str) else value
    return [item for item in found if isinstance(item, str)][:_LIST_SHOWN] if isinstance(found, list) else None


def build(_context: CollectorContext) -> Collector:
    """Entry point `model_card`."""
    return ModelCardCollector()
