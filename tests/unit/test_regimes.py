import json
import shutil
from pathlib import Path

import pytest
import yaml

from pratique.criteria import CelCriteria
from pratique.domain.models import ModelProfile
from pratique.domain.spec import GateSpec
from pratique.errors import ConfigError, NotFoundError
from pratique.project import config_root
from pratique.regimes import load_configuration, spec_digest, spec_json
from pratique.regimes.expressions import profile_members

CRITERIA = CelCriteria()

GATE = """\
format: pratique.gate/1
id: {id}
version: 1
edition: eu-gpai-code@2025-07-10
title: Trial
decides: Whether.
stage: training
moment: training_trigger
measures: [S-1.2]
does_not_show: Much.
opens_on: [trial.event]
checkpoints:
  - id: assessment
    kind: assessment
    title: Assessment
    requirements:
      - {{id: score, title: T, measures: [S-3.2], why: W, evidence: {{kind: {kind}}}, criterion: '{criterion}'}}
{more}
sign_off: {{roles: {{approver: 1}}}}
due: {{follow_up_days: 1, due_days: 2}}
"""
NEEDS = "      - {{id: before-{0}, title: T, measures: [S-1.2], why: W, gate: {0}}}"
#: Profile members that every piece of evidence is held to.
HELD_TO = {"known_as", "weights_sha256"}
SCHEMA = {
    "$id": "urn:pratique.facts/note@1",
    "type": "object",
    "additionalProperties": False,
    "properties": {"ok": {"type": "boolean"}},
}
PEOPLE = "format: pratique.people/1\npeople:\n  - {id: jonas, name: Jonas, roles: [approver, owner]}\n"


@pytest.fixture
def config(tmp_path):
    (tmp_path / "gates").mkdir()
    (tmp_path / "facts").mkdir()
    (tmp_path / "people.yaml").write_text(PEOPLE)
    return tmp_path


def gate(config, gate_id="trial", *, criterion="facts.score < 0.5", kind="evaluation", needs=(), file=None, edit=None):
    text = GATE.format(id=gate_id, kind=kind, criterion=criterion, more="\n".join(NEEDS.format(n) for n in needs))
    (config / "gates" / (file or f"{gate_id}.yaml")).write_text(text.replace(*edit) if edit else text)


def load(config, **more):
    return load_configuration(config, people_file=config / "people.yaml", criteria=CRITERIA, **more)


def errors_of(config, **more):
    with pytest.raises(ConfigError) as caught:
        load(config, **more)
    assert all("\n" not in line and ": found " in line and ", expected " in line for line in caught.value.errors)
    return caught.value.errors


def only_error_of(config, **more):
    errors = errors_of(config, **more)
    assert len(errors) == 1, errors
    return errors[0]


def test_a_sound_configuration_gives_a_rule_book(config):
    gate(config, "b", needs=["a"])
    gate(config, "a")
    loaded = load(config)
    assert list(loaded.rulebook.specs) == ["a", "b"]  # what comes first is named first
    assert [s.id for s in loaded.rulebook.gates_opened_by("trial.event")] == ["a", "b"]
    assert loaded.rulebook.gates_opened_by("other") == ()
    assert loaded.rulebook.spec("a").id == "a"
    assert loaded.people.find("jonas").name == "Jonas"
    assert loaded.warnings == ()


def test_a_gate_that_does_not_exist_is_not_found(config):
    gate(config)
    with pytest.raises(NotFoundError):
        load(config).rulebook.spec("other")


def test_the_rule_book_cannot_be_changed(config):
    gate(config)
    rulebook = load(config).rulebook
    with pytest.raises(TypeError):
        rulebook.specs["x"] = None
    with pytest.raises(AttributeError):
        rulebook.specs = {}


