"""A release as an Airflow DAG that stops at a gate: a sensor asks the SDK, and holds no slot between two questions.

Put it into your DAG folder; the workers need `pratique`, PRATIQUE_URL and PRATIQUE_TOKEN_FILE. `mode="reschedule"`
gives the slot back after each question. A sensor whose `timeout` is over fails, and `soft_fail` stays off: neither time
nor a skipped task ever publishes anything.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.decorators import dag, task
from airflow.sensors.base import PokeReturnValue

MODEL, VERSION, GATE = "aurora", "2.1", "pre-placement"
WEIGHTS = "/models/aurora-2.1/model.safetensors"


@task(retries=3)
def open_gate(**context: Any) -> str:
    """Ask for the gate. The DAG run names the event, so a task that is tried again counts once."""
    import pratique

    gate = pratique.Client().trigger(
        GATE, model=MODEL, version=VERSION, event_id=f"{context['run_id']}/{GATE}", source="urn:airflow"
    )
    return gate.occasion


@task.sensor(mode="reschedule", poke_interval=60, timeout=14 * 24 * 3600, soft_fail=False)
def gate_settled(occasion: str) -> PokeReturnValue:
    """Ask where the gate stands; true once it is cleared or rejected, which the next task tells apart."""
    import pratique

    gate = pratique.Client().gate(MODEL, VERSION, GATE, occasion)
    print(gate.summary)
    return PokeReturnValue(is_done=gate.is_settled, xcom_value=gate.outcome)


@task(retries=0)
def publish(occasion: str) -> str:
    """Ask once more, with the weights in hand, then act; anything but cleared raises, and nothing is published."""
    import pratique

    gate = pratique.Client().require(MODEL, VERSION, GATE, weights=WEIGHTS, occasion=occasion)
    print(f"publishes {WEIGHTS}, cleared as {gate.gate_run}")
    return gate.gate_run


@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False, dagrun_timeout=timedelta(days=15))
def release() -> None:
    """Open the gate, wait for people, publish."""
    occasion = open_gate()
    gate_settled(occasion) >> publish(occasion)


release()
