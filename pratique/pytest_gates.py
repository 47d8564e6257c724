"""The pytest plugin: tests that go on only where a gate is cleared, at the moment at which they begin.

    def test_release(gate_cleared):
        gate_cleared("pre-placement", weights="model.safetensors")

    @pytest.mark.gate_cleared("training-trigger", model="aurora", version="2.1")
    def test_training(): ...

A gate that is not cleared fails the test, with its findings; so does an engine that does not answer, or one that was
never named. Nothing is skipped: a skipped test reads as a passed one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pratique.client.gate import Gate

#: Asks for a gate of a model version; fails the test unless it is cleared now.
GateCleared = Callable[..., "Gate"]

_OPTIONS = {
    "pratique_url": "address of the engine; else PRATIQUE_URL",
    "pratique_model": "model whose gates are asked about, where a test names none",
    "pratique_version": "its version",
}
_SUBJECT = ("model", "version")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the engine's address and the model version on the command line and in the configuration."""
    group = parser.getgroup("pratique", "Pratique gates")
    for name, text in _OPTIONS.items():
        group.addoption(f"--{name.replace('_', '-')}", default=None, help=text)
        parser.addini(name, text)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "gate_cleared(gate, model=None, version=None, weights=None, occasion=None): fails unless it is cleared now",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Ask for the gates that a test is marked with, right before it begins."""
    for marker in item.iter_markers("gate_cleared"):
        if len(marker.args) != 1:
            pytest.fail("gate_cleared: expected the id of one gate", pytrace=False)
        required(item.config, marker.args[0], **marker.kwargs)


@pytest.fixture
def gate_cleared(request: pytest.FixtureRequest) -> GateCleared:
    """`gate_cleared(gate, model=, version=, weights=, occasion=)`: the gate, or the test fails."""
    config = request.config

    def ask(gate: str, **words: Any) -> Gate:
        return required(config, gate, **words)

    return ask


def required(config: pytest.Config, gate: str, **words: Any) -> Gate:
    """Return a gate that is cleared now, for these weights; fail the test otherwise, with the reasons."""
    from pratique.client.sync_client import Client  # only a test that asks pays for it
    from pratique.errors import PratiqueError

    model, version = (words.pop(name, None) or _given(config, f"pratique_{name}") for name in _SUBJECT)
    if missing := [name for name, value in zip(_SUBJECT, (model, version), strict=True) if not value]:
        names = ", ".join(f"--pratique-{name}" for name in missing)
        pytest.fail(
            f"gate {gate}: no {' and '.join(missing)} named; give {names}, or name it in the test", pytrace=False
        )
    try:
        return Client(_given(config, "pratique_url") or None).require(model, version, gate, **words)
    except PratiqueError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        pytest.fail(f"{error.title}: {error.message}{hint}", pytrace=False)


def _given(config: pytest.Config, name: str) -> str:
    return str(config.getoption(name) or config.getini(name) or "")
