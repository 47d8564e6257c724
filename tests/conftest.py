"""What every test stands on: a clean environment, a fixed clock, no network but this machine, real servers."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

#: Set by `.ci/run`: what needs PostgreSQL or Chromium must run, not skip. Read before the environment is cleaned.
REQUIRE_ALL = os.environ.get("PRATIQUE_CI_REQUIRE_ALL") == "1"

_ROOT = Path(__file__).resolve().parent.parent
if str(_ROOT) not in sys.path:  # flows, tasks and deployments import from the checkout, as the worker does it
    sys.path.insert(0, str(_ROOT))


def _clean_environment() -> None:
    """Drop what a developer's shell may have set, for this process and every process it starts."""
    for name in [n for n in os.environ if n.startswith(("PRATIQUE_", "PREFECT_"))]:
        del os.environ[name]
    # A profile in ~/.prefect would be read as well.
    os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="pratique-prefect-home-")
    os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
    os.environ["DO_NOT_TRACK"] = "1"
    # A zone of odd quarters, so that local time taken for UTC shows at once; in POSIX form it needs no zone files.
    os.environ["TZ"] = "<+0545>-05:45"
    time.tzset()


# At import, before any test module imports something that reads the environment.
_clean_environment()


def pytest_unconfigure() -> None:
    shutil.rmtree(os.environ["PREFECT_HOME"], ignore_errors=True)


class OutboundNetworkError(RuntimeError):
    """A test tried to leave this machine."""


def _is_local(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost", socket.gethostname()):
        return True
    text = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _guard_sockets(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple) and not _is_local(address[0]):
            raise OutboundNetworkError(f"{event} to {address[0]}:{address[1]}; tests stay on 127.0.0.1")
    elif event == "socket.getaddrinfo" and not _is_local(arguments[0]):
        raise OutboundNetworkError(f"look-up of {arguments[0]!r}; tests stay on 127.0.0.1")


# An audit hook sees every socket of this process, whoever opens it, and cannot be patched away.
sys.addaudithook(_guard_sockets)


@pytest.fixture
def now() -> datetime:
    """The one moment that tests call now."""
    return datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function that gives a TCP port of 127.0.0.1 that is free at this moment."""
    return _free_port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _missing(reason: str) -> None:
    """Skip with the reason; on CI, where all must be there, fail with it."""
    if REQUIRE_ALL:
        pytest.fail(f"{reason}; PRATIQUE_CI_REQUIRE_ALL=1 allows no skip", pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On CI a test that needs a server fails where it would skip, whoever decided to skip it."""
    report = yield
    needs_server = any(item.get_closest_marker(name) for name in ("postgres", "chromium"))
    if REQUIRE_ALL and needs_server and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} skipped; PRATIQUE_CI_REQUIRE_ALL=1 allows no skip: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A private PostgreSQL cluster (`tests/postgres_cluster.py`) on 127.0.0.1, for the whole session."""
    from postgres_cluster import PostgresCluster, find_binaries

    binaries = find_binaries()
    if binaries is None:
        _missing("no PostgreSQL server binaries (Debian: apt-get install postgresql)")
        return
    cluster = PostgresCluster.start(binaries, _free_port())
    try:
        yield cluster
    finally:
        cluster.stop()


_KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=_KINDS)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLAlchemy URL of a fresh database with the current schema and no rows; once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        file = tmp_path / "ledger.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
    else:
        yield request.getfixturevalue("postgres_url")


@pytest.fixture(params=_KINDS)
def empty_ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLAlchemy URL of a database without a schema; once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
    else:
        yield from _postgres_database(request.getfixturevalue("postgres"))


@pytest.fixture
def postgres_url(postgres: Any, postgres_template: str) -> Iterator[str]:
    """SQLAlchemy URL of a fresh PostgreSQL database with the current schema and no rows."""
    yield from _postgres_database(postgres, postgres_template)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that all migrations ran on; each test copies it."""
    file = tmp_path_factory.mktemp("template") / "ledger.db"
    _migrate(f"sqlite:///{file}")
    assert [path.name for path in file.parent.iterdir()] == [file.name], "the last connection left a log behind"
    return file


@pytest.fixture(scope="session")
def postgres_template(postgres: Any) -> str:
    """Name of a PostgreSQL database that all migrations ran on; each test gets a copy."""
    name: str = postgres.create_database()
    _migrate(postgres.url(name))
    return name


def _migrate(url: str) -> None:
    from pratique.store.databases import open_database
    from pratique.store.schema import upgrade_schema

    engine = open_database(url).engine
    upgrade_schema(engine)
    engine.dispose()


def _postgres_database(cluster: Any, template: str = "template1") -> Iterator[str]:
    name = cluster.create_database(template)
    try:
        yield cluster.url(name)
    finally:
        cluster.drop_database(name)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium (`tests/headless.py`): `with chromium.page(url) as page: page.evaluate(...)`."""
    from headless import Chromium, find_chromium

    program = find_chromium()
    if program is None:
        _missing("no Chromium (Debian: apt-get install chromium)")
        return
    browser = Chromium(program, tmp_path_factory.mktemp("chromium"))
    try:
        yield browser.start()
    finally:
        browser.stop()
