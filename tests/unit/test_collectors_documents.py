"""Plain documents: known by content, whole or refused, and never more than a file until a person attests it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from eval_files import DATA, members, pack
from paper_files import read, sample, written

from pratique.collectors import UnreadableError
from pratique.collectors.document import DOCX, MARKDOWN, MAX_MEMBER_BYTES, PDF, PLAIN

_PDF = (DATA / "documents/report.pdf").read_bytes()
_DOCX = DATA / "documents/adopted.docx"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("report.pdf", PDF), ("adopted.docx", DOCX), ("policy.md", MARKDOWN), ("minutes.txt", PLAIN)],
)
def test_a_document_is_whole_and_attested_by_nobody(name: str, media_type: str) -> None:
    found = sample(f"documents/{name}")
    assert (found.kind, found.complete, found.subject) == ("document", True, None)
    assert found.facts["media_type"] == media_type
    assert found.facts["attested"] is False
    assert found.facts["size_bytes"] == (DATA / "documents" / name).stat().st_size


def test_a_pdf_says_its_version_and_whether_it_is_encrypted(tmp_path: Path) -> None:
    assert sample("documents/report.pdf").facts["pdf_version"] == "1.7"
    assert sample("documents/report.pdf").facts["encrypted"] is False
    locked = written(_PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 4 0 R"), "a.pdf", tmp_path)
    assert locked.facts["encrypted"] is True


@pytest.mark.parametrize("end", [len(_PDF) // 2, len(_PDF) - 6, 9])
def test_a_pdf_without_its_end_is_refused(tmp_path: Path, end: int) -> None:
    with pytest.raises(UnreadableError, match="without its end"):
        written(_PDF[:end], "a.pdf", tmp_path)


def test_a_pdf_under_another_name_is_a_pdf(tmp_path: Path) -> None:
    assert written(_PDF, "report.txt", tmp_path).facts["media_type"] == PDF


def test_a_zip_without_the_parts_of_a_docx_is_refused(tmp_path: Path) -> None:
    parts = members(_DOCX)
    for lost in ("[Content_Types].xml", "word/document.xml"):
        path = pack(tmp_path / "a.docx", [(name, body) for name, body in parts.items() if name != lost])
        with pytest.raises(UnreadableError, match="expected a DOCX"):
            read(path)


def test_a_docx_with_macros_says_so(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.docx", [*members(_DOCX).items(), ("word/vbaProject.bin", b"x")])
    assert read(path).facts["has_macros"] is True
    assert read(_DOCX).facts["has_macros"] is False


def test_a_docx_that_inflates_to_more_than_the_cap_is_refused(tmp_path: Path) -> None:
    parts = members(_DOCX) | {"word/document.xml": bytes(MAX_MEMBER_BYTES + 1)}
    with pytest.raises(UnreadableError, match="bytes when inflated"):
        read(pack(tmp_path / "a.docx", parts.items()))


def test_a_docx_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.docx", members(_DOCX).items(), zipfile.ZIP_STORED)
    damaged = path.read_bytes().replace(b"Adopted by the board", b"Rejected by a board.", 1)
    path.write_bytes(damaged)
    with pytest.raises(UnreadableError, match="checksum differs"):
        read(path)


@pytest.mark.parametrize("text", [b"", b"   \n", b"a\0b", b"\xff\xfe", b"caf\xe9"])
def test_a_text_of_no_words_or_another_encoding_is_refused(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(UnreadableError):
        written(text, "a.txt", tmp_path)


def test_words_and_headings_are_counted() -> None:
    facts = sample("documents/policy.md").facts
    assert facts["sections"] == ["Safety and security policy", "Scope", "Review"]
    assert sample("documents/minutes.txt").facts["words"] == 9


def test_a_text_that_another_collector_reads_is_no_document() -> None:
    assert sample("model_card/README.md").kind == "model-card"
