"""The embedded Prefect server: begun IMMEDIATE, quiet, on this machine only."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import Server
from prefect.server.database import interface
from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration
from sqlalchemy.ext.asyncio import AsyncSession

from deployments.environment import prefect_environment
from deployments.prefect_server import begin_immediate
from pratique.settings import Settings


async def mode_of(configuration: AioSqliteConfiguration) -> str | None:
    """Return how the configuration begins a transaction that does not ask for a lock."""
    engine = await configuration.engine()
    try:
        async with AsyncSession(engine) as session, configuration.begin_transaction(session):
            return SQLITE_BEGIN_MODE.get()
    finally:
        await engine.dispose()


def test_the_patched_method_is_the_one_that_the_server_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Undoes the patch after the test; fails at once when Prefect no longer has this method.
    monkeypatch.setattr(AioSqliteConfiguration, "begin_transaction", AioSqliteConfiguration.begin_transaction)
    configuration = AioSqliteConfiguration(f"sqlite+aiosqlite:///{tmp_path / 'p.db'}")
    assert asyncio.run(mode_of(configuration)) == "DEFERRED", "upstream is cured; the patch can go"
    begin_immediate()
    assert asyncio.run(mode_of(configuration)) == "IMMEDIATE"
    assert "self.database_config.begin_transaction(" in inspect.getsource(interface.PrefectDBInterface.session_context)


def test_writers_wait_for_each_other_instead_of_failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AioSqliteConfiguration, "begin_transaction", AioSqliteConfiguration.begin_transaction)
    begin_immediate()
    configuration = AioSqliteConfiguration(f"sqlite+aiosqlite:///{tmp_path / 'p.db'}")
    with sqlite3.connect(tmp_path / "p.db") as made:
        made.execute("CREATE TABLE t (n INTEGER)")

    async def read_then_write(engine: Any) -> None:
        async with AsyncSession(engine) as session, configuration.begin_transaction(session):
            connection = await session.connection()
            await connection.exec_driver_sql("SELECT count(*) FROM t")
            await asyncio.sleep(0.05)
            await connection.exec_driver_sql("INSERT INTO t VALUES (1)")

    async def body() -> int:
        engine = await configuration.engine()
        await asyncio.gather(*(read_then_write(engine) for _ in range(4)))
        async with engine.connect() as connection:
            count = (await connection.exec_driver_sql("SELECT count(*) FROM t")).scalar_one()
        await engine.dispose()
        return int(count)

    assert asyncio.run(body()) == 4


def test_the_server_listens_on_this_machine_only_and_calls_nobody(prefect_server: Server) -> None:
    assert prefect_server.process is not None
    connections = psutil.Process(prefect_server.process.pid).net_connections("inet")
    assert {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    assert {c.raddr.ip for c in connections if c.raddr} <= {"127.0.0.1"}


def test_prefect_keeps_its_files_beside_the_ledger(prefect_server: Server) -> None:
    assert (prefect_server.data_dir / "prefect" / "prefect.db").exists()


def test_telemetry_and_hidden_servers_are_off(tmp_path: Path) -> None:
    environment = prefect_environment(Settings(data_dir=tmp_path))
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment["DO_NOT_TRACK"] == "1"
    assert environment["PREFECT_SERVER_EPHEMERAL_ENABLED"] == "false"


def test_certificates_are_checked_wherever_there_are_any(tmp_path: Path) -> None:
    outside = Settings(data_dir=tmp_path, prefect={"api_url": "https://prefect.example.org/api"})
    assert "PREFECT_API_TLS_INSECURE_SKIP_VERIFY" not in prefect_environment(outside)
