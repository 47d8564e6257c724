"""`pratique gate replay`: what a proposed spec would change in what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pratique.cli.options import AsJson, TokenFile, Url
from pratique.cli.output import note, say, say_json, say_table
from pratique.cli.progress import spinner
from pratique.cli.session import connect
from pratique.errors import InvalidInputError

EXAMPLES = (
    "pratique gate replay --spec gates/pre-placement.yaml",
    "pratique gate replay --spec new.yaml --model aurora --json | jq '.items[].requirements'",
)
AFTER = (
    "Needs an admin's token, or a person's. Each run is judged as the ledger was at its last decision, or as it is now "
    "while it is undecided. Nothing is written: adopting rules is another act (`pratique regime adopt`)."
)


def replay(
    spec: Annotated[Path, typer.Option(help="The proposed gate file.")],
    gate: Annotated[
        str | None, typer.Option(help="Id of the gate. Default: as in the file.", show_default=False)
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only runs of this model.", show_default=False)] = None,
    version: Annotated[str | None, typer.Option(help="Only runs of versions of this name.", show_default=False)] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Judge the runs of a gate again under a proposed spec, and list those whose verdict would change."""
    body = _spec(spec)
    name = gate or body.get("id")
    if not isinstance(name, str):
        raise InvalidInputError(f"{spec}: found no `id`, expected that of a gate")
    client = connect(url, token_file, "admin")
    with spinner(f"replaying {name}", note) as tell:
        found = _together(client.regimes.replay(name, body, model=model, version=version), tell)
    if as_json:
        say_json(found)
    else:
        _say(found)


def _together(pages: Iterable[Mapping[str, Any]], tell: Any) -> dict[str, Any]:
    """Return all pages as one."""
    found: dict[str, Any] = {}
    for page in pages:
        if not found:
            found = {**page}
            continue
        for name in ("looked_at", "changed", "other_findings"):
            found[name] += page[name]
        for name in ("items", "skipped", "not_reproduced"):
            found[name] += page[name]
        tell(f"{found['looked_at']} gate runs, {found['changed']} would change")
    found.pop("next", None)
    return found


def _spec(path: Path) -> dict[str, Any]:
    from pratique.regimes.yaml_text import read_yaml  # with the rules; help and version do without

    try:
        result = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}") from None
    if result.problems:
        told = [f"{path}: {one.path}: found {one.found}, expected {one.expected}" for one in result.problems]
        raise InvalidInputError("\n".join(told))
    if not isinstance(result.value, dict):
        raise InvalidInputError(f"{path}: found {type(result.value).__name__}, expected a gate file")
    return result.value


def _say(found: dict[str, Any]) -> None:
    rows = [
        (
            f"{one['model']}/{one['version']}",
            one["occasion"],
            one["state"].replace("_", " "),
            f"{one['judged_on']} {one['judged_at'][:10]}" if one["judged_on"] == "decision" else "now",
            f"{one['was']}, would be {one['becomes']}",
            "; ".join(_why(change) for change in one["requirements"]),
        )
        for one in found["items"]
    ]
    headings = ("MODEL/VERSION", "OCCASION", "STATE", "JUDGED AS OF", "VERDICT", "WHY")
    say_table(headings, rows, empty=f"no verdict on gate {found['gate']} would change")
    others = f", {found['other_findings']} with other findings and the same verdict" if found["other_findings"] else ""
    say(f"{found['looked_at']} gate runs judged again: {found['changed']} would change{others}")
    for one in found["not_reproduced"]:
        note(f"gate run {one}: by its own spec it is not found again as it was recorded; look at it by hand")
    for one in found["skipped"]:
        note(f"gate run {one['gate_run']} was not judged: {one['reason']}")


def _why(change: dict[str, Any]) -> str:
    told = f"{change['requirement']} {change['was'] or 'not asked for'} -> {change['becomes'] or 'not asked for'}"
    return f"{told} ({change['reason']})" if change["reason"] else told
