"""`pratique verify`: does the ledger prove itself? Reads this machine's data, not the engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson
from pratique.cli.output import note, say, say_json
from pratique.cli.progress import step_bar
from pratique.errors import ConfigError

if TYPE_CHECKING:
    from pratique.settings import Settings


def verify(
    data_dir: Annotated[
        Path | None, typer.Option(help="Data folder to check. Default: PRATIQUE_DATA_DIR.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the journal's chain, replay it against the stored rows, and hash every evidence file again."""
    from pratique.services.verify import verify_ledger  # the whole ledger, and SQLAlchemy with it

    settings = load_settings(**({"data_dir": data_dir} if data_dir else {}))
    with step_bar() as progress:
        report = verify_ledger(settings, progress)
    if as_json:
        say_json({"ok": report.ok, "counts": report.counts, "problems": report.problems})
    else:
        say(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in report.counts.items()))
        for problem in report.problems:
            note(problem)
        count = len(report.problems)
        wrong = f"the ledger is not intact: {count} problem{'s' if count != 1 else ''}"
        say("the ledger agrees with itself" if report.ok else wrong)
    raise typer.Exit(ExitCode.CLEARED if report.ok else ExitCode.ERROR)


def load_settings(**given: Any) -> Settings:
    """Return the settings of this machine.

    Raises:
        ConfigError: a variable is wrong; names each.
    """
    from pydantic import ValidationError  # with the settings, never for commands that CI runs

    from pratique.settings import Settings

    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [f"PRATIQUE_{'__'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors()]
        raise ConfigError(lines) from None
