"""The gates that Pratique ships, and situations in which they are judged: example facts, register, clocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shipped_files import MEETS, OBJECTIVES, RISKS, each  # noqa: F401 - tests take them from here

from pratique.collectors import build_registry, read_evidence
from pratique.criteria import CelCriteria
from pratique.domain.evaluation import Evaluation, Situation, evaluate
from pratique.domain.evidence import Evidence, Reading
from pratique.domain.findings import FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.instances import instantiate
from pratique.domain.limits import TimeLimit
from pratique.domain.models import ModelProfile
from pratique.domain.provider import ProviderProfile, provider_values
from pratique.domain.risks import RiskRegister, named_risks, risk_values
from pratique.domain.scope import decide_scope
from pratique.project import config_root
from pratique.regimes import load_configuration

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "evidence"
REGISTER = ROOT / "examples" / "registers" / "aurora-2.1.json"
INSPECT = ROOT / "tests" / "data" / "inspect"
CRITERIA = CelCriteria()
CONFIGURATION = load_configuration(config_root(), people_file=config_root() / "people.example.yaml", criteria=CRITERIA)
RULEBOOK = CONFIGURATION.rulebook
EDITION = RULEBOOK.edition
REGISTRY = build_registry(RULEBOOK.facts_schemas)
PROVIDER = ProviderProfile(
    name="Aurora", country="FR", signed_chapters=("transparency", "copyright", "safety_security")
).as_json()


def register() -> RiskRegister:
    """The register of the examples."""
    risks = json.loads(REGISTER.read_text(encoding="utf-8"))["risks"]
    return RiskRegister.model_validate({"edition": EDITION.id, "risks": risks})


def profile_values(
    *,
    risks: RiskRegister | None = None,
    provider: Mapping[str, Any] | None = None,
    references: tuple[str, ...] = (),
    **profile: Any,
) -> dict[str, Any]:
    """Return what rules see of a version: its profile, and what follows from provider, register and references."""
    fields = {"systemic_risk": True, "known_as": ("mockllm/model",), "general_purpose": True} | profile
    own = ModelProfile.model_validate(fields)
    done = own.training_flop or 0.0
    values = {
        **own.as_json(),
        "provider": provider_values(ProviderProfile.model_validate(provider or PROVIDER), size=own.provider_size.value),
        "compute": {"done": done, "planned": 0.0, "projected": done},
        "lineage": {"versions": ["aurora/2.1"], "first_placed_on": None, "is_designated": False, "is_expected": False},
        "references": {"risks": list(references), "covers_all": bool(references)},
    }
    scope = decide_scope(EDITION.scope, values, CRITERIA, key=repr((sorted(fields.items()), provider, references)))
    return {**values, "scope": dict(scope.values), "risks": risk_values(risks, EDITION.taxonomy)}


def read(name: str) -> Evidence:
    """Return an example as submitted an hour after it was produced."""
    path = (INSPECT if name.endswith(".eval") else EXAMPLES) / name
    extraction = read_evidence(path, name, REGISTRY)
    produced = min(extraction.produced_at or NOW, NOW)
    return Evidence(
        id=name,
        sha256=name.ljust(64),
        filename=name,
        received_at=produced + timedelta(hours=1),
        submitter="mira",
        reading=Reading.READ,
        extraction=extraction,
    )


def changed(name: str, change: Callable[[Any], object]) -> Evidence:
    """Return an example with its facts changed."""
    evidence = read(name)
    assert evidence.extraction is not None
    facts = json.loads(json.dumps(evidence.extraction.facts))
    change(facts)
    return replace(evidence, extraction=replace(evidence.extraction, facts=facts))


def clock(rule: str, state: str = "met") -> TimeLimit:
    """Return a clock that was met two days before its end, or one in another state."""
    return TimeLimit(
        rule,
        None,
        state,
        start_at=NOW - timedelta(days=9),
        due_on="2026-11-20",
        due_at=datetime(2026, 11, 20, 23, tzinfo=UTC),
        met_at=datetime(2026, 11, 18, 9, tzinfo=UTC) if state == "met" else None,
    )


def look(
    gate: str,
    names: Iterable[str | Evidence],
    *,
    gates: Mapping[str, GateState] | None = None,
    clocks: Iterable[str] = (),
    risks: RiskRegister | None = None,
    occasion: str = "default",
    **profile: Any,
) -> Evaluation:
    """Judge a shipped gate on examples."""
    values = profile_values(risks=risks, **profile)
    situation = Situation(
        gate_run="g",
        spec_digest=RULEBOOK.digests[gate],
        model="aurora",
        version="2.1",
        profile=values,
        profile_digest=repr(sorted(profile.items())) + ("r" if risks else ""),
        evidence=[read(name) if isinstance(name, str) else name for name in names],
        gates=gates,
        limits=[clock(rule) for rule in clocks],
    )
    spec = instantiate(RULEBOOK.spec(gate), named_risks(risks, EDITION.taxonomy), occasion)
    return evaluate(spec, situation, CRITERIA, NOW)


def ids(result: Evaluation, status: FindingStatus) -> set[str]:
    """Return the ids of requirements with this finding."""
    return {f.requirement for f in result.findings if f.status is status}


#: The same overseas: nothing is left out for being established in the Union.
OVERSEAS = PROVIDER | {
    "country": "CA",
    "representative": {"name": "Aurora Union Representation (fictional)", "mandated_on": "2026-05-04"},
}
ALL_CLEARED = dict.fromkeys(RULEBOOK.specs, GateState.CLEARED)
OCCASIONS = {"serious-incident": "inc-1", "requests": "req-1", "model-change": "chg-1", "post-market": "2027-h1"}


def clocks_of(gate: str) -> list[str]:
    """Return the clock rules that a gate asks for."""
    return [r.clock for r in RULEBOOK.spec(gate).requirements() if r.clock is not None]


def see(
    gate: str,
    names: Iterable[str | Evidence],
    *,
    recorded: bool = True,
    risks: RiskRegister | None = None,
    gates: Mapping[str, GateState] | None = ALL_CLEARED,
    clocks: Iterable[str] | None = None,
    provider: Mapping[str, Any] | None = OVERSEAS,
    **profile: Any,
) -> Evaluation:
    """Judge a gate with the register recorded, other gates cleared and its clocks met, unless told otherwise."""
    return look(
        gate,
        names,
        gates=gates,
        clocks=clocks_of(gate) if clocks is None else clocks,
        risks=risks or (register() if recorded else None),
        occasion=OCCASIONS.get(gate, "default"),
        provider=provider,
        **{"training_flop": 1.2e25, "stage": "placed" if gate == "post-market" else "training"} | profile,
    )


def open_ids_with(gate: str, name: str, change: Callable[[Any], object], **more: Any) -> set[str]:
    """Return the ids of what does not pass when one file of the gate is changed."""
    names = [changed(name, change) if other == name else other for other in MEETS[gate]]
    result = see(gate, names, **more)
    return ids(result, FindingStatus.UNMET) | ids(result, FindingStatus.NOT_TESTED)
