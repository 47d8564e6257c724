"""Two replicas on PostgreSQL that take in one delivery at the same moment: it is kept once, and settled once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from engine_fixtures import clock_fixture, engine_config_fixture  # noqa: F401 - fixtures are used by name
from test_replicas import at_once, replicas_fixture  # noqa: F401

from pratique.services.hook_intake import NewDelivery, Receipt, keep

pytestmark = pytest.mark.postgres


def test_one_delivery_at_two_replicas_at_once_is_kept_once_and_known_to_the_other(replicas: list[Any]) -> None:
    new = NewDelivery(source="mlflow", kind="mlflow", name="d-1", headers={}, raw=b'{"entity": "model_version"}')
    receipts: list[Receipt] = []

    def take(tx: Any, _parts: Any) -> None:
        receipts.append(partial(keep, new=new)(tx))

    at_once(replicas, take, take)
    kept = replicas[1].rows("SELECT id, delivery, state FROM hook_delivery")
    assert [tuple(row[1:]) for row in kept] == [("d-1", "received")]
    assert (receipts[-1].is_duplicate, receipts[-1].id) == (True, kept[0][0])


def test_the_same_name_with_other_bodies_at_two_replicas_is_kept_twice(replicas: list[Any]) -> None:
    bodies = (b'{"n": 1}', b'{"n": 2}')

    def take(raw: bytes) -> Any:
        new = NewDelivery(source="mlflow", kind="mlflow", name="d-1", headers={}, raw=raw)
        return lambda tx, _parts: keep(tx, new)

    at_once(replicas, *(take(raw) for raw in bodies))
    kept = replicas[0].rows("SELECT delivery, body FROM hook_delivery ORDER BY received_at, delivery")
    assert sorted(body for _, body in kept) == ['{"n": 1}', '{"n": 2}']
    assert {name.partition("#")[0] for name, _ in kept} == {"d-1"}
    assert len({name for name, _ in kept}) == 2
