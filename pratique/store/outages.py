"""Telling a database that does not answer now from a statement that is wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from pratique.errors import UnavailableError

#: What the drivers raise when the server, the connection, the disk or the pool fails. Wrong SQL and wrong values
#: are other classes; they stay what they are, since no retry mends them.
_OUTAGES = (
    sqlite3.OperationalError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
)


@contextmanager
def outages_named(what: str) -> Iterator[None]:
    """Turn an outage of the database inside the block into an error that is worth a retry.

    Raises:
        UnavailableError: the database did not answer.
    """
    try:
        yield
    except _OUTAGES as error:
        raise UnavailableError(f"{what}: {type(error).__name__}", hint="try again; see the engine's log") from error
