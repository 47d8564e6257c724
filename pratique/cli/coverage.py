"""`pratique regime coverage`: what of an edition the gates ask for. It reads the configuration; no engine is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson
from pratique.cli.output import note, say, say_json
from pratique.cli.verify import load_settings

if TYPE_CHECKING:
    from pratique.regimes.coverage import Coverage, CoveredItem

ConfigDir = Annotated[
    Path | None,
    typer.Option("--config-dir", help="Another configuration. Default: PRATIQUE_CONFIG_DIR, or what is shipped."),
]

EXAMPLES = ("pratique regime coverage", "pratique regime coverage --json | jq '.measures[] | {id, gates}'")


def coverage(config_dir: ConfigDir = None, as_json: AsJson = False) -> None:
    """Print which requirement of which gate asks for each measure and security objective; fail where none does."""
    found = _found(config_dir)
    if as_json:
        say_json(found.as_json())
    else:
        _say(found)
    if not found.is_whole:
        raise typer.Exit(ExitCode.ERROR)


def _found(config_dir: Path | None) -> Coverage:
    # Imported here: only this command needs rules and their language.
    from pratique.criteria import CelCriteria
    from pratique.regimes import load_configuration
    from pratique.regimes.coverage import coverage_of, load_seed

    settings = load_settings()
    folder = config_dir or settings.config_dir
    loaded = load_configuration(
        folder,
        people_file=None,
        criteria=CelCriteria(),
        overlay_dir=settings.overlay_dir if config_dir is None else None,
    )
    return coverage_of(loaded.rulebook, load_seed(folder))


def _say(found: Coverage) -> None:
    say(f"{found.edition}: what each requirement asks for")
    for title, items in (("Measures", found.measures), ("Security objectives", found.objectives)):
        say("")
        say(f"{title}: {sum(item.is_covered for item in items)} of {len(items)} covered by enforced requirements")
        for item in items:
            _say_item(item)
    if found.seed:
        say("")
        say(f"First draft's own items: {len(found.seed)}")
        for seed in found.seed:
            say(f"{seed.id}  {seed.title}")
            say(f"    {', '.join(seed.requirements)}")
    for name in found.uncovered:
        note(f"uncovered: {name}")
    for line in found.unknown:
        note(f"unknown: {line}")


def _say_item(item: CoveredItem) -> None:
    say(f"{item.id}  {item.title}{'' if item.is_covered else '  UNCOVERED'}")
    for gate, reaches in item.by_gate().items():
        say(f"    {gate}: {', '.join(map(str, reaches))}")
