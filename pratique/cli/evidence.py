"""`pratique evidence`: add files, list what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pratique.cli import evidence_attesting, evidence_files, evidence_keeping
from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson, Subject, TokenFile, Url, examples, new_app
from pratique.cli.output import SHORT_DIGEST_CHARS, note, say, say_json, say_table, show_error
from pratique.cli.progress import upload_bar
from pratique.cli.session import connect
from pratique.errors import InvalidInputError, PratiqueError

if TYPE_CHECKING:
    from pratique.client.sync_client import Client
    from pratique.client.views import Evidence

app = new_app("Submit evidence files, see what the engine read in them, and keep them.")


@app.command(
    epilog=examples(
        "pratique evidence add aurora/2.1 logs/*.eval",
        "pratique evidence add aurora/2.1 goal.json --requirement security-goal",
        "pratique evidence add aurora/2.1 goal-v2.json --revises 0198c2d4-...",
        after="Facts come from the file itself. Each file travels with its digest, and is refused if it arrives "
        "changed. Exit code 1 if any file was refused; the others are kept.",
    )
)
def add(
    subject: Subject,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files, as the tools wrote them.")],
    requirement: Annotated[
        str | None,
        typer.Option(help="Requirement they are meant for. Without it the engine finds out.", show_default=False),
    ] = None,
    revises: Annotated[
        str | None,
        typer.Option(help="Id of the evidence that the file replaces; of one file alone.", show_default=False),
    ] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Send files as evidence for a model version."""
    if revises is not None and len(files) > 1:
        raise InvalidInputError("--revises names what one file replaces; several files were given")
    client = connect(url, token_file, "pipeline")
    added: list[Evidence] = []
    refused = 0
    for file in files:
        try:
            added.append(_sent(client, file, subject.model, subject.version, requirement, revises))
        except InvalidInputError as error:  # of this file; the next may be fine
            refused += 1
            note(f"{file} was refused")
            show_error(error, as_json=as_json)
            continue
        except PratiqueError as error:
            error.message = f"{file} was not sent: {error.message}"
            raise
        if not as_json:
            say(_line(added[-1]))
    if as_json:
        say_json({"items": [item.raw for item in added]})
    if refused:
        raise typer.Exit(ExitCode.ERROR)


@app.command("list", epilog=examples("pratique evidence list aurora/2.1"))
def list_evidence(subject: Subject, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List the evidence of a model version."""
    found = list(connect(url, token_file, "pipeline").evidence(subject.model, subject.version))
    if as_json:
        say_json({"items": [item.raw for item in found]})
        return
    rows = [
        (
            item.received_at,
            item.filename,
            item.kind,
            item.reading,
            item.complete,
            item.sha256[:SHORT_DIGEST_CHARS],
            item.id,
        )
        for item in found
    ]
    headings = ("RECEIVED", "FILE", "KIND", "READING", "COMPLETE", "SHA-256", "ID")
    say_table(headings, rows, empty=f"there is no evidence for {subject} yet")


def _sent(
    client: Client, file: Path, model: str, version: str, requirement: str | None, revises: str | None
) -> Evidence:
    with upload_bar(file.name) as bar:
        return client.add_evidence(file, model, version, requirement, revises=revises, progress=bar)


def _line(item: Evidence) -> str:
    why = f" ({item.reading_reason})" if item.reading_reason else ""
    incomplete = "" if item.complete in {None, True} else ", incomplete"
    kind = f" as {item.kind}" if item.kind else ""
    return f"{item.filename}  {item.sha256[:SHORT_DIGEST_CHARS]}  {item.reading}{why}{kind}{incomplete}"


app.command("verify", epilog=examples(*evidence_files.VERIFY_EXAMPLES, after=evidence_files.VERIFY_AFTER))(
    evidence_files.verify_evidence
)
evidence_keeping.add_to(app)
evidence_attesting.add_to(app)
