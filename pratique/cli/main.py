"""The `pratique` command."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from pratique import __version__
from pratique.cli import (
    clock,
    collector,
    compute,
    evidence,
    gate,
    hook,
    incident,
    key,
    lint,
    model,
    occurrence,
    provider,
    regime,
    replay,
    request,
    requiring,
    risk,
    scope,
    sheet,
    signature,
    snapshot,
    source,
    token,
    try_gate,
    webhook,
)
from pratique.cli.exits import ExitCode
from pratique.cli.journal import journal
from pratique.cli.options import AsJson, examples, new_app
from pratique.cli.output import say, say_json, show_error
from pratique.cli.token import login_link
from pratique.cli.verify import load_settings, verify
from pratique.errors import PratiqueError

app = new_app(
    "Drive general-purpose AI model versions through compliance gates, and keep the proof.\n\n"
    "Pratique says what was shown, by whom and when, and what that does not prove."
)
app.add_typer(gate.app, name="gate")
gate.app.command(epilog=examples(*requiring.EXAMPLES, after=requiring.AFTER))(requiring.require)
gate.app.command(epilog=examples(*sheet.EXAMPLES))(sheet.sheet)
gate.app.command(epilog=examples(*lint.EXAMPLES, after=lint.AFTER))(lint.lint)
gate.app.command("try", epilog=examples(*try_gate.EXAMPLES, after=try_gate.AFTER))(try_gate.try_gate)
gate.app.command(epilog=examples(*replay.EXAMPLES, after=replay.AFTER))(replay.replay)
app.add_typer(model.app, name="model")
app.add_typer(evidence.app, name="evidence")
evidence.app.command(epilog=snapshot.EPILOG)(snapshot.snapshot)
evidence.app.command(epilog=examples(*signature.EXAMPLES, after=signature.AFTER))(signature.check_signature)
app.add_typer(key.app, name="key")
app.add_typer(collector.app, name="collector")
app.add_typer(risk.app, name="risk")
app.add_typer(regime.app, name="regime")
app.add_typer(provider.app, name="provider")
app.add_typer(scope.app, name="scope")
app.add_typer(compute.app, name="compute")
app.add_typer(occurrence.app, name="occurrence")
app.add_typer(clock.app, name="clock")
app.add_typer(hook.app, name="hook")
app.add_typer(webhook.app, name="webhook")
app.add_typer(source.app, name="source")
app.add_typer(incident.app, name="incident")
app.add_typer(request.app, name="request")
app.command(
    epilog=examples("pratique journal --tag gate:decision:made", "pratique journal --after 1200 --json | jq .entries")
)(journal)
app.command(
    epilog=examples(
        "pratique verify",
        "pratique verify --data-dir /backup/pratique --json",
        after="Exit code 0: all agrees. 1: each entry, row or file that differs is named on stderr.",
    )
)(verify)
app.add_typer(token.app, name="token")
app.command("login-link", epilog=examples("pratique login-link mira"))(login_link)


@app.command(epilog=examples("pratique up", "PRATIQUE_DATA_DIR=./data PRATIQUE_PORT=9000 pratique up --no-prefect"))
def up(
    with_prefect: Annotated[bool, typer.Option("--prefect/--no-prefect", help="Start the Prefect server.")] = True,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Start a worker.")] = True,
) -> None:
    """Run engine, worker and Prefect server on this machine until Ctrl-C."""
    from pratique.cli.up import run  # the supervisor, its settings and all they import

    load_settings()
    raise typer.Exit(run(with_prefect=with_prefect, with_worker=with_worker))


@app.command()
def version(as_json: AsJson = False) -> None:
    """Print the version."""
    if as_json:
        say_json({"version": __version__})
    else:
        say(f"pratique {__version__}")


def main() -> NoReturn:
    """Run the command line; every error raised on purpose ends as text on stderr and exit code 1."""
    try:
        app()
    except PratiqueError as error:
        show_error(error, as_json="--json" in sys.argv[1:])
    sys.exit(ExitCode.ERROR)


if __name__ == "__main__":
    main()
