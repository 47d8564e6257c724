"""`pratique clock`: time limits, and what their dates rest on; the calendar of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from pratique.cli.options import AsJson, TokenFile, Url, examples, new_app
from pratique.cli.output import say, say_json, say_table
from pratique.cli.session import connect

app = new_app("See which time limits run, and what each date rests on.")
calendar = new_app("Your own deadlines in your own calendar.")
app.add_typer(calendar, name="calendar")

_HEADINGS = ("DUE", "LEFT", "STATE", "FORCE", "WHAT", "MODEL", "TOWARDS", "CLOCK")


class ClockState(StrEnum):
    """Where a time limit stands."""

    RUNNING = "running"
    MET = "met"
    MISSED = "missed"
    VOID = "void"


@app.command(
    "list",
    epilog=examples(
        "pratique clock list",
        "pratique clock list --model aurora --state running",
        "pratique clock list --state missed --json | jq '.items[] | {rule, due_on}'",
        after="The next due comes first. A day is over at midnight in Brussels.",
    ),
)
def list_clocks(
    model: Annotated[str | None, typer.Option(help="MODEL or MODEL/VERSION.", show_default=False)] = None,
    state: Annotated[ClockState | None, typer.Option(help="Only those; default: all.", show_default=False)] = None,
    rule: Annotated[str | None, typer.Option(help="Only those of one clock rule.", show_default=False)] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """List time limits of model versions."""
    name, _, version = (model or "").partition("/")
    wanted = {"model": name or None, "version": version or None, "state": state, "rule": rule}
    found = list(connect(url, token_file, "pipeline").clocks.list(**wanted))
    if as_json:
        say_json({"items": found, "next": None})
        return
    say_clocks(found, empty="no time limit runs, or ran")


@app.command(epilog=examples("pratique clock explain 3f2a9c01-..."))
def explain(
    clock: Annotated[str, typer.Argument(metavar="CLOCK", help="Id of the clock, as `clock list` shows it.")],
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what the date of a time limit rests on: rule text, source, both readings, what started it."""
    found = connect(url, token_file, "pipeline").clocks.explain(clock)
    if as_json:
        say_json(found)
        return
    for line in _told(found):
        say(line)


@calendar.command(epilog=examples("pratique clock calendar make", after="The address is shown this once."))
def make(url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Make a secret address that your calendar program can subscribe to. Needs a person's token."""
    made = connect(url, token_file, "person").clocks.make_calendar()
    if as_json:
        say_json(made)
    else:
        say(str(made["url"]))
        say(f"calendar {made['id']}; whoever has the address reads your deadlines, until you revoke it")


@calendar.command("list")
def list_calendars(url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List your calendars, without their addresses."""
    found = connect(url, token_file, "person").clocks.calendars()
    if as_json:
        say_json({"items": found, "next": None})
        return
    rows = [(item["id"], item["made_at"], item["revoked_at"]) for item in found]
    say_table(("CALENDAR", "MADE", "REVOKED"), rows, empty="you have no calendar")


@calendar.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="CALENDAR", help="Id of the calendar.")],
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """End a calendar's address."""
    found = connect(url, token_file, "person").clocks.revoke_calendar(name)
    if as_json:
        say_json(found)
    else:
        say(f"calendar {name} is revoked")


def say_clocks(clocks: Sequence[Mapping[str, Any]], *, empty: str) -> None:
    """Print clocks as a table."""
    rows = [
        (
            clock["due_on"] or "unknown",
            left(clock["seconds_left"]),
            clock["state"],
            str(clock["force"]).replace("_", "-"),
            clock["title"] + (f" ({clock['about']})" if clock["about"] else ""),
            f"{clock['model']}/{clock['version']}",
            clock["recipient"],
            clock["id"],
        )
        for clock in clocks
    ]
    say_table(_HEADINGS, rows, empty=empty)


def left(seconds: int | None) -> str | None:
    """Return the time that is left, or since when it is over, for people."""
    if seconds is None:
        return None
    span = timedelta(seconds=abs(seconds))
    hours = span.seconds // 3600
    text = f"{span.days} d {hours} h" if span.days else f"{hours} h {span.seconds % 3600 // 60} min"
    return text if seconds >= 0 else f"{text} late"


def _told(clock: Mapping[str, Any]) -> list[str]:
    about = f" ({clock['about']})" if clock["about"] else ""
    lines = [f"{clock['title']}{about}: {clock['state']}", f"  {clock['model']}/{clock['version']}, {clock['rule']}"]
    lines.append(f"  last day {clock['due_on'] or 'unknown'}, towards {clock['recipient']}, {clock['force']}")
    for name, word in (("unknown", "cannot be told"), ("reason", "because"), ("met_at", "met at")):
        if clock.get(name):
            lines.append(f"  {word}: {clock[name]}")
    rule = clock.get("rule_text")
    if rule:
        source, mark = rule["source"], "verified" if rule["verified"] else "UNVERIFIED"
        edition = f", edition of {source['edition']}" if source.get("edition") else ""
        lines.append(f"  source {source['document']}, {source['clause']}{edition} ({mark})")
        lines += [f"    {rule['summary']}"] if rule.get("summary") else []
    trigger = clock.get("trigger")
    if trigger:
        who = trigger["person"] or "a pipeline"
        lines.append(f"  started by {trigger['kind'].replace('_', ' ')} at {trigger['at']} ({who}: {trigger['why']})")
    return lines + [f"  {line}" for line in clock["explanation"]]
