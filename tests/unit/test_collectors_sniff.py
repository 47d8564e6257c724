"""Which collector a file goes to is decided by its content, and by one collector alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from eval_files import DATA

from pratique.collectors import HEAD_BYTES, Confidence, build_registry, load_facts_schemas

_REGISTRY = build_registry(load_facts_schemas(DATA / "facts"))
#: File or folder in tests/data -> the collector that must be sure of it under any name.
_SURE = {
    "garak": "garak",
    "inspect/cyber_agent_tools.json": "inspect",
    "junit": "junit",
    "lm_eval/dummy/results.json": "lm_eval",
    "sarif": "sarif",
    "scanners/fickling-malicious_eval.pkl.txt": "fickling",
    "scanners/fickling-malicious_os_system.pkl.txt": "fickling",
    "scanners/fickling-safety_results.json": "fickling",
    "scanners/modelscan-benign.pkl.json": "modelscan",
    "scanners/modelscan-malicious_os_system.pkl.json": "modelscan",
    "scanners/modelscan-malicious_torch_zip.pt.json": "modelscan",
    "scanners/picklescan-benign.pkl.txt": "picklescan",
    "scanners/picklescan-malicious_eval.pkl.txt": "picklescan",
    "scanners/picklescan-malicious_os_system.pkl.txt": "picklescan",
    "scanners/picklescan-malicious_torch_zip.pt.txt": "picklescan",
    "weights/benign.pkl": "pickle",
    "weights/malicious_eval.pkl": "pickle",
    "weights/malicious_os_system.pkl": "pickle",
    "weights/malicious_torch_zip.pt": "pickle",
    "weights/model.safetensors": "safetensors",
    "weights/training_args.bin": "pickle",
}
_FILES = [
    (path, name)
    for place, name in _SURE.items()
    for path in ([DATA / place] if (DATA / place).is_file() else sorted((DATA / place).glob("*.*")))
    if path.suffix != ".md"
]


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _sure(head: bytes, filename: str) -> list[str]:
    return [one.name for one in _REGISTRY if one.sniff(head, filename) >= Confidence.SURE]


@pytest.mark.parametrize(("path", "name"), _FILES, ids=[str(path.relative_to(DATA)) for path, _ in _FILES])
@pytest.mark.parametrize("filename", ["x", "x.bin", "x.json", "x.txt", "x.xml", "x.md"])
def test_one_collector_is_sure_whatever_the_file_is_called(path: Path, name: str, filename: str) -> None:
    assert _sure(_head(path), filename) == [name]


_ALL = sorted(path for path in DATA.rglob("*.*") if path.is_file() and path.suffix != ".md")


@pytest.mark.parametrize("path", _ALL, ids=[str(path.relative_to(DATA)) for path in _ALL])
def test_two_collectors_are_never_sure_of_one_file(path: Path) -> None:
    assert len(_sure(_head(path), path.name)) <= 1


@pytest.mark.parametrize(
    "head", [b"", b"{}", b"[]", b"PK\x03\x04", b"<xml/>", b"\x7fELF", b"hello\n", b"\x80", b"\0" * 64]
)
@pytest.mark.parametrize("filename", ["x", "x.json", "x.pt", "x.xml"])
def test_nobody_is_sure_of_next_to_nothing(head: bytes, filename: str) -> None:
    assert _sure(head, filename) == []


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"ERROR: parsing pickle in a: x\n----------- SCAN SUMMARY -----------\n", "picklescan"),
        (b"# Notes\n----------- SCAN SUMMARY -----------\nScanned files: 1\n", None),
        (b'<?xml version="1.0"?><!-- a --><!-- b -->\n<testsuites>', "junit"),
        (b"<html><body>&lt;testsuite&gt;<testsuite></body></html>", None),
        (b"<!-- a -->" * 300 + b"<x>", None),
        (b'<!DOCTYPE testsuite [<!ENTITY a "b">]><testsuite/>', "junit"),
        (b'{"entry_type": "attempt", "x": {"entry_type": "start_run setup"}}', None),
        (b"PK\x03\x04" + bytes(22) + b"\x10\0\0\0" + b"archive/data.pkl", "pickle"),
        (b"PK\x03\x04" + bytes(22) + b"\x10\0\0\0" + b"archive/data.txt", None),
        (b"\x08\0\0\0\0\0\0\0{}      ", "safetensors"),
        (b"\x08\0\0\0\0\0\0\x01{}      ", None),
    ],
)
def test_only_the_beginning_of_a_file_decides(head: bytes, name: str | None) -> None:
    assert [one for one in _sure(head, "x.txt") if one != "document"] == ([name] if name else [])
