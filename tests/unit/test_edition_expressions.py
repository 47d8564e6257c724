"""Questions of scope and conditions of clocks are checked on loading, and so is what gates ask of the answers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.criteria import CelCriteria
from pratique.errors import ConfigError
from pratique.regimes import load_configuration

ROOT = Path(__file__).resolve().parents[2]
SCOPE = "regimes/eu-gpai-code/2025-07-10/scope.yaml"


@pytest.fixture(name="errors_with")
def errors_with_fixture(tmp_path: Path) -> Callable[[str, str, str], list[str]]:
    """A function that writes one file of the shipped configuration otherwise and returns the errors of loading it."""

    def errors_with(file: str, was: str, now: str) -> list[str]:
        folder = tmp_path / "config"
        shutil.copytree(ROOT / "config", folder)
        text = (folder / file).read_text()
        assert was in text
        (folder / file).write_text(text.replace(was, now, 1))
        with pytest.raises(ConfigError) as refused:
            load_configuration(folder, people_file=None, criteria=CelCriteria())
        return refused.value.errors

    return errors_with


@pytest.mark.parametrize(
    ("was", "now", "found"),
    [
        ("profile.designation ==", "profile.designated ==", "profile has no member 'designated'"),
        ("&& profile.crawls", "&& profile.crawls &&", "does not compile"),
        ("profile.provider.in_union !=", "profile.provider.in_the_union !=", "profile.provider has no 'in_the_union'"),
        ("profile.compute.done >", "profile.compute.used >", "profile.compute has no 'used'"),
        ("&& profile.crawls", "&& facts.crawls", "`profile` sees `profile` only, not `facts`"),
        ("{legacy_before}", "{legacy_since}", "unknown figure 'legacy_since'"),
        ("profile.scope.copyright_owed", "profile.scope.copyrigth_owed", "unknown step 'copyrigth_owed'"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(
    errors_with: Callable[[str, str, str], list[str]], was: str, now: str, found: str
) -> None:
    assert any("eu-gpai-code/2025-07-10" in line and found in line for line in errors_with(SCOPE, was, now))


def test_a_gate_that_asks_for_an_answer_nobody_gives_is_refused(
    errors_with: Callable[[str, str, str], list[str]],
) -> None:
    now = "applies_when: profile.scope.safety_and_security && "
    errors = errors_with("gates/pre-placement.yaml", "applies_when: ", now)
    assert any("profile.scope has no 'safety_and_security'" in line for line in errors)
