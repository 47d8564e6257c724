"""`pratique gate`: trigger, status, wait, decide, waive, dates, list."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pratique.cli import values
from pratique.cli.exits import EXITS_HELP, ExitCode, exit_code_of
from pratique.cli.options import AsJson, GateName, Occasion, Reason, Subject, TokenFile, Url, examples, new_app
from pratique.cli.output import note, say, say_gate, say_json, say_table, show_error
from pratique.cli.progress import spinner
from pratique.cli.session import connect
from pratique.errors import ConflictError

if TYPE_CHECKING:
    from pratique.client.gate import Gate
    from pratique.client.gate_view import GateView

app = new_app("Open gates, ask where they stand, wait for them, decide on them.")

Timeout = Annotated[
    float | None,
    typer.Option(parser=values.seconds, metavar="DURATION", help="Give up after 90s, 30m, 2h or 7d. Default: never."),
]


class Act(StrEnum):
    """What a person can decide."""

    CLEAR = "clear"
    RETURN = "return"
    REJECT = "reject"
    WITHDRAW = "withdraw"


@app.command(
    epilog=examples(
        "pratique gate trigger aurora/2.1 training-trigger",
        "pratique gate trigger aurora/2.1 pre-placement --event-id $CI_PIPELINE_ID --wait --timeout 2h",
        "pratique gate trigger aurora/2.1 training-trigger --occasion flop-1e25 --data training_flop=1e25",
        after=EXITS_HELP,
    )
)
def trigger(
    subject: Subject,
    gate: GateName,
    occasion: Annotated[str, typer.Option(help="One gate run per occasion; the same again joins the run.")] = "default",
    data: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A fact about the event, for the journal. Repeatable.")
    ] = None,
    event_id: Annotated[
        str | None, typer.Option(help="Your id of the event: the same id again counts once.", show_default=False)
    ] = None,
    source: Annotated[str, typer.Option(help="Who reports it.")] = "urn:pratique:cli",
    is_waited: Annotated[bool, typer.Option("--wait", help="Wait until the gate is cleared or rejected.")] = False,
    timeout: Timeout = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Open a gate for a model version, and say at once where it stands and why."""
    if timeout is not None and not is_waited:
        raise typer.BadParameter("--timeout needs --wait")
    found = connect(url, token_file, "pipeline").trigger(
        gate,
        model=subject.model,
        version=subject.version,
        occasion=occasion,
        event_id=event_id,
        data=values.facts(data or []),
        source=source,
    )
    if is_waited and not found.is_settled:
        found = _waited(found, timeout, as_json=as_json)
    _end_with(found, as_json=as_json)


