"""`pratique incident`: serious incidents from awareness to the final report, and near misses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from pratique.cli import values
from pratique.cli.clock import left
from pratique.cli.occurrence import At, Why
from pratique.cli.options import AsJson, Subject, TokenFile, Url, examples, new_app
from pratique.cli.output import say, say_json, say_table
from pratique.cli.session import connect

app = new_app("Record serious incidents: awareness first, then kinds of harm, reports and the end.")

Incident = Annotated[str, typer.Argument(metavar="INCIDENT", help="Name of the incident, such as inc-20261123-9f3ac1.")]


class Limb(StrEnum):
    """Kinds of harm. Source: S&S Measure 9.3."""

    CRITICAL_INFRASTRUCTURE = "critical_infrastructure"
    CYBERSECURITY = "cybersecurity"
    DEATH = "death"
    OTHER_SERIOUS = "other_serious"


class Stage(StrEnum):
    """Reports of an incident."""

    INITIAL = "initial"
    INTERMEDIATE = "intermediate"
    FINAL = "final"


_SPAN = re.compile(r"([1-9])(?:-([1-9]))?")
#: Items of a report, by the number that S&S Measure 9.2 gives them.
ITEMS = (
    "incident_dates",
    "harm",
    "chain_of_events",
    "model",
    "evidence",
    "response",
    "recommendations",
    "root_cause",
    "monitoring_patterns",
)


@app.command(
    "open",
    epilog=examples(
        'pratique incident open aurora/2.1 --at 2026-11-23T09:40:00Z --by "on-call" --why "Ticket 4711"',
        'pratique incident open aurora/2.1 --at 2h --limb cybersecurity --why "Weights seen on a forum"',
        after="Record awareness before triage. While no --limb is known, the strictest time limit is assumed.",
    ),
)
def open_incident(
    subject: Subject,
    why: Why,
    at: At = None,
    limb: Annotated[list[Limb] | None, typer.Option(help="Kind of harm, as far as known. Repeatable.")] = None,
    by: Annotated[str | None, typer.Option(help="Who became aware, if not you.", show_default=False)] = None,
    causal: Annotated[str, typer.Option(help="led_to, established or suspected.")] = "suspected",
    reference: Annotated[str | None, typer.Option(help="Your own name of it.", show_default=False)] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record when the provider became aware of a serious incident."""
    found = connect(url, token_file, "pipeline").clocks.open_incident(
        (subject.model, subject.version),
        why=why,
        at=values.past(at, datetime.now(UTC)),
        limbs=limb or (),
        causal=causal,
        aware_by=by,
        reference=reference,
    )
    _say(found, as_json=as_json)


