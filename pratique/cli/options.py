"""The options and arguments that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pratique.cli import values

Subject = Annotated[
    values.ModelVersion,
    typer.Argument(parser=values.model_version, metavar="MODEL/VERSION", help="The model version, such as aurora/2.1."),
]
GateName = Annotated[str, typer.Argument(metavar="GATE", help="Id of the gate, such as pre-placement.")]
Occasion = Annotated[
    str | None,
    typer.Option(help="Which run of the gate: one per occasion. Without it, the latest.", show_default=False),
]
Reason = Annotated[str, typer.Option(help="Why, in your own words. It is kept in the journal for good.")]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", help="Address of the engine. Default: PRATIQUE_URL, else http://127.0.0.1:8470.", show_default=False
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        help="File with the token. Default: PRATIQUE_TOKEN, PRATIQUE_TOKEN_FILE, else this machine's own engine's.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and errors as problem documents.")]


def examples(*lines: str, after: str = "") -> str:
    r"""Return an epilog that shows commands as they are typed (`\b` keeps the lines as they are)."""
    shown = "\n".join(f"  {line}" for line in lines)
    return f"\b\nExamples:\n{shown}" + (f"\n\n{after}" if after else "")


def new_app(help_text: str) -> typer.Typer:
    """Return a group of commands. Plain help and plain traces: both of Rich's cost start-up time."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
