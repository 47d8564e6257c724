"""Sources as the engine holds them: settings, secrets, and what names and keeps a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pratique.canonical import digest_of
from pratique.domain.hooks import SECRET_HEADERS, HookKind, HookSource

#: Headers that are kept beside a delivery, by the beginning of their names; those that prove who sends never are.
_KEPT = ("content-type", "user-agent", "ce-", "webhook-id", "webhook-timestamp", "x-github-", "x-mlflow-")
#: Of those, what names and dates a delivery: whatever else comes does not push it out.
_FIRST_KEPT = frozenset(
    {"content-type", "webhook-id", "webhook-timestamp", "x-github-delivery", "x-github-event", "x-mlflow-delivery-id"}
    | {f"ce-{name}" for name in ("id", "source", "specversion", "subject", "time", "type")}
)
_MOST_KEPT, _LONGEST_KEPT = 40, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source, with its secrets."""

    settings: HookSource
    secrets: tuple[bytes, ...] = field(repr=False)  #: none: every request is refused
    missing: tuple[str, ...] = ()  #: places of secrets where there is none
    access_token: bytes | None = field(default=None, repr=False)
    registry_authorization: str | None = field(default=None, repr=False)  #: header for the tool's own API

    @property
    def name(self) -> str:
        """The name in the address."""
        return self.settings.source

    @property
    def rules_digest(self) -> str:
        """SHA-256 (hex) of what decides how deliveries are mapped."""
        return digest_of(self.settings.rules())

    @property
    def is_enriched(self) -> bool:
        """True where the tool is asked for what its webhooks leave out."""
        return self.settings.registry is not None

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers that rules may see and that stay in the journal."""
        own = (self.settings.header or "").lower()
        kept = {
            name: value[:_LONGEST_KEPT]
            for name, value in sorted(headers.items(), key=lambda header: (header[0] not in _FIRST_KEPT, header[0]))
            if name.startswith(_KEPT) and "signature" not in name and name not in SECRET_HEADERS and name != own
        }
        return dict(list(kept.items())[:_MOST_KEPT])


@dataclass(frozen=True, slots=True)
class Hooks:
    """Every source by name."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def get(self, name: str) -> Source | None:
        """Return a source; None: there is none of that name."""
        return self.sources.get(name)

    def reconcilable(self) -> list[str]:
        """Return names of sources whose tool can be asked for what it lost."""
        return [name for name, one in self.sources.items() if one.settings.kind is HookKind.MLFLOW and one.is_enriched]
