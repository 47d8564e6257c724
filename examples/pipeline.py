"""A training pipeline that stops at three gates: a plain script, and all of Pratique that it needs.

    python examples/pipeline.py --token-file ~/.local/share/pratique/tokens/pipeline.token --evidence-dir evidence

Evidence for a gate lies in a folder with the gate's name (`evidence/training-trigger/...`). Somebody else may send
more at any time: the script waits until the gate is cleared, and then goes on by itself.

Exit codes: 0 placed, 5 a gate was rejected, 6 nobody decided in time, 1 anything else went wrong.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pratique

MODEL, VERSION = "aurora", "2.1"

PROFILE = {
    "general_purpose": True,
    "systemic_risk": True,
    "stage": "training",
    "provider_size": "small",
    "training_flop": 1.2e25,
    "known_as": ["mockllm/model"],  # what the evaluation tool calls exactly this version
}


def say(text: str) -> None:
    """Print one line, at once: somebody may read the log while the script waits."""
    print(f"pipeline: {text}", flush=True)


def main() -> int:
    """Run the pipeline; return the exit code."""
    options = parsed()
    token = options.token_file.read_text().strip() if options.token_file else None
    try:
        client = pratique.Client(options.url, token)
        run(client, options)
    except pratique.GateNotCleared as refusal:
        say(f"stops: {refusal}")
        return 5
    except pratique.GateWaitTimeoutError as waited:
        say(f"gives up: {waited}")
        return 6
    except pratique.PratiqueError as error:
        say(f"stops: {error.title}: {error.message}")
        return 1
    return 0


def run(client: pratique.Client, options: argparse.Namespace) -> None:
    """Go from training to the market, through three gates."""
    registration = client.register(MODEL, VERSION, PROFILE)
    say(f"{MODEL}/{VERSION} is {'registered' if registration.is_new else 'registered already'}")

    say("training reached a trigger point")
    pass_gate(client, "training-trigger", options)
    say("training goes on")

    say("training has ended; the version is to be placed on the market")
    pass_gate(client, "pre-placement", options)
    say("the release is prepared")

    placement = pass_gate(client, "placement", options)
    # Days may lie between a decision and the act: ask once more, right before it.
    placement.assert_unchanged()
    say(f"{MODEL}/{VERSION} is placed on the market")


def pass_gate(client: pratique.Client, name: str, options: argparse.Namespace) -> pratique.Gate:
    """Open a gate, send its evidence, say why it is shut, and return it once it is cleared."""
    gate = client.trigger(name, model=MODEL, version=VERSION, data={"reported_by": "examples/pipeline.py"})
    say(f"{name} opened")
    for path in evidence_for(name, options.evidence_dir):
        evidence = client.add_evidence(path, MODEL, VERSION)
        say(f"sent {path.name} (sha256 {evidence.sha256[:12]}, {evidence.reading})")
    gate = gate.refresh()
    explain(gate)
    if not gate.is_settled:
        say(f"waiting for {name}")
        gate = gate.wait(timeout=options.timeout, on_change=lambda newer: say(newer.summary))
    gate.require()
    say(f"{name} cleared")
    return gate


def explain(gate: pratique.Gate) -> None:
    """Say where a gate stands: the findings that hold it shut, and who is waited on."""
    say(gate.summary)
    for line in gate.lines()[1:]:
        say(line)
    if "page" in gate.links:
        say(f"  see {gate.links['page']}")


def evidence_for(gate: str, folder: Path | None) -> list[Path]:
    """Return the files for a gate, in the order of their names."""
    if folder is None or not (folder / gate).is_dir():
        return []
    return sorted(path for path in (folder / gate).iterdir() if path.is_file())


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description="Train and place a model version, through the gates of Pratique.")
    parser.add_argument("--url", help="the engine; default PRATIQUE_URL, else http://127.0.0.1:8470")
    parser.add_argument("--token-file", type=Path, help="a pipeline's token; default PRATIQUE_TOKEN(_FILE)")
    parser.add_argument("--evidence-dir", type=Path, help="holds one folder of files for each gate")
    parser.add_argument("--timeout", type=float, help="seconds to wait for each gate; default: for ever")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
