"""What must hold after any death: read over HTTP as an auditor would, and in the ledger file itself."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fault_story import Remembered

from pratique.canonical import canonical_json
from pratique.domain.entries import notice_key
from pratique.store.journal import GENESIS, next_link

_PAGE = 1000
#: What people are told when a gate run has come to a state (DESIGN section 3).
NOTICE_OF_STATE = {
    "open": {"findings_open", "review_opened"},
    "in_review": {"decision_needed"},
    "cleared": {"cleared"},
    "returned": {"returned"},
    "rejected": {"rejected"},
    "stale": {"stale"},
}


@dataclass
class JournalReader:
    """Follows the journal over HTTP and re-computes its chain, on and on over every restart."""

    seq: int = 0
    link: bytes = GENESIS
    entries: list[dict[str, Any]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def follow(self, client: httpx.Client) -> None:
        """Read what is new; an entry read before that is gone or changed breaks the chain here."""
        while True:
            reply = client.get("/v1/journal", params={"after": self.seq, "limit": _PAGE})
            assert reply.status_code == 200, reply.text
            page = reply.json()
            for item in page["entries"]:
                self._take(item)
            if page["next"] is None:
                return

    def _take(self, item: dict[str, Any]) -> None:
        self.seq += 1
        assert item["seq"] == self.seq, f"expected entry {self.seq}, found {item['seq']}"
        self.link = next_link(self.link, canonical_json(item["entry"]))
        assert item["link"] == self.link.hex(), f"the chain is broken at entry {self.seq}"
        self.entries.append(item["entry"])
        values = item["entry"]["values"]
        self.ids.add(str(values.get("id")))
        if item["entry"]["tag"] == "event:inbound:received":
            self.ids.add(f"event:{values['event_id']}")

    def missing(self, remembered: Remembered) -> set[str]:
        """Return the acknowledged facts that no entry read so far holds."""
        return (remembered.ids | {f"event:{e}" for e in remembered.events}) - self.ids

    def assert_holds(self, remembered: Remembered) -> None:
        """Nothing acknowledged is missing."""
        lost = self.missing(remembered)
        assert not lost, f"{len(lost)} acknowledged facts are lost: {sorted(lost)[:5]}"

    def of(self, tag: str) -> list[dict[str, Any]]:
        return [entry["values"] for entry in self.entries if entry["tag"] == tag]

    def notices(self) -> list[dict[str, Any]]:
        """Return every notice: {id, key, person, deliveries, gate_run_id, kind}."""
        return [
            {**told, "key": key, "gate_run_id": values["gate_run_id"], "kind": values["kind"]}
            for values in self.of("notice:people:written")
            for told in values["notices"]
            for key in [notice_key(values["gate_run_id"], values["kind"], values["occurrence"], told["person"])]
        ]

    def gate_runs(self) -> dict[str, tuple[str, int]]:
        """Return (state, row version) of every gate run as the journal alone gives it."""
        runs: dict[str, tuple[str, int]] = {}
        for entry in self.entries:
            values = entry["values"]
            if entry["tag"] == "gate:run:opened":
                runs[values["id"]] = ("open", 1)
            elif entry["tag"].startswith("gate:") and "row_version" in values:
                run = values["id"] if entry["tag"].startswith("gate:run:") else values["gate_run_id"]
                runs[run] = (values.get("state", runs[run][0]), values["row_version"])
        return runs

    def assert_people_were_told(self) -> int:
        """Every change of a state is followed by its notices; return how many changes there were."""
        told: dict[str, set[str]] = defaultdict(set)  #: gate run -> kinds since its last change
        owed: dict[str, set[str]] = {}
        left: set[str] = set()  #: another occasion took their place; nobody is asked there any more
        changes = 0
        for entry in self.entries:
            values = entry["values"]
            if entry["tag"] == "notice:people:written":
                told[values["gate_run_id"]].add(values["kind"])
            state = "open" if entry["tag"] == "gate:run:opened" else values.get("state")
            moved = entry["tag"] in ("gate:run:evaluated", "gate:run:moved") and values["state"] != values["was"]
            if entry["tag"] == "gate:run:opened" or moved:
                run, changes = values["id"], changes + 1
                assert not (owed.get(run) and not owed[run] & told[run]), f"nobody was told of a change of {run}"
                told[run], owed[run] = set(), set() if run in left else NOTICE_OF_STATE.get(str(state), set())
                left.add(values.get("supersedes", ""))
        silent = [run for run, kinds in owed.items() if kinds and not kinds & told[run]]
        assert not silent, f"nobody was told of the last change of {silent[:5]}"
        return changes


def rows(ledger: Path, sql: str) -> list[tuple[Any, ...]]:
    """Read the ledger file directly, past the engine."""
    connection = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def assert_rows_follow_the_journal(ledger: Path, journal: JournalReader) -> None:
    """The stored states are those of the journal, and each notice has its deliveries and their work."""
    stored = rows(ledger, "SELECT id, state, row_version FROM gate_run")
    assert {run: (state, version) for run, state, version in stored} == journal.gate_runs()
    written = journal.notices()
    assert Counter(k for (k,) in rows(ledger, "SELECT key FROM notice")) == Counter(n["key"] for n in written)
    deliveries = {d["id"] for notice in written for d in notice["deliveries"]}
    assert {d for (d,) in rows(ledger, "SELECT id FROM delivery")} == deliveries
    work = {key for (key,) in rows(ledger, "SELECT key FROM outbox")}
    assert {f"delivery:{d}" for d in deliveries} <= work
    changed = {
        f"flow:{v['id']}:{v['row_version']}"
        for e in journal.entries
        for v in [e["values"]]
        if e["tag"] in ("gate:run:evaluated", "gate:run:moved") and v["state"] != v["was"]
    }
    assert changed <= work, f"no flow was asked for after {sorted(changed - work)[:5]}"


def assert_files_are_whole(evidence_dir: Path, remembered: Remembered) -> None:
    """Every acknowledged file is there under its digest, and nothing else is under a digest."""
    import hashlib

    stored = {p.name: p for p in evidence_dir.glob("??/??/*")}
    assert set(remembered.evidence.values()) <= set(stored)
    for name, path in stored.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == name


def assert_verified(data_dir: Path, port: int) -> dict[str, Any]:
    """`pratique verify` finds nothing wrong."""
    from pratique.services.verify import verify_ledger
    from pratique.settings import Settings

    report = verify_ledger(Settings(data_dir=data_dir, port=port))
    assert report.ok, json.dumps(report.problems[:10])
    return dict(report.counts)
