"""JUnit results: elements count, attributes do not, and document types are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from eval_files import DATA
from hypothesis import given
from hypothesis import strategies as st
from mutation import BOUNDED, check, damaged

from pratique.collectors import UnreadableError, build_registry, read_evidence
from pratique.domain.evidence import Extraction

JUNIT = DATA / "junit/junit.xml"
_NAME = "junit.xml"


def _read(tmp_path: Path, text: str) -> Extraction:
    path = tmp_path / _NAME
    path.write_text(text)
    found = check(path, _NAME)
    assert found is not None
    return found


def _refused(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / _NAME
    path.write_bytes(data)
    with pytest.raises(UnreadableError) as refused:
        read_evidence(path, _NAME, build_registry())
    return refused.value.message


def test_pytests_own_file_is_counted_by_its_elements() -> None:
    found = check(JUNIT, _NAME)
    assert found is not None
    assert (found.kind, found.tool) == ("test-results", "pytest")
    assert found.facts["tests"] == {
        **{"total": 8, "passed": 4, "failures": 1, "errors": 1},
        **{"skipped": 2, "xfailed": 1, "reruns": 0},
    }
    assert (found.planned, found.done, found.errors) == (8, 6, 1)
    assert found.incomplete_reason == (
        "1 tests ended in an error and show nothing; 1 of 8 tests were skipped and show nothing"
    )
    assert found.facts["not_passed"] == ["test_gate_demo::test_fails", "test_gate_demo::test_error"]
    assert found.facts["properties"] == {"refusal_rate": {"count": 3, "min": 0.987, "max": 0.987}}
    assert found.produced_at is not None
    assert found.produced_at.isoformat() == "2026-11-23T14:15:10.783098+00:00"


def test_failures_are_results_and_leave_it_complete(tmp_path: Path) -> None:
    text = '<testsuite name="s"><testcase name="a"><failure/></testcase><testcase name="b"/></testsuite>'
    found = _read(tmp_path, text)
    assert found.complete
    assert (found.facts["tests"]["failures"], found.facts["tests"]["passed"]) == (1, 1)


def test_tests_that_were_all_skipped_are_incomplete(tmp_path: Path) -> None:
    found = _read(tmp_path, "<testsuite><testcase><skipped/></testcase><testcase status='notrun'/></testsuite>")
    assert found.incomplete_reason is not None
    assert found.incomplete_reason.startswith("none of the 2 tests ran to a result")


def test_one_test_that_passed_stands_for_none_that_were_skipped(tmp_path: Path) -> None:
    skipped = "<testcase name='s'><skipped message='later'/></testcase>"
    found = _read(tmp_path, f"<testsuite tests='100'><testcase name='ok'/>{skipped * 99}</testsuite>")
    assert (found.planned, found.done, found.complete) == (100, 1, False)
    assert found.incomplete_reason == "99 of 100 tests were skipped and show nothing"


@pytest.mark.parametrize(
    ("case", "complete"),
    [
        ("<testcase><skipped type='pytest.xfail' message='known'/></testcase>", True),
        ("<testcase><skipped type='pytest.xfail' message='[NOTRUN] known'/></testcase>", False),
        ("<testcase status='run' result='completed'/>", True),
        ("<testcase><system-out/><properties/><flakyFailure/></testcase>", True),
    ],
)
def test_what_ran_to_a_result_is_complete(tmp_path: Path, case: str, complete: bool) -> None:
    assert _read(tmp_path, f"<testsuite><testcase/>{case}</testsuite>").complete is complete


@pytest.mark.parametrize(
    "case", ["<testcase><Failure/></testcase>", "<testcase><broken/></testcase>", "<testcase status='aborted'/>"]
)
def test_a_verdict_that_nobody_knows_is_no_pass(tmp_path: Path, case: str) -> None:
    found = _read(tmp_path, f"<testsuite><testcase/>{case}</testsuite>")
    assert (found.facts["tests"]["passed"], found.facts["tests"]["errors"], found.complete) == (1, 1, False)
    assert "1 elements or words at tests are no verdict that is known" in (found.incomplete_reason or "")


def test_a_failure_told_in_an_attribute_is_one(tmp_path: Path) -> None:
    found = _read(tmp_path, "<testsuite><testcase status='FAILED'/></testsuite>")
    assert (found.facts["tests"]["failures"], found.complete) == (1, True)


def test_no_tests_are_incomplete(tmp_path: Path) -> None:
    assert _read(tmp_path, '<testsuites tests="0"/>').incomplete_reason == "the file holds no test"


def test_nested_suites_are_counted_once(tmp_path: Path) -> None:
    inner = '<testsuite name="in" tests="1"><testcase name="a"/></testsuite>'
    found = _read(
        tmp_path, f'<testsuites><testsuite name="out" tests="2">{inner}<testcase name="b"/></testsuite></testsuites>'
    )
    assert found.complete
    assert {name: counts["total"] for name, counts in found.facts["suites"].items()} == {"in": 1, "out": 1}
    assert found.facts["declared"] == {"tests": 2}


@pytest.mark.parametrize("attributes", ['tests="9"', 'failures="1" tests="1"', 'errors="1" tests="1"'])
def test_attributes_that_count_more_than_there_is_make_it_incomplete(tmp_path: Path, attributes: str) -> None:
    found = _read(tmp_path, f"<testsuite {attributes}><testcase name='a'/></testsuite>")
    assert "its attributes count" in (found.incomplete_reason or "")


def test_attributes_cannot_hide_a_failure(tmp_path: Path) -> None:
    found = _read(tmp_path, '<testsuite tests="1" failures="0"><testcase><failure/></testcase></testsuite>')
    assert found.facts["tests"]["failures"] == 1


def test_a_case_with_several_verdicts_counts_once_as_the_worst(tmp_path: Path) -> None:
    found = _read(tmp_path, "<testsuite><testcase><skipped/><failure/><error/><failure/></testcase></testsuite>")
    assert found.facts["tests"]["total"] == found.facts["tests"]["errors"] == 1


def test_a_suite_that_could_not_begin_is_an_error(tmp_path: Path) -> None:
    found = _read(tmp_path, "<testsuite name='s'><error message='no GPU'/><testcase name='a'/></testsuite>")
    assert found.errors == 1
    assert found.facts["not_passed"] == ["s"]


def test_cases_in_unusual_places_count_too(tmp_path: Path) -> None:
    failing = "<group><testcase><failure/></testcase></group>"
    text = f"<testsuites><testcase name='a'/><testsuite>{failing}</testsuite></testsuites>"
    assert _read(tmp_path, text).facts["tests"]["failures"] == 1


def test_reruns_are_told(tmp_path: Path) -> None:
    found = _read(tmp_path, "<testsuite><testcase><flakyFailure/><rerunFailure/></testcase></testsuite>")
    assert found.facts["tests"]["reruns"] == 2


def test_a_time_without_a_zone_is_no_producers_time(tmp_path: Path) -> None:
    found = _read(tmp_path, "<testsuite timestamp='2026-11-23T14:15:10'><testcase/></testsuite>")
    assert found.produced_at is None
    assert found.facts["produced_at_local"] == "2026-11-23T14:15:10"


_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE testsuite [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<testsuite name="&b;"><testcase/></testsuite>"""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_LAUGHS, "a document type or an entity found"),
        (b'<!DOCTYPE testsuite SYSTEM "file:///etc/passwd"><testsuite><testcase/></testsuite>', "a document type"),
        (b"<testsuite><testcase name='&undefined;'/></testsuite>", "not whole XML"),
        (b"<testsuite><testcase></testsuite>", "not whole XML"),
        (b"<testsuite/><testsuite/>", "not whole XML"),
        (b"<html><testsuite/></html>", "the root is no testsuite"),
        (b'<?xml version="1.0" encoding="klingon"?><testsuite/>', "not"),
        (b"<testsuite>" + b"<testsuite>" * 100 + b"</testsuite>" * 101, "nested deeper than 64"),
    ],
)
def test_what_is_no_junit_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reason in _refused(tmp_path, data)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = JUNIT.read_bytes().rstrip()
    for end in [*(len(whole) * n // 16 for n in range(16)), len(whole) - 1]:
        _refused(tmp_path, whole[:end])


def test_long_text_is_not_kept(tmp_path: Path) -> None:
    text = "<testsuite><testcase name='a'><system-out>" + "secret " * 500_000 + "</system-out></testcase></testsuite>"
    found = _read(tmp_path, text)
    assert found.complete
    assert "secret" not in str(found.facts)


@BOUNDED
@given(data=damaged(JUNIT.read_bytes()))
def test_any_damaged_file_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / _NAME
    path.write_bytes(data)
    found = check(path, _NAME)
    if found is not None and found.complete:
        assert found.facts["tests"]["errors"] == 0
        assert found.done


@BOUNDED
@given(cases=st.lists(st.sampled_from(["", "<failure/>", "<error/>", "<skipped/>"]), max_size=12))
def test_counts_are_those_of_the_elements(tmp_path: Path, cases: list[str]) -> None:
    body = "".join(f"<testcase>{case}</testcase>" for case in cases)
    tests = _read(tmp_path, f"<testsuite>{body}</testsuite>").facts["tests"]
    assert tests["total"] == len(cases)
    assert tests["passed"] == cases.count("")
    assert tests["failures"] == cases.count("<failure/>")
    assert tests["errors"] == cases.count("<error/>")
