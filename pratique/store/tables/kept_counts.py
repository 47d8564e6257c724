"""Counts of rows, kept where they are asked for often."""

from __future__ import annotations

from sqlalchemy import Integer, String
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import NUMBER


class KeptCountRow(SQLModel, table=True):
    """How many rows of a table stand somewhere; triggers of that table keep it in the same transaction.

    Nothing of the journal's projection writes it, and `pratique verify` counts again.
    """

    __tablename__ = "kept_count"
    __table_args__ = ({"sqlite_with_rowid": False},)

    counted: str = Field(primary_key=True, sa_type=String(32))  #: the table
    part: str = Field(primary_key=True, sa_type=String(64))  #: a state, a flow, or empty
    detail: str = Field(primary_key=True, sa_type=String(32))  #: a rung, a state, or empty
    #: Connections of PostgreSQL write to slots of their own, so that none waits for another; one number is their sum.
    slot: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    number: int = Field(sa_type=NUMBER)
