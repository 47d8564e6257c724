"""The journal records the findings that changed; the row, the answer and replay have them all."""

from __future__ import annotations

from typing import Any

from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
)

from pratique.canonical import digest_of
from pratique.domain.revisions import Revision, revised
from pratique.services.verify import verify_ledger


def entries(engine: Engine, tag: str) -> list[dict[str, Any]]:
    engine.seal()
    found = engine.get("/v1/journal", tag=tag, limit=1000)
    return [item["entry"]["values"] for item in found["entries"]]


def test_each_entry_says_what_changed_and_the_list_follows_from_them(engine: Engine) -> None:
    engine.register()
    engine.trigger("trial")
    engine.submit("score", value=90)
    engine.submit("report", ok=True)
    engine.clock.forward(hours=1)
    engine.submit("score", value=10)
    said = entries(engine, "gate:run:evaluated")
    assert [[f["requirement"] for f in values["findings"]] for values in said] == [
        ["score", "report"],
        ["score"],
        ["report"],
        ["score"],
    ]
    assert [values.get("kept") for values in said] == [None, 1, 1, 1]
    whole: Any = []
    for values in said:
        whole = revised(whole, Revision(values["findings"], values.get("kept")))
        assert digest_of(list(whole)) == values.get("findings_digest", digest_of(list(whole)))
    shown = engine.gate("trial")["findings"]
    assert [(f["requirement"], f["status"]) for f in shown] == [(f["requirement"], f["status"]) for f in whole]
    assert verify_ledger(engine.settings).problems == []


def test_what_several_people_are_told_stands_in_one_entry(engine: Engine) -> None:
    engine.register()
    engine.trigger("quorum")
    engine.submit("score", value=10)
    told = [values for values in entries(engine, "notice:people:written") if values["kind"] == "decision_needed"]
    assert [[notice["person"] for notice in values["notices"]] for values in told] == [["jonas", "ines", "kim"]]
    assert verify_ledger(engine.settings).problems == []
