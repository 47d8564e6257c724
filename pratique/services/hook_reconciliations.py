"""Reconciling every source that can be: one that fails holds up no other."""

from __future__ import annotations

import logging
from typing import Any

from pratique.errors import PratiqueError
from pratique.services.hook_reconciling import reconcile
from pratique.services.parts import Parts

_log = logging.getLogger(__name__)


def reconcile_all(parts: Parts, *, actor: str) -> list[dict[str, Any]]:
    """Reconcile every source that names a registry; return a report of each, or what was in the way."""
    results: list[dict[str, Any]] = []
    for name in parts.hooks.reconcilable():
        try:
            results.append(reconcile(parts, parts.hooks.sources[name], since=None, actor=actor))
        except PratiqueError as error:
            results.append({"source": name, "trouble": error.message, "seen": 0, "found": {}})
        except Exception as error:  # the sources behind it are asked all the same
            _log.exception("source %s could not be reconciled", name)
            trouble = f"the engine could not take in its answer ({type(error).__name__}); its log says more"
            results.append({"source": name, "trouble": trouble, "seen": 0, "found": {}})
    return results
