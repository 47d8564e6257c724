"""Give a model version of MLflow the alias that serving follows, only when its gate is cleared.

    python examples/mlflow_release.py --name aurora --number 7 --version 2.1 --weights model.safetensors

The registry's facts (run, parameters, metrics, tags) travel as evidence; the alias is set at the end alone, for exactly
the weights that were cleared. `client` is MLflow's own (`mlflow.MlflowClient`), or anything that offers the three
methods used here. To have MLflow report by itself instead, see docs/hooks.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pratique

MODEL, GATE, ALIAS = "aurora", "pre-placement", "placed"


def release(
    mlflow: Any, engine: pratique.Client, name: str, number: str, version: str, weights: Path, timeout: float | None
) -> pratique.Gate:
    """Ask for leave, wait, ask once more with the weights in hand, then move the alias.

    Raises:
        GateNotCleared: rejected, or no longer cleared; the alias stays where it was.
        GateChangedError: the weights are not those that were cleared.
        GateWaitTimeoutError: nobody decided in time. Time approves nothing.
    """
    found = mlflow.get_model_version(name, number)
    # The event is named by the registry's own version: a script that starts again counts once.
    gate = engine.trigger(
        GATE,
        model=MODEL,
        version=version,
        event_id=f"{name}/{number}",
        source="urn:mlflow",
        data={"run_id": found.run_id or ""},
    )
    gate = gate.wait(timeout=timeout, on_change=lambda newer: print(f"release: {newer.summary}", flush=True))
    gate.require()
    cleared = engine.require(MODEL, version, GATE, weights=weights, occasion=gate.occasion)
    mlflow.set_model_version_tag(name, number, "pratique.gate_run", cleared.gate_run)
    mlflow.set_registered_model_alias(name, ALIAS, number)
    print(f"release: {name} version {number} is {ALIAS}", flush=True)
    return cleared


def main() -> int:
    """Return 0 when the alias was moved, 5 where the gate refuses, 6 when nobody decided in time."""
    parser = argparse.ArgumentParser(description="Move an alias of MLflow when a gate is cleared.")
    parser.add_argument("--name", required=True, help="registered model of MLflow")
    parser.add_argument("--number", required=True, help="its version in MLflow")
    parser.add_argument("--version", required=True, help="the version as the engine knows it, such as 2.1")
    parser.add_argument("--weights", type=Path, required=True, help="the file that is to be served")
    parser.add_argument("--timeout", type=float, help="seconds to wait; default: for ever")
    options = parser.parse_args()
    from mlflow import MlflowClient  # yours; Pratique does not bring it

    given = (options.name, options.number, options.version, options.weights, options.timeout)
    try:
        release(MlflowClient(), pratique.Client(), *given)
    except pratique.GateWaitTimeoutError as waited:
        print(f"release: gives up: {waited}", flush=True)
        return 6
    except (pratique.GateNotCleared, pratique.GateChangedError) as refusal:
        print(f"release: stops: {refusal}", flush=True)
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
