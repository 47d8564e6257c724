"""Safe references that were lost: by the profile, or by what was recorded (App. 2.2)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pratique.domain.models import SafeReference
from pratique.domain.references import Loss, loss_names, with_losses

RISKS = ("cbrn", "cyber_offence")


def lost_on(about: str | None, *, on: str = "2026-06-01", data: Any = None, **reference: Any) -> str | None:
    """Return when the reference for CBRN risks was lost, after a loss was recorded."""
    given = {"risk": "cbrn", "reference": "borealis/1.0", "shown_on": "2026-01-10", **reference}
    loss = Loss(on=date.fromisoformat(on), names=loss_names(about, data))
    (found,) = with_losses([SafeReference.model_validate(given)], [loss], RISKS)
    return found.lost_on.isoformat() if found.lost_on is not None else None


@pytest.mark.parametrize(
    ("about", "data"),
    [
        ("cbrn", None),
        ("borealis-1.0", None),  # what an occurrence is about holds no slash
        ("Borealis-1.0", {}),
        ("loss-7", {"risk": "cbrn"}),
        ("loss-7", {"reference": "borealis/1.0"}),
        ("loss-7", None),  # names nothing known: in doubt more is owed
        (None, None),
    ],
)
def test_a_recorded_loss_ends_a_reference(about: str | None, data: Any) -> None:
    assert lost_on(about, data=data) == "2026-06-01"


def test_a_loss_of_another_risk_or_before_it_was_shown_ends_nothing() -> None:
    assert lost_on("cyber_offence") is None
    assert lost_on("cbrn", on="2026-01-09") is None
    assert lost_on("cbrn", on="2026-01-10") == "2026-01-10"


def test_the_earlier_of_profile_and_record_counts() -> None:
    assert lost_on("cbrn", lost_on="2026-05-01") == "2026-05-01"
    assert lost_on("cbrn", lost_on="2026-07-01") == "2026-06-01"
