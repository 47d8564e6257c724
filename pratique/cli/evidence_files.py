"""`pratique evidence verify`: are the files what they were? Reads this machine's data, not the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson
from pratique.cli.output import note, say, say_json
from pratique.cli.progress import files_bar
from pratique.cli.verify import load_settings

_MIB = 1024**2

VERIFY_EXAMPLES = (
    "pratique evidence verify",
    "PRATIQUE_FILES=s3://evidence/pratique pratique evidence verify --threads 8 --json",
)
VERIFY_AFTER = "Exit code 0: every file is what it was. 1: each that is not is named on stderr, with its evidence."


def verify_evidence(
    data_dir: Annotated[
        Path | None, typer.Option(help="Data folder to check. Default: PRATIQUE_DATA_DIR.", show_default=False)
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=64, help="Files hashed at once. Default: one per core.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hash every evidence file of the ledger again; nothing else is looked at, and nothing is changed."""
    from pratique.services.file_check import verify_files  # SQLAlchemy with it

    settings = load_settings(**({"data_dir": data_dir} if data_dir else {}))
    with files_bar() as progress:
        report = verify_files(settings, progress, threads=threads)
    if as_json:
        say_json(report.as_json())
    else:
        rate = report.bytes / _MIB / max(report.seconds, 1e-9)
        say(f"{report.files} files, {report.bytes / _MIB:.1f} MiB, {rate:.0f} MiB/s, {report.purged} purged")
        for line in (*report.unusable, *(line for problem in report.problems for line in problem.lines())):
            note(line)
        wrong = len(report.problems) + len(report.unusable)
        say("every file is what it was" if report.ok else f"{wrong} {'file is' if wrong == 1 else 'files are'} not")
    raise typer.Exit(ExitCode.CLEARED if report.ok else ExitCode.ERROR)
