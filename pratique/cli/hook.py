"""`pratique hook`: what tools reported, dead letters, reconciling, checking and trying out rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pratique.cli import values
from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson, TokenFile, Url, examples, new_app
from pratique.cli.output import note, say, say_json, say_table
from pratique.cli.session import connect
from pratique.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from pratique.hooks import Hooks

app = new_app("What tools report by themselves: see it, mend what could not be mapped, check and try out rules.")

DeliveryId = Annotated[str, typer.Argument(metavar="DELIVERY", help="Id of a delivery, as `hook list` shows it.")]
SourceName = Annotated[str, typer.Argument(metavar="SOURCE", help="Name of a source, such as mlflow.")]


@app.command(
    "list", epilog=examples("pratique hook list --state dead", "pratique hook list --source mlflow --limit 20 --json")
)
def list_deliveries(
    state: Annotated[
        str | None, typer.Option(help="received, mapped, ignored, dead or replayed.", show_default=False)
    ] = None,
    source: Annotated[str | None, typer.Option(help="Only of this source.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=500)] = 50,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """List deliveries, newest first."""
    items = connect(url, token_file, "pipeline").hooks.newest(limit, state=state, source=source)
    if as_json:
        say_json({"items": items})
        return
    rows = [(one["id"], one["source"], one["state"], one["received_at"], one["reason"]) for one in items]
    say_table(("DELIVERY", "SOURCE", "STATE", "RECEIVED", "REASON"), rows, empty="there is no such delivery")


@app.command(epilog=examples("pratique hook show 0198c2...", "pratique hook show 0198c2... --json | jq -r .body"))
def show(delivery: DeliveryId, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Show a delivery as it came, and what became of it."""
    found = connect(url, token_file, "pipeline").hooks.show(delivery)
    if as_json:
        say_json(found)
    else:
        _say_delivery(found)


@app.command(
    epilog=examples(
        "pratique hook replay 0198c2...",
        after="Needs a person's token. Exit code 0: it became events, or no rule waits for it. 1: it is dead still.",
    )
)
def replay(delivery: DeliveryId, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Have a dead or ignored delivery mapped again, by the rules of this moment."""
    found = connect(url, token_file, "person").hooks.replay(delivery)
    if as_json:
        say_json(found)
    else:
        _say_delivery(found)
    if found["state"] == "dead":
        raise typer.Exit(ExitCode.ERROR)


@app.command(
    epilog=examples(
        "pratique hook reconcile mlflow",
        "pratique hook reconcile mlflow --since 2026-11-01",
        after="Needs an administrator's token. MLflow forgets a webhook after four tries; this asks for what was lost.",
    )
)
def reconcile(
    source: SourceName,
    since: Annotated[
        str | None,
        typer.Option(help="From when on: 3h (ago), 2026-12-01 or a full time. Default: where the last one ended."),
    ] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask a tool for what it told nobody of, and take it in."""
    found = connect(url, token_file, "admin").hooks.reconcile(source, values.past(since, datetime.now(UTC)))
    if as_json:
        say_json(found)
        return
    missing: Mapping[str, str] = found["found"]
    said = f"{len(missing)} missing" if missing else "nothing was missing"
    say(f"{source}: {found['seen']} seen, {said}")
    for delivery, state in missing.items():
        say(f"  {delivery}  {state}")


@app.command(epilog=examples("pratique hook lint", "PRATIQUE_OVERLAY_DIR=./rules pratique hook lint"))
def lint(as_json: AsJson = False) -> None:
    """Check every source of the configuration on this machine; every error is shown at once."""
    hooks = _loaded()
    if as_json:
        say_json({"sources": sorted(hooks.sources), "warnings": list(hooks.warnings)})
        return
    for warning in hooks.warnings:
        note(f"warning: {warning}")
    names = ", ".join(f"{name} ({one.settings.kind.value})" for name, one in sorted(hooks.sources.items()))
    say(f"{len(hooks.sources)} sources: {names}" if names else "the configuration has no source of hooks")


@app.command(
    "try",
    epilog=examples(
        "pratique hook try mlflow delivery.json",
        "pratique hook try github delivery.json --header x-github-event=deployment_protection_rule",
        after="Nothing is sent, and no tool is asked. Exit code 0: events, or ignored. 1: it could not be mapped.",
    ),
)
def try_out(
    source: SourceName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A body as the tool sends it.", dir_okay=False)],
    header: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A header. Repeatable.")] = None,
    details: Annotated[
        Path | None,
        typer.Option(help="What MLflow answers for `details`, as JSON.", dir_okay=False, show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Map a saved delivery on this machine and print what it becomes."""
    from pratique.hooks import Delivery, Mapper, UnmappableError  # with the rules

    found = _loaded().get(source)
    if found is None:
        raise NotFoundError(f"there is no source {source!r} in the configuration of this machine")
    kept = found.kept_headers(_headers(header or []))
    delivery = Delivery(name="tried", headers=kept, raw=_bytes(file), details=_details(details))
    try:
        mapping = Mapper().map(found.settings, delivery)
    except UnmappableError as error:
        _say_tried({"state": "dead", "reason": str(error), "events": []}, as_json=as_json)
        raise typer.Exit(ExitCode.ERROR) from None
    events = [{"rule": one.rule, **json.loads(one.event.text)} for one in mapping.events]
    state = "mapped" if events else "ignored"
    _say_tried({"state": state, "reason": mapping.reason, "events": events}, as_json=as_json)


def _loaded() -> Hooks:
    from pratique.bootstrap import hooks_of  # what the engine itself does
    from pratique.cli.verify import load_settings
    from pratique.hooks import Mapper

    return hooks_of(load_settings(), Mapper())


def _headers(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{one!r} is no header; expected NAME=VALUE")
        found[name.strip().lower()] = value
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}") from None


def _details(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    from pratique.canonical import parse_json
    from pratique.hooks.mlflow_registry import with_tags_by_key

    value = parse_json(_bytes(path), str(path))
    if not isinstance(value, dict):
        raise InvalidInputError(f"{path}: found {type(value).__name__}, expected a JSON object")
    version = value.get("model_version", value)
    return with_tags_by_key(version)


def _say_tried(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(found)
        return
    say(f"{found['state']}: {found['reason']}")
    for event in found["events"]:
        members = " ".join(f"{name}={value}" for name, value in event["data"].items())
        say(f"  {event['rule']}: {event['type']} {members} (id {event['id']})")


def _say_delivery(found: Mapping[str, Any]) -> None:
    say(f"{found['source']} {found['delivery']}: {found['state']}")
    say(f"  {found['reason'] or 'not settled yet'}")
    say(f"  received {found['received_at']} ({found['found_by']}), {found['size']} bytes, sha256 {found['sha256']}")
    if found["settled_at"]:
        by = f" by {found['settled_by']}" if found["settled_by"] else ""
        say(f"  settled {found['settled_at']}{by}, rules {found['rules_digest'][:12]}")
    for event in found["events"]:
        again = ", known already" if event["is_duplicate"] else ""
        say(f"  event {event['id']}: {event['type']} {event['model']}/{event['version']}{again}")
    for name, value in found["headers"].items():
        say(f"  {name}: {value}")
    say(found["body"])
