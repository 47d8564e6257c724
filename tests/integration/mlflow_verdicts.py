"""An engine that writes to a registry of MLflow, fake or real."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from engine_fixtures import Clock, ok
from hook_fixtures import MLFLOW, SECRET, created, signed
from webhook_fixtures import Told, telling

from pratique.settings import Settings


class Writing(Told):
    """An engine that MLflow tells, and that tells MLflow."""

    def report(self, body: bytes, delivery: str) -> Any:
        """Send what MLflow would send, and wait until it is settled."""
        headers = signed(body, at=self.clock.now, delivery=delivery)
        answer = ok(self.client.request("POST", "/v1/hooks/mlflow", headers=headers, content=body))
        lane = self.app.state.hook_lane
        asyncio.run_coroutine_threadsafe(lane.join(), self.client._loop).result(timeout=60)
        return answer

    def clear(self) -> None:
        """Clear the gate of version 2.1."""
        self.submit("score", value=10)
        for who in ("jonas", "ines"):
            ok(self.decide(who, "quorum"))


def writing(
    settings: Settings, clock: Clock, folder: Path, registry: dict[str, Any], version: str = "body.data.version"
) -> Writing:
    """Return an engine whose gate `quorum` opens for each version that MLflow tells of."""
    (folder / "mlflow-secret").write_text(SECRET)
    about = 'body.entity == "model_version" || body.entity == "model_version_alias"'
    rule = MLFLOW["map"][0] | {"when": about, "type": '"pratique.gate.triggered"', "version": version}
    rule = {key: value for key, value in rule.items() if key != "event_id"} | {"data": {"gate": '"quorum"'}}
    hook = {**MLFLOW, "ignore": [], "map": [rule], "secrets": [{"file": str(folder / "mlflow-secret")}]}
    told = telling(
        settings,
        clock,
        folder,
        {
            "format": "pratique.subscription/1",
            "name": "registry",
            "kind": "mlflow-verdict",
            "hook": "mlflow",
            "alias": "cleared",
        },
        hook=hook | {"registry": registry},
        made=Writing,
    )
    assert isinstance(told, Writing)
    return told


__all__ = ["Writing", "created", "writing"]
