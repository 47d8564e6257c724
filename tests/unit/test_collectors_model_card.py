"""Model cards: front matter read strictly, results as numbers, and what is left when there is no front matter."""

from __future__ import annotations

from pathlib import Path

import pytest
from paper_files import sample, written

from pratique.collectors import UnreadableError

_CARD = "---\nlicense: mit\n{front}---\n# Card\n\nWords.\n"


def _card(front: str, tmp_path: Path, name: str = "README.md") -> object:
    return written(_CARD.replace("{front}", front), name, tmp_path)


def _results(value: str) -> str:
    return (
        "model-index:\n- name: m\n  results:\n  - task: {type: text-generation}\n    dataset: {type: d, name: D}\n"
        f"    metrics:\n    - type: acc\n      value: {value}\n"
    )


def test_a_card_is_read_with_its_results_and_headings() -> None:
    found = sample("model_card/README.md")
    assert found.kind == "model-card"
    assert found.subject == "acme-7b-instruct"
    assert (found.planned, found.done, found.errors, found.complete) == (4, 4, 0, True)
    assert found.facts["metrics"]["cais/wmdp/wmdp-bio/test/acc"] == 0.412
    assert found.facts["metrics"]["cais/mmlu/test/acc/all"] == 0.66
    assert found.facts["co2"]["emissions_g"] == 412000000
    assert found.facts["license"] == "other"
    assert found.facts["language"] == ["en", "de", "fr"]
    assert "Bias, risks, limitations" in found.facts["sections"]
    assert found.facts["gated"] is True


@pytest.mark.parametrize(
    ("value", "number"), [("0.771", 0.771), ('"77.1%"', 0.771), ('"0.771"', 0.771), ("77.1%", 0.771), ("1e-3", 0.001)]
)
def test_values_that_plainly_say_a_number_are_one(tmp_path: Path, value: str, number: float) -> None:
    found = written(_CARD.replace("{front}", _results(value)), "README.md", tmp_path)
    assert found.facts["metrics"] == {"d/acc": pytest.approx(number)}
    assert found.complete


@pytest.mark.parametrize("value", ["N/A", ".nan", "1:30", "0042", "1_000", "true", "[1, 2]", "{}", '""', "null"])
def test_values_that_readers_disagree_on_are_none(tmp_path: Path, value: str) -> None:
    found = written(_CARD.replace("{front}", _results(value)), "README.md", tmp_path)
    if value == "0042":
        assert found.facts["metrics"] == {"d/acc": 42}  # text of digits, which has one meaning once it is text
        return
    assert found.facts["metrics"] == {}
    assert (found.planned, found.done, found.errors) == (1, 0, 1)
    assert "is no number" in (found.incomplete_reason or "") or "are no number" in (found.incomplete_reason or "")
    assert found.facts["dropped"] == ["metrics.d/acc"]


def test_two_values_of_one_name_count_for_none(tmp_path: Path) -> None:
    twice = _results("0.5") + "    - type: acc\n      value: 0.9\n"
    found = written(_CARD.replace("{front}", twice), "README.md", tmp_path)
    assert found.facts["metrics"] == {}
    assert not found.complete


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("a: &x 1\nb: *x\n", "alias"),
        ("license: other\n", "a key stands twice"),
        ("a: !!python/object:os.system x\n", "a tag"),
        ("a: [1, 2\n", "not plain YAML"),
        ("a: " + "[" * 100 + "\n", "not plain YAML|nested deeper"),
        ("a: " + "x" * 300_000 + "\n", "bytes of front matter"),
    ],
)
def test_yaml_that_readers_disagree_on_is_refused(tmp_path: Path, front: str, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        _card(front, tmp_path)


def test_emissions_in_another_unit_are_left_out(tmp_path: Path) -> None:
    found = written(_CARD.replace("{front}", 'co2_eq_emissions: "412 kg"\n'), "README.md", tmp_path)
    assert "co2" not in found.facts or "emissions_g" not in found.facts["co2"]
    assert "co2.emissions_g" in found.facts["dropped"]


def test_a_malformed_model_index_is_told(tmp_path: Path) -> None:
    found = written(_CARD.replace("{front}", "model-index: none\n"), "README.md", tmp_path)
    assert "no result that can be read" in (found.incomplete_reason or "")
    nothing = written("---\nlicense: mit\n---\n", "README.md", tmp_path)
    assert "nothing stands beneath" in (nothing.incomplete_reason or "")


def test_markdown_without_the_front_matter_of_a_card_is_a_document(tmp_path: Path) -> None:
    assert written("# Title\n\nWords.\n", "README.md", tmp_path).kind == "document"
    blog = written("---\ntitle: A day\nauthor: me\n---\n# Title\n", "post.md", tmp_path)
    assert blog.kind == "document"


def test_front_matter_that_never_ends_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no front matter between"):
        written("---\nlicense: mit\n# Card\n", "README.md", tmp_path)


def test_headings_in_code_are_none(tmp_path: Path) -> None:
    found = written(_CARD.replace("{front}", "") + "```\n# code\n```\n## Next\n#### deep\n", "README.md", tmp_path)
    assert found.facts["sections"] == ["Card", "Next"]
