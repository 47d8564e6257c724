"""`pratique evidence`: add files, list what is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pratique.cli import evidence_attesting, evidence_files, evidence_keeping
from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson, Subject, TokenFile, Url, examples, new_app
from pratique.cli.output import SHORT_DIGEST_CHARS, note, say, say_json, say_table, show_error
from pratique.cli.progress import upload_bars
from pratique.cli.session import connect
from pratique.errors import InvalidInputError

if TYPE_CHECKING:
    from pratique.cli.values import ModelVersion
    from pratique.client.sync_client import Client
    from pratique.client.uploading import Sent
    from pratique.client.views import Evidence

app = new_app("Submit evidence files, see what the engine read in them, and keep them.")


@app.command(
    epilog=examples(
        "pratique evidence add aurora/2.1 logs/*.eval",
        "pratique evidence add aurora/2.1 goal.json --requirement security-goal",
        "pratique evidence add aurora/2.1 goal-v2.json --revises 0198c2d4-...",
        after="Facts come from the file itself. Each file travels with its digest, and is refused if it arrives "
        "changed. A large file goes on where a broken connection left it, when it is added again, too. "
        "Exit code 1 if any file was refused; the others are kept.",
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
    at_once: Annotated[int, typer.Option(min=1, max=32, help="Files under way at one moment.")] = 4,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Send files as evidence for a model version."""
    if revises is not None and len(files) > 1:
        raise InvalidInputError("--revises names what one file replaces; several files were given")
    client = connect(url, token_file, "pipeline")
    sent = _sent(client, files, subject, requirement, revises, at_once)
    added = [one.evidence for one in sent if one.evidence is not None]
    refused = [one for one in sent if isinstance(one.error, InvalidInputError)]
    if not as_json:
        for item in added:
            say(_line(item))
    for one in refused:  # the others may be fine
        note(f"{one.path} was refused")
        if one.error is not None:
            show_error(one.error, as_json=as_json)
    for one in sent:
        if one.error is not None and one not in refused:
            one.error.message = f"{one.path} was not sent: {one.error.message}"
            raise one.error
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
    client: Client,
    files: list[Path],
    subject: ModelVersion,
    requirement: str | None,
    revises: str | None,
    at_once: int,
) -> Sequence[Sent]:
    from pratique.client.uploading import EvidenceNotAddedError, Sent  # loaded with the client, not with the help

    with upload_bars() as tell:
        try:
            added = client.evidence.add(
                files, subject.model, subject.version, requirement, revises=revises, at_once=at_once, progress=tell
            )
        except EvidenceNotAddedError as error:
            return error.sent
    return [Sent(path=path, evidence=item) for path, item in zip(files, added, strict=True)]


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
