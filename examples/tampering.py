"""Tampering with a copy of the data: what `pratique verify` has to notice."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path


def copy_data(data_dir: Path, copy: Path) -> None:
    """Copy ledger and evidence of an installation that goes on running.

    SQLite's backup takes a consistent copy of a database in use; evidence files never change once they are there.
    """
    copy.mkdir(parents=True, mode=0o700)
    with (
        closing(sqlite3.connect(data_dir / "ledger.db")) as source,
        closing(sqlite3.connect(copy / "ledger.db")) as target,
    ):
        source.backup(target)
    shutil.copytree(data_dir / "evidence", copy / "evidence")


def flip_a_byte(file: Path) -> None:
    """Change one bit in the middle of a file."""
    file.chmod(0o600)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def clear_behind_the_journal(copy: Path, gate_run: str) -> None:
    """Set a gate to cleared in its row, as somebody with access to the database could."""
    with closing(sqlite3.connect(copy / "ledger.db")) as database, database:
        database.execute("UPDATE gate_run SET state = 'cleared' WHERE id = ?", (gate_run,))
