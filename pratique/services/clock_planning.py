"""From rows to the clocks that ought to be: the occurrences that count, the profile as it is, the edition's rules."""

from __future__ import annotations

from datetime import datetime

from pratique.canonical import stored_json
from pratique.domain.clocks import Clock, ClockSettings, Occurrence, Reading, clocks_of
from pratique.domain.regime import Edition
from pratique.domain.situation import Judgement
from pratique.domain.times import parse_instant
from pratique.errors import ConfigError
from pratique.services import lookups
from pratique.services.effective_profile import effective_profile
from pratique.services.parts import Parts
from pratique.settings import Settings
from pratique.store.reader import Reader, Row


def planned_clocks(reader: Reader, parts: Parts, edition: Edition, version: Row, now: datetime) -> list[Clock]:
    """Return the clocks that a model version has under an edition at `now`, by due time."""
    rules = edition.clocks
    rows = reader.all(lookups.OCCURRENCES_THAT_COUNT, model_version_id=version["id"])
    if rules is None or not rows:
        return []
    profile = effective_profile(reader, parts, version, now)
    bound = parts.criteria.bind(profile.values, {}, key=f"clocks/{profile.digest}")
    judged: dict[str, Judgement] = {}

    def applies(expression: str) -> Judgement:
        if expression not in judged:
            judged[expression] = bound.judge(expression)
        return judged[expression]

    return clocks_of(
        rules.rules,
        edition.deadline_by_id,
        [occurrence_of(row) for row in rows],
        applies,
        parts.rules.holidays,
        now,
        clock_settings(parts.settings),
        planned=rules.planned,
    )


def clock_settings(settings: Settings) -> ClockSettings:
    """Return what this installation chose."""
    return ClockSettings(count=Reading(settings.clocks.count), self_set_days=dict(settings.clocks.self_set_days))


def refuse_unknown_choices(settings: Settings, edition: Edition | None) -> None:
    """Refuse days of one's own for a clock rule that is not known, or whose figure the text gives.

    Raises:
        ConfigError: names the rules that have no figure.
    """
    if edition is None or edition.clocks is None:
        return
    known = [rule.id for rule in edition.clocks.rules if any(limit.self_set_days for limit in rule.limits)]
    wrong = sorted(set(settings.clocks.self_set_days) - set(known))
    if wrong:
        raise ConfigError(
            [
                f"PRATIQUE_CLOCKS__SELF_SET_DAYS: found {name!r}, expected a rule for which the text has no figure: "
                f"{', '.join(known)}"
                for name in wrong
            ]
        )


def occurrence_of(row: Row) -> Occurrence:
    """Return the occurrence that a row describes."""
    return Occurrence(
        id=row["id"],
        kind=row["kind"],
        at=parse_instant(row["at"]),
        recorded_at=parse_instant(row["recorded_at"]),
        about=row["about"],
        data=stored_json(row["data"]),
        is_withdrawn=row["withdrawn_at"] is not None,
    )
