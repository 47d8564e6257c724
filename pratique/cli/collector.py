"""`pratique collector`: which formats are read, what facts they give, and what one file would say."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pratique.cli.options import AsJson, TokenFile, Url, examples, new_app
from pratique.cli.output import note, say, say_json, say_table
from pratique.cli.session import connect
from pratique.errors import NotFoundError

if TYPE_CHECKING:
    from pratique.domain.evidence import Extraction

app = new_app("Formats of evidence: which are read, what facts they give, what a file would say.")

_SHOWN_FACT_CHARACTERS = 160


@app.command("list", epilog=examples("pratique collector list", "pratique collector list --json | jq .items"))
def list_collectors(url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List the collectors of the engine, and why others were left out."""
    found = connect(url, token_file, "pipeline").collectors.list()
    if as_json:
        say_json(found)
        return
    rows = [(one["name"], one["version"], _kinds(one["kinds"]), one["origin"]) for one in found["items"]]
    say_table(("COLLECTOR", "VERSION", "KINDS", "FROM"), rows, empty="the engine has no collector")
    for problem in found["problems"]:
        note(problem)


@app.command(
    epilog=examples("pratique collector show garak", "pratique collector show sarif --json | jq .facts_schema")
)
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a collector, such as inspect.")],
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Show a collector and the JSON Schema of the facts that criteria see."""
    found = connect(url, token_file, "pipeline").collectors.show(name)
    if as_json:
        say_json(found)
        return
    say(f"{found['name']} (version {found['version']}, {found['origin']}): {', '.join(found['kinds'])}")
    say_json(found["facts_schema"])


@app.command(
    "try",
    epilog=examples(
        "pratique collector try logs/run.eval",
        "pratique collector try garak.report.jsonl --json | jq .facts",
        after="Exit code 0: it was read, complete or not. 1: it cannot be read; the reason is on stderr. "
        "Asks no engine and records nothing; collectors and rules are those of this machine.",
    ),
)
def try_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of evidence.")],
    as_json: AsJson = False,
) -> None:
    """Read a file as the engine would, and print what it says."""
    if not file.is_file():
        raise NotFoundError(f"there is no file {file}")
    from pratique.cli.regime import load_rules  # with the rules; help and version do without
    from pratique.collectors import build_registry, read_evidence

    rules = load_rules()
    extraction = read_evidence(file, file.name, build_registry(rules.library.schemas, rules.keys))
    if as_json:
        say_json(_as_json(extraction))
    else:
        _say(extraction)


def _say(extraction: Extraction) -> None:
    by = f"{extraction.collector} {extraction.collector_version}"
    say(f"{extraction.kind}, read by {by}" + (f", written by {extraction.tool}" if extraction.tool else ""))
    say("complete" if extraction.complete else f"incomplete: {extraction.incomplete_reason}")
    known = _as_json(extraction)
    skipped = {"kind", "collector", "collector_version", "tool", "complete", "incomplete_reason", "facts"}
    say_table(("WHAT", "FOUND"), [(k, v) for k, v in known.items() if k not in skipped], empty="nothing else is known")
    rows = [(f"facts.{name}", _shown(value)) for name, value in extraction.facts.items()]
    say_table(("FACT", "VALUE"), rows, empty="it gives no facts")


def _as_json(extraction: Extraction) -> dict[str, Any]:
    from pratique.domain.times import instant_text  # with the rules

    values = {field.name: getattr(extraction, field.name) for field in dataclasses.fields(extraction)}
    return {
        name: instant_text(value) if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None
    }


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return (
        text if len(text) <= _SHOWN_FACT_CHARACTERS else text[: _SHOWN_FACT_CHARACTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"
    )


def _kinds(kinds: list[str]) -> str:
    """Return the kinds in a line; of the many of facts documents, how many there are."""
    return ", ".join(kinds) if len(kinds) <= 3 else f"{kinds[0]} and {len(kinds) - 1} more"
