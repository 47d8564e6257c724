"""`pratique regime`: list, show, lint, diff, adopt; `coverage` and `accept-files` have modules of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pratique.cli import regime_files
from pratique.cli.coverage import EXAMPLES, coverage
from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson, TokenFile, Url, examples, new_app
from pratique.cli.output import SHORT_DIGEST_CHARS, note, say, say_json, say_table
from pratique.cli.regime_text import say_edition, say_item, say_plan, say_plan_changes
from pratique.cli.session import connect
from pratique.errors import ConfigError, NotFoundError, PratiqueError

if TYPE_CHECKING:
    from pratique.criteria import CelCriteria
    from pratique.domain.regime import Edition
    from pratique.regimes import Configuration

app = new_app("Rules as editions: see what they say, check your own, compare them, move the installation to one.")

EditionName = Annotated[str, typer.Argument(metavar="EDITION", help="Such as eu-gpai-code@2025-07-10.")]


app.command(epilog=examples(*EXAMPLES, after="Exit code 0: all is covered. 1: what is not is named on stderr."))(
    coverage
)


app.command("accept-files", epilog=examples(*regime_files.EXAMPLES, after=regime_files.AFTER))(
    regime_files.accept_files
)


@app.command("list", epilog=examples("pratique regime list", "PRATIQUE_OVERLAY_DIR=./rules pratique regime list"))
def list_editions(as_json: AsJson = False) -> None:
    """List the editions of the configuration on this machine, shipped and your own."""
    library = load_rules().library
    rows: list[dict[str, Any]] = [
        {
            "edition": name,
            "published": edition.imprint.published.isoformat(),
            "measures": len(list(edition.measures())),
            "gates": len(library.gates.get(name, ())),
            "from": "overlay" if name in library.added else "shipped",
            "digest": edition.digest,
            "title": edition.imprint.title,
        }
        for name, edition in sorted(library.regimes.editions.items())
    ]
    if as_json:
        say_json({"items": rows})
        return
    shown = [[*(list(row.values())[:5]), row["digest"][:SHORT_DIGEST_CHARS], row["title"]] for row in rows]
    say_table([name.upper() for name in rows[0]] if rows else [], shown, empty="the configuration holds no edition")


@app.command(
    epilog=examples(
        "pratique regime show eu-gpai-code@2025-07-10",
        "pratique regime show eu-gpai-code@2025-07-10 S-3.2",
        "pratique regime show eu-gpai-code@2025-07-10 cbrn --json",
    )
)
def show(
    edition: EditionName,
    item: Annotated[
        str | None, typer.Argument(metavar="ITEM", help="A measure, article, deadline, risk or any other id in it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show an edition, or one item of it with its source."""
    configuration = load_rules()
    found = _edition(configuration, edition)
    if item is None:
        if as_json:
            say_json({**found.model_dump(mode="json"), "id": found.id, "digest": found.digest})
        else:
            say_edition(found, configuration.library.gates.get(found.id, {}))
        return
    from pratique.domain.regime.diff import entries  # with the rules

    matches = [{"kind": kind, "id": name, **value} for (kind, name), value in entries(found).items() if name == item]
    if not matches:
        raise NotFoundError(f"{found.id} has no item {item!r}", hint=f"`pratique regime show {found.id}` lists them")
    if as_json:
        say_json({"edition": found.id, "items": matches})
        return
    for match in matches:
        say_item(match, configuration.library.gates.get(found.id, {}))


