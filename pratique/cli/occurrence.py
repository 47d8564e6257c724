"""`pratique occurrence`: what happened, or is planned, that time limits run from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from pratique.cli import values
from pratique.cli.options import AsJson, Reason, TokenFile, Url, examples, new_app
from pratique.cli.output import say, say_json, say_table
from pratique.cli.session import connect

app = new_app("Say what happened, or is planned; time limits are counted from it.")

Why = Annotated[str, typer.Option(help="How that is known. It is kept in the journal for good.")]
At = Annotated[
    str | None,
    typer.Option(
        help="When: 3h (ago), 2026-12-01 (its beginning, UTC) or a full time. Default: now.", show_default=False
    ),
]
OptionalSubject = Annotated[
    values.ModelVersion | None,
    typer.Option(
        "--model",
        parser=values.model_version,
        metavar="MODEL/VERSION",
        help="The model version. Without it: the provider, and so every model version.",
        show_default=False,
    ),
]


@app.command(
    epilog=examples(
        'pratique occurrence record placement_planned --model aurora/2.1 --at 2027-03-01 --why "Launch plan v4"',
        'pratique occurrence record framework_confirmed --why "Board minutes of 20 November"',
        'pratique occurrence record change_planned --model aurora/2.1 --about ctx-1m --at 2027-02-01 --why "Roadmap"',
    )
)
def record(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="What it is, such as placement_planned, placed.")],
    why: Why,
    model: OptionalSubject = None,
    at: At = None,
    about: Annotated[
        str | None, typer.Option(help="The incident, request, change or evaluation it belongs to.", show_default=False)
    ] = None,
    data: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="What else it says. Repeatable.")] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record what happened, or is planned."""
    version = (model.model, model.version) if model is not None else None
    made = connect(url, token_file, "pipeline").clocks.record(
        kind,
        why=why,
        version=version,
        at=values.past(at, datetime.now(UTC)),
        about=about,
        data=values.facts(data or []),
    )
    if as_json:
        say_json(made)
    else:
        say(f"recorded: {kind.replace('_', ' ')} at {made['at']} ({made['id']})")


@app.command(
    epilog=examples(
        'pratique occurrence withdraw 0198c2... --reason "It was another model"',
        after="Needs a person's token. It stays in the journal, and time limits are counted as if it had not been.",
    )
)
def withdraw(
    occurrence: Annotated[str, typer.Argument(metavar="OCCURRENCE", help="Id of the occurrence.")],
    reason: Reason,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Say that an occurrence was recorded wrongly."""
    found = connect(url, token_file, "person").clocks.withdraw(occurrence, reason)
    if as_json:
        say_json(found)
    else:
        say(f"withdrawn: {found['kind'].replace('_', ' ')} of {found['at']}")


@app.command("list", epilog=examples("pratique occurrence list --model aurora/2.1"))
def list_occurrences(
    model: OptionalSubject = None, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """List what happened, newest first."""
    version = (model.model, model.version) if model is not None else None
    found = list(connect(url, token_file, "pipeline").clocks.occurrences(version))
    if as_json:
        say_json({"items": found, "next": None})
        return
    rows = [
        (item["at"], item["kind"], item["about"], item["person"], item["withdrawn_at"], item["why"], item["id"])
        for item in found
    ]
    headings = ("AT", "WHAT", "ABOUT", "SAID BY", "WITHDRAWN", "WHY", "OCCURRENCE")
    say_table(headings, rows, empty="nothing is recorded")
