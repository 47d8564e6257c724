"""`pratique evidence snapshot`: the engine captures a public page."""

from __future__ import annotations

from typing import Annotated

import typer

from pratique.cli.options import AsJson, Subject, TokenFile, Url, examples
from pratique.cli.output import SHORT_DIGEST_CHARS, say, say_json
from pratique.cli.session import connect

EPILOG = examples(
    "pratique evidence snapshot aurora/2.1 https://acme.example/framework --requirement published-framework",
    after="The engine fetches the page, not this machine. Whatever the site answers is kept; only a page that was "
    "there and held something counts.",
)


def snapshot(
    subject: Subject,
    page: Annotated[str, typer.Argument(metavar="PAGE", help="Address of the page; https.")],
    requirement: Annotated[
        str | None,
        typer.Option(help="Requirement it is meant for. Without it the engine finds out.", show_default=False),
    ] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Have the engine capture a public page as evidence for a model version."""
    found = connect(url, token_file, "pipeline").snapshots.take(page, subject.model, subject.version, requirement)
    if as_json:
        say_json(found.raw)
        return
    why = f", incomplete: {found.raw.get('incomplete_reason')}" if not found.complete else ""
    say(f"{found.filename}  {found.sha256[:SHORT_DIGEST_CHARS]}  captured{why}")
