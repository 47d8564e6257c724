"""`pratique token` and `pratique login-link`: who may call the engine. Both need an admin's token."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pratique.cli.options import AsJson, TokenFile, Url, examples, new_app
from pratique.cli.output import note, say, say_json, say_table
from pratique.cli.session import connect
from pratique.errors import InvalidInputError

app = new_app("Make, list and revoke the tokens that pipelines, people and workers call the engine with.")


class Kind(StrEnum):
    """What a token is for."""

    PIPELINE = "pipeline"
    PERSON = "person"
    WORKER = "worker"
    ADMIN = "admin"


@app.command(
    epilog=examples(
        "pratique token create ci --kind pipeline --person mira --out ci.token",
        "pratique token create jonas-laptop --kind person --person jonas --out jonas.token",
        after="A pipeline's token can never decide. The secret is shown once; --out keeps it off the screen.",
    )
)
def create(
    label: Annotated[str, typer.Argument(help="What it is for, so that it can be told from others later.")],
    kind: Annotated[Kind, typer.Option(help="What may be done with it.")],
    person: Annotated[str | None, typer.Option(help="Id of the person who answers for it.", show_default=False)] = None,
    scope: Annotated[list[str] | None, typer.Option(help="Narrow it to a scope. Repeatable.")] = None,
    expires_in_days: Annotated[
        int | None,
        typer.Option(
            help="Ends by itself; a person's or admin's token after 366 days when this is left out.",
            min=1,
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the secret to this new file, mode 0600.")] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a token."""
    client = connect(url, token_file, "admin")
    if out is not None and out.exists():
        raise InvalidInputError(f"{out} exists; a token is written to a new file only")
    issued = client.create_token(label, kind.value, person, scope or None, expires_in_days)
    if out is not None:
        _write_secret(out, issued.token)
        note(f"token {issued.id} is in {out}")
    if as_json:
        say_json({name: value for name, value in issued.raw.items() if out is None or name != "token"})
    elif out is None:
        note(f"token {issued.id}; it is shown only now:")
        say(issued.token)


@app.command("list")
def list_tokens(url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List tokens, without their secrets."""
    found = connect(url, token_file, "admin").tokens()
    if as_json:
        say_json({"items": found})
        return
    names = ("id", "label", "kind", "person", "expires_at", "revoked_at")
    rows = [[item.get(name) for name in names] for item in found]
    say_table([name.upper().replace("_AT", "") for name in names], rows, empty="there are no tokens")


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="Id of the token, as `token list` shows it.")],
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """End a token at once."""
    connect(url, token_file, "admin").revoke_token(token)
    if as_json:
        say_json({"id": token, "is_revoked": True})
    else:
        say(f"token {token} is revoked")


def login_link(
    person: Annotated[str, typer.Argument(help="Id of the person, as in people.yaml.")],
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a link that signs a person in to the dashboard, once."""
    link = connect(url, token_file, "admin").login_link(person)
    if as_json:
        say_json({"url": link.url, "expires_at": link.expires_at})
        return
    say(link.url)
    note(f"works once, until {link.expires_at}")


def _write_secret(path: Path, secret: str) -> None:
    # Made with its mode, so that there is no moment at which others can read it.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(f"{secret}\n")
