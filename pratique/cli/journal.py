"""`pratique journal`: what happened, in order."""

from __future__ import annotations

from typing import Annotated

import typer

from pratique.cli.options import AsJson, TokenFile, Url
from pratique.cli.output import note, say_json, say_table
from pratique.cli.session import connect


def journal(
    after: Annotated[int, typer.Option(help="Start after this sequence number.", min=0)] = 0,
    limit: Annotated[int, typer.Option(help="How many entries.", min=1, max=1000)] = 100,
    subject: Annotated[str | None, typer.Option(help="Only entries on this subject.", show_default=False)] = None,
    tag: Annotated[str | None, typer.Option(help="Only entries with this tag.", show_default=False)] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Read the journal in its order."""
    page = connect(url, token_file, "pipeline").journal(after, limit, subject, tag)
    if as_json:
        say_json({"entries": list(page.entries), "next": page.next})
        return
    rows = []
    for item in page.entries:
        entry = item["entry"]
        rows.append((item["seq"], entry.get("at"), entry.get("tag"), entry.get("subject"), entry.get("actor")))
    say_table(("SEQ", "AT", "TAG", "SUBJECT", "ACTOR"), rows, empty="no entry matches")
    if page.next is not None:
        note(f"more: --after {page.next}")
