"""A ledger that nobody touched verifies; one that somebody did does not, and the place is named."""

from __future__ import annotations

import os
import random
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import EXAMPLES, opened, settings_of, write_all, write_fact
from ledger_story import Story
from ledger_tampering import Tampering
from sqlalchemy import text

from pratique.domain.entries import ComputeRecorded, GateRunOpened, NoticeWritten, SignedIn
from pratique.services.verify import VerifyReport, verify_ledger
from pratique.settings import Settings
from pratique.store.blobs import EvidenceFolder
from pratique.store.databases import PostgresDatabase, open_database
from pratique.store.sealer import seal_batch

#: Enough for each run of the suite; TAMPERINGS=400 for more.
SQLITE_TAMPERINGS, POSTGRES_TAMPERINGS = (int(os.environ.get("TAMPERINGS", n)) for n in (100, 40))
CONTENTS = (b"first evidence", b"second evidence")


@pytest.fixture
def settings(ledger_url: str, tmp_path: Path) -> Settings:
    """A ledger with a story of every kind of fact, and its evidence files."""
    made = settings_of(ledger_url, tmp_path)
    folder = EvidenceFolder(made.evidence_dir, 1000)
    story = Story(1)
    story.sha256 = [folder.store([content]).sha256 for content in CONTENTS]
    with opened(ledger_url) as ledger:
        write_all(ledger, story.facts(160))
    return made


@pytest.fixture
def tampering(settings: Settings) -> Iterator[Tampering]:
    tool = Tampering(settings.ledger_url, random.Random(7))
    yield tool
    tool.close()


def only_problem(report: VerifyReport) -> str:
    assert not report.ok
    assert len(report.problems) == 1, report.problems
    return report.problems[0]


def test_a_ledger_that_nobody_touched_has_no_problem(settings: Settings) -> None:
    report = verify_ledger(settings)
    assert report.problems == []
    assert report.ok
    assert report.counts["files"] == len(CONTENTS)
    assert report.counts["entries"] >= 140
    assert report.counts["rows"] >= 50
    assert report.counts["unsealed"] == 0


@pytest.mark.parametrize("flop", [3.0, 1e16, 1.2345678901234567e17, 1e19, 1.2345678901234568e20, 1e21, 2e25])
def test_whole_floats_of_any_size_verify(settings: Settings, flop: float) -> None:
    compute = next(fact for fact in EXAMPLES if isinstance(fact, ComputeRecorded))
    fact = replace(compute, id="0199f0a0-0000-7000-8000-0000000000cc", flop=flop)
    with opened(settings.ledger_url) as ledger:
        write_all(ledger, (fact,))
    assert verify_ledger(settings).problems == []


def test_progress_names_every_step_and_reaches_its_end(settings: Settings) -> None:
    seen: dict[str, tuple[int, int]] = {}
    verify_ledger(settings, lambda step, done, total: seen.update({step: (done, total)}))
    assert {"schema", "journal", "gate_run", "evidence"} <= set(seen)
    assert all(done == total for done, total in seen.values())


def test_every_random_tampering_is_found_and_named(settings: Settings, tampering: Tampering) -> None:
    for number in range(SQLITE_TAMPERINGS if "sqlite" in settings.ledger_url else POSTGRES_TAMPERINGS):
        with tampering.one() as (what, names):
            report = verify_ledger(settings)
        told = "\n".join(report.problems)
        assert not report.ok, f"{number}: {what} was not found"
        assert any(name in told for name in names), f"{number}: {what}: none of {names} in\n{told}"
    assert verify_ledger(settings).problems == []  # the tests above put everything back


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_evidence_file_is_named_with_its_evidence(settings: Settings, damage: str) -> None:
    folder = EvidenceFolder(settings.evidence_dir, 1000)
    sha256 = folder.store([CONTENTS[0]]).sha256
    path = folder.path(sha256)
    path.chmod(0o600)
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"First evidence")
    report = verify_ledger(settings)
    assert report.problems
    assert all(sha256 in line and f"is {damage}" in line and "evidence 01" in line for line in report.problems)


def test_a_rewritten_chain_is_found_by_replay(settings: Settings, tampering: Tampering) -> None:
    with tampering.rewritten_entry("gate:run:opened", b'"state"', b'"gate":"', b'"gate":"x') as run:
        line = only_problem(verify_ledger(settings))
    assert f"table gate_run, row {run}: column gate found" in line


