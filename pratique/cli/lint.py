"""`pratique gate lint`: gate files checked before an engine loads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson
from pratique.cli.output import note, say, say_json
from pratique.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from pratique.regimes.linting import LintReport

EXAMPLES = ("pratique gate lint", "pratique gate lint gates/my-gate.yaml", "pratique gate lint ./rules --json")
AFTER = (
    "Exit code 0: sound, with or without warnings. 1: every error is printed, a line each: file, key, found, expected. "
    "Asks no engine. --strict makes warnings count as errors."
)


def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILES|DIR]",
            help="Gate files, checked as if they stood in the configuration; or an overlay, or a whole configuration. "
            "Without any: what an engine on this machine would load.",
            show_default=False,
        ),
    ] = None,
    is_strict: Annotated[bool, typer.Option("--strict", help="End with 1 where there is a warning, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check gate files: every error at once, and a warning for what is sound but hardly meant."""
    report = _report(paths or [])
    if as_json:
        say_json(report.as_json())
    else:
        for problem in report.problems:
            say(problem.line)
        for smell in report.smells:
            note(f"warning: {smell.line}")
        _say_counts(report)
    if report.problems or (is_strict and report.smells):
        raise typer.Exit(ExitCode.ERROR)


def _say_counts(report: LintReport) -> None:
    gates = f"{len(report.gates)} gate{_s(report.gates)}, {report.expressions} expressions"
    warned = f", {len(report.smells)} warning{_s(report.smells)}" if report.smells else ""
    if report.problems:
        note(f"not sound: {len(report.problems)} error{_s(report.problems)}{warned} in {gates}")
    else:
        say(f"sound: {gates}{warned}")


def _s(items: tuple[object, ...]) -> str:
    return "" if len(items) == 1 else "s"


def _report(paths: list[Path]) -> LintReport:
    from pratique.cli.regime import config_dirs  # with the rules; help and version do without
    from pratique.collectors import build_registry
    from pratique.criteria import CelCriteria
    from pratique.regimes.linting import lint_gates

    for path in paths:
        if not path.exists():
            raise NotFoundError(f"there is no file or folder {path}")
    folders = [path for path in paths if path.is_dir()]
    if folders and len(paths) > 1:
        raise InvalidInputError("found a folder beside other paths, expected one folder, or files")
    config_dir, overlay_dir = config_dirs(folders[0] if folders else None)
    return lint_gates(
        config_dir,
        criteria=CelCriteria(),
        collectors=build_registry(),
        overlay_dir=overlay_dir,
        given=[path for path in paths if path.is_file()],
    )
