"""`pratique regime accept-files`: takes rule files that changed, on the ledger itself, while no engine runs."""

from __future__ import annotations

from typing import Annotated

import typer

from pratique.cli.options import AsJson
from pratique.cli.output import note, say, say_json
from pratique.cli.regime_text import say_plan
from pratique.cli.verify import load_settings
from pratique.errors import InvalidInputError

EXAMPLES = (
    "pratique regime accept-files --dry-run",
    'pratique regime accept-files --reason "Upgrade to 0.5; release notes read"',
)
AFTER = (
    "Run it where the engine runs, with the same settings, while that is down: an engine does not start on rule files "
    "that are not as they were adopted. While it runs, use `pratique regime adopt`."
)
_MOST_CHARS = 4000


def accept_files(
    is_rehearsal: Annotated[
        bool, typer.Option("--dry-run", help="Print what it would do, the same list, and change nothing.")
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option(help="Why, in your own words. It is kept in the journal for good.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Adopt the rule files of this machine as they are now, where they changed since they were adopted."""
    from pratique.bootstrap import accept_changed_files  # the whole engine

    if not is_rehearsal and not (reason and reason.strip() and len(reason) <= _MOST_CHARS and "\x00" not in reason):
        raise InvalidInputError(
            f"--reason: expected a text of up to {_MOST_CHARS} characters", hint="or --dry-run, to see what it would do"
        )
    plans = accept_changed_files(load_settings(), None if is_rehearsal else reason)
    if as_json:
        say_json({"items": plans})
        return
    for plan in plans:
        say_plan(plan)
    if not plans:
        say("nothing changes: the files are as they were adopted")
    elif is_rehearsal:
        note("a rehearsal: nothing was changed")