def test_a_cut_off_end_of_the_journal_is_found_by_replay(settings: Settings, tampering: Tampering) -> None:
    with tampering.cut_end(40):
        report = verify_ledger(settings)
    assert not report.ok
    assert any("the journal knows no such row" in line or "found" in line for line in report.problems)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b"null", b'{"id":1}', b'{"values":NaN}', b"[" * 5000])
def test_a_garbled_body_is_a_problem_and_no_crash(settings: Settings, tampering: Tampering, body: bytes) -> None:
    with tampering.changed_entry(5, body=body) as entry:
        report = verify_ledger(settings)
    assert any("journal entry 5 " in line and entry in line for line in report.problems)


@pytest.mark.parametrize(
    ("was", "now"), [(b',"v":1,', b',"v":1, '), (b'"actor":"engine:test"', b'"actor":"\\u0065ngine:test"')]
)
def test_a_body_that_is_not_canonical_is_named_even_with_a_new_chain(
    settings: Settings, tampering: Tampering, was: bytes, now: bytes
) -> None:
    with tampering.rewritten_entry("gate:run:opened", b'"state"', was, now):
        assert "its body is not canonical JSON" in only_problem(verify_ledger(settings))


def test_a_profile_that_does_not_have_its_digest_is_named(settings: Settings, tampering: Tampering) -> None:
    with tampering.rewritten_entry("model:version:changed", b"", b'"profile_digest":"', b'"profile_digest":"0'):
        told = "\n".join(verify_ledger(settings).problems)
    assert "is not the digest of its profile" in told


@pytest.mark.parametrize("how", ["DELETE FROM outbox", "UPDATE outbox SET status = 'done'"])
def test_a_pending_delivery_without_work_in_the_outbox_is_named(ledger_url: str, tmp_path: Path, how: str) -> None:
    told = [fact for fact in EXAMPLES if isinstance(fact, (GateRunOpened, NoticeWritten))]
    told = [replace(fact, supersedes=None) if isinstance(fact, GateRunOpened) else fact for fact in told]
    settings = settings_of(ledger_url, tmp_path)
    with opened(ledger_url) as ledger:
        write_all(ledger, tuple(told))
        assert verify_ledger(settings).problems == []
        with ledger.database.engine.begin() as connection:
            connection.execute(text("UPDATE outbox SET status = 'leased'"))
        assert verify_ledger(settings).problems == []
        with ledger.database.engine.begin() as connection:
            connection.execute(text(how))
    delivery = told[-1].deliveries[0]["id"]  # type: ignore[union-attr]
    assert only_problem(verify_ledger(settings)).startswith(f"delivery {delivery} is pending, and no work")


def test_missing_tables_and_columns_are_problems(settings: Settings) -> None:
    engine = open_database(settings.ledger_url).engine
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE waiver"))
        connection.execute(text("ALTER TABLE notice DROP COLUMN severity"))
    engine.dispose()
    report = verify_ledger(settings)
    assert any(line.startswith("table waiver could not be read") for line in report.problems)
    assert any(line.startswith("table notice could not be read") for line in report.problems)
    assert len(report.problems) == 2  # the others were checked all the same


def test_without_a_journal_everything_is_a_problem_and_nothing_a_crash(settings: Settings) -> None:
    engine = open_database(settings.ledger_url).engine
    with engine.begin() as connection:
        for table in ("journal_link", "journal_entry", "alembic_version"):
            connection.execute(text(f"DROP TABLE {table}"))
    engine.dispose()
    report = verify_ledger(settings)
    assert any("journal could not be read" in line for line in report.problems)
    assert any("the journal knows no such row" in line for line in report.problems)


