"""SpiffWorkflow (optional): the same gate as a BPMN process, saved to SQLite at each step, loaded before the next."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

_MODEL = Path(__file__).with_name("human.bpmn")


class SpiffGates:
    """Runs gates of the one process."""

    def __init__(self, database: Path) -> None:
        parser = BpmnParser()
        parser.add_bpmn_file(str(_MODEL))
        self._spec = parser.get_spec("human")
        self._serializer = BpmnWorkflowSerializer()
        self._connection = sqlite3.connect(database, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("CREATE TABLE workflow (id INTEGER PRIMARY KEY, state TEXT)")

    def whole_gate(self, number: int) -> None:
        """Start, three pieces of evidence, two signatures; one durable save a step."""
        workflow = BpmnWorkflow(self._spec)
        workflow.do_engine_steps()
        self._save(number, workflow)
        for step in range(5):
            workflow = self._load(number)
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            task.set_data(**{f"step_{step}": {"by": "mira", "sha256": "0" * 64, "score": 0.5}})
            task.run()
            workflow.do_engine_steps()
            self._save(number, workflow)
        if not workflow.is_completed():
            raise AssertionError("the process ends after two signatures")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _save(self, number: int, workflow: Any) -> None:
        text = self._serializer.serialize_json(workflow)
        self._connection.execute("INSERT OR REPLACE INTO workflow VALUES (?, ?)", (number, text))

    def _load(self, number: int) -> Any:
        (text,) = self._connection.execute("SELECT state FROM workflow WHERE id = ?", (number,)).fetchone()
        return self._serializer.deserialize_json(text)
