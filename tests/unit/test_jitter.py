"""Pauses are spread without touching the caller's `random`: a seeded training script stays as it was."""

from __future__ import annotations

import ast
import random
from pathlib import Path

from pratique.client.call import retry_pause_seconds
from pratique.errors import UnavailableError
from pratique.jitter import spread
from pratique.worker.backoff import Backoff

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(p for d in ("pratique", "flows", "tasks", "deployments") for p in (ROOT / d).rglob("*.py"))


def test_a_pause_stays_within_its_bounds_and_varies() -> None:
    pauses = [spread(10.0, 0.5, 1.5) for _ in range(200)]
    assert 5.0 <= min(pauses) < 8.0
    assert 12.0 < max(pauses) <= 15.0


def test_the_callers_seeded_random_is_left_alone() -> None:
    random.seed(7)
    before = random.getstate()
    retry_pause_seconds(3, UnavailableError("away"))
    Backoff(0.1, 5.0).advance()
    assert random.getstate() == before


def test_no_module_draws_from_the_shared_random() -> None:
    drawn = [
        f"{path.relative_to(ROOT)}:{node.lineno} random.{node.attr}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "random"
        if node.attr not in ("Random", "SystemRandom")
    ]
    assert drawn == []
