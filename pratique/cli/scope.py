"""`pratique scope`: who owes what for a model version, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pratique.cli.options import AsJson, Subject, TokenFile, Url, examples, new_app
from pratique.cli.output import say, say_json
from pratique.cli.session import connect

app = new_app("See which duties apply to a model version, and by which rule.")


@app.command(
    epilog=examples(
        "pratique scope explain aurora/2.1",
        "pratique scope explain aurora/2.1 --applying",
        "pratique scope explain aurora/2.1 --json | jq .scope",
        after="`assumed` marks what could not be judged: then the side is taken on which more is owed.",
    )
)
def explain(
    subject: Subject,
    applying: Annotated[bool, typer.Option("--applying", help="Only what was answered with yes.")] = False,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the way to who owes what: each question, its answer, the reason, and the source it rests on."""
    found = connect(url, token_file, "pipeline").scope.explain(subject.model, subject.version)
    if as_json:
        say_json(dict(found))
        return
    say(f"{subject} under {found['edition']}")
    for step in found["steps"]:
        if step["answer"] or not applying:
            _say_step(step)
    if found.get("changes_at"):
        say(f"Some of this changes by itself at {found['changes_at']}.")
    say(found["does_not_show"])


def _say_step(step: dict[str, Any]) -> None:
    mark = "yes" if step["answer"] else "no"
    assumed = ", assumed" if step["is_assumed"] else ""
    say(f"{mark}{assumed}  {step['id']}: {step['question']}")
    say(f"    {step['reason']}")
    source = step["source"]
    read = "" if step["verified"] else " (UNVERIFIED)"
    say(f"    {source['clause']} [{source['document']}, text of {source['edition'] or 'no date'}]{read}")
    if step.get("unverified"):
        say(f"    UNVERIFIED: {step['unverified']}")
