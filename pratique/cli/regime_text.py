"""How editions, and what adopting them does, are told on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pratique.cli.output import SHORT_DIGEST_CHARS, note, say, say_table

if TYPE_CHECKING:
    from pratique.domain.regime import Edition
    from pratique.domain.spec import GateSpec

#: What becomes of a gate run, in words.
_EFFECTS = {
    "stale": "becomes stale",
    "judged_anew": "is judged anew",
    "carried": "is carried",
    "kept": "stays as decided",
    "left": "ends as it was opened",
    "depends": "becomes stale with it",
}
_PROVENANCE = frozenset({"source", "verified", "unverified"})
#: Members that `say_item` prints in its own way, or not at all.
_APART = frozenset({"kind", "id", "title", "summary", "gloss", "source", "verified", "unverified"})


def say_edition(edition: Edition, gates: Mapping[str, GateSpec]) -> None:
    """Print what an edition is, its measures, and how many items of each other kind it has."""
    imprint = edition.imprint
    say(f"{edition.id}  {imprint.title}")
    say(f"  published {imprint.published}; {imprint.status}")
    say(f"  {imprint.legal_nature}")
    say(f"  digest {edition.digest[:SHORT_DIGEST_CHARS]}; sources last searched {imprint.checked}")
    for chapter in edition.chapters:
        say(f"{chapter.id}: {chapter.title}")
        for commitment in chapter.commitments:
            say(f"  {commitment.id}  {commitment.title}")
            for measure in commitment.measures:
                say(f"    {measure.id}  {measure.title}{_mark(measure.verified)}")
    say("risks always assessed: " + ", ".join(risk.id for risk in edition.taxonomy.always_assess))
    say(
        f"{len(edition.acts)} articles, {len(edition.deadlines)} deadlines, {len(edition.documents)} documents, "
        f"{len(gates)} gates{': ' if gates else ''}{', '.join(gates)}"
    )


def say_item(item: Mapping[str, Any], gates: Mapping[str, GateSpec]) -> None:
    """Print one item: what it says, where it was read, and which requirements cite it."""
    say(f"{item['kind']} {item['id']}{_mark(item.get('verified', True))}  {item.get('title', '')}".rstrip())
    for name in ("summary", "gloss"):
        if item.get(name):
            say(f"  {item[name]}")
    for name, value in item.items():
        if name not in _APART and value not in (None, "", [], {}):
            say(f"  {name.replace('_', ' ')}: {_shown(value)}")
    source = item.get("source")
    if isinstance(source, dict):
        read = f", text of {source['edition']}" if source.get("edition") else ""
        say(f"  source: {source['document']}, {source['clause']}{read}")
    if item.get("unverified"):
        say(f"  not verified: {item['unverified']}")
    citing = [f"{g}/{r.id}" for g, spec in gates.items() for r in spec.requirements() if item["id"] in r.measures]
    if citing:
        say(f"  requirements: {', '.join(citing)}")


def say_plan_changes(plan: Mapping[str, Any]) -> None:
    """Print what differs between two editions, and the gates in which it shows."""
    told = [change for change in plan["changes"] if not _is_provenance(change)]
    for change in told:
        say(change["line"])
    counts = Counter(change["kind"] for change in plan["changes"] if _is_provenance(change))
    if counts:
        say("read in another text only: " + ", ".join(f"{count} x {kind}" for kind, count in sorted(counts.items())))
    for gate in plan["gates"]:
        keys = f" ({', '.join(gate['keys'])})" if gate["keys"] else ""
        say(f"{gate['what']} gate {gate['gate']}{keys}")
        for one in gate["requirements"]:
            demand = "" if one["is_demand"] else "; the demand is the same"
            changed = f" ({', '.join(one['keys'])})" if one["keys"] else ""
            say(f"  {one['what']} {one['requirement']}{changed}{demand}")
    if not (plan["changes"] or plan["gates"]):
        say("the same rules")


def say_plan(plan: Mapping[str, Any]) -> None:
    """Print what adopting an edition does: to the rules, to gate runs, to risk registers."""
    if "edition" in plan:
        was = plan.get("was_edition")
        say(f"{plan['edition']}{f', after {was}' if was and was != plan['edition'] else ''}")
        if was == plan["edition"] and plan["was_digest"] != plan["digest"] and not plan["changes"]:
            say("the edition itself is not as it was adopted; what its files said before is not kept")
        if plan["changes"] or plan["gates"] or plan["was_digest"] == plan["digest"]:
            say_plan_changes(plan)
    rows = [
        (f"{run['model']}/{run['version']}", run["gate"], run["occasion"], run["state"], _effect(run), _why(run))
        for run in plan["gate_runs"]
    ]
    headings = ("MODEL/VERSION", "GATE", "OCCASION", "STATE", "WHAT BECOMES OF IT", "WHY")
    say_table(headings, rows, empty="no gate run is touched")
    _say_rest(plan, len(rows))
    for register in plan["registers"]:
        for risk in register["risks"]:
            say(f"risk register of {register['model']}/{register['version']}: {_moved(risk)}")
    if (total := plan["totals"]["registers"]) > len(plan["registers"]):
        for risk in plan["counts"]["risks"]:
            say(f"in all {total} risk registers: {_moved(risk)}, in {risk['count']}")
    for warning in plan.get("warnings", ()):
        note(f"warning: {warning}")
    if plan.get("changes_something") is False:
        say("nothing changes: this is adopted already")


def _say_rest(plan: Mapping[str, Any], shown: int) -> None:
    """Print how many gate runs are touched in all, where not every one was named."""
    total = plan["totals"]["gate_runs"]
    if total <= shown:
        return
    say(f"{shown} of {total} gate runs are named, what becomes stale before the rest; of each gate in all:")
    rows = [(one["gate"], str(one["count"]), _effect(one), _why(one)) for one in plan["counts"]["gate_runs"]]
    say_table(("GATE", "RUNS", "WHAT BECOMES OF THEM", "WHY"), rows, empty="none")


def _moved(risk: Mapping[str, Any]) -> str:
    return f"{risk['was']} as {', '.join(risk['now'])}" + ("; to be assessed again" if risk["reassess"] else "")


def _is_provenance(change: Mapping[str, Any]) -> bool:
    keys = change.get("keys") or ()
    return change["what"] == "changed" and bool(keys) and _PROVENANCE.issuperset(keys)


def _effect(run: Mapping[str, Any]) -> str:
    return _EFFECTS.get(run["effect"], str(run["effect"]).replace("_", " "))


def _why(run: Mapping[str, Any]) -> str:
    return "; ".join(run["why"])


def _mark(is_verified: bool) -> str:
    return "" if is_verified else "  [not verified]"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(one)}" for name, one in value.items() if one not in (None, "", [], {}))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(_shown(one) for one in value)
    return " ".join(str(value).split())