def test_the_digest_holds_what_was_loaded_and_round_trips(config):
    gate(config)
    rulebook = load(config).rulebook
    body = json.loads(json.dumps(spec_json(rulebook.spec("trial"))))
    assert spec_digest(GateSpec.model_validate(body)) == rulebook.digests["trial"]
    gate(config, edit=("title: T,", "title: U,"))
    assert load(config).rulebook.digests["trial"] != rulebook.digests["trial"]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (("version: 1", "version: '1'"), 'gates/trial.yaml: version: found "1", expected a valid integer'),
        (("version: 1", "version: 1e25"), "version: found 1e25 in line 3, which YAML reads as text, expected 1.0e+25"),
        (("version: 1", "version: 01"), "version: found '01' in line 3, expected a decimal number"),
        (("title: Trial", "title: 3"), "title: found 3, expected a valid string"),
        (("title: Trial", "titel: Trial"), "titel: found this key, expected no such key"),
        (("title: Trial\n", ""), "title: found nothing, expected a value"),
        (("title: Trial", "title: Trial\ntitle: Two"), "title: found the key a second time, in line 6"),
        (("stage: training", "stage: lunch"), "stage: found \"lunch\", expected 'training'"),
        (("title: T,", "title: '',"), 'checkpoints[assessment].requirements[score].title: found "", expected String'),
        (("[S-3.2]", "[3.2]"), "requirements[score].measures[0]: found 3.2, expected a valid string"),
        (("roles: {approver: 1}", "roles: {approver: 1}, four_eyes: 'no'"), 'sign_off.four_eyes: found "no", expected'),
        (
            ("roles: {approver: 1}", "roles: {approver: true}"),
            "sign_off.roles.approver: found true, expected a valid int",
        ),
        (
            ("follow_up_days: 1", "follow_up_days: 9"),
            "due: found a mapping, expected `follow_up_days` must not be later",
        ),
        (("checkpoints:", "checkpoints: ["), "gates/trial.yaml: found "),
    ],
)
def test_an_error_is_named_with_file_key_found_and_expected(config, edit, expected):
    gate(config, edit=edit)
    errors = errors_of(config)
    assert any(expected in line for line in errors), errors


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        ("facts.score <", "does not compile: at 1:14: Syntax error"),
        ("fact.score < 1", "undeclared reference to 'fact.score'"),
        ("size(facts)", "the result is INT, expected BOOL"),
        ("facts.score < 1.0 && profile.sistemic_risk", "profile has no member 'sistemic_risk'"),
        ("true", "it holds on a file that says nothing"),
        ("!has(facts.issues)", "it holds on a file that says nothing"),
        ("profile.open_source ? true : facts.score < 1.0", "it holds on a file that says nothing"),
        ("(facts.a || " * 28 + "facts.b" + ")" * 28, "nested too deeply"),
    ],
)
def test_a_criterion_that_would_not_hold_is_refused(config, criterion, expected):
    gate(config, criterion=criterion)
    line = only_error_of(config)
    assert line.startswith("gates/trial.yaml: checkpoints[assessment].requirements[score].criterion: found ")
    assert expected in line


@pytest.mark.parametrize(
    "criterion",
    [
        'facts.metrics["choice/mean"] < 0.5',
        'facts.note != "a/b"',
        "double(facts.done) / double(facts.planned) >= 0.95",
        "!(double(facts.errors) / double(facts.total) > 0.1)",
        "profile.open_source || facts.score < 1.0",
        "facts.items.exists(i, i.facts > 1)",
    ],
)
def test_a_sound_criterion_is_let_through(config, criterion):
    gate(config, criterion=criterion.replace("'", "''"))
    load(config)


def test_selects_and_conditions_are_compiled_as_well(config):
    gate(config, edit=("evidence: {kind: evaluation}", "evidence: {kind: evaluation, select: 'facts.task ='}"))
    assert ".evidence.select: found does not compile" in only_error_of(config)
    gate(config, edit=("opens_on:", "applies_when: profile.nope\nopens_on:"))
    assert "applies_when: found profile has no member 'nope'" in only_error_of(config)
    gate(config, edit=("opens_on:", "applies_when: facts.a == 1\nopens_on:"))
    assert "applies_when: found `applies_when` sees `profile` only" in only_error_of(config)
    gate(config, edit=("opens_on:", "settled_when: facts.a == 1\nopens_on:"))
    assert "settled_when: found `settled_when` sees `profile` only" in only_error_of(config)


