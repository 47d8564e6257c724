"""Nothing that people read says that somebody complies: the engine shows what was evidenced, and by whom."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Claims that no gate can give. Following the Code gives no presumption (Art. 53(4), 55(2)); standards would.
CLAIMS = re.compile(
    r"presum\w+\s+(?:to\s+be\s+)?complian\w+|presum\w+\s+of\s+(?:conformity|compliance)|presum\w+\s+to\s+comply"
    r"|complian\w+\s+with\s+(?:the\s+)?(?:law|AI\s+Act|Act|Code)|safe\s+harbou?rs?"
    r"|(?:is|are|was|were|be|fully|now)\s+(?:\w+\s+)?compliant|certified\s+(?:by|under|as)",
    re.IGNORECASE,
)
#: What takes a claim back within its own sentence.
DENIALS = re.compile(
    r"\b(?:not|no|never|nor|neither|nothing|without|cannot|gives? no|wrong)\b|does not show", re.IGNORECASE
)
SENTENCE = re.compile(r"(?<=[.!?|])\s+|\n\s*\n|\n\s*[-*] ")
#: Where words for people stand, beside what Python prints.
SHOWN = [
    *sorted((ROOT / "config").rglob("*.yaml")),
    *sorted((ROOT / "config").rglob("*.json")),
    *sorted((ROOT / "config").rglob("*.md")),
    *sorted((ROOT / "pratique").rglob("templates/**/*.*")),
    *sorted((ROOT / "pratique" / "web" / "static").rglob("*.js")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
]
FOLDERS = ("pratique", "flows", "tasks", "deployments", "examples")
CODE = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def claims_in(text: str) -> Iterator[str]:
    """Yield each sentence that claims, and does not take the claim back."""
    for sentence in SENTENCE.split(text):
        words = " ".join(sentence.split())
        if CLAIMS.search(words) and not DENIALS.search(words):
            yield words


def texts_of(path: Path) -> Iterator[str]:
    """Yield every text in a Python file, doc strings and all."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_there_is_something_to_read():
    assert len(SHOWN) > 60
    assert len(CODE) > 200
    assert any(path.name == "gate.html" for path in SHOWN)


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_catalogue_or_page_claims_compliance(path):
    assert list(claims_in(path.read_text(encoding="utf-8"))) == []


def test_no_message_or_doc_string_claims_compliance():
    found = {
        str(path.relative_to(ROOT)): told
        for path in CODE
        if (told := [c for t in texts_of(path) for c in claims_in(t)])
    }
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "This model is presumed compliant.",
        "The gate is cleared: the model is fully compliant.",
        "Placement in compliance with the law.",
        "Adherence is a safe harbor.",
        "Adherence is a\nsafe harbour for signatories.",
        "There is a presumption of conformity.",
        "First sentence is not one. This version is compliant.",
    ],
)
def test_a_claim_is_found(text):
    assert len(list(claims_in(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Following the Code is not conclusive evidence of compliance with the AI Act.",
        "It gives no presumption of conformity.",
        "This is no safe harbour.",
        "Compliance officers read it.",
    ],
)
def test_a_denial_is_no_claim(text):
    assert list(claims_in(text)) == []