def test_a_missing_trigger_and_a_strange_revision_are_named(settings: Settings) -> None:
    engine = open_database(settings.ledger_url).engine
    name = "journal_entry_no_update" if "sqlite" in settings.ledger_url else "journal_entry_append_only"
    with engine.begin() as connection:
        on = "" if "sqlite" in settings.ledger_url else " ON journal_entry"
        connection.execute(text(f"DROP TRIGGER {name}{on}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    told = verify_ledger(settings).problems
    assert len(told) == 2
    assert "found 9999, expected" in told[0]
    assert name in told[1]


def test_many_problems_of_one_kind_are_counted_beyond_the_first_hundred(ledger_url: str, tmp_path: Path) -> None:
    with opened(ledger_url) as ledger:
        write_all(ledger, Story(2).facts(0))
        ledger.write("engine:test", lambda tx: [tx.record(SignedIn(person="mira")) for _ in range(150)])
        write_all(ledger, EXAMPLES[:1])
    tool = Tampering(ledger_url, random.Random(1))
    with tool.without_links():
        report = verify_ledger(settings_of(ledger_url, tmp_path))
    tool.close()
    assert len(report.problems) == 101
    assert report.problems[-1] == "entries without link: 53 more like these"


def test_verify_works_while_the_engine_writes(ledger_url: str, tmp_path: Path) -> None:
    settings, stop = settings_of(ledger_url, tmp_path), threading.Event()
    with opened(ledger_url) as ledger:
        story = Story(3)
        story_facts = iter(list(story.facts(4000)))
        story.sha256 = []

        def write() -> None:
            while not stop.is_set() and (fact := next(story_facts, None)) is not None:
                ledger.write("engine:test", lambda tx: write_fact(tx, fact))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            reports = [verify_ledger(settings) for _ in range(5)]
        finally:
            stop.set()
            writer.join()
    for report in reports:
        # No evidence file was ever stored in this story; nothing else may differ.
        assert [line for line in report.problems if not line.startswith("evidence file")] == []
    assert reports[-1].counts["entries"] > reports[0].counts["entries"]


@pytest.mark.postgres
def test_entries_that_wait_for_the_sealer_are_counted_and_no_problem(postgres_url: str, tmp_path: Path) -> None:
    settings = settings_of(postgres_url, tmp_path)
    with opened(postgres_url) as ledger:
        assert ledger._sealer is not None
        ledger._sealer.close()
        write_all(ledger, Story(4).facts(20))
        before = verify_ledger(settings)
        assert isinstance(ledger.database, PostgresDatabase)
        seal_batch(ledger.database)
        after = verify_ledger(settings)
    for report in (before, after):
        assert [line for line in report.problems if not line.startswith("evidence file")] == []
    assert before.counts["unsealed"] == before.counts["entries"] == after.counts["entries"]
    assert after.counts["unsealed"] == 0


def test_what_is_no_ledger_is_a_problem(tmp_path: Path) -> None:
    assert "does not exist" in only_problem(verify_ledger(Settings(data_dir=tmp_path)))
    (tmp_path / "ledger.db").write_bytes(b"not a database at all" * 100)
    assert "file is not a database" in verify_ledger(Settings(data_dir=tmp_path)).problems[0]
    assert not list(tmp_path.glob("ledger.db-*"))


def test_a_server_that_does_not_answer_is_a_problem_and_no_secret_is_told(tmp_path: Path, free_port: Any) -> None:
    url = f"postgresql+psycopg://pratique:s3cret@127.0.0.1:{free_port()}/ledger"
    line = only_problem(verify_ledger(settings_of(url, tmp_path)))
    assert line.startswith("the ledger could not be opened")
    assert "s3cret" not in line


def test_text_that_is_no_text_is_named_by_its_row(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with opened(settings.ledger_url) as ledger:
        write_all(ledger, EXAMPLES[:1])
        with ledger.database.engine.begin() as connection:
            connection.execute(text("UPDATE model_version SET model = CAST(x'61ff62' AS TEXT)"))
    line = only_problem(verify_ledger(settings))
    assert line.startswith(f"table model_version, row {EXAMPLES[0].id}: column model found")  # type: ignore[attr-defined]


def test_a_flipped_byte_in_the_database_file_never_crashes_verify(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    settings.data_dir.mkdir()
    with opened(settings.ledger_url) as ledger:
        write_all(ledger, Story(5).facts(60))
    path, kept = settings.data_dir / "ledger.db", tmp_path / "kept"
    shutil.copyfile(path, kept)
    chance = random.Random(3)
    for _ in range(40):
        data = bytearray(kept.read_bytes())
        for _ in range(20):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        verify_ledger(settings)


def test_a_copy_that_nobody_may_write_to_verifies(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    settings = Settings(data_dir=folder)
    with opened(settings.ledger_url) as ledger:
        write_all(ledger, EXAMPLES[:3])
    before = sorted(path.name for path in folder.iterdir())
    (folder / "ledger.db").chmod(0o400)
    folder.chmod(0o500)
    try:
        assert verify_ledger(settings).problems == []
    finally:
        folder.chmod(0o700)
    assert sorted(path.name for path in folder.iterdir()) == before
