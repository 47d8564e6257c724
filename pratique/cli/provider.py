"""`pratique provider`: say who the provider is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pratique.cli.options import AsJson, TokenFile, Url, examples, new_app
from pratique.cli.output import say, say_json
from pratique.cli.session import connect
from pratique.errors import InvalidInputError

app = new_app("Say who the provider is: where it is established, how large, which chapters it signed.")


@app.command(
    epilog=examples(
        "pratique provider record provider.json",
        """echo '{"name": "Nordlicht AI", "country": "FI", "size": "medium"}' | pratique provider record -""",
        after="Members: name, country, in_union, size, signed_chapters, alternative_means, representative, "
        "send_registered_on, contacts. Recording again replaces all of them.",
    )
)
def record(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON file with the whole profile; - reads stdin.")],
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record the provider, or replace what was recorded; gates that rest on it are judged again."""
    found = connect(url, token_file, "pipeline").scope.record_provider(_profile_in(file))
    if as_json:
        say_json(dict(found))
    else:
        say(f"{found['profile']['name']} is {'recorded' if found.get('created') else 'recorded as given now'}")


@app.command(epilog=examples("pratique provider show", "pratique provider show --json"))
def show(url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Show who the provider is."""
    found = connect(url, token_file, "pipeline").scope.provider()
    if as_json:
        say_json(dict(found))
        return
    for name, value in found["profile"].items():
        say(f"{name.replace('_', ' ')}: {_text(value)}")


def _text(value: Any) -> str:
    if value in (None, [], {}):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _profile_in(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidInputError(f"{path} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidInputError(f"{path} holds {type(value).__name__}, expected a JSON object with the profile")
    return value
