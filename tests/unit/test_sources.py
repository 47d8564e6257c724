"""When a source is due, and what its file may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pratique.domain.sources import EvidenceSource, GateMoment, LastCollection, due_because, pause_after
from pratique.errors import ConfigError
from pratique.fetching.loading import load_sources

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
EXAMPLES = Path(__file__).resolve().parents[2] / "config" / "sources" / "examples"


def source(**members: Any) -> EvidenceSource:
    given = {"format": "pratique.source/1", "id": "evals", "kind": "folder", "where": "/data/{model}/{version}"}
    return EvidenceSource.model_validate({**given, "models": ["aurora/*"], **members})


def last(hours: float, failures: int = 0, *, ever: bool = True) -> LastCollection:
    at = NOW - timedelta(hours=hours)
    return LastCollection(at=at, succeeded_at=at if ever else None, failures=failures)


def gate(opened: float, expires: float | None = None, name: str = "trial") -> GateMoment:
    ends = NOW + timedelta(hours=expires) if expires is not None else None
    return GateMoment(gate=name, opened_at=NOW - timedelta(hours=opened), expires_at=ends)


@pytest.mark.parametrize(
    ("members", "before", "gates", "is_due"),
    [
        ({}, None, [gate(1)], False),
        ({"every_hours": 6}, None, [], True),
        ({"every_hours": 6}, last(5.99), [], False),
        ({"every_hours": 6}, last(6), [], True),
        ({"on_gate_open": ["trial"]}, None, [], False),
        ({"on_gate_open": ["trial"]}, None, [gate(1, name="final")], False),
        ({"on_gate_open": ["trial"]}, last(2), [gate(1)], True),
        ({"on_gate_open": ["trial"]}, last(1), [gate(1)], False),
        ({"before_expiry_days": 1}, None, [gate(1, 25)], False),
        ({"before_expiry_days": 1}, None, [gate(1, 24)], True),
        ({"before_expiry_days": 1}, last(2), [gate(9, 23)], True),
        ({"before_expiry_days": 1}, last(1), [gate(9, 23)], False),
        ({"before_expiry_days": 1}, last(9), [gate(9)], False),
    ],
)
def test_a_source_is_due_by_schedule_by_gate_and_before_an_expiry(
    members: dict[str, Any], before: LastCollection | None, gates: list[GateMoment], is_due: bool
) -> None:
    assert bool(due_because(source(**members), before, gates, NOW)) is is_due


def test_after_a_failure_a_source_is_left_alone_for_longer_and_longer() -> None:
    wanted = source(every_hours=1)
    for failures, minutes in ((1, 5), (2, 15), (3, 60), (4, 240), (5, 1440), (50, 1440)):
        assert pause_after(failures) == timedelta(minutes=minutes)
        assert not due_because(wanted, last(minutes / 60 - 0.01, failures, ever=False), [], NOW)
        assert due_because(wanted, last(minutes / 60, failures, ever=False), [], NOW) == ["never collected"]


def test_a_source_speaks_of_the_versions_that_it_names() -> None:
    wanted = source(models=["aurora/2.*", "borealis/1"])
    assert [wanted.speaks_of(*one) for one in (("aurora", "2.1"), ("aurora", "3"), ("borealis", "1"))] == [
        True, False, True,
    ]  # fmt: skip
    assert wanted.where_for("aurora", "2.1") == "/data/aurora/2.1"


GOOD = "format: pratique.source/1\nid: evals\nkind: folder\nwhere: /data\nmodels: ['*']\n"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (GOOD.replace("id: evals", "id: other"), "id: found 'other'"),
        (GOOD.replace("where: /data", "where: data"), "`where` that begins with /"),
        (GOOD.replace("where: /data", "where: /data/{token}"), "{model} and {version} alone"),
        (GOOD.replace("kind: folder", "kind: ftp"), "kind"),
        (GOOD.replace("kind: folder", "kind: s3"), "`where` that begins with s3://"),
        (GOOD + "token: {env: HELLO}\n", "`token` for kind url alone"),
        (GOOD + "secret: hello\n", "secret"),
        (GOOD + "every_hours: 0\n", "every_hours"),
        (GOOD + "every_hours: '6'\n", "every_hours"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_what_was_found(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "evals.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_sources({"": tmp_path})
    assert "sources/evals.yaml" in str(caught.value)
    assert named in str(caught.value)


def test_every_wrong_file_is_told_of_at_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(GOOD)
    with pytest.raises(ConfigError) as caught:
        load_sources({"": tmp_path})
    assert "sources/one.yaml" in str(caught.value)
    assert "sources/two.yaml" in str(caught.value)


def test_the_examples_load() -> None:
    assert (
        set(load_sources({"": EXAMPLES}))
        == {path.stem for path in EXAMPLES.iterdir()}
        == {"eval-results", "framework", "scans"}
    )
