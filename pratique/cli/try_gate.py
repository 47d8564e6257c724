"""`pratique gate try`: a gate judged on saved evidence, without an engine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pratique.cli import values
from pratique.cli.exits import ExitCode
from pratique.cli.options import AsJson
from pratique.cli.output import note, say, say_json, say_table
from pratique.errors import NotFoundError

if TYPE_CHECKING:
    from pratique.domain.spec import GateSpec
    from pratique.regimes import Configuration
    from pratique.services.trying import Trial

EXAMPLES = (
    "pratique gate try training-trigger --evidence logs/run.eval --profile profile.yaml",
    "pratique gate try gates/my-gate.yaml --evidence a.json --evidence b.json --profile p.yaml --register risks.json",
    "pratique gate try my-gate.yaml --evidence run.eval --model aurora --version 2.1 --at 2026-12-01T00:00:00Z --json",
)
AFTER = (
    "Exit code 0: nothing is open. 3: something is. 1: a file could not be read, or the spec is not sound. "
    "Asks no engine and records nothing. What only a ledger knows (other gates, time limits) is not tested."
)


def try_gate(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="A gate file, or the id of a gate of the configuration.")],
    evidence: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A file of evidence. Repeatable.", show_default=False)
    ] = None,
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILES]...", help="More files of evidence.", show_default=False)
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(help="YAML: the profile, and beside it `provider` and `compute`.", show_default=False),
    ] = None,
    register: Annotated[Path | None, typer.Option(help="YAML or JSON: the risk register.", show_default=False)] = None,
    model: Annotated[str | None, typer.Option(help="Name of the model.", show_default=False)] = None,
    version: Annotated[str | None, typer.Option(help="Its version.", show_default=False)] = None,
    occasion: Annotated[str, typer.Option(help="The occasion that expressions may name.")] = "default",
    at: Annotated[
        str | None,
        typer.Option(help="The moment to judge at: 30d, 2026-12-31 or a full time. Default: now.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge saved evidence by a gate, and print what it would find."""
    now = datetime.now(UTC)
    trial = _tried(
        spec,
        [*(evidence or []), *(more or [])],
        moment=values.moment(at, now) if at is not None else now,
        given={"profile": profile, "register": register, "model": model, "version": version, "occasion": occasion},
    )
    if as_json:
        say_json(trial.as_json())
    else:
        _say(trial)
    if not trial.is_ready:
        raise typer.Exit(ExitCode.BLOCKED)
    if trial.unreadable:
        raise typer.Exit(ExitCode.ERROR)


def _tried(name: str, files: list[Path], *, moment: datetime, given: dict[str, object]) -> Trial:
    from pratique.cli.regime import load_rules  # with the rules; help and version do without
    from pratique.collectors import build_registry
    from pratique.criteria import CelCriteria
    from pratique.services.given import read_given
    from pratique.services.trying import try_gate as tried

    path = Path(name)
    is_file = path.is_file()
    if not is_file and (path.suffix in (".yaml", ".yml", ".json") or "/" in name):
        raise NotFoundError(f"there is no file {name}")
    criteria = CelCriteria()
    configuration = load_rules(criteria=criteria, given=[path] if is_file else ())
    spec = _spec_in(path, configuration) if is_file else configuration.rulebook.spec(name)
    return tried(
        spec,
        configuration.rulebook,
        criteria,
        build_registry(configuration.library.schemas, configuration.keys),
        files=files,
        given=read_given(edition=spec.edition, **given),  # type: ignore[arg-type]  # named as its arguments are
        now=moment.astimezone(UTC),
    )


def _spec_in(path: Path, configuration: Configuration) -> GateSpec:
    """Return the gate that a file holds, or that its overlay changes, as it is after all checks."""
    from pratique.regimes.yaml_text import read_yaml  # with the rules

    held = read_yaml(path.read_text(encoding="utf-8")).value
    gates = configuration.library.gates
    if "gate" in held:
        edition = held.get("edition")
        found = gates.get(edition, {}).get(held["gate"]) if edition else configuration.rulebook.specs.get(held["gate"])
    else:
        found = gates.get(held["edition"], {}).get(held["id"])
    if found is None:
        raise NotFoundError(f"{path} holds no gate of an edition that there is")
    return found


def _say(trial: Trial) -> None:
    spec = trial.spec
    count = len(trial.open_findings)
    ending = "nothing is open" if trial.is_ready else f"{count} open" if count else "nothing is met"
    say(f"{spec.id} (version {spec.version}, {spec.edition}) at {trial.at:%Y-%m-%d %H:%M} UTC: {ending}")
    rows = [
        (
            finding.requirement,
            ", ".join(spec.placed[finding.requirement][1].measures),
            finding.status.value.replace("_", " ") + ("" if finding.enforced else " (advice)"),
            finding.evidence,
            finding.reason,
        )
        for finding in trial.findings
    ]
    say_table(("REQUIREMENT", "MEASURE", "STATUS", "EVIDENCE", "REASON"), rows, empty="the gate asks for nothing")
    for one in trial.unreadable:
        note(f"could not be read: {one.id}: {one.reading_reason}")
    for text in trial.assumed:
        note(f"assumed: {text}")
    note("a trial: nothing was recorded, and nothing is cleared by it")
