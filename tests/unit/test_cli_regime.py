"""`pratique regime` works from the files alone; only `adopt` needs an engine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pratique.bootstrap import build_parts, only_engine, open_parts
from pratique.cli.main import main
from pratique.project import config_root
from pratique.services.verify import verify_ledger
from pratique.settings import Settings
from pratique.web.serve import main as serve

FINAL, DRAFT = "eu-gpai-code@2025-07-10", "eu-gpai-code@draft-1"


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture(name="run")
def run_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line as a shell gives it, on a machine where no engine runs."""
    monkeypatch.setenv("PRATIQUE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PRATIQUE_URL", "http://127.0.0.1:9")

    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["pratique", "regime", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call


def test_editions_are_listed_with_their_digests(run: Run) -> None:
    items = {item["edition"]: item for item in run("list", "--json").json["items"]}
    assert sorted(items) == [FINAL, DRAFT]
    assert (items[FINAL]["measures"], items[FINAL]["from"], len(items[FINAL]["digest"])) == (40, "shipped", 64)
    assert items[DRAFT]["gates"] == 0
    assert "EU General-Purpose AI Code of Practice (final)" in run("list").out


def test_an_edition_shows_every_measure_and_an_item_its_source(run: Run) -> None:
    shown = run("show", FINAL).out
    assert all(f"    {measure}  " in shown for measure in ("T-1.1", "C-1.5", "S-10.2"))
    measure = run("show", FINAL, "S-3.2").out
    assert measure.startswith("measure S-3.2  Model evaluations\n")
    assert "  source: SRC-SS-PDF, Safety and Security chapter, Measure 3.2, text of 2025-07-10\n" in measure
    assert "  requirements: " in measure
    assert run("show", FINAL, "cbrn", "--json").json["items"][0]["kind"] == "risk"
    missing = run("show", FINAL, "S-99.1")
    assert (missing.code, "has no item 'S-99.1'" in missing.err) == (1, True)
    assert run("show", "eu-gpai-code@1999").code == 1


def test_what_was_not_verified_is_marked(run: Run) -> None:
    edition = run("show", FINAL, "--json").json
    doubtful = next(rule for rule in edition["deadlines"] if not rule["verified"])
    shown = run("show", FINAL, doubtful["id"]).out
    assert f"deadline {doubtful['id']}  [not verified]" in shown


def test_the_shipped_rules_are_sound(run: Run) -> None:
    ended = run("lint", "--json")
    assert (ended.code, ended.json["ok"], ended.json["errors"]) == (0, True, [])
    assert ended.json["counts"]["editions"] == 2


def test_lint_shows_every_error_of_a_whole_configuration(run: Run, tmp_path: Path) -> None:
    shutil.copytree(config_root(), tmp_path / "config")
    placement = tmp_path / "config/gates/placement.yaml"
    placement.write_text(placement.read_text().replace("stage: deployment", "stage: lunch"))
    acts = tmp_path / "config/regimes/eu-gpai-code/2025-07-10/acts.yaml"
    acts.write_text(acts.read_text().replace("SRC-ACT-2024", "SRC-NOWHERE", 1))
    ended = run("lint", str(tmp_path / "config"))
    assert ended.code == 1
    lines = ended.out.splitlines()
    assert any(line.startswith('gates/placement.yaml: stage: found "lunch", expected') for line in lines)
    assert any("found 'SRC-NOWHERE', expected one of" in line for line in lines)
    assert f"not sound: {len(lines)} errors" in ended.err
    assert run("lint", str(tmp_path / "config"), "--json").json["errors"] == lines


def test_lint_checks_an_overlay_with_the_shipped_rules(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rules/gates").mkdir(parents=True)
    overlay = tmp_path / "rules/gates/mine.yaml"
    overlay.write_text(
        "format: pratique.gate-overlay/1\ngate: placement\nbecause: We want more.\nsign_off: {roles: {executive: 2}}\n"
    )
    assert run("lint", str(tmp_path / "rules")).code == 0
    overlay.write_text(overlay.read_text().replace("placement", "nowhere"))
    ended = run("lint", str(tmp_path / "rules"))
    assert ended.code == 1
    assert ended.out == "overlay/gates/mine.yaml: gate: found 'nowhere', which is no gate, expected the id of a gate\n"
    assert run("lint", str(tmp_path / "nothing")).code == 1


def test_diff_tells_what_became_of_each_risk_and_measure(run: Run) -> None:
    ended = run("diff", DRAFT, FINAL)
    assert ended.code == 0
    assert "merged risk automated_ai_rnd into loss_of_control" in ended.out
    assert "split measure G-1.1 into T-1.1, T-1.2, T-1.3" in ended.out
    assert "which open model versions it touches is not known" in ended.err
    changes = run("diff", DRAFT, FINAL, "--offline", "--json").json["changes"]
    assert {c["id"] for c in changes if c["kind"] == "risk"} >= {"cbrn", "large_scale_discrimination"}
    assert run("diff", FINAL, FINAL, "--offline").out.startswith("the same rules")


def test_adopting_needs_an_engine_and_an_admin(run: Run) -> None:
    ended = run("adopt", FINAL, "--dry-run")
    assert ended.code == 1
    assert "no token for the engine" in ended.err


def test_an_engine_refuses_files_that_changed_until_they_are_accepted(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An upgrade ships another gate: the engine names it and the ways out; the list is shown, then taken."""
    config, reason = tmp_path / "config", "Upgrade; release notes read"
    shutil.copytree(config_root(), config)
    monkeypatch.setenv("PRATIQUE_CONFIG_DIR", str(config))
    assert "there is no ledger" in run("accept-files", "--reason", reason).err
    start(Settings())
    assert run("accept-files", "--reason", reason).out == "nothing changes: the files are as they were adopted\n"
    placement, acts = config / "gates/placement.yaml", config / "regimes/eu-gpai-code/2025-07-10/acts.yaml"
    placement.write_text(placement.read_text().replace("\ntitle: ", "\ntitle: Another ", 1))
    acts.write_text(acts.read_text().replace("title: ", "title: Another ", 1))

    assert serve() == 1
    refusal = capsys.readouterr().err
    assert f"{FINAL} is not as it was adopted on " in refusal
    assert ": gates placement and the edition itself changed\n" in refusal
    assert "put the files back as they were" in refusal
    assert "`pratique regime accept-files --reason ...`" in refusal

    for words in ((), ("--reason", " "), ("--reason", "x" * 4001)):
        ended = run("accept-files", *words)
        assert (ended.code, "--reason: expected a text" in ended.err) == (1, True)
    rehearsed = run("accept-files", "--dry-run")
    assert "the edition itself is not as it was adopted" in rehearsed.out
    assert "changed gate placement (title)" in rehearsed.out
    assert "a rehearsal: nothing was changed" in rehearsed.err
    assert serve() == 1
    (accepted,) = run("accept-files", "--reason", reason, "--json").json["items"]
    assert (accepted["edition"], accepted["is_rehearsal"], [g["gate"] for g in accepted["gates"]]) == (
        FINAL,
        False,
        ["placement"],
    )
    start(Settings())
    assert verify_ledger(Settings()).problems == []


def start(settings: Settings) -> None:
    """Start an engine as far as its ledger, and stop it."""
    parts = build_parts(settings)
    with only_engine(settings):
        open_parts(parts)
        parts.ledger.close()
