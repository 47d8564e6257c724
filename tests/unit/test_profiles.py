"""Profiles of model versions and of the provider: what they refuse, and that those of before stay as they are."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pratique.canonical import digest_of
from pratique.domain.models import ModelProfile, profile_of
from pratique.domain.provider import MEMBER_STATES, ProviderProfile, provider_values

#: As the ledger has kept it since before the profile grew.
OLD = {
    "systemic_risk": True,
    "stage": "training",
    "provider_size": "large",
    "open_source": False,
    "training_flop": None,
    "modalities": ["text"],
    "known_as": ["mockllm/model"],
    "weights_sha256": None,
    "placement_planned_at": None,
    "attributes": {},
}


def test_a_profile_of_before_loads_and_keeps_its_digest() -> None:
    profile = profile_of(OLD)
    assert profile.stored() == OLD
    assert digest_of(profile.stored()) == digest_of(OLD)
    assert profile.as_json()["crawls"] is True


def test_what_is_said_is_stored_and_comes_back() -> None:
    given = ModelProfile(
        systemic_risk=False,
        origin={"kind": "modified", "upstream": "borealis-7b"},  # type: ignore[arg-type]
        crawls=False,
        similarly_safe=({"risk": "cbrn", "reference": "borealis", "shown_on": "2026-01-01"},),  # type: ignore[arg-type]
    )
    assert set(given.stored()) - set(OLD) == {"origin", "crawls", "similarly_safe"}
    assert profile_of(given.stored()) == given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"general_purpose": False, "systemic_risk": True}, "only general-purpose models are classified"),
        ({"general_purpose": False, "designation": "designated"}, "general_purpose"),
        ({"origin": {"kind": "modified"}}, "found no `upstream`"),
        ({"origin": {"upstream": "b", "upstream_flop": 1e24}}, "found upstream, upstream_flop beside kind `own`"),
        ({"continues": "aurora"}, "String should match pattern"),
        ({"licence": {"monetized": True}}, "Extra inputs are not permitted"),
        ({"training_flop": float("inf")}, "finite"),
        ({"origin": {"kind": "modified", "upstream": "b", "modification_flop": -1}}, "greater than or equal to 0"),
        (
            {"similarly_safe": [{"risk": "cbrn", "reference": "b", "shown_on": "2026-01-02", "lost_on": "2026-01-01"}]},
            "lost_on: found 2026-01-01, expected 2026-01-02 (shown_on) or later",
        ),
        (
            {"similarly_safe": [{"risk": "cbrn", "reference": r, "shown_on": "2026-01-02"} for r in "ab"]},
            "found cbrn twice",
        ),
    ],
)
def test_a_profile_that_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ModelProfile.model_validate({"systemic_risk": False, **given})
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"country": "France"}, "String should match pattern"),
        ({"country": "FR", "in_union": False}, "found false, but FR is a Member State"),
        ({"country": "US", "in_union": True}, "found true, but US is no Member State"),
        ({"signed_chapters": ["copyright", "copyright"]}, "found copyright twice"),
        ({"representative": {"name": "Rep SARL"}}, "mandated_on"),
        ({"alternative_means": {"copyright": {"what": "own policy"}}}, "where"),
    ],
)
def test_a_provider_that_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ProviderProfile.model_validate({"name": "Nordlicht", **given})
    assert message in str(refused.value)


def test_where_a_provider_is_established_follows_from_its_country() -> None:
    assert len(MEMBER_STATES) == 27
    assert provider_values(ProviderProfile(name="N", country="FI"), size="large")["in_union"] is True
    assert provider_values(ProviderProfile(name="N", country="CH"), size="large")["in_union"] is False
    nothing = provider_values(None, size="small")
    assert (nothing["in_union"], nothing["size"], nothing["is_recorded"]) == (None, "small", False)
