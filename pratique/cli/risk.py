"""`pratique risk`: record and show the risk register of model versions."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pratique.cli.options import AsJson, Subject, TokenFile, Url, examples, new_app
from pratique.cli.output import say, say_json, say_table
from pratique.cli.session import connect
from pratique.errors import InvalidInputError, NotFoundError

app = new_app("Keep the risk register of model versions.")

_LISTS = ("types", "indicators", "acceptance_criteria", "evidence")


@app.command(
    epilog=examples(
        "pratique risk record aurora/2.1 register.json",
        "pratique risk show aurora/2.1 --json | jq '{risks: [.risks[] | select(.recorded) | del(.recorded)]}'",
        after="Replaces the register as a whole. Requirements are made for each risk that is identified then.",
    )
)
def record(
    subject: Subject,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON: a list of risks, or an object with `risks`; - reads stdin.")
    ],
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Record the risk register of a model version, or replace it."""
    done = connect(url, token_file, "pipeline").risks.record(subject.model, subject.version, _risks_in(file))
    if as_json:
        say_json(done)
        return
    say(f"{subject}: {_count(done['risks'])}, checked against {done['edition']}")


@app.command(epilog=examples("pratique risk show aurora/2.1", "pratique risk show aurora/2.1 loss_of_control"))
def show(
    subject: Subject,
    risk: Annotated[str | None, typer.Argument(metavar="RISK", help="Id of one risk.", show_default=False)] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what the register says of each identified risk."""
    found = connect(url, token_file, "pipeline").risks.register(subject.model, subject.version)
    if risk is not None:
        found = {**found, "risks": [_one_of(found["risks"], risk, subject)]}
    if as_json:
        say_json(found)
        return
    for one in found["risks"]:
        for line in _lines(one, found["authors"]):
            say(line)


@app.command("list", epilog=examples("pratique risk list aurora/2.1"))
def list_risks(subject: Subject, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List the identified risks of a model version; the specified ones are always among them."""
    found = connect(url, token_file, "pipeline").risks.register(subject.model, subject.version)
    if as_json:
        say_json(found)
        return
    rows = [
        (
            one["id"],
            one["category"].replace("_", " "),
            len(one["scenarios"]),
            _tier(one),
            one["owner"],
            _remaining(one),
            "yes" if one["recorded"] else "no",
        )
        for one in found["risks"]
    ]
    headings = ("RISK", "CATEGORY", "SCENARIOS", "TIER REACHED", "OWNER", "RESIDUAL", "RECORDED")
    say_table(headings, rows, empty="no risk is identified")


def _lines(risk: Mapping[str, Any], authors: Mapping[str, str]) -> Iterator[str]:
    yield f"{risk['id']}: {risk['title']} ({risk['category'].replace('_', ' ')})"
    if not risk["recorded"]:
        yield "  nothing is recorded of it"
        return
    author = authors.get(f"risks.{risk['id']}")
    yield f"  owner: {risk['owner'] or '-'}; recorded by {author or '-'}"
    if risk["description"]:
        yield f"  {risk['description']}"
    for name in _LISTS:
        if risk[name]:
            yield f"  {name.replace('_', ' ')}: {'; '.join(risk[name])}"
    for name, words in risk["sources"].items():
        if words:
            yield f"  {name.replace('_', ' ')}: {'; '.join(words)}"
    yield from _analysis(risk)


def _analysis(risk: Mapping[str, Any]) -> Iterator[str]:
    for one in risk["scenarios"]:
        yield f"  scenario {one['id']}: {one['title']}"
    for one in risk["tiers"]:
        reached = {True: "reached", False: "not reached", None: "not known whether reached"}[one["reached"]]
        limit = "acceptable" if one["acceptable"] else "not acceptable"
        yield f"  tier {one['id']}: {one['title']}, {reached}, {limit}; criterion: {one['criterion']}"
    for name, text in risk["estimate"].items():
        if text:
            yield f"  estimate, {name.replace('_', ' ')}: {text}"
    for one in risk["mitigations"]:
        yield f"  mitigation {one['id']}: {one['title']}, {one['status'].replace('_', ' ')}"
    yield f"  residual risk: {_remaining(risk)}"
    if risk["residual"]["margin"]:
        yield f"  margin: {risk['residual']['margin']}"


def _remaining(risk: Mapping[str, Any]) -> str:
    residual = risk["residual"]
    return f"accepted by {residual['by']} on {residual['on']}" if residual["accepted"] else "not accepted"


def _tier(risk: Mapping[str, Any]) -> str:
    return ", ".join(one["id"] for one in risk["tiers"] if one["reached"])


def _count(risks: list[Mapping[str, Any]]) -> str:
    recorded = sum(1 for one in risks if one["recorded"])
    missing = [one["id"] for one in risks if not one["recorded"]]
    told = f"{recorded} risk{'' if recorded == 1 else 's'} recorded"
    return f"{told}, nothing yet of {', '.join(missing)}" if missing else told


def _one_of(risks: list[Mapping[str, Any]], risk: str, subject: object) -> Mapping[str, Any]:
    found = next((one for one in risks if one["id"] == risk), None)
    if found is None:
        raise NotFoundError(f"{subject} has no risk {risk!r}; identified are {', '.join(one['id'] for one in risks)}")
    return found


def _risks_in(path: Path) -> list[Any]:
    try:
        value = json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}") from None
    except ValueError as error:
        raise InvalidInputError(f"{path} is not JSON: {error}") from None
    found = value.get("risks") if isinstance(value, dict) else value
    if not isinstance(found, list):
        raise InvalidInputError(f"{path}: found {type(value).__name__}, expected a list of risks, or `risks` with one")
    return found
