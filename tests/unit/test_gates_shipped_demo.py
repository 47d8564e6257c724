"""The demo's copy of the gates: the sample logs stay good for ten years, and nothing else differs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shipped_gates import profile_values

from examples.folders import LOGS, LOGS_FRESH_FOR_DAYS, config_for_old_logs
from pratique.collectors import build_registry, read_evidence
from pratique.criteria import CelCriteria
from pratique.domain.evaluation import Situation, evaluate
from pratique.domain.evidence import Evidence, Reading
from pratique.domain.findings import FindingStatus
from pratique.project import config_root
from pratique.regimes import load_configuration, spec_json

YEARS_LATER = datetime(2030, 1, 1, tzinfo=UTC)
EVALUATIONS = {"cbrn-evaluation": "cbrn_mc_epochs3.eval", "cyber-evaluation": "cyber_agent_tools.eval"}
CRITERIA = CelCriteria()


def rulebook_of(config_dir: Path):
    people = config_dir / "people.example.yaml"
    return load_configuration(config_dir, people_file=people, criteria=CRITERIA).rulebook


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    return rulebook_of(config_for_old_logs(tmp_path_factory.mktemp("demo") / "config"))


def sent(name):
    extraction = read_evidence(LOGS / name, name, build_registry())
    return Evidence(
        id=name,
        sha256=name.ljust(64),
        filename=name,
        received_at=YEARS_LATER - timedelta(hours=1),
        submitter="pipeline",
        reading=Reading.READ,
        extraction=extraction,
    )


def statuses(rulebook, gate):
    situation = Situation(
        gate_run="g",
        spec_digest=rulebook.digests[gate],
        model="aurora",
        version="2.1",
        profile=profile_values(),
        profile_digest="p",
        evidence=[sent(name) for name in EVALUATIONS.values()],
    )
    found = evaluate(rulebook.spec(gate), situation, CRITERIA, YEARS_LATER).findings
    return {finding.requirement: finding.status for finding in found if finding.requirement in EVALUATIONS}


@pytest.mark.parametrize("gate", ["training-trigger", "pre-placement"])
def test_in_2030_the_copy_still_takes_the_logs_and_the_shipped_gates_do_not(copied, gate):
    assert statuses(copied, gate) == dict.fromkeys(EVALUATIONS, FindingStatus.MET)
    assert FindingStatus.MET not in statuses(rulebook_of(config_root()), gate).values()


def test_only_the_age_of_evaluations_differs(copied):
    for gate, spec in rulebook_of(config_root()).specs.items():
        shipped = spec_json(spec)
        for checkpoint in shipped["checkpoints"]:
            for requirement in checkpoint["requirements"]:
                if (requirement.get("evidence") or {}).get("kind") == "evaluation":
                    requirement["fresh_for_days"] = LOGS_FRESH_FOR_DAYS
        assert spec_json(copied.spec(gate)) == shipped
