"""The gates that Pratique ships, and situations in which they are judged: example facts, register, clocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pratique.collectors import build_registry, read_evidence
from pratique.criteria import CelCriteria
from pratique.domain.evaluation import Evaluation, Situation, evaluate
from pratique.domain.evidence import Evidence, Reading
from pratique.domain.findings import FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.instances import instance_id, instantiate
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


def changed(name: str, change: Callable[[Any], None]) -> Evidence:
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


RISKS = ("cbrn", "loss_of_control", "cyber_offence", "harmful_manipulation")


def each(*names: str) -> set[str]:
    """Ids of the requirements made of these for the four specified risks."""
    return {instance_id(name, risk) for name in names for risk in RISKS}


#: Requirements of the 25 security objectives, such as `security-a4-2-3`.
OBJECTIVES = {
    "security" + one.id.removeprefix("S").lower().replace(".", "-") for one in EDITION.appendices.security.objectives()
}

#: Evidence file -> requirements that it meets, by gate. The demo and the documentation rest on this table.
MEETS = {
    "scope-and-role": {
        "responsibilities.json": {"responsibilities", "resources"},
        "copyright-policy.json": {"copyright-policy"},
    },
    "notification-and-framework": {
        "systemic-risk-notification.json": {"notification"},
        "framework.json": {"framework", "framework-tiers", "framework-confirmed"} | each("framework-covers-risk"),
        "responsibilities.json": {"resources"},
        "security-goal.json": {"security-goal"},
    },
    "training-start": {
        "data-acquisition.json": {
            "lawful-access",
            "exclusion-list",
            "rights-reservation",
            "crawler-information",
            "data-integrity",
        },
        "risk-candidates.json": {"risk-candidates"} | each("risk-information"),
        "security-goal.json": {"security-goal", "first-protections"},
    },
    "training-trigger": {
        "cbrn_mc_epochs3.eval": {"cbrn-evaluation"},
        "cyber_agent_tools.eval": {"cyber-evaluation"},
        "mitigation-record.json": {"mitigations-hold", "escalation-decided"},
        "security-goal.json": {"security-goal"},
    },
    "pre-placement": {
        "cbrn_mc_epochs3.eval": {"cbrn-evaluation"},
        "cyber_agent_tools.eval": {"cyber-evaluation"},
        "framework.json": {"framework", "framework-notified"},
        "risk-register.json": {"risk-identification", "risk-evaluations", "evaluation-teams", "evaluation-time"}
        | each("risk-information", "risk-model", "risk-evaluation"),
        "external-evaluation.json": each("external-evaluation", "external-search"),
        "acceptance-determination.json": {"acceptance", "go-decision"},
        "mitigation-record.json": {"mitigations-hold"} | each("risk-mitigation"),
        "security-goal.json": {"security-controls"} | OBJECTIVES,
        "model-report.json": {"model-report", "model-report-reasons", "model-report-risks"},
        "model-documentation.json": {"model-documentation", "infringing-output"},
    },
    "placement": {
        "systemic-risk-notification.json": {"notification"},
        "placement-readiness.json": {
            "authorised-representative",
            "contact-route",
            "documentation-integrity",
            "training-content-summary",
            "training-summary-updates",
            "copyright-contact",
            "model-report-access",
            "public-summary",
            "post-market-plan",
            "incident-channel",
            "submission-channel",
        },
    },
    "post-market": {
        "post-market-review.json": {
            "methods-considered",
            "external-access",
            "information-refreshed",
            "failure-conditions",
            "stay-or-leave",
            "model-report-holds",
        }
        | each("risk-still-acceptable", "risk-mitigations-work"),
        "security-goal.json": {"security-upheld"},
        "framework-assessment.json": {"framework-assessment"},
        "responsibilities.json": {"resources"},
        "risk-culture.json": {"risk-culture"},
        "model-documentation.json": {"documentation-current"},
    },
    "serious-incident": {
        "incident-file.json": {
            "incident-file",
            "reports-received",
            "how-noticed",
            "root-cause",
            "risks-reconsidered",
            "framework-reconsidered",
            "report-reconsidered",
            "corrective-measures",
            "breach-contained",
            "stay-or-leave",
            "retention",
        },
    },
    "model-change": {
        "change-record.json": {
            "change-described",
            "full-process",
            "report-decided",
            "downstream-told",
            "training-summary",
            "public-summary",
        }
        | each("risk-after-change"),
        "mitigation-record.change.json": {"mitigations-hold"},
        "model-documentation.change.json": {"infringing-output", "model-documentation", "technical-dossier"},
        "model-report.change.json": {"model-report-updated"},
    },
    "requests": {
        "request-record.json": {
            "request-recorded",
            "basis-checked",
            "answered-in-time",
            "current-information",
            "complaint-decided",
        },
    },
    "retirement": {
        "retirement-record.json": {
            "monitoring-until-withdrawal",
            "nothing-open",
            "downstream-told",
            "parameters",
            "model-documentation-kept",
            "safety-documentation-kept",
            "incident-records-kept",
            "representative-copy-kept",
        },
        "security-goal.json": {"security-goes-on"},
    },
}
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
        **{"training_flop": 1.2e25} | profile,
    )
