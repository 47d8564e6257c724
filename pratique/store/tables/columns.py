"""The types that columns of the ledger have."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, String

from pratique.domain.times import INSTANT_WIDTH

ID = String(36)
INSTANT = String(INSTANT_WIDTH)
HEX = String(64)
#: SQLite numbers rows by itself only in a column of exactly this type.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")
