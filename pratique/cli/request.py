"""`pratique request`: requests of authorities and downstream providers, and complaints of rightsholders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pratique.cli import values
from pratique.cli.incident import next_due, say_dates
from pratique.cli.occurrence import At, Why
from pratique.cli.options import AsJson, Subject, TokenFile, Url, examples, new_app
from pratique.cli.output import say, say_json, say_table
from pratique.cli.session import connect

app = new_app("Record requests and complaints, and that they were answered.")


@app.command(
    "open",
    epilog=examples(
        "pratique request open aurora/2.1 --from ai_office --basis art_91 --period '10 business_days' \\",
        '    --why "Request Ares(2026)123"',
        'pratique request open aurora/2.1 --from downstream_provider --why "Context length of the API version"',
        'pratique request open aurora/2.1 --complaint --from "Collecting society" --why "Letter of 20 November"',
        after="An authority sets the time in its request: give --due or --period. --at is when it was received.",
    ),
)
def open_request(
    subject: Subject,
    why: Why,
    sender: Annotated[
        str | None,
        typer.Option("--from", help="ai_office, national_authority or downstream_provider; of a complaint any text."),
    ] = None,
    basis: Annotated[
        str | None, typer.Option(help="art_91, art_92, art_93, art_75_3 or art_53.", show_default=False)
    ] = None,
    due: Annotated[
        str | None, typer.Option(help="Last day that the request names: 2026-12-18.", show_default=False)
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="Time that it gives: '10 days', '5 business_days'.", show_default=False)
    ] = None,
    reference: Annotated[str | None, typer.Option(help="Its own reference.", show_default=False)] = None,
    is_complaint: Annotated[bool, typer.Option("--complaint", help="A copyright complaint.")] = False,
    at: At = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record a request, or a complaint, that was received."""
    found = connect(url, token_file, "pipeline").clocks.open_request(
        (subject.model, subject.version),
        why=why,
        kind="complaint" if is_complaint else "request",
        sender=sender,
        basis=basis,
        at=values.past(at, datetime.now(UTC)),
        due_on=due,
        period=period,
        reference=reference,
    )
    _say(found, as_json=as_json)


@app.command(
    epilog=examples('pratique request answer aurora/2.1 req-20261123-9f3ac1 --receipt SEND-2 --why "Sent by Lea"')
)
def answer(
    subject: Subject,
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="Name of the request or complaint.")],
    why: Why,
    outcome: Annotated[str | None, typer.Option(help="How it was answered or decided.", show_default=False)] = None,
    receipt: Annotated[str | None, typer.Option(help="Receipt of EU SEND, for instance.", show_default=False)] = None,
    at: At = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record that a request was answered, or a complaint decided."""
    version, moment = (subject.model, subject.version), values.past(at, datetime.now(UTC))
    clocks = connect(url, token_file, "pipeline").clocks
    found = clocks.answer_request(version, request, why=why, at=moment, outcome=outcome, receipt=receipt)
    _say(found, as_json=as_json)


@app.command("list", epilog=examples("pratique request list aurora/2.1"))
def list_requests(subject: Subject, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List requests and complaints about a model version, newest first."""
    found = list(connect(url, token_file, "pipeline").clocks.requests((subject.model, subject.version)))
    if as_json:
        say_json({"items": found, "next": None})
        return
    rows = [
        (item["request"], item["kind"], item["terms"].get("from"), item["state"], next_due(item["clocks"]), item["why"])
        for item in found
    ]
    headings = ("REQUEST", "KIND", "FROM", "STATE", "NEXT DUE", "WHY")
    say_table(headings, rows, empty=f"{subject} has no request")


def _say(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(found)
        return
    sender = found["terms"].get("from")
    say(f"{found['request']} of {found['model']}/{found['version']}: {found['state']}")
    say(f"  {found['kind']} from {sender} received at {found['received_at']}: {found['why']}")
    say_dates(found["clocks"])
