import json

from test_evaluation import spec_of, wants

from pratique.services.finding_lists import FindingLists

SPEC = spec_of(wants(), wants("note", kind="facts.note", owner="eval_lead"))
TEXT = json.dumps(
    [
        {"requirement": "score", "checkpoint": "assessment", "status": "met", "evidence": "e1"},
        {"requirement": "note", "checkpoint": "assessment", "status": "unmet", "reason": "No.", "enforced": False},
        {"requirement": "gone", "checkpoint": "assessment", "status": "met"},
    ]
)


def test_findings_are_shown_with_what_they_are_about():
    met, unmet, unknown = FindingLists().of(SPEC, "s", TEXT)
    assert met == {
        "requirement": "score",
        "checkpoint": "assessment",
        "status": "met",
        "enforced": True,
        "evidence": "e1",
        "title": "T",
        "checkpoint_kind": "assessment",
        "checkpoint_title": "A",
        "measures": ["S-3.2"],
        "why": "W",
        "owner": "owner",
    }
    assert (unmet["enforced"], unmet["evidence"], unmet["owner"]) == (False, None, "eval_lead")
    assert "title" not in unknown


def test_the_same_findings_are_made_once_and_others_anew():
    lists = FindingLists()
    one = lists.of(SPEC, "s", TEXT)
    assert lists.of(SPEC, "s", str(TEXT)) is one
    assert lists.of(SPEC, "s", "[]") == []
    assert lists.of(spec_of(wants("score", title="Other")), "other", TEXT)[0]["title"] == "Other"


def test_old_lists_are_let_go():
    lists = FindingLists(max_findings=3)
    one = lists.of(SPEC, "s", TEXT)
    lists.of(SPEC, "s", "[]")
    assert lists.of(SPEC, "s", TEXT) is not one
