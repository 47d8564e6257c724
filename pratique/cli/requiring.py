"""`pratique gate require`: is it cleared at this moment, for exactly these weights?"""

from __future__ import annotations

from typing import Annotated

import typer

from pratique.cli.exits import ExitCode, exit_code_of
from pratique.cli.options import AsJson, GateName, Occasion, Subject, TokenFile, Url
from pratique.cli.output import say_gate, say_json, show_error
from pratique.cli.session import connect

EXAMPLES = (
    "pratique gate require aurora/2.1 pre-placement --weights model.safetensors && ./publish.sh",
    "pratique gate require aurora/2.1 training-trigger",
)
AFTER = (
    "Asks the engine at this moment, and hashes the file itself. Exit codes: 0 cleared, for these weights; 7 cleared "
    "for others, or for none that were named; 3 blocked, 4 awaiting a decision, 5 rejected, 1 error, 2 usage."
)


def require(
    subject: Subject,
    gate: GateName,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|SHA256", help="The weights that are about to be used, or their SHA-256.", show_default=False
        ),
    ] = None,
    occasion: Occasion = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Go on only if a gate is cleared now, for exactly these weights."""
    client = connect(url, token_file, "pipeline")
    from pratique.client.gate_view import GateChangedError, GateNotCleared  # loaded with the client

    try:
        found = client.require(subject.model, subject.version, gate, weights=weights, occasion=occasion)
    except GateNotCleared as error:
        if as_json:
            say_json(error.gate.raw)
        show_error(error, as_json=as_json)
        # An outcome that reads as cleared beside a state that does not is no leave.
        raise typer.Exit(exit_code_of(error.gate.outcome) or ExitCode.ERROR) from None
    except GateChangedError as error:
        show_error(error, as_json=as_json)
        raise typer.Exit(ExitCode.OTHER_WEIGHTS) from None
    say_gate(found, as_json=as_json)
