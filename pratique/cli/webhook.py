"""`pratique webhook`: who is told outside, what became of each message, adding, pausing, trying out, sending again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson, TokenFile, Url, examples, new_app
from pratique.cli.output import note, say, say_json, say_table
from pratique.cli.session import connect
from pratique.errors import ConfigError, ConflictError

if TYPE_CHECKING:
    from pratique.answers import Subscriptions

app = new_app("Who is told outside of what happens at gates: see it, add, pause, try out, send again.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of a subscription.")]
Message = Annotated[str, typer.Argument(metavar="MESSAGE", help="Id of a message, as `webhook deliveries` shows it.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept in the journal.", show_default=False)]


@app.command("list", epilog=examples("pratique webhook list", "pratique webhook list --json"))
def list_subscriptions(url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List subscriptions with their state."""
    items = connect(url, token_file, "admin").subscriptions.list()
    if as_json:
        say_json({"items": items})
        return
    rows = [
        (one["name"], one["kind"], one["host"], one["state"], str(one["waiting"]), str(one["dead"]), one["reason"])
        for one in items
    ]
    heads = ("NAME", "KIND", "HOST", "STATE", "WAITING", "DEAD", "REASON")
    say_table(heads, rows, empty="the configuration has no subscription")


@app.command(
    epilog=examples(
        "pratique webhook add chat --url https://chat.example/in --secret-env CHAT_WEBHOOK_SECRET --event cleared",
        after="Writes a file of the overlay folder (PRATIQUE_OVERLAY_DIR) on this machine; the engine reads it when it "
        "starts. A secret is named, never given.",
    )
)
def add(
    name: Name,
    to: Annotated[str, typer.Option("--url", help="Where to: https.")],
    secret_env: Annotated[str | None, typer.Option(help="Variable that holds the secret, whsec_...")] = None,
    secret_file: Annotated[Path | None, typer.Option(help="File that holds the secret, whsec_...")] = None,
    event: Annotated[list[str] | None, typer.Option(help="Only these, such as cleared. Repeatable.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only of these models. Repeatable.")] = None,
    gate: Annotated[list[str] | None, typer.Option(help="Only of these gates. Repeatable.")] = None,
) -> None:
    """Add a subscription to the configuration of this machine."""
    place = {"env": secret_env, "file": str(secret_file) if secret_file is not None else None}
    wanted = {"events": event, "models": model, "gates": gate}
    _write(
        {
            "format": "pratique.subscription/1",
            "name": name,
            "kind": "webhook",
            "url": to,
            "secrets": [{key: value for key, value in place.items() if value is not None}],
            "filter": {key: value for key, value in wanted.items() if value},
        }
    )


@app.command(epilog=examples("pratique webhook lint"))
def lint(as_json: AsJson = False) -> None:
    """Check every subscription of the configuration on this machine; every error is shown at once."""
    found = _loaded()
    if as_json:
        say_json({"subscriptions": sorted(found.by_name), "warnings": list(found.warnings)})
        return
    for warning in found.warnings:
        note(f"warning: {warning}")
    say(f"{len(found.by_name)} subscriptions{': ' if found.by_name else ''}{', '.join(sorted(found.by_name))}")


@app.command(epilog=examples("pratique webhook pause chat --reason 'The receiver moves.'"))
def pause(name: Name, reason: Reason, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Send nothing to a subscription until it goes on; what comes meanwhile waits."""
    _say_state(connect(url, token_file, "admin").subscriptions.pause(name, reason), as_json=as_json)


@app.command(epilog=examples("pratique webhook resume chat --reason 'It moved.'"))
def resume(name: Name, reason: Reason, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Have a subscription go on."""
    _say_state(connect(url, token_file, "admin").subscriptions.resume(name, reason), as_json=as_json)


@app.command(
    "test", epilog=examples("pratique webhook test chat", after="`webhook show MESSAGE` tells what came of it.")
)
def try_out(name: Name, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Have a message sent that says nothing of any gate."""
    _say_message(connect(url, token_file, "admin").subscriptions.test(name), as_json=as_json)


@app.command(epilog=examples("pratique webhook deliveries --state dead", "pratique webhook deliveries --name chat"))
def deliveries(
    state: Annotated[
        str | None, typer.Option(help="waiting, delivered, dead or cancelled.", show_default=False)
    ] = None,
    name: Annotated[str | None, typer.Option(help="Only to this subscription.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=500)] = 50,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """List messages, newest first."""
    items = connect(url, token_file, "admin").subscriptions.newest(limit, state=state, subscription=name)
    if as_json:
        say_json({"items": items})
        return
    rows = [
        (one["id"], one["subscription"], one["type"], one["state"], str(one["attempts"]), one["reason"])
        for one in items
    ]
    heads = ("MESSAGE", "SUBSCRIPTION", "TYPE", "STATE", "ATTEMPTS", "REASON")
    say_table(heads, rows, empty="there is no such message")


@app.command(epilog=examples("pratique webhook show 0198c2..."))
def show(message: Message, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Show a message with every attempt at it."""
    _say_message(connect(url, token_file, "admin").subscriptions.show(message), as_json=as_json)


@app.command(epilog=examples("pratique webhook replay 0198c2..."))
def replay(message: Message, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Have a dead or delivered message sent again, under its own id and with the same body."""
    _say_message(connect(url, token_file, "admin").subscriptions.replay(message), as_json=as_json)


def _loaded() -> Subscriptions:
    from pratique.bootstrap import subscriptions_of  # what the engine itself does
    from pratique.cli.verify import load_settings

    return subscriptions_of(load_settings())


def _write(wanted: dict[str, Any]) -> None:
    import yaml

    from pratique.answers import Secrets, load_subscriptions
    from pratique.cli.verify import load_settings

    overlay = load_settings().overlay_dir
    if overlay is None:
        raise ConfigError(["PRATIQUE_OVERLAY_DIR is not set"], hint="files of your own go into an overlay folder")
    folder = overlay / "subscriptions"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{Path(wanted['name']).name}.yaml"
    try:
        with path.open("x") as file:
            yaml.safe_dump(wanted, file, sort_keys=False)
    except FileExistsError:
        raise ConflictError(f"{path} is there already", hint="change the file, or name another") from None
    try:
        found = load_subscriptions({"": folder}, Secrets())
    except ConfigError:
        path.unlink()
        raise
    for warning in found.warnings:
        note(f"warning: {warning}")
    say(f"wrote {path}; the engine reads it when it starts")


def _say_state(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(found)
    else:
        say(f"{found['name']}: {found['state']}; {found['waiting']} waiting, {found['dead']} dead")


def _say_message(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(found)
    else:
        say(f"{found['id']} to {found['subscription']}: {found['type']}, {found['state']}")
        for one in found["log"]:
            said = f"  {one['number']}. {one['at']} {one['outcome']}: {one['reason']} ({one['milliseconds']} ms)"
            say(said)
    if found["state"] == "dead":
        raise typer.Exit(ExitCode.ERROR)
