"""Model versions."""

from __future__ import annotations

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT


class ModelVersionRow(SQLModel, table=True):
    """A registered model version and its profile."""

    __tablename__ = "model_version"
    __table_args__ = (
        UniqueConstraint("model", "version", name="model_version_name"),
        Index("model_version_newest", "model", "registered_at", "id"),
        Index(
            "model_version_dated",
            "profile_changes_at",
            "id",
            sqlite_where=text("profile_changes_at IS NOT NULL"),
            postgresql_where=text("profile_changes_at IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True, sa_type=ID)
    model: str = Field(sa_type=String(64))
    version: str = Field(sa_type=String(64))
    profile: str = Field(sa_type=Text)
    profile_digest: str = Field(sa_type=HEX)
    registered_at: str = Field(sa_type=INSTANT)
    changed_at: str = Field(sa_type=INSTANT)
    weights_at: str | None = Field(default=None, sa_type=INSTANT)  #: when other weights were named
    authors: str | None = Field(default=None, sa_type=Text)  #: JSON: part of the profile -> who set it last
    risks: str | None = Field(default=None, sa_type=Text)  #: JSON: the risk register
    risks_digest: str | None = Field(default=None, sa_type=HEX)
    risks_authors: str | None = Field(default=None, sa_type=Text)  #: JSON: risk -> who recorded it last
    profile_changes_at: str | None = Field(default=None, sa_type=INSTANT)  #: when rules see another profile by itself