def test_facts_kinds_need_their_schema_and_its_members(config):
    gate(config, kind="facts.note", criterion="facts.ok")
    assert "evidence.kind: found 'facts.note', expected a kind with a sound schema" in only_error_of(config)
    (config / "facts" / "note.schema.json").write_text(json.dumps(SCHEMA))
    assert list(load(config).rulebook.facts_schemas) == ["note@1"]
    gate(config, kind="facts.note", criterion="facts.okay")
    assert "the schema of facts.note has no member 'okay'" in only_error_of(config)


def test_kinds_that_no_collector_reads_are_refused_where_collectors_are_known(config):
    gate(config, kind="evalution")
    load(config)
    line = only_error_of(config, known_kinds=frozenset({"evaluation"}))
    assert "evidence.kind: found 'evalution', expected one of evaluation" in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "JSON in UTF-8"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ("[]", "a JSON object"),
        (json.dumps(SCHEMA | {"$id": "note"}), "$id: found"),
        (json.dumps(SCHEMA | {"$id": "urn:pratique.facts/other@1"}), "$id: found"),
        (json.dumps(SCHEMA | {"additionalProperties": True}), "additionalProperties"),
        (json.dumps(SCHEMA | {"type": "objekt"}), "JSON Schema 2020-12"),
        (json.dumps(SCHEMA | {"properties": {"ok": {"$ref": "https://example.org/x"}}}), "inside the file"),
    ],
)
def test_an_unsound_facts_schema_is_named(config, text, expected):
    gate(config)
    (config / "facts" / "note.schema.json").write_text(text)
    assert any("facts/note.schema.json" in line and expected in line for line in errors_of(config))


def test_unknown_gates_cycles_and_double_ids_are_found(config):
    gate(config, "a", needs=["b"])
    gate(config, "b", needs=["c"])
    gate(config, "c", needs=["a", "nowhere"])
    gate(config, "d", needs=["d"])
    gate(config, "a", file="z.yaml")
    errors = errors_of(config)
    assert len(errors) == 4, errors
    assert any(line.startswith("gates/z.yaml: id: found 'a', which another file has too") for line in errors)
    assert any("unknown gate 'nowhere'" in line for line in errors)
    assert any("a cycle: a -> b -> c -> a" in line for line in errors)
    assert any("a cycle: d -> d" in line for line in errors)


def test_every_error_of_every_file_comes_at_once(config):
    gate(config, "one", criterion="facts.x <")
    gate(config, "two", edit=("version: 1", "version: no"))
    gate(config, "three", needs=["two", "nowhere"])
    (config / "gates" / "four.yml").write_text("a: [")
    (config / "facts" / "note.schema.json").write_text("{")
    (config / "people.yaml").write_text("format: pratique.people/1\npeople: [{id: A, name: 3}]\n")
    errors = errors_of(config)
    for part in (
        "one.yaml",
        "two.yaml",
        "three.yaml",
        "four.yml",
        "note.schema.json",
        "people[A].id",
        "people[A].name",
    ):
        assert any(part in line for line in errors), (part, errors)
    assert not any("unknown gate 'two'" in line for line in errors)  # it is there, though unsound


def test_no_gates_at_all_is_an_error(config):
    assert only_error_of(config) == "gates/: found no *.yaml file, expected at least one gate"


def test_a_file_that_is_not_text_is_an_error(config):
    (config / "gates" / "x.yaml").write_bytes(b"\xff\xfe\x00")
    assert "expected a readable file in UTF-8" in only_error_of(config)


def test_two_people_of_one_id_are_an_error(config):
    gate(config)
    (config / "people.yaml").write_text(PEOPLE + "  - {id: jonas, name: Other}\n")
    assert (
        only_error_of(config)
        == "people.yaml: people[jonas]: found the id 2 times, expected each id once, of people and teams"
    )


