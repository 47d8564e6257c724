"""`pratique source`: what evidence is collected from, what is due, and collecting now."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson, Subject, TokenFile, Url, examples, new_app
from pratique.cli.output import say, say_json, say_table
from pratique.cli.session import connect

app = new_app("What evidence is collected from by itself: see it, see what is due, collect now.")

SourceId = Annotated[str, typer.Argument(metavar="SOURCE", help="Id of a source, such as eval-results.")]


@app.command("list", epilog=examples("pratique source list", "pratique source list --json"))
def list_sources(url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List sources, and how the last attempt ended for each model version."""
    items = connect(url, token_file, "pipeline").sources.list()
    if as_json:
        say_json({"items": items})
        return
    rows = []
    for one in items:
        for version in one["versions"] or [None]:
            last = version["last"] if version is not None else None
            named = f"{version['model']}/{version['version']}" if version is not None else "-"
            state, at, reason = (last[name] for name in ("state", "at", "reason")) if last else ("never", "-", "")
            rows.append((one["source"], one["kind"], named, state, at, reason))
    say_table(("SOURCE", "KIND", "VERSION", "LAST", "AT", "REASON"), rows, empty="no source is configured")


@app.command(epilog=examples("pratique source due", after="Needs the worker's token."))
def due(url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List what is to be fetched now, and why."""
    orders = connect(url, token_file, "worker").sources.due()
    if as_json:
        say_json({"items": [asdict(one) for one in orders]})
        return
    rows = [(one.source, f"{one.model}/{one.version}", "; ".join(one.because)) for one in orders]
    say_table(("SOURCE", "VERSION", "WHY"), rows, empty="nothing is due")


@app.command(
    epilog=examples(
        "pratique source collect eval-results aurora/2.1",
        after="Fetches from this machine, due or not. Needs the worker's token. Exit code 1: it failed.",
    )
)
def collect(
    source: SourceId, subject: Subject, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """Fetch from a source now, and hand over what it gives as evidence."""
    from pratique.egress import Egress
    from pratique.fetching.collect import collect as collect_order
    from pratique.settings import Settings

    client = connect(url, token_file, "worker")
    order = client.sources.order(source, subject.model, subject.version)
    outcome = collect_order(client, order, Egress(settings=Settings().egress))
    if as_json:
        say_json(asdict(outcome))
    elif outcome.failure is None:
        say("\n".join(f"{name}  is evidence of {subject.model}/{subject.version}" for name in outcome.files))
    else:
        say(f"{source}: {outcome.failure}")
    if outcome.failure is not None:
        raise typer.Exit(ExitCode.ERROR)
