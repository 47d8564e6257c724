"""`pratique model`: register and list model versions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pratique.cli.options import AsJson, Subject, TokenFile, Url, examples, new_app
from pratique.cli.output import say, say_json, say_table
from pratique.cli.session import connect
from pratique.errors import InvalidInputError

app = new_app("Make model versions known to the engine.")


@app.command(
    epilog=examples(
        "pratique model register aurora/2.1 --systemic-risk --known-as mockllm/model",
        "pratique model register aurora/2.1 --profile aurora.json --weights model.safetensors",
        after="Registering again replaces the profile as a whole.",
    )
)
def register(
    subject: Subject,
    profile: Annotated[
        Path | None, typer.Option(help="JSON file with the whole profile; - reads stdin.", show_default=False)
    ] = None,
    systemic_risk: Annotated[
        bool | None,
        typer.Option("--systemic-risk/--no-systemic-risk", help="Classified under Art. 51, or known to be."),
    ] = None,
    stage: Annotated[str | None, typer.Option(help="planned, training, trained, placed or in_service.")] = None,
    known_as: Annotated[
        list[str] | None, typer.Option(help="Name that evaluation tools use for exactly this version. Repeatable.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights file; its SHA-256 goes into the profile.")] = None,
    weights_sha256: Annotated[
        str | None, typer.Option(help="SHA-256 of the weights, if the file is elsewhere.")
    ] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Register a model version, or replace its profile."""
    from pratique.client.files import file_sha256  # the client is loaded only when it is used

    members: dict[str, Any] = {
        "systemic_risk": systemic_risk,
        "stage": stage,
        "known_as": known_as or None,
        "weights_sha256": file_sha256(weights) if weights else weights_sha256,
    }
    whole = _profile_in(profile) | {name: value for name, value in members.items() if value is not None}
    if "systemic_risk" not in whole:
        raise typer.BadParameter("say --systemic-risk or --no-systemic-risk; which gates apply depends on it")
    done = connect(url, token_file, "pipeline").register(subject.model, subject.version, whole)
    if as_json:
        say_json(done.raw)
    else:
        say(f"{subject} is {'registered' if done.is_new else 'known; its profile is now as given'}")


@app.command("list", epilog=examples("pratique model list"))
def list_models(url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List model versions and where their gates stand."""
    found = list(connect(url, token_file, "pipeline").models())
    if as_json:
        say_json({"items": [item.raw for item in found], "next": None})
        return
    rows = [
        (item.model, item.version, item.profile.get("stage"), item.profile.get("systemic_risk"), _gates(item.gates))
        for item in found
    ]
    say_table(("MODEL", "VERSION", "STAGE", "SYSTEMIC RISK", "GATES"), rows, empty="no model version is registered")


def _gates(gates: tuple[Any, ...]) -> str:
    return ", ".join(f"{gate.get('gate')}: {str(gate.get('state')).replace('_', ' ')}" for gate in gates)


def _profile_in(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        value = json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidInputError(f"{path} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidInputError(f"{path} holds {type(value).__name__}, expected a JSON object with the profile")
    return value