def test_a_role_that_nobody_holds_is_a_warning(config):
    gate(config, edit=("roles: {approver: 1}", "roles: {approver: 2, executive: 1}"))
    assert load(config).warnings == (
        "gates/trial.yaml: gate trial needs 2 in the role approver, which 1 of the people named hold",
        "gates/trial.yaml: gate trial needs 1 in the role executive, which 0 of the people named hold",
    )


def test_a_role_held_for_one_model_counts_as_held(config):
    gate(config)
    (config / "people.yaml").write_text(
        "format: pratique.people/1\npeople: [{id: a, name: A, models: {aurora: [approver, owner]}}]\n"
    )
    assert load(config).warnings == ()


def test_a_gate_that_nobody_signs_is_a_warning(config):
    gate(config, edit=("roles: {approver: 1}", "roles: {}"))
    assert "it clears itself" in load(config).warnings[0]


def test_no_people_file_is_a_warning_and_a_missing_one_an_error(config):
    gate(config)
    loaded = load_configuration(config, people_file=None, criteria=CRITERIA)
    assert loaded.people.people == ()
    assert "no people are named" in loaded.warnings[0]
    (config / "people.yaml").unlink()
    assert "FileNotFoundError" in only_error_of(config)


def test_a_broken_copy_of_the_shipped_configuration_names_the_broken_key(tmp_path):
    shutil.copytree(config_root(), tmp_path / "config")
    path = tmp_path / "config" / "gates" / "placement.yaml"
    path.write_text(path.read_text().replace("facts.contact_route.is_public", "facts.contact.is_public"))
    with pytest.raises(ConfigError) as caught:
        load_configuration(
            tmp_path / "config", people_file=Path(config_root() / "people.example.yaml"), criteria=CRITERIA
        )
    assert caught.value.errors == [
        "gates/placement.yaml: checkpoints[documentation].requirements[contact-route].criterion: found the schema of "
        "facts.placement-readiness has no member 'contact', expected a sound boolean expression"
    ]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (("opens_on", "applies_when: .profile.price == true\nopens_on"), "found profile has no member 'price'"),
        (("opens_on", "applies_when: .facts.ok\nopens_on"), "found `applies_when` sees `profile` only, not `facts`"),
    ],
)
def test_an_absolute_name_is_the_variable(config, edit, expected):
    gate(config, edit=edit)
    assert expected in only_error_of(config)


@pytest.mark.parametrize(
    ("expression", "members"),
    [
        ("profile.systemic_risk", {"systemic_risk"}),
        ("!profile.open_source || profile . systemic_risk", {"open_source", "systemic_risk"}),
        ("facts.profile.licence == 'profile.licence'", set()),
        ("profile['licence'] == 'x'", set(ModelProfile.model_fields)),
        ("has(profile.licence) && size(profile) > 1", set(ModelProfile.model_fields)),
        (".profile.open_source == true", {"open_source"}),
        ("!( . profile.open_source)", {"open_source"}),
        ("'text' in.profile.modalities", {"modalities"}),
        ("true && // the dot below selects from nothing\n .profile.open_source", {"open_source"}),
        ("facts\n// the dot below selects\n.profile == 'x'", set()),
        ("[facts] .profile == 'x' && {'a': 1} .profile == 'x' && 'a' .profile == 'x'", set()),
        ('''""" " """ != 'x' && profile.open_source || "" == "x"''', {"open_source"}),
    ],
)
def test_the_profile_members_that_a_gate_reads_are_known(expression: str, members: set[str]) -> None:
    gate = yaml.safe_load(GATE.format(id="trial", kind="facts.note", criterion="facts.ok", more=""))
    assert profile_members(GateSpec.model_validate(gate)) == HELD_TO
    assert profile_members(GateSpec.model_validate({**gate, "applies_when": expression})) == members | HELD_TO
