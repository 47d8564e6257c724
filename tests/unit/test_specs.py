import copy

import pytest
from pydantic import ValidationError

from pratique.domain.spec import GateSpec
from pratique.regimes import prerequisites, spec_digest, spec_json

REQUIREMENT = {
    "id": "score",
    "title": "T",
    "measures": ["S-3.2"],
    "why": "W",
    "evidence": {"kind": "evaluation"},
    "criterion": "facts.score < 0.5",
}
SPEC = {
    "format": "pratique.gate/1",
    "id": "trial",
    "version": 1,
    "edition": "eu-gpai-code@2025-07-10",
    "title": "Trial",
    "decides": "Whether.",
    "stage": "training",
    "moment": "training_trigger",
    "measures": ["S-1.2"],
    "does_not_show": "Much.",
    "checkpoints": [{"id": "a", "kind": "assessment", "title": "A", "requirements": [REQUIREMENT]}],
    "due": {"follow_up_days": 1, "due_days": 2},
}


def spec_with(change=None, **requirement):
    value = copy.deepcopy(SPEC)
    value["checkpoints"][0]["requirements"][0].update(requirement)
    if change:
        change(value)
    return GateSpec.model_validate(value)


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ({"gate": "other"}, "exactly one of `evidence`, `gate`, `profile` and `clock`"),
        ({"evidence": None}, "exactly one of `evidence`, `gate`, `profile` and `clock`"),
        ({"criterion": None}, "`criterion` is expected beside `evidence`"),
        ({"evidence": None, "gate": "other"}, "`criterion` has no facts to judge"),
        ({"evidence": None, "gate": "other", "criterion": None, "fresh_for_days": 3}, "no evidence to date"),
        ({"if_begun": True}, "`if_begun` and `may_run` say something of a `clock`"),
        ({"may_run": True}, "`if_begun` and `may_run` say something of a `clock`"),
        ({"applies_when": "profile.open_source"}, "`not_applicable_because` is expected"),
        ({"measures": []}, "at least 1 item"),
        ({"measures": ["3.2"]}, "pattern"),
        ({"gating": "advise"}, "at least one requirement must have gating `enforce`"),
        ({"criterion": ""}, "at least 1 character"),
        ({"criteria": "facts.x"}, "Extra inputs"),
        ({"fresh_for_days": 0}, "greater than or equal to 1"),
    ],
)
def test_a_requirement_that_would_not_hold_is_refused(requirement, expected):
    with pytest.raises(ValidationError, match=expected):
        spec_with(**requirement)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda s: s.update(checkpoints=[]), "at least 1 item"),
        (lambda s: s["checkpoints"][0].update(requirements=[]), "at least 1 item"),
        (lambda s: s["checkpoints"][0]["requirements"].append(REQUIREMENT), "'score' stands twice"),
        (
            lambda s: s["checkpoints"].append(
                {**s["checkpoints"][0], "requirements": [{**REQUIREMENT, "id": "other"}]}
            ),
            "a checkpoint id stands twice",
        ),
        (lambda s: s["due"].update(follow_up_days=3), "must not be later"),
        (lambda s: s.update(sign_off={"roles": {"owner": 0}}), "greater than or equal to 1"),
        (lambda s: s.update(edition="2025"), "pattern"),
        (lambda s: s.pop("does_not_show"), "Field required"),
    ],
)
def test_a_gate_that_would_not_hold_is_refused(change, expected):
    with pytest.raises(ValidationError, match=expected):
        spec_with(change)


@pytest.mark.parametrize("ref", ["S-3.2", "T-1.1", "C-1.4", "S-A3.5", "S-A4.2.3", "S-C9", "Art. 53(1)(d)"])
def test_measures_appendices_commitments_and_articles_can_be_named(ref):
    assert spec_with(measures=[ref]).requirement("score").measures == (ref,)


def test_what_a_spec_does_not_say_is_not_in_its_body_so_that_digests_of_before_hold():
    body = spec_json(spec_with())
    assert not {"not_checked", "settled_when"} & set(body)
    members = set(body["checkpoints"][0]["requirements"][0])
    assert not {"profile", "clock", "for_each", "per_occasion", "if_begun", "may_run"} & members
    said = spec_with().model_copy(update={"settled_when": "profile.stage == 'placed'"})
    assert spec_json(said)["settled_when"] == "profile.stage == 'placed'"
    assert spec_digest(GateSpec.model_validate(spec_json(said))) == spec_digest(said) != spec_digest(spec_with())


def test_the_body_of_a_spec_round_trips_with_its_digest():
    spec = spec_with(fresh_for_days=3)
    assert spec_digest(GateSpec.model_validate(spec_json(spec))) == spec_digest(spec)
    assert spec_digest(spec_with(fresh_for_days=4)) != spec_digest(spec)


def test_prerequisites_are_the_gates_named_in_order():
    gate = {"title": "T", "measures": ["S-1.2"], "why": "W"}
    more = [{**gate, "id": "x", "gate": "b"}, {**gate, "id": "y", "gate": "a"}, {**gate, "id": "z", "gate": "b"}]
    assert prerequisites(spec_with(lambda s: s["checkpoints"][0]["requirements"].extend(more))) == ("b", "a")
