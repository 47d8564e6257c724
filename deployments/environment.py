"""The environment that Prefect reads at import. Set it first; importing this module does not import Prefect."""

from __future__ import annotations

import os

from pratique.settings import Settings


def prefect_environment(settings: Settings) -> dict[str, str]:
    """Return the variables for a Prefect that stays on this machine and tells nobody about it."""
    return {
        # Profiles, the SQLite database and lease files: beside the ledger, never in the user's own ~/.prefect.
        "PREFECT_HOME": str(settings.data_dir / "prefect"),
        # A shell may point at another Prefect server; ours is named in Pratique's settings alone.
        "PREFECT_API_URL": settings.prefect.url,
        "PREFECT_UI_URL": settings.prefect.ui_url,
        # Without this, a missing URL starts a hidden server on a random port.
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        # Telemetry of the server and of the SDK, and an offer of the paid service.
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # Our two ends are pinned to one version: no request to compare them for each client.
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        # Slots of a server that was killed come back after a minute; in memory they leak.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        # The wheel's folder may be read-only.
        "PREFECT_UI_STATIC_DIRECTORY": str(settings.data_dir / "prefect" / "ui"),
        **_without_tls(settings),
    }


def _without_tls(settings: Settings) -> dict[str, str]:
    """Over plain HTTP there is no certificate to check, but each client would load all authorities (70 ms of CPU)."""
    return {"PREFECT_API_TLS_INSECURE_SKIP_VERIFY": "true"} if settings.prefect.url.startswith("http://") else {}


def set_prefect_environment(settings: Settings) -> None:
    """Set those variables in this process."""
    (settings.data_dir / "prefect").mkdir(parents=True, exist_ok=True)
    os.environ.update(prefect_environment(settings))
