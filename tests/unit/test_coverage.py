"""What of an edition the gates ask for: all of the shipped one, and what is said where something is missing."""

import json
import shutil
from dataclasses import replace
from types import MappingProxyType

import pytest
from shipped_gates import EDITION, RULEBOOK
from typer.testing import CliRunner

from pratique.cli.main import app
from pratique.domain.spec import Gating
from pratique.errors import ConfigError
from pratique.project import config_root
from pratique.regimes import Rulebook
from pratique.regimes.coverage import SeedItem, coverage_of, load_seed

SEED = load_seed(config_root())


def without(gate, wanted):
    """The shipped rule book with the requirements of a gate that `wanted` refuses left out."""
    spec = RULEBOOK.spec(gate)
    checkpoints = tuple(
        checkpoint.model_copy(update={"requirements": tuple(r for r in checkpoint.requirements if wanted(r))})
        for checkpoint in spec.checkpoints
    )
    specs = dict(RULEBOOK.specs) | {gate: spec.model_copy(update={"checkpoints": checkpoints})}
    return replace(RULEBOOK, specs=MappingProxyType(specs))


def test_every_measure_and_security_objective_is_asked_for():
    found = coverage_of(RULEBOOK, SEED)
    assert (len(found.measures), len(found.objectives)) == (40, 25)
    assert [item.id for item in found.measures] == [measure.id for measure in EDITION.measures()]
    assert found.uncovered == ()
    assert found.unknown == ()
    assert found.is_whole


def test_each_measure_is_asked_for_at_the_gates_that_say_they_serve_it():
    for spec in RULEBOOK.specs.values():
        asked = {source for requirement in spec.requirements() for source in requirement.measures}
        assert [measure for measure in spec.measures if measure not in asked] == [], spec.id


def test_each_seed_item_leads_to_requirements():
    assert len(SEED.items) == 18
    assert len({item.id for item in SEED.items}) == 18
    assert all(item.requirements for item in coverage_of(RULEBOOK, SEED).seed)


def test_a_measure_that_nothing_asks_for_is_named():
    found = coverage_of(without("post-market", lambda r: "S-8.3" not in r.measures))
    assert found.uncovered == ("S-8.3",)
    assert not found.is_whole


def test_advice_alone_covers_nothing():
    spec = RULEBOOK.spec("post-market")
    checkpoints = tuple(
        checkpoint.model_copy(
            update={
                "requirements": tuple(
                    r.model_copy(update={"gating": Gating.ADVISE}) if "S-8.3" in r.measures else r
                    for r in checkpoint.requirements
                )
            }
        )
        for checkpoint in spec.checkpoints
    )
    specs = dict(RULEBOOK.specs) | {"post-market": spec.model_copy(update={"checkpoints": checkpoints})}
    found = coverage_of(replace(RULEBOOK, specs=MappingProxyType(specs)))
    assert found.uncovered == ("S-8.3",)
    (culture,) = [item for item in found.measures if item.id == "S-8.3"]
    assert {str(reach) for reach in culture.reached_by} == {"risk-culture (advice)", "whistleblower-reminder (advice)"}


@pytest.mark.parametrize("source", ["S-11.1", "S-A4.9.9", "Art. 999(1)"])
def test_a_source_that_the_edition_does_not_have_is_named(source):
    spec = RULEBOOK.spec("requests")
    first = spec.checkpoints[0]
    changed = first.requirements[0].model_copy(update={"measures": (source,)})
    checkpoint = first.model_copy(update={"requirements": (changed, *first.requirements[1:])})
    specs = dict(RULEBOOK.specs) | {"requests": spec.model_copy(update={"checkpoints": (checkpoint,)})}
    found = coverage_of(replace(RULEBOOK, specs=MappingProxyType(specs)))
    assert found.unknown == (f"requests/request-recorded cites {source}, which {EDITION.id} does not have",)
    assert not found.is_whole


def test_a_seed_item_that_names_no_requirement_is_named():
    item = SeedItem(id="gone", title="Gone", status="Gone.", requirements=("requests/gone",))
    found = coverage_of(RULEBOOK, SEED.model_copy(update={"items": (item,)}))
    assert found.unknown == ("seed item gone names requests/gone, which is no requirement",)


def test_without_an_edition_there_is_nothing_to_cover():
    with pytest.raises(ConfigError, match="no edition of the gates"):
        coverage_of(Rulebook.of(RULEBOOK.specs.values()))


def test_a_seed_file_that_is_not_sound_is_refused(tmp_path):
    assert load_seed(tmp_path) is None
    (tmp_path / "seed.yaml").write_text("format: pratique.seed/1\nedition: e\nitems: []\nmore: 1\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_seed(tmp_path)
    assert "items" in str(refused.value)
    assert "more" in str(refused.value)


def run(*words, **environment):
    return CliRunner().invoke(app, ["regime", "coverage", *map(str, words)], env=environment)


def test_the_command_prints_the_matrix():
    done = run()
    assert done.exit_code == 0
    assert "Measures: 40 of 40 covered by enforced requirements" in done.stdout
    assert "Security objectives: 25 of 25 covered by enforced requirements" in done.stdout
    assert (
        "S-8.3  Promotion of a healthy risk culture\n    post-market: risk-culture, whistleblower-reminder (advice)"
        in (done.stdout)
    )


def test_the_command_fails_and_names_what_is_uncovered(tmp_path):
    shutil.copytree(config_root(), tmp_path / "config")
    gate = tmp_path / "config" / "gates" / "post-market.yaml"
    gate.write_text(gate.read_text("utf-8").replace("measures: [S-8.3]", "measures: [S-8.2]"), encoding="utf-8")
    gate.write_text(gate.read_text("utf-8").replace("S-8.2, S-8.3, S-9.1", "S-8.2, S-9.1"), encoding="utf-8")
    done = run("--config-dir", tmp_path / "config", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["uncovered"] == ["S-8.3"]
    done = run(PRATIQUE_CONFIG_DIR=str(tmp_path / "config"))
    assert done.exit_code == 1
    assert "uncovered: S-8.3" in done.stderr
    assert "S-8.3  Promotion of a healthy risk culture  UNCOVERED" in done.stdout
