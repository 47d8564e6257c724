"""A read goes by one reading of the rules, also when an adoption puts others in their place meanwhile."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from engine_fixtures import VERSION, Engine, clock_fixture  # noqa: F401 - fixtures are used by name
from regime_fixtures import (  # noqa: F401 - fixtures are used by name
    FINAL,
    NEXT,
    regime_engine_fixture,
    regime_settings_fixture,
    write_next_edition,
    write_tightened,
)

from pratique.services import scopes, sheets, views
from pratique.services.needs import needs_of
from pratique.services.running import Rules


@pytest.fixture(name="later")
def later_fixture(engine: Engine) -> Rules:
    """The rules of an edition that is adopted next."""
    overlay = engine.settings.overlay_dir
    assert overlay is not None
    write_next_edition(overlay)
    write_tightened(overlay, "quorum", "score", "facts.value < 10")
    return engine.parts.running.load().under({"eu-gpai-code": NEXT})


def test_a_data_sheet_is_of_one_edition(engine: Engine, later: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    before, current, sheet = engine.parts.rules, sheets.current_spec, sheets._sheet
    digests: list[str] = []

    def current_spec(parts: Any, gate: str) -> Any:
        found = current(parts, gate)
        engine.parts.running.put(later)
        return found

    def _sheet(parts: Any, spec: Any, digest: str) -> Any:
        digests.append(digest)
        return sheet(parts, spec, digest)

    monkeypatch.setattr(sheets, "current_spec", current_spec)
    monkeypatch.setattr(sheets, "_sheet", _sheet)
    found = [sheets.sheet_of_gate(engine.parts, "quorum")["edition"] for _ in range(2)]
    assert found == [FINAL, NEXT]
    assert digests == [before.digests["quorum"], engine.parts.rules.digests["quorum"]]
    assert digests[0] != digests[1]


def test_answers_of_scope_are_of_the_edition_that_they_name(
    engine: Engine, later: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.register()
    answered: list[str] = []
    inner = scopes.effective_profile

    def effective_profile(reader: Any, parts: Any, *given: Any) -> Any:
        engine.parts.running.put(later)
        answered.append(parts.rules.adopted["eu-gpai-code"])
        return inner(reader, parts, *given)

    monkeypatch.setattr(scopes, "effective_profile", effective_profile)
    with engine.parts.ledger.read() as reader:
        look = partial(scopes.explain_scope, reader, engine.parts, model="aurora", version="2.1")
        named = [look()["edition"], look()["edition"]]
    assert named == answered == [FINAL, NEXT]


def test_a_gate_is_shown_by_one_reading(engine: Engine, later: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.register()
    run = engine.trigger("risks")["gate_run"]
    seen: list[Any] = []
    inner = views.risks_of

    def risks_of(parts: Any, *given: Any) -> Any:
        engine.parts.running.put(later)
        seen.append(parts.rules.adopted["eu-gpai-code"])
        return inner(parts, *given)

    monkeypatch.setattr(views, "risks_of", risks_of)
    with engine.parts.ledger.read() as reader:
        view = views.gate_view(reader, engine.parts, run)
        views.gate_view(reader, engine.parts, run)
    assert seen == [FINAL, NEXT]
    assert {f["requirement"] for f in view["findings"]} >= {"accepted.cbrn"}


def test_what_a_read_derived_by_the_rules_of_before_stays_with_it(engine: Engine, later: Rules) -> None:
    bound = engine.parts.bound()
    assert bound.rules is engine.parts.rules
    assert bound.profiles is engine.parts.profiles
    engine.parts.running.put(later)
    bound.profiles["digest"] = {"of": "before"}
    assert bound.rules.adopted == {"eu-gpai-code": FINAL}
    assert engine.parts.rules.adopted == {"eu-gpai-code": NEXT}
    assert engine.parts.profiles == {}


def test_a_command_goes_by_the_rules_of_its_turn(engine: Engine, later: Rules) -> None:
    """Binding is for reads: what is queued meanwhile is judged by what is adopted then."""
    command = partial(lambda tx, parts: parts.rules.adopted["eu-gpai-code"], parts=engine.parts)
    assert engine.parts.ledger.write("engine:test", command) == FINAL
    engine.send("POST", "/v1/regimes/adoptions", "admin", json={"edition": NEXT})
    assert engine.parts.ledger.write("engine:test", command) == NEXT


def test_needs_are_of_the_spec_that_is_asked_about(engine: Engine, later: Rules) -> None:
    """Were two specs ever known by one digest, neither would be judged by the needs of the other."""
    risks, quorum = engine.parts.rules.specs["risks"], engine.parts.rules.specs["quorum"]
    digest = "f" * 64
    assert needs_of(risks, digest).is_per_risk
    assert not needs_of(quorum, digest).is_per_risk
    assert needs_of(risks, digest) is needs_of(risks.model_copy(), digest)
