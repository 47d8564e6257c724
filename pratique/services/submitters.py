"""Who stands behind what a gate rests on; none of them can be the only one to sign."""

from __future__ import annotations

from pratique.canonical import stored_json
from pratique.domain.authorship import member_of
from pratique.domain.spec import GateSpec
from pratique.regimes.expressions import profile_members
from pratique.services.loaded_run import LoadedRun
from pratique.services.situations import submitters_of
from pratique.store.reader import Row

#: Profile members that a gate reads, by the digest of its spec; there are as many as specs were ever adopted.
_READ: dict[str, frozenset[str]] = {}


def submitters_of_run(run: LoadedRun) -> frozenset[str]:
    """Return who submitted the evidence, granted the waivers, and set the profile values that a gate run rests on."""
    authors = profile_authors(run.version, run.spec, run.row["spec_digest"])
    return submitters_of(run.situation, run.evaluation.findings) | authors.keys()


def profile_authors(version: Row, spec: GateSpec, spec_digest: str) -> dict[str, list[str]]:
    """Return who last set what a gate reads of the profile: person or actor -> the parts, in order of name."""
    if version["authors"] is None:
        return {}
    if spec_digest not in _READ:
        _READ[spec_digest] = profile_members(spec)
    found: dict[str, list[str]] = {}
    for part, author in sorted(stored_json(version["authors"]).items()):
        if member_of(part) in _READ[spec_digest]:
            found.setdefault(author, []).append(part)
    return found
