"""All settings, in one place: environment variables with prefix `PRATIQUE_` (nested with `__`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from pratique.project import config_root


def _default_data_dir() -> Path:
    return Path.home() / ".local" / "share" / "pratique"


class PrefectSettings(BaseModel):
    """Where the Prefect server is. The engine only links to it; the worker talks to it."""

    port: int = 8471  #: port of the embedded server, on 127.0.0.1
    api_url: str | None = None  #: an outside server; None means the embedded one
    work_pool: str | None = None  #: a Prefect work pool that executes the flows; None: the worker itself does
    begin_immediate: bool = (
        True  #: embedded on SQLite: begin transactions IMMEDIATE (see deployments/prefect_server.py)
    )

    @property
    def url(self) -> str:
        """The API URL that flows report to."""
        return self.api_url or f"http://127.0.0.1:{self.port}/api"

    @property
    def ui_url(self) -> str:
        """The root of the run pages."""
        return self.url.removesuffix("/api")


class ClockChoices(BaseModel):
    """What an installation chooses where the Code leaves time limits open."""

    count: Literal["strict", "outer"] = "strict"  #: which reading is acted on; `outer` is Reg. 1182/71's, never earlier
    self_set_days: dict[str, Annotated[int, Field(ge=1, le=3660)]] = Field(
        default_factory=dict
    )  #: clock rule -> days, where the text has no figure


class EgressSettings(BaseModel):
    """Where the engine goes when somebody gives it an address: snapshots of pages, webhooks, sources."""

    model_config = ConfigDict(frozen=True)

    allow_hosts: tuple[str, ...] | None = None  #: these only; `.example.org` is the domain and all below; None: any
    deny_hosts: tuple[str, ...] = ()  #: never these
    http_hosts: tuple[str, ...] = ()  #: without TLS to these only
    allow_networks: tuple[IPvAnyNetwork, ...] = ()  #: networks that are not public and are gone to all the same
    proxy: SecretStr | None = None  #: URL; proxies of the environment are not used
    ca_file: Path | None = None  #: PEM; authorities of your own, beside the public ones
    connect_seconds: float = Field(default=5.0, gt=0)
    read_seconds: float = Field(default=10.0, gt=0)  #: between two pieces of an answer
    total_seconds: float = Field(default=30.0, gt=0)  #: for all of it, redirects too
    max_redirects: int = Field(default=5, ge=0, le=20)
    max_body_bytes: int = Field(default=16 * 1024**2, ge=1)  #: of an answer, inflated


class Settings(BaseSettings):
    """Settings of the engine, the worker and the supervisor."""

    model_config = SettingsConfigDict(env_prefix="PRATIQUE_", env_nested_delimiter="__", extra="forbid")

    data_dir: Path = Field(default_factory=_default_data_dir)  #: ledger, evidence, tokens, Prefect's own files
    database_url: SecretStr | None = None  #: None: SQLite in `data_dir`; else `postgresql+psycopg://...`
    files: str | None = Field(
        default=None, repr=False
    )  #: None: evidence files in `data_dir`; else `s3://bucket/prefix`, with `AWS_*` for endpoint and credentials
    files_cache_bytes: int = Field(default=8 * 1024**3, ge=0)  #: bound of this machine's copies of what is in a bucket
    config_dir: Path = Field(default_factory=config_root)  #: gates/, facts/, people.yaml
    overlay_dir: Path | None = None  #: rules of your own, laid out like `config_dir`: they add, and replace nothing
    people_file: Path | None = None  #: None: `people.yaml` in `config_dir`, else in `data_dir`
    host: str = "127.0.0.1"
    port: int = 8470
    public_url: str | None = None  #: what people's browsers call the engine; None: http://host:port
    max_evidence_bytes: int = Field(default=2 * 1024**3, ge=1)  #: cap of one evidence file
    max_event_bytes: int = Field(default=256 * 1024, ge=1024)  #: cap of one event body
    read_at_once_bytes: int = Field(default=8 * 1024**2, ge=0)  #: larger files are read by the checkpoint flow
    sweep_seconds: float = Field(default=30.0, gt=0)  #: the engine's own tick; deadlines never depend on Prefect
    lease_seconds: int = Field(default=60, ge=5)  #: how long a worker holds work without a sign of life
    channels: dict[str, SecretStr] = Field(default_factory=dict)  #: channel name -> Apprise URL; a secret
    prefect: PrefectSettings = PrefectSettings()
    clocks: ClockChoices = ClockChoices()
    egress: EgressSettings = EgressSettings()
    instance: str | None = None  #: `pratique up` names the engine that it started, and waits for that one to answer
    embed_worker: bool = True  #: `pratique up` starts a worker
    embed_prefect: bool = True  #: `pratique up` starts the Prefect server

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'ledger.db'}"

    @property
    def evidence_dir(self) -> Path:
        """Folder of the content-addressed evidence files."""
        return self.data_dir / "evidence"

    @property
    def files_cache_dir(self) -> Path:
        """Folder of copies of evidence files that are in a bucket."""
        return self.data_dir / "evidence-cache"

    @property
    def tokens_dir(self) -> Path:
        """Folder (0700) of the token files written at first start."""
        return self.data_dir / "tokens"

    @property
    def base_url(self) -> str:
        """Root of every link that people are given."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