@app.command(epilog=examples('pratique incident near-miss aurora/2.1 --why "Filter caught it in time"'))
def near_miss(
    subject: Subject,
    why: Why,
    at: At = None,
    reference: Annotated[str | None, typer.Option(help="Your own name of it.", show_default=False)] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record what could have been a serious incident."""
    version, moment = (subject.model, subject.version), values.past(at, datetime.now(UTC))
    clocks = connect(url, token_file, "pipeline").clocks
    found = clocks.record_near_miss(version, why=why, at=moment, reference=reference)
    if as_json:
        say_json(found)
    else:
        say(f"recorded: near miss {found['near_miss']} of {subject}")


@app.command(epilog=examples('pratique incident limb aurora/2.1 inc-20261123-9f3ac1 death --why "Hospital confirmed"'))
def limb(
    subject: Subject,
    incident: Incident,
    limbs: Annotated[list[Limb], typer.Argument(metavar="LIMB...", help="Kinds of harm.")],
    why: Why,
    at: At = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record kinds of harm; a stricter one shortens the date, from the same awareness."""
    version, moment = (subject.model, subject.version), values.past(at, datetime.now(UTC))
    clocks = connect(url, token_file, "pipeline").clocks
    _say(clocks.add_limbs(version, incident, limbs, why=why, at=moment), as_json=as_json)


@app.command(
    epilog=examples(
        'pratique incident report aurora/2.1 inc-20261123-9f3ac1 initial --items 1-7 --receipt SEND-1 --why "Filed"',
        'pratique incident report aurora/2.1 inc-20261123-9f3ac1 initial --items 1-5 --not-yet-known 6,7 --why "Filed"',
        'pratique incident report aurora/2.1 inc-20261123-9f3ac1 final --items all --why "Filed by Lea"',
        after="Items are those of S&S Measure 9.2, by number or name. The initial report needs 1 to 7, the final one "
        "all nine, each told or said to be not yet known. --also names similar incidents in the same report (S-9.3).",
    )
)
def report(
    subject: Subject,
    incident: Incident,
    stage: Annotated[Stage, typer.Argument(help="Which report.")],
    items: Annotated[str, typer.Option(help="What it holds: 1-7, all, 1-7,9, or names.")],
    why: Why,
    at: At = None,
    not_yet_known: Annotated[
        str | None, typer.Option(help="Items that it says are not yet known.", show_default=False)
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(metavar="INCIDENT", help="A similar incident in the same report. Repeatable.", show_default=False),
    ] = None,
    receipt: Annotated[str | None, typer.Option(help="Receipt of EU SEND, for instance.", show_default=False)] = None,
    late_because: Annotated[
        str | None, typer.Option(help="Exceptional circumstances, where it is late.", show_default=False)
    ] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record that a report was filed."""
    found = connect(url, token_file, "pipeline").clocks.file_report(
        (subject.model, subject.version),
        incident,
        stage,
        items_named(items),
        why=why,
        at=values.past(at, datetime.now(UTC)),
        not_yet_known=items_named(not_yet_known) if not_yet_known is not None else (),
        also=also or (),
        receipt=receipt,
        exceptional_circumstances=late_because,
    )
    _say(found, as_json=as_json)


@app.command(epilog=examples('pratique incident resolve aurora/2.1 inc-20261123-9f3ac1 --why "Patch is out"'))
def resolve(
    subject: Subject,
    incident: Incident,
    why: Why,
    at: At = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record that corrective measures were adopted; the time for the final report begins."""
    version, moment = (subject.model, subject.version), values.past(at, datetime.now(UTC))
    clocks = connect(url, token_file, "pipeline").clocks
    _say(clocks.resolve_incident(version, incident, why=why, at=moment), as_json=as_json)


@app.command(epilog=examples("pratique incident show aurora/2.1 inc-20261123-9f3ac1"))
def show(
    subject: Subject, incident: Incident, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """Show an incident: dates, reports, what they lack, and the time that is left."""
    clocks = connect(url, token_file, "pipeline").clocks
    _say(clocks.incident((subject.model, subject.version), incident), as_json=as_json)


@app.command("list", epilog=examples("pratique incident list aurora/2.1"))
def list_incidents(subject: Subject, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List the serious incidents of a model version, newest first."""
    found = list(connect(url, token_file, "pipeline").clocks.incidents((subject.model, subject.version)))
    if as_json:
        say_json({"items": found, "next": None})
        return
    rows = [(i["incident"], i["state"], i["aware_at"], ", ".join(i["limbs"]), next_due(i["clocks"])) for i in found]
    say_table(("INCIDENT", "STATE", "AWARE AT", "LIMBS", "NEXT DUE"), rows, empty=f"{subject} has no incident")


def items_named(text: str) -> list[str]:
    """Return the items that `text` names: numbers, spans of numbers, names, or all."""
    if text == "all":
        return list(ITEMS)
    found: list[str] = []
    for part in text.split(","):
        span = _SPAN.fullmatch(part.strip())
        if span is not None and int(span[1]) <= int(span[2] or span[1]):
            found += ITEMS[int(span[1]) - 1 : int(span[2] or span[1])]
        elif part.strip() in ITEMS:
            found.append(part.strip())
        else:
            raise typer.BadParameter(f"{part.strip()!r} is no item; expected 1 to 9, 1-7, all, or {', '.join(ITEMS)}")
    return list(dict.fromkeys(found))


def next_due(clocks: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the first last day of what still runs, for people."""
    running = [clock for clock in clocks if clock["state"] == "running" and clock["due_on"]]
    first = min(running, key=lambda clock: str(clock["due_on"]), default=None)
    return f"{first['due_on']} ({left(first['seconds_left'])})" if first is not None else None


def say_dates(clocks: Sequence[Mapping[str, Any]]) -> None:
    """Print the time limits of an incident or request, a line each."""
    for clock in clocks:
        time = left(clock["seconds_left"])
        say(f"  {clock['due_on'] or 'unknown'}  {clock['state']:8} {clock['title']}{f' ({time})' if time else ''}")


def _say(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(found)
        return
    say(f"{found['incident']} of {found['model']}/{found['version']}: {found['state']}")
    say(f"  aware at {found['aware_at']} ({found['aware_by'] or 'a pipeline'}): {found['why']}")
    if found["assumed_limb"]:
        say(f"  no kind of harm is recorded yet; the strictest is assumed: {found['assumed_limb']}")
    else:
        say(f"  kinds of harm: {', '.join(found['limbs'])}")
    for filed in found["reports"]:
        lacking = f", lacks {', '.join(filed['missing'])}" if filed["missing"] else ""
        bundled = f", in one report with {filed['bundled_with']}" if filed["bundled_with"] else ""
        say(f"  {filed['stage']} report filed at {filed['filed_at']}{bundled}{lacking}")
    if found["not_yet_known"]:
        say(f"  said to be not yet known: {', '.join(found['not_yet_known'])}")
    if found["missing_items"]:
        say(f"  the next report still needs: {', '.join(found['missing_items'])}")
    say_dates(found["clocks"])
