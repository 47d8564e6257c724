"""`pratique evidence retention`, `hold`, `lift`, `holds`, `purge`: how long files are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from pratique.cli import values
from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson, Reason, TokenFile, Url, examples
from pratique.cli.output import note, say, say_json, say_table
from pratique.cli.session import connect
from pratique.errors import InvalidInputError

EvidenceId = Annotated[str, typer.Argument(metavar="EVIDENCE", help="Id of the evidence.")]


def retention(evidence: EvidenceId, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Say until when the file of a piece of evidence is kept, by which rules, and what else keeps it."""
    found = connect(url, token_file, "pipeline").keeping.retention(evidence)
    if as_json:
        say_json(found)
        return
    _say(found)


def hold(
    reason: Reason,
    evidence: Annotated[
        str | None, typer.Argument(metavar="EVIDENCE", help="Id of the evidence.", show_default=False)
    ] = None,
    version: Annotated[
        values.ModelVersion | None,
        typer.Option(
            "--model",
            parser=values.model_version,
            metavar="MODEL/VERSION",
            help="All files of this model version instead.",
            show_default=False,
        ),
    ] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep a file, or all files of a model version, whatever the rules say, until the hold is lifted."""
    if (evidence is None) == (version is None):
        raise InvalidInputError("give the id of a piece of evidence, or --model MODEL/VERSION")
    named = (version.model, version.version) if version is not None else None
    found = connect(url, token_file, "person").keeping.hold(evidence, version=named, reason=reason)
    say_json(found) if as_json else say(f"hold {found['id']} placed by {found['person']}")


def lift(
    hold: Annotated[str, typer.Argument(metavar="HOLD", help="Id of the hold.")],
    reason: Reason,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Lift a hold; what the rules say counts again."""
    found = connect(url, token_file, "person").keeping.lift(hold, reason)
    say_json(found) if as_json else say(f"hold {found['id']} lifted by {found['lifted_by']}")


def holds(url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List holds, lifted ones too."""
    found = connect(url, token_file, "pipeline").keeping.holds()
    if as_json:
        say_json({"items": found})
        return
    rows = [(one["placed_at"], _on(one), one["person"], one["lifted_at"], one["reason"], one["id"]) for one in found]
    say_table(("PLACED", "ON", "BY", "LIFTED", "WHY", "ID"), rows, empty="there is no hold")


def purge(
    evidence: EvidenceId,
    reason: Annotated[str | None, typer.Option(help="Why; needed with --really.", show_default=False)] = None,
    really: Annotated[bool, typer.Option("--really", help="Remove the file. Without it nothing is changed.")] = False,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Give the file of a piece of evidence up for good, when nothing keeps it; without --really, only say whether."""
    if really and reason is None:
        raise InvalidInputError("--really needs --reason")
    client = connect(url, token_file, "person")
    if really:
        purged = client.keeping.purge(evidence, reason or "")
        say_json(purged) if as_json else say(f"the file {purged['sha256']} was purged; what was read in it stays")
        return
    found = client.keeping.retention(evidence)
    if as_json:
        say_json(found)
    else:
        _say(found)
        say("nothing was changed; --really --reason WHY purges it" if found["may_be_purged"] else "nothing was changed")
    raise typer.Exit(ExitCode.CLEARED if found["may_be_purged"] else ExitCode.ERROR)


def _say(found: Mapping[str, Any]) -> None:
    say(f"{found['sha256']}, {found['size']} bytes")
    for use in found["used_by"]:
        say(f"  {use['model']}/{use['version']}  {use['filename']}  {use['evidence']}")
    say(f"kept until {found['kept_until'] or 'a date that is not known'}" if found["rules"] else "no rule keeps it")
    for rule in found["rules"]:
        of = f"{rule['model']}/{rule['version']}"
        say(f"  {rule['deadline']}  {rule['until'] or rule['unknown']}  {rule['title']} ({of})")
    for line in found["refused"]:
        note(line)
    for line in found["allowed"]:
        say(line)


def _on(one: Mapping[str, Any]) -> str:
    return f"{one['model']}/{one['version']}" if one["model"] else str(one["sha256"])[:12]


def add_to(app: typer.Typer) -> None:
    """Add the commands to a group."""
    app.command(epilog=examples("pratique evidence retention 0198c2d4-..."))(retention)
    app.command(
        epilog=examples(
            'pratique evidence hold 0198c2d4-... --reason "Case 12/27"',
            'pratique evidence hold --model aurora/2.1 --reason "Case 12/27"',
        )
    )(hold)
    app.command(epilog=examples('pratique evidence lift 0198c2d5-... --reason "Case 12/27 is closed"'))(lift)
    app.command(epilog=examples("pratique evidence holds"))(holds)
    app.command(
        epilog=examples(
            "pratique evidence purge 0198c2d4-...",
            'pratique evidence purge 0198c2d4-... --really --reason "Kept for ten years"',
            after="Exit code 1: something keeps it; each line on stderr says what.",
        )
    )(purge)
