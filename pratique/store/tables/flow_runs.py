"""Flow runs."""

from __future__ import annotations

from sqlalchemy import Index, String, Text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import ID, INSTANT


class FlowRunRow(SQLModel, table=True):
    """The ledger's own history of flow runs, kept when Prefect's is pruned or away."""

    __tablename__ = "flow_run"
    __table_args__ = (
        Index("flow_run_of_gate", "gate_run_id", "started_at"),
        Index("flow_run_time", "started_at"),
        Index("flow_run_state", "state", "started_at"),
        Index("flow_run_prefect", "prefect_run_id"),
    )

    id: str = Field(primary_key=True, sa_type=ID)
    key: str = Field(sa_type=String(160))
    flow: str = Field(sa_type=String(64))
    gate_run_id: str | None = Field(default=None, sa_type=ID)
    name: str = Field(sa_type=Text)
    prefect_run_id: str | None = Field(default=None, sa_type=String(64))
    url: str | None = Field(default=None, sa_type=Text)
    state: str = Field(sa_type=String(32))  #: Running, or the name it ended with
    message: str | None = Field(default=None, sa_type=Text)
    started_at: str = Field(sa_type=INSTANT)
    ended_at: str | None = Field(default=None, sa_type=INSTANT)