@app.command(
    epilog=examples(
        "pratique gate status aurora/2.1 pre-placement",
        "pratique gate status aurora/2.1 pre-placement --json | jq '.findings[] | select(.status != \"met\")'",
        after=EXITS_HELP,
    )
)
def status(
    subject: Subject,
    gate: GateName,
    occasion: Occasion = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Say where a gate stands: every open finding, who is waited on, until when."""
    found = connect(url, token_file, "pipeline").gate(subject.model, subject.version, gate, occasion)
    _end_with(found, as_json=as_json)


@app.command(
    epilog=examples(
        "pratique gate wait aurora/2.1 pre-placement --timeout 2h",
        after=f"Each change is printed as it comes. An engine that is restarted is asked again. {EXITS_HELP}",
    )
)
def wait(
    subject: Subject,
    gate: GateName,
    occasion: Occasion = None,
    timeout: Timeout = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Wait until a gate is cleared or rejected."""
    found = connect(url, token_file, "pipeline").gate(subject.model, subject.version, gate, occasion)
    if not found.is_settled:
        found = _waited(found, timeout, as_json=as_json)
    _end_with(found, as_json=as_json)


@app.command(
    epilog=examples(
        'pratique gate decide aurora/2.1 pre-placement clear --reason "Read all three reports" --basis 3f2a9c01d7e4',
        'pratique gate decide aurora/2.1 pre-placement return --reason "Rerun the cyber suite at full size" --yes',
        after="Needs a person's token. Exit code 0 means that the decision is recorded, not that the gate is cleared.",
    )
)
def decide(
    subject: Subject,
    gate: GateName,
    act: Annotated[Act, typer.Argument(help="What you decide.")],
    reason: Reason,
    role: Annotated[
        str | None, typer.Option(help="The role you act in, if you hold several.", show_default=False)
    ] = None,
    basis: Annotated[
        str | None,
        typer.Option(
            help="What you read: the basis that `gate status` shows, or its beginning. Refused if it is another now.",
            show_default=False,
        ),
    ] = None,
    is_sure: Annotated[bool, typer.Option("--yes", help="Decide on what the gate shows now, without being asked.")] = (
        False
    ),
    occasion: Occasion = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record your decision on a gate, bound to what it shows."""
    client = connect(url, token_file, "person")
    seen = client.gate(subject.model, subject.version, gate, occasion)
    _confirm(seen, act, basis, is_sure=is_sure)
    say_gate(client.decide(seen, act.value, reason, role), as_json=as_json)


@app.command(
    epilog=examples(
        "pratique gate waive aurora/2.1 pre-placement external-evaluation.cyber-offence --until 30d \\",
        '    --reason "Evaluator booked for 12 December; restricted access until then"',
        after="Needs a person's token. The waiver stays visible as a finding that is not met, and ends by itself.",
    )
)
def waive(
    subject: Subject,
    gate: GateName,
    requirement: Annotated[str, typer.Argument(metavar="REQUIREMENT", help="Id of the requirement.")],
    reason: Reason,
    until: Annotated[str, typer.Option(help="When it ends: 30d, 2026-12-31 (end of day, UTC), or a full time.")],
    occasion: Occasion = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Take an open finding on yourself until a date."""
    expires_at = values.moment(until, datetime.now(UTC))
    client = connect(url, token_file, "person")
    seen = client.gate(subject.model, subject.version, gate, occasion)
    say_gate(client.waive(seen, requirement, reason, expires_at), as_json=as_json)


@app.command("revoke-waiver")
def revoke_waiver(
    subject: Subject,
    gate: GateName,
    waiver: Annotated[str, typer.Argument(metavar="WAIVER", help="Id of the waiver, as in the gate's JSON.")],
    reason: Reason,
    basis: Annotated[
        str | None,
        typer.Option(help="What you read, as for `decide`. Refused if it is another now.", show_default=False),
    ] = None,
    occasion: Occasion = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """End a waiver before its date. Needs a person's token."""
    client = connect(url, token_file, "person")
    seen = client.gate(subject.model, subject.version, gate, occasion)
    if basis is not None:
        _check_basis(seen, basis)
    say_gate(client.revoke_waiver(seen, waiver, reason), as_json=as_json)


@app.command(
    epilog=examples(
        'pratique gate dates aurora/2.1 pre-placement --due 14d --reason "The evaluator comes on 3 December"',
        'pratique gate dates aurora/2.1 pre-placement --due 2026-12-31 --follow-up 2026-12-20 --reason "Agreed"',
        after="Needs a person's token. Moving dates approves nothing; the journal keeps the old ones and the reason.",
    )
)
def dates(
    subject: Subject,
    gate: GateName,
    reason: Reason,
    due: Annotated[str, typer.Option(help="By when: 14d, 2026-12-31 (end of day, UTC), or a full time.")],
    follow_up: Annotated[
        str | None, typer.Option(help="When people are asked again; without it, as before.", show_default=False)
    ] = None,
    occasion: Occasion = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Move by when a gate is to be settled, with a reason."""
    now = datetime.now(UTC)
    due_at = values.moment(due, now)
    follow_up_at = values.moment(follow_up, now) if follow_up is not None else None
    client = connect(url, token_file, "person")
    seen = client.gate(subject.model, subject.version, gate, occasion)
    say_gate(client.set_dates(seen, due_at, reason, follow_up_at), as_json=as_json)


@app.command("list", epilog=examples("pratique gate list aurora/2.1"))
def list_gates(subject: Subject, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List the gates that a model version has met."""
    found = connect(url, token_file, "pipeline").gates(subject.model, subject.version)
    if as_json:
        say_json({"items": [gate.raw for gate in found]})
        return
    rows = [
        (gate.gate, gate.occasion, gate.state, gate.outcome, len(gate.open_findings), gate.due_at, gate.is_overdue)
        for gate in found
    ]
    headings = ("GATE", "OCCASION", "STATE", "OUTCOME", "OPEN", "DUE", "OVERDUE")
    say_table(headings, rows, empty=f"{subject} has met no gate yet")


def _waited(gate: Gate, timeout: float | None, *, as_json: bool) -> Gate:
    from pratique.client.gate_view import GateWaitTimeoutError  # loaded with the gate, not with the help

    out = note if as_json else say
    out(f"{gate.headline}; waiting")
    try:
        with spinner(f"waiting for {gate.gate} of {gate.subject}", out) as tell:
            return gate.wait(timeout, on_change=lambda newer: tell(_change(newer)))
    except GateWaitTimeoutError as error:
        if as_json:
            say_json(error.gate.raw)
        show_error(error, as_json=as_json)
        raise typer.Exit(ExitCode.TIMED_OUT) from None


def _change(gate: GateView) -> str:
    return f"{gate.changed_at}  {gate.summary}" if gate.changed_at else gate.summary


def _confirm(gate: GateView, act: Act, basis: str | None, *, is_sure: bool) -> None:
    """A signature stands for having read something: name it, look at it now, or say that you did.

    Raises:
        ConflictError: the gate shows something other than what was read.
    """
    if basis is not None:
        _check_basis(gate, basis)
    elif not is_sure:
        if not sys.stdin.isatty():
            raise typer.BadParameter("say what you read with --basis, or give --yes")
        for line in gate.lines():
            note(line)
        typer.confirm(f"{act.value} this gate?", abort=True, err=True)


def _check_basis(gate: GateView, basis: str) -> None:
    if len(basis) < 8 or not (gate.basis or "").startswith(basis.lower()):
        raise ConflictError(
            f"{gate.headline} on basis {(gate.basis or 'none')[:12]}, not on {basis}",
            hint="read it again with `pratique gate status`; a basis needs at least 8 characters",
        )


def _end_with(gate: GateView, *, as_json: bool) -> None:
    say_gate(gate, as_json=as_json)
    raise typer.Exit(exit_code_of(gate.outcome))
