"""Who stands behind what a gate rests on; none of them can be the only one to sign."""

from __future__ import annotations

from pratique.canonical import stored_json
from pratique.domain.authorship import member_of
from pratique.domain.spec import GateSpec
from pratique.services.loaded_run import LoadedRun
from pratique.services.needs import needs_of
from pratique.services.situations import submitters_of
from pratique.store.reader import Row


def submitters_of_run(run: LoadedRun) -> frozenset[str]:
    """Return who submitted the evidence, granted the waivers, and set the profile values that a gate run rests on."""
    authors = profile_authors(run.version, run.spec, run.row["spec_digest"])
    return submitters_of(run.situation, run.evaluation.findings) | authors.keys()


def profile_authors(version: Row, spec: GateSpec, spec_digest: str) -> dict[str, list[str]]:
    """Return who last set what a gate reads of the profile: person or actor -> the parts, in order of name.

    Args:
        version: model, authors and risks_authors of the model version.
        spec: the spec that the gate run pinned, or one made of it.
        spec_digest: of the spec that the gate run pinned.
    """
    members = needs_of(spec, spec_digest).members
    found: dict[str, list[str]] = {}
    for column in ("authors", "risks_authors"):
        if version[column] is not None:
            for part, author in sorted(stored_json(version[column]).items()):
                if member_of(part) in members:
                    found.setdefault(author, []).append(part)
    return found
