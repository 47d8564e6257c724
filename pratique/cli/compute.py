"""`pratique compute`: what training took and is planned to take."""

from __future__ import annotations

import math
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pratique.cli.options import AsJson, Reason, Subject, TokenFile, Url, examples, new_app
from pratique.cli.output import note, say, say_json, say_table
from pratique.cli.session import connect
from pratique.cli.values import ModelVersion, moment

if TYPE_CHECKING:
    from pratique.client.sync_client import Client

_DAY = re.compile(r"\d{4}-\d\d-\d\d")

app = new_app("Keep the ledger of training compute, from which the presumption of systemic risk follows.")


@app.command(
    epilog=examples(
        "pratique compute record aurora/2.1 --run pre-1 --planned --flop 1.4e25 --from 2026-12-01 --to 2027-03-01 "
        '--source "scaling plan v3"',
        "pratique compute record aurora/2.1 --run pre-1 --done --flop 3e24 --from 2026-12-01 --to 2026-12-20 "
        '--source "cluster accounting"',
        "pratique compute record aurora/2.1 --run pre-1 --from-evidence 0198f3a2 --from 2026-12-01 --to 2026-12-20",
        after="What is planned and done of one --run is compared: the greater counts for what is to come. "
        "--from-evidence takes figure, source and times from evidence of a training run or an MLflow run, as far as "
        "they stand there; nothing of it is recorded before you confirmed it.",
    )
)
def record(
    subject: Subject,
    run: Annotated[str, typer.Option(help="Name of the training run.")],
    flop: Annotated[float | None, typer.Option(help="Compute of it, in FLOP, such as 3e24.")] = None,
    begins: Annotated[str | None, typer.Option("--from", help="First day (UTC), or a time with a zone.")] = None,
    ends: Annotated[
        str | None, typer.Option("--to", help="Last day (UTC; of today what is over), or a time with a zone.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="How the figure was come by.")] = None,
    from_evidence: Annotated[
        str | None, typer.Option(help="Id of evidence that names the compute; asks before it records.")
    ] = None,
    is_sure: Annotated[bool, typer.Option("--yes", help="Record what the evidence proposes without asking.")] = False,
    done: Annotated[bool | None, typer.Option("--done/--planned", help="It was used (default), or is planned.")] = None,
    purpose: Annotated[
        str, typer.Option(help="pre_training, post_training, synthetic_data or other; all counts.")
    ] = "pre_training",
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record compute that was used, or is planned."""
    if flop is not None and not 0 < flop < math.inf:
        raise typer.BadParameter(f"--flop: found {flop}, expected a number above 0, such as 3e24")
    client = connect(url, token_file, "pipeline")
    now = datetime.now(UTC)
    said = {
        "kind": None if done is None else "done" if done else "planned",
        "flop": flop,
        "begins_at": None if begins is None else _begin(begins, now),
        "ends_at": None if ends is None else _end(ends, now),
        "source": source,
    }
    proposal = _proposal(client, subject, from_evidence) if from_evidence is not None else {}
    entry = _entry(said, proposal)
    if from_evidence is not None:
        _confirm(run, entry, proposal["cautions"], is_sure=is_sure)
    _say(
        client.scope.record_compute(subject.model, subject.version, run=run, purpose=purpose, **entry), as_json=as_json
    )


@app.command(epilog=examples("pratique compute show aurora/2.1"))
def show(subject: Subject, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Show what was used and is planned, and when 10^25 FLOP are crossed."""
    found = connect(url, token_file, "pipeline").scope.compute(subject.model, subject.version)
    if not as_json:
        rows = [
            (
                i["id"],
                i["of"],
                i["run"],
                i["kind"],
                f"{i['flop']:.3g}",
                i["begins_at"][:16],
                i["ends_at"][:16],
                _mark(i),
            )
            for i in found["items"]
        ]
        say_table(("ENTRY", "OF", "RUN", "KIND", "FLOP", "FROM", "TO", "SOURCE"), rows, empty="no compute is recorded")
    _say(found, as_json=as_json)


@app.command(epilog=examples('pratique compute withdraw aurora/2.1 0198f3a2 --reason "Counted twice."'))
def withdraw(
    subject: Subject,
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="Id of the entry, as `compute show` prints it.")],
    reason: Reason,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Take an entry back that was wrong; needs a person's token."""
    client = connect(url, token_file, "person")
    _say(client.scope.withdraw_compute(subject.model, subject.version, entry, reason), as_json=as_json)


def _proposal(client: Client, subject: ModelVersion, evidence: str) -> dict[str, Any]:
    return dict(client.scope.compute_proposal(subject.model, subject.version, evidence))


def _entry(said: dict[str, Any], proposal: dict[str, Any]) -> dict[str, Any]:
    """Return the entry: what was said on the command line, else what the evidence proposes.

    Raises:
        BadParameter: neither says it.
    """
    entry = {name: proposal.get(name) if value is None else value for name, value in said.items()}
    entry["kind"] = entry["kind"] or "done"
    names = {"flop": "--flop", "begins_at": "--from", "ends_at": "--to", "source": "--source"}
    missing = [option for name, option in names.items() if entry[name] is None]
    if missing:
        where = "; the evidence does not say it" if proposal else ""
        raise typer.BadParameter(f"{', '.join(missing)}: found nothing, expected a value{where}")
    if proposal and said["source"] is not None:
        entry["source"] = f"{said['source']} ({proposal['source']})"
    return entry


def _confirm(run: str, entry: dict[str, Any], cautions: list[str], *, is_sure: bool) -> None:
    """Show what the evidence proposes and have it confirmed: a file does not know what it counts towards."""
    note(f"{entry['flop']:.6g} FLOP {entry['kind']} of {run}, {entry['begins_at']} to {entry['ends_at']}")
    note(f"source: {entry['source']}")
    for caution in cautions:
        note(f"note: {caution}")
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("look at what is proposed above, then give --yes")
    typer.confirm("record this?", abort=True, err=True)


def _begin(text: str, now: datetime) -> datetime:
    return moment(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text, now)


def _end(text: str, now: datetime) -> datetime:
    if not _DAY.fullmatch(text):
        return moment(text, now)
    begins_at = _begin(text, now)
    ends_at = begins_at + timedelta(days=1)
    return now if begins_at <= now < ends_at else ends_at


def _mark(item: dict[str, Any]) -> str:
    return f"withdrawn: {item['withdrawn_why']}" if item["withdrawn_at"] else item["source"]


def _say(found: Any, *, as_json: bool) -> None:
    if as_json:
        say_json(dict(found))
        return
    figures = ", ".join(f"{found[f'{name}_flop']:.3g} {name}" for name in ("done", "planned", "projected"))
    limit = f"{found['threshold_flop']:.0e}"
    say(f"{found['model']}/{found['version']}: {figures} FLOP; systemic risk is presumed above {limit}")
    if found["met_at"]:
        say(f"crossed at {found['met_at']}")
    elif found["projected_at"]:
        say(f"to be crossed at {found['projected_at']}")
    else:
        say("not crossed by what is done and planned")
    if found["earliest_at"] != found["latest_at"]:
        say(f"within the accuracy of the figures: {found['earliest_at'] or 'never'} to {found['latest_at'] or 'never'}")
    say(found["accuracy"])
