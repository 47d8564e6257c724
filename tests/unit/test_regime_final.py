"""The shipped final edition says what the reference says, figure by figure; drift in either fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pratique.domain.regime import Edition, items
from pratique.regimes.editions import load_edition
from pratique.regimes.problems import Problems

ROOT = Path(__file__).resolve().parents[2]
REFERENCE: dict[str, Any] = yaml.load(
    (ROOT / "tests/data/gpai_code_2025.yaml").read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
)


def _loaded() -> Edition:
    problems = Problems()
    edition = load_edition(ROOT / "config/regimes/eu-gpai-code/2025-07-10", problems)
    assert problems.lines == []
    assert edition is not None
    return edition


FINAL = _loaded()


def plain(text: str) -> str:
    return " ".join(text.split())


def test_it_counts_what_the_reference_counts() -> None:
    counts, by_chapter = REFERENCE["meta"]["counts"], REFERENCE["meta"]["counts"]["by_chapter"]
    assert FINAL.imprint.counts.measures == counts["measures"] == 40
    assert FINAL.imprint.counts.commitments == counts["commitments"] == 12
    assert FINAL.imprint.counts.objectives == counts["appendix_4_security_objectives"] == 25
    assert FINAL.imprint.counts.deadlines == len(REFERENCE["deadlines"]) == 57
    for chapter in FINAL.chapters:
        assert len(list(chapter.measures())) == by_chapter[chapter.id]["measures"]
        assert len(chapter.commitments) == by_chapter[chapter.id]["commitments"]


MEASURES = {m["id"]: m for ch in REFERENCE["chapters"] for co in ch["commitments"] for m in co["measures"]}


@pytest.mark.parametrize("measure", list(FINAL.measures()), ids=lambda m: m.id)
def test_a_measure_is_that_of_the_reference(measure: Any) -> None:
    given = MEASURES[measure.id]
    assert measure.title == plain(given["title"])
    assert measure.summary == plain(given["summary"])
    assert measure.applies_to == given["applies_to"]
    assert measure.recurrence == plain(given["recurrence"])
    assert list(measure.moments) == given["lifecycle"]
    assert list(measure.roles) == given["roles"]
    assert list(measure.articles) == given["articles_mapped"]
    assert list(measure.checks) == [plain(check) for check in given["checks"]]
    assert list(measure.deadlines) == [deadline["ref"] for deadline in given.get("deadlines", [])]
    assert [(p.id, p.title, p.kind) for p in measure.proofs] == [
        (p["id"], plain(p["title"]), p["kind"]) for p in given["evidence"]
    ]
    assert [(e.who, e.effect, e.source) for e in measure.exemptions] == [
        (plain(e["who"]), plain(e["effect"]), plain(e["source"])) for e in given.get("exemptions", [])
    ]
    for deadline in given.get("deadlines", []):
        rule = FINAL.deadline_by_id[deadline["ref"]]
        assert (rule.direction.value, rule.amount, rule.unit) == tuple(
            deadline[name] for name in ("direction", "amount", "unit")
        )


@pytest.mark.parametrize("given", REFERENCE["deadlines"], ids=lambda d: d["id"])
def test_a_time_limit_is_that_of_the_reference(given: dict[str, Any]) -> None:
    rule = FINAL.deadline_by_id[given["id"]]
    for name in ("amount", "unit", "day_basis", "actor", "applies_to", "verified"):
        assert getattr(rule, name) == given[name]
    assert rule.direction.value == given["direction"]
    assert rule.binding.value == given["binding"]
    assert rule.recipient == plain(given["recipient"])
    assert rule.title == plain(given["trigger"])
    assert rule.summary == plain(given["notes"])
    assert rule.source.clause == plain(given["source"])


def test_objectives_topics_and_documents_are_those_of_the_reference() -> None:
    assert FINAL.appendices is not None
    given = REFERENCE["appendices"]
    objectives = [o for area in given["security"]["areas"] for o in area["objectives"]]
    assert [(o.id, o.title, o.listed_measure) for o in FINAL.appendices.security.objectives()] == [
        (f"S-{o['id']}", plain(o["objective"]), plain(o["listed_measure"])) for o in objectives
    ]
    assert [topic.id for topic in FINAL.appendices.evaluations] == [f"S-{t['id']}" for t in given["model_evaluations"]]
    for document, schema in zip(FINAL.documents, REFERENCE["document_schemas"], strict=True):
        fields = [f for s in schema.get("sections", []) for f in s["fields"]] or schema["fields"]
        assert document.id == schema["id"]
        assert [(f.id, f.required, f.words, list(f.recipients)) for f in document.fields_in_order()] == [
            (f["id"], f["required"], f.get("recommended_words"), f.get("recipients", [])) for f in fields
        ]


def test_what_the_reference_marks_as_unverified_is_marked() -> None:
    form = FINAL.documents[0]
    given = [f for s in REFERENCE["document_schemas"][0]["sections"] for f in s["fields"]]
    assert [f.recipients_verified for f in form.fields_in_order()] == [
        f["recipients_confidence"] == "verified" for f in given
    ]
    assert [rule.id for rule in FINAL.deadlines if not rule.verified] == ["ACT-53-1-d-upd"]


def test_the_taxonomy_is_that_of_the_reference() -> None:
    [given] = [v for v in REFERENCE["taxonomy"]["versions"] if v["id"] == "cop-final-2025"]
    assert [risk.id for risk in FINAL.taxonomy.always_assess] == [r["id"] for r in given["specified_risks"]]
    assert [kind.id for kind in FINAL.taxonomy.types] == [t["id"] for t in given["risk_types"]]
    assert FINAL.taxonomy.sources is not None
    assert {name: len(found) for name, found in FINAL.taxonomy.sources.model_dump().items()} == {
        "capabilities": 14,
        "propensities": 10,
        "affordances_and_other": 13,
    }


def test_every_item_names_where_it_was_read() -> None:
    found = list(items(FINAL))
    assert len(found) > 150
    assert all(item.source.clause for _, _, item in found)
