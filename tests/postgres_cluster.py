"""A real, private PostgreSQL cluster from Debian's binaries, for one test session."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

USER = "pratique"

#: Durability is not tested here; kill -9 of a process (not of the machine) loses nothing without fsync.
_CONF = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
max_connections = 100
log_line_prefix = '%m [%p] %d '
"""


#: Room that a cluster in memory leaves to others; a suite's databases take some hundred megabytes at most.
_ROOM = 4 * 1024**3


def _memory() -> Path | None:
    """Return the folder in memory where a cluster can lie, or None: then it lies where temporary files do."""
    folder = Path("/dev/shm")
    if not os.access(folder, os.W_OK) or shutil.disk_usage(folder).free < _ROOM:
        return None
    return folder


def find_binaries() -> Path | None:
    """Return the newest folder that holds `initdb` and `pg_ctl`, or None."""
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb") if (p.parent / "pg_ctl").exists()]
    if found:
        return max(found, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path and shutil.which("pg_ctl") else None


@dataclass(frozen=True)
class PostgresCluster:
    """One running cluster on 127.0.0.1."""

    binaries: Path
    folder: Path
    port: int

    @classmethod
    def start(cls, binaries: Path, port: int) -> PostgresCluster:
        """Make and start a cluster; raise with PostgreSQL's own log if it does not come up."""
        # Not pytest's tmp_path: its parents are closed to the postgres user.
        cluster = cls(binaries, Path(tempfile.mkdtemp(prefix="pratique-pg-", dir=_memory())), port)
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(cluster.folder, account.pw_uid, account.pw_gid)
        try:
            cluster._run("initdb", "-D", cluster.data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
            with (cluster.data / "postgresql.conf").open("a") as conf:
                conf.write(f"{_CONF}port = {port}\n")
            cluster._run("pg_ctl", "-D", cluster.data, "-l", cluster.folder / "log", "-w", "-t", "60", "start")
        except BaseException:
            cluster.stop()
            raise
        return cluster

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy URL of one database of the cluster."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template1") -> str:
        """Make a database, a copy of `template` (which nobody may use meanwhile), and return its name."""
        name = f"t_{uuid4().hex[:16]}"
        self._statement(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop_database(self, name: str) -> None:
        """Drop the database, also under open connections."""
        self._statement(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        """Stop the cluster and delete its files."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _statement(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self.url().replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[call-overload]

    def _run(self, program: str, *arguments: str | Path) -> None:
        # PostgreSQL refuses to run as root.
        drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        with (self.folder / "out").open("ab") as out:  # a file: a pipe would stay open in the server it starts
            ended = subprocess.run(
                [*drop, str(self.binaries / program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
                check=False,
                timeout=120,
            )
        if ended.returncode:
            texts = [
                (self.folder / name).read_text(errors="replace")
                for name in ("out", "log")
                if (self.folder / name).exists()
            ]
            raise RuntimeError(f"{program} ended with {ended.returncode}:\n" + "\n".join(texts))
