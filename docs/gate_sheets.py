"""Writes docs/gates.md from the shipped gates: `make docs`, or `python docs/gate_sheets.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pratique.criteria import CelCriteria
from pratique.project import config_root
from pratique.regimes import Rulebook, load_configuration
from pratique.regimes.coverage import CoveredItem, coverage_of, load_seed
from pratique.regimes.datasheet import DataSheet, SheetCheckpoint, SheetRow, data_sheet

PAGE = Path(__file__).with_name("gates.md")
#: Stages of life in order, as the gates name them.
STAGES = {"training": "Training", "deployment": "Deployment", "post_deployment": "After deployment"}
HEAD = """# Gates

<!-- made by docs/gate_sheets.py from config/; `make docs` writes it anew -->

One data sheet for each gate that Pratique ships, made from `config/gates/`. The gates follow the final
General-Purpose AI Code of Practice (edition `eu-gpai-code@2025-07-10`) in our own words; which gates there are is our
reading of it, not its text. Following the Code is not conclusive evidence of compliance with the AI Act: a cleared
gate shows what named people saw and decided, and nothing else. Each risk that is identified brings the requirements
marked *each risk* of its own."""


def page() -> str:
    """Return the whole page."""
    found = load_configuration(config_root(), people_file=None, criteria=CelCriteria())
    rulebook = found.rulebook
    sheets = [data_sheet(spec, rulebook.edition) for spec in rulebook.specs.values()]
    ordered = sorted(
        sheets, key=lambda sheet: (list(STAGES).index(sheet.stage), _moments(rulebook).index(sheet.moment))
    )
    parts = [HEAD, "\n".join(_contents(ordered)), *(_sheet(sheet) for sheet in ordered), _coverage(rulebook)]
    return "\n\n".join(parts) + "\n"


def _moments(rulebook: Rulebook) -> list[str]:
    """Return the moments of life in order; a gate may name one that the edition does not have."""
    edition = rulebook.edition
    known = [moment.id for moment in edition.vocabulary.moments] if edition is not None else []
    return [*known, *sorted({spec.moment for spec in rulebook.specs.values()} - set(known))]


def _contents(sheets: list[DataSheet]) -> Iterator[str]:
    yield "| Stage | Gate | Opens at | Requirements | Signed by |"
    yield "|---|---|---|---|---|"
    for sheet in sheets:
        count = sum(len(checkpoint.requirements) for checkpoint in sheet.checkpoints)
        per_risk = sum(row.is_per_risk for checkpoint in sheet.checkpoints for row in checkpoint.requirements)
        each = f", {per_risk} of them for each risk" if per_risk else ""
        link = f"[{sheet.title}](#{sheet.title.lower().replace(' ', '-')})"
        yield f"| {STAGES[sheet.stage]} | {link} | {_words(sheet.moment)} | {count}{each} | {_signs(sheet)} |"


def _sheet(sheet: DataSheet) -> str:
    head = [
        f"## {sheet.title}",
        "",
        f"`{sheet.gate}`, version {sheet.version}, {STAGES[sheet.stage].lower()}, edition `{sheet.edition}`",
        "",
        f"**Decides.** {sheet.decides}",
        "",
        f"**Opens on.** {', '.join(f'`{kind}`' for kind in sheet.opens_on)}, or a trigger by name."
        + (f" Applies when `{sheet.applies_when}`." if sheet.applies_when else "")
        + (f" Settled when `{sheet.settled_when}`: age of evidence ends no clearance." if sheet.settled_when else ""),
        "",
        f"**Who signs.** {_signs(sheet)}; reminded after {sheet.follow_up_days} days, due after {sheet.due_days}.",
        "",
        f"**What clears it.** {sheet.clears}",
        "",
    ]
    ends = [
        "**What cannot be checked automatically.**",
        "",
        *(f"- {text}" for text in sheet.not_checked),
        "",
        f"**What a pass does not prove.** {sheet.does_not_show}",
    ]
    checkpoints = [line for checkpoint in sheet.checkpoints for line in _checkpoint(checkpoint)]
    return "\n".join([*head, *checkpoints, *_clocks(sheet), *_sources(sheet), *ends])


def _checkpoint(checkpoint: SheetCheckpoint) -> Iterator[str]:
    yield f"### {checkpoint.title} ({checkpoint.kind})"
    yield ""
    yield "| Requirement | Sources | The duty, and when it is open | Rests on | Good for | Owed by |"
    yield "|---|---|---|---|---|---|"
    for row in checkpoint.requirements:
        yield _requirement(row)
    yield ""


def _requirement(row: SheetRow) -> str:
    marks = [
        text
        for text, applies in (
            ("each risk", row.is_per_risk),
            ("this occasion's evidence only", row.is_per_occasion),
            ("advice only", not row.is_enforced),
            ("UNVERIFIED", not row.is_verified),
        )
        if applies
    ]
    title = row.title + (f" *({', '.join(marks)})*" if marks else "")
    told = row.why + (f" *Open while:* {row.open_while}" if row.open_while else "")
    if row.not_applicable_because:
        told += f" *Left out where:* {row.not_applicable_because}"
    fresh = f"{row.fresh_for_days} days" if row.fresh_for_days is not None else "-"
    cells = (f"`{row.id}` {title}", ", ".join(row.measures), told, row.rests_on, fresh, _words(row.owner))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _clocks(sheet: DataSheet) -> Iterator[str]:
    if not sheet.clocks:
        return
    yield "**Time limits that belong to it.**"
    yield ""
    yield "| Clock | What | Limit | Force |"
    yield "|---|---|---|---|"
    for clock in sheet.clocks:
        yield f"| `{clock.id}` | {clock.title} | {'; '.join(clock.limits)} | {_words(clock.force)} |"
    yield ""


def _sources(sheet: DataSheet) -> Iterator[str]:
    cited = [
        f"{source.id} {source.title}{'' if source.is_verified else ' (UNVERIFIED)'}".strip() for source in sheet.sources
    ]
    yield f"**Sources.** {'; '.join(cited)}."
    yield ""


def _coverage(rulebook: Rulebook) -> str:
    found = coverage_of(rulebook, load_seed(config_root()))
    lines = ["## Coverage", "", "`pratique regime coverage` prints this and fails when something is uncovered.", ""]
    for title, items in (("Measure", found.measures), ("Security objective", found.objectives)):
        lines += [f"| {title} | Gate: requirements |", "|---|---|", *(_covered(item) for item in items), ""]
    lines += [
        "What the first draft named, and where it is asked for today:",
        "",
        "| First draft | Now | Requirements |",
        "|---|---|---|",
        *(f"| {item.title} | {item.status} | {', '.join(item.requirements)} |" for item in found.seed),
    ]
    return "\n".join(" ".join(line.split()) if line.startswith("|") else line for line in lines)


def _covered(item: CoveredItem) -> str:
    gates = "; ".join(f"{gate}: {', '.join(map(str, reaches))}" for gate, reaches in item.by_gate().items())
    return f"| {item.id} {item.title} | {gates} |"


def _signs(sheet: DataSheet) -> str:
    return ", ".join(f"{number} {_words(role)}" for role, number in sheet.signs.items()) or "nobody"


def _words(name: str) -> str:
    return name.replace("_", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
