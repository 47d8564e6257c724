"""Safe references that ceased to be safe ones: by the profile, or by what was recorded of them.

Source: Safety and Security chapter, Appendix 2.2 (2025-07-10).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pratique.domain.models import SafeReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What was recorded of a reference that was lost."""

    on: date  #: in Brussels
    names: frozenset[str]  #: of risks and references that it concerns, as `plain_name` writes them


def plain_name(name: str) -> str:
    """Return a name as it is compared: an occurrence cannot be about `borealis/1.0`, only about `borealis-1.0`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def loss_names(about: str | None, data: Mapping[str, Any] | None) -> frozenset[str]:
    """Return what a `safe_reference_lost` names: what it is about, and `risk` and `reference` of its data."""
    said = [about, *((data or {}).get(member) for member in ("risk", "reference"))]
    return frozenset(plain_name(name) for name in said if isinstance(name, str) and plain_name(name))


def with_losses(
    references: Iterable[SafeReference], losses: Iterable[Loss], risks: Iterable[str]
) -> tuple[SafeReference, ...]:
    """Return references, each with the earliest day on which it was lost, as the profile or a loss says.

    A reference shown after that day is another one, or was shown again. A loss that names nothing known concerns every
    reference: in doubt more is owed.

    Args:
        references: of the profile.
        losses: what was recorded.
        risks: ids of the risks that are assessed.
    """
    references, losses = tuple(references), tuple(losses)
    known = frozenset(map(plain_name, risks)).union(*map(_own_names, references))
    return tuple(_lost(reference, losses, known) for reference in references)


def _lost(reference: SafeReference, losses: Iterable[Loss], known: frozenset[str]) -> SafeReference:
    own = _own_names(reference)
    days = [
        loss.on for loss in losses if reference.shown_on <= loss.on and (loss.names & own or not loss.names & known)
    ]
    if reference.lost_on is not None:
        days.append(reference.lost_on)
    return reference.model_copy(update={"lost_on": min(days)}) if days else reference


def _own_names(reference: SafeReference) -> frozenset[str]:
    return frozenset({plain_name(reference.risk), plain_name(reference.reference)})
