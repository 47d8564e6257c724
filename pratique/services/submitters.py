"""Who stands behind what a gate rests on; none of them can be the only one to sign."""

from __future__ import annotations

from pratique.services.loaded_run import LoadedRun
from pratique.services.situations import submitters_of


def submitters_of_run(run: LoadedRun) -> frozenset[str]:
    """Return who submitted the evidence, granted the waivers, and set the values that a gate run rests on.

    Of the profile, the provider, the compute ledger and the risk register count those that its gate reads.
    """
    return submitters_of(run.situation, run.evaluation.findings) | run.authors().keys()
