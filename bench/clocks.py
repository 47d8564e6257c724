"""Clocks: what planning every clock of many model versions anew costs, after each placing was planned anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bench.measure import interleave, whole
from bench.report import Claim, Result
from bench.sizes import Sizes
from pratique.criteria import CelCriteria
from pratique.domain.clocks import Clock, Occurrence, clocks_of
from pratique.domain.regime import Edition
from pratique.domain.regime.clocks import Clocks
from pratique.domain.situation import Judgement
from pratique.project import config_root
from pratique.regimes.editions import load_edition
from pratique.regimes.holidays import load_holidays
from pratique.regimes.problems import Problems

_AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
_NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_DAY = timedelta(days=1)
#: What happened to each model, days after the first of it; each life is a few hours off from the one before.
_LIFE: tuple[tuple[int, str, str | None, dict[str, Any]], ...] = (
    (0, "threshold_known", None, {}),
    (1, "send_registration_submitted", None, {}),
    (7, "art52_notified", None, {}),
    (20, "framework_confirmed", None, {}),
    (24, "framework_provided", None, {}),
    (30, "pre_training_started", None, {}),
    (31, "evaluation_started", "e1", {}),
    (70, "model_report_provided", None, {}),
    (120, "incident_aware", "i1", {"limbs": ["cybersecurity"]}),
    (121, "incident_limb_found", "i1", {"limbs": ["critical_infrastructure"]}),
    (122, "incident_report_filed", "i1", {"stage": "initial"}),
    (130, "request_received", "r1", {"from": "downstream_provider", "basis": "art_53"}),
    (131, "request_received", "r2", {"from": "ai_office", "basis": "art_91", "period": "10 business_days"}),
    (150, "complaint_received", "c1", {}),
)
_ALL = "every clock planned anew, profile judged once for each model version"
_KEPT = "the same, answers on the profile at hand"


def run(sizes: Sizes) -> Result:
    """Measure it."""
    result = Result(
        "clocks",
        "time limits planned anew",
        "Each model version has had a life of fifteen occurrences, from the first notice to requests and an incident, "
        "under the shipped rules and holidays. Its placing is planned anew, and all of its clocks are counted again: "
        "both readings of each period, state and explanation. The profile is bound and judged by CEL as in the engine. "
        "The journal and the rows are not part of it: only what changed is written.",
        columns=("CPU µs/clock", "wall µs/clock", "clocks/s"),
    )
    world = _World()
    each = len(world.planned(world.life(0), world.judge(0)))
    versions = max(1, -(-sizes.clocks // each))
    lives = [world.life(number) for number in range(versions)]
    kept = [world.judge(number) for number in range(versions)]

    def all_anew() -> int:
        return sum(len(world.planned(life, world.judge(number))) for number, life in enumerate(lives))

    def with_kept() -> int:
        return sum(len(world.planned(life, judge)) for life, judge in zip(lives, kept, strict=True))

    count = with_kept()
    found = interleave(
        {_ALL: lambda: whole(all_anew, count), _KEPT: lambda: whole(with_kept, count)}, rounds=sizes.rounds
    )
    for name, series in found.items():
        result.add(name, series)
    result.claims.append(
        Claim(
            what="10,000 clocks planned anew",
            measured=found[_ALL].wall_us * 10_000 / 1e6,
            at_most=1.0,
            unit="s",
        )
    )
    result.notes.append(f"{count:,} clocks of {versions} model versions, {each} each.")
    return result


class _World:
    """The shipped rules, and a profile that owes everything."""

    def __init__(self) -> None:
        problems = Problems()
        found = load_edition(config_root() / "regimes/eu-gpai-code/2025-07-10", problems)
        if found is None or found.clocks is None:
            raise AssertionError(problems.lines)
        self.edition: Edition = found
        self.rules: Clocks = found.clocks
        self.holidays = load_holidays(config_root() / "holidays", problems)
        scope = found.scope.steps if found.scope is not None else ()
        self.scope = {step.id: step.id not in ("legacy", "open_source_exempt") for step in scope}
        self.criteria = CelCriteria()

    def judge(self, number: int) -> Any:
        """Return what judges expressions on the profile of a model version, each one once."""
        bound = self.criteria.bind({"number": number, "scope": self.scope}, {}, key=f"clocks/{number}")
        answers: dict[str, Judgement] = {}

        def applies(expression: str) -> Judgement:
            if expression not in answers:
                answers[expression] = bound.judge(expression)
            return answers[expression]

        return applies

    def life(self, number: int) -> list[Occurrence]:
        """Return what happened to a model version, its placing planned twice."""
        begun = _AT + number % 200 * timedelta(hours=5)
        happened = [
            Occurrence(id=f"{number}-{index}", kind=kind, at=begun + day * _DAY, about=about, data=data)
            for index, (day, kind, about, data) in enumerate(_LIFE)
        ]
        plans = [
            Occurrence(
                id=f"{number}-{name}",
                kind="placement_planned",
                at=begun + ahead * _DAY,
                recorded_at=begun + said * _DAY,
            )
            for name, ahead, said in (("plan", 90, 10), ("anew", 110, 40))
        ]
        return happened + plans

    def planned(self, life: list[Occurrence], applies: Any) -> list[Clock]:
        """Return the clocks of a life."""
        return clocks_of(
            self.rules.rules,
            self.edition.deadline_by_id,
            life,
            applies,
            self.holidays,
            _NOW,
            planned=self.rules.planned,
        )