@app.command(
    epilog=examples(
        "pratique regime lint",
        "pratique regime lint ./rules",
        "pratique regime lint ./copy-of-config --json",
        after="Exit code 0: sound. 1: every error is printed, a line each: file, key, found, expected.",
    )
)
def lint(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR",
            help="An overlay, checked with the shipped rules; or a whole configuration. Without it: what an engine "
            "on this machine would load.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every rule file, and show every error at once."""
    try:
        configuration = load_rules(folder, with_people=True)
    except ConfigError as error:
        if as_json:
            say_json({"ok": False, "errors": error.errors, "warnings": []})
        else:
            for line in error.errors:
                say(line)
            note(f"not sound: {len(error.errors)} error{'s' if len(error.errors) != 1 else ''}")
        raise typer.Exit(ExitCode.ERROR) from None
    library = configuration.library
    counts = {
        "editions": len(library.regimes.editions),
        "mappings": len(library.regimes.mappings),
        "gates": len({gate for gates in library.gates.values() for gate in gates}),
        "facts schemas": len(library.schemas),
        "holiday lists": len(library.regimes.holidays.lists()),
    }
    if as_json:
        say_json({"ok": True, "errors": [], "warnings": list(configuration.warnings), "counts": counts})
        return
    for warning in configuration.warnings:
        note(f"warning: {warning}")
    say("sound: " + ", ".join(f"{count} {name}" for name, count in counts.items()))


@app.command(
    epilog=examples(
        "pratique regime diff eu-gpai-code@draft-1 eu-gpai-code@2025-07-10",
        "pratique regime diff eu-gpai-code@2025-07-10 eu-gpai-code@2027-01-01 --json",
        after="Works without an engine. Where one answers, and with an admin's token, it also says which open model "
        "versions adopting B touches.",
    )
)
def diff(
    earlier: Annotated[str, typer.Argument(metavar="A", help="The edition before.")],
    later: Annotated[str, typer.Argument(metavar="B", help="The edition after.")],
    is_offline: Annotated[bool, typer.Option("--offline", help="Ask no engine.")] = False,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what was added, removed and changed between two editions, and which gates that touches."""
    from pratique.domain.gate_changes import gates_changed  # with the rules
    from pratique.domain.regime.diff import edition_changes

    configuration = load_rules()
    library = configuration.library
    before, after = _edition(configuration, earlier), _edition(configuration, later)
    mapping = next((m for m in library.regimes.mappings if (m.earlier, m.later) == (before.id, after.id)), None)
    changes = edition_changes(before, after, mapping)
    risks = tuple(change.line for change in changes if change.kind == "risk")
    gates = gates_changed(library.gates.get(before.id, {}), library.gates.get(after.id, {}), risks=risks)
    plan: dict[str, Any] = {
        "earlier": before.id,
        "later": after.id,
        "changes": [change.as_json() for change in changes],
        "gates": [change.as_json() for change in gates],
    }
    touched, why_not = (None, "not asked") if is_offline else _touched(after.id, url, token_file)
    if touched is not None:
        plan |= {name: touched[name] for name in ("was_edition", "gate_runs", "registers", "counts", "totals")}
    if as_json:
        say_json(plan)
        return
    say_plan_changes(plan)
    if touched is None:
        note(f"which open model versions it touches is not known: {why_not}")
    else:
        say_plan({**plan, "changes": [], "gates": []})


@app.command(
    epilog=examples(
        "pratique regime adopt eu-gpai-code@2027-01-01 --dry-run",
        'pratique regime adopt eu-gpai-code@2027-01-01 --reason "In force since 1 January"',
        after="Needs an admin's token. The engine reads its files anew; any error refuses it as a whole, and it goes "
        "on as it is. Adopting what is adopted already changes nothing.",
    )
)
def adopt(
    edition: EditionName,
    is_rehearsal: Annotated[
        bool, typer.Option("--dry-run", help="Print what it would do, the same list, and change nothing.")
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option(help="Why, in your own words. It is kept in the journal for good.", show_default=False),
    ] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Move the installation to an edition, and everything that is open with it."""
    plan = dict(connect(url, token_file, "admin").regimes.adopt(edition, reason, dry_run=is_rehearsal))
    if as_json:
        say_json(plan)
        return
    say_plan(plan)
    if is_rehearsal:
        note("a rehearsal: nothing was changed")


def _touched(edition: str, url: str | None, token_file: Path | None) -> tuple[dict[str, Any] | None, str]:
    """Return what an engine says that adopting an edition touches, or why none says it."""
    try:
        return dict(connect(url, token_file, "admin").regimes.impact(edition)), ""
    except PratiqueError as error:
        return None, error.message.splitlines()[0]


def _edition(configuration: Configuration, name: str) -> Edition:
    editions = configuration.library.regimes.editions
    if name not in editions:
        raise NotFoundError(f"edition {name!r} is unknown", hint=f"editions: {', '.join(sorted(editions)) or 'none'}")
    return editions[name]


def load_rules(
    folder: Path | None = None,
    *,
    with_people: bool = False,
    criteria: CelCriteria | None = None,
    given: Sequence[Path] = (),
) -> Configuration:
    """Load the rules as an engine on this machine would, or with another folder for its overlay or configuration.

    Args:
        folder: an overlay, or a whole configuration.
        with_people: check who is named in them, too.
        criteria: the language that expressions are compiled with.
        given: gate files beside these; each stands for the gate that it is a version of.

    Raises:
        ConfigError: with every error at once.
        NotFoundError: there is no such folder.
    """
    from pratique.cli.verify import load_settings
    from pratique.collectors import build_registry  # with the rules; help and version do without
    from pratique.criteria import CelCriteria
    from pratique.regimes import load_configuration

    settings = load_settings()
    config_dir, overlay_dir = config_dirs(folder)
    candidates = [settings.people_file, settings.data_dir / "people.yaml", config_dir / "people.yaml"]
    candidates.append(config_dir / "people.example.yaml")
    people = next((path for path in candidates if path is not None and path.is_file()), None)
    return load_configuration(
        config_dir,
        people_file=people if with_people else None,
        criteria=criteria or CelCriteria(),
        known_kinds=build_registry().kinds,
        overlay_dir=overlay_dir,
        given=given,
    )


def config_dirs(folder: Path | None) -> tuple[Path, Path | None]:
    """Return the configuration and the overlay of this machine, with `folder` in the place of the one that it is.

    Raises:
        NotFoundError: there is no such folder.
    """
    from pratique.cli.verify import load_settings  # with the rules

    settings = load_settings()
    if folder is None:
        return settings.config_dir, settings.overlay_dir
    if not folder.is_dir():
        raise NotFoundError(f"there is no folder {folder}")
    return (folder, None) if _is_whole(folder, settings.config_dir) else (settings.config_dir, folder)


def _is_whole(folder: Path, config_dir: Path) -> bool:
    """True for a whole configuration: it holds an edition that the configuration has. An overlay never does."""
    shipped = [path.relative_to(config_dir) for path in (config_dir / "regimes").glob("*/*/edition.yaml")]
    return folder.resolve() == config_dir.resolve() or any((folder / path).is_file() for path in shipped)
