"""`pratique key`: the public keys that signatures on evidence are verified with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pratique.cli.options import AsJson, examples, new_app
from pratique.cli.output import SHORT_DIGEST_CHARS, say_json, say_table

if TYPE_CHECKING:
    from pratique.domain.keys import TrustedKey, TrustedKeys

app = new_app("Public keys that signatures on evidence are verified with, as the configuration has them.")


@app.callback()
def _key() -> None:
    """Keep `list` a word of its own, though it is the only one."""


@app.command("list", epilog=examples("pratique key list", "PRATIQUE_OVERLAY_DIR=./rules pratique key list --json"))
def list_keys(as_json: AsJson = False) -> None:
    """List the trusted keys of the configuration on this machine; every error in them is told at once."""
    now = datetime.now(UTC)
    items = [_row(key, now) for key in own_keys()]
    if as_json:
        say_json({"items": items})
        return
    rows = [
        (one["id"], one["state"], one["owner"], one["fingerprint"][:SHORT_DIGEST_CHARS], ", ".join(one["trusted_for"]))
        for one in items
    ]
    empty = "no key is trusted: no signature counts (docs/operations.md says how to add one)"
    say_table(("KEY", "STATE", "OWNER", "SHA-256", "TRUSTED FOR"), rows, empty=empty)


def own_keys() -> TrustedKeys:
    """Return the keys of the configuration on this machine.

    Raises:
        ConfigError: with every error of them at once.
    """
    from pratique.cli.verify import load_settings
    from pratique.regimes.keys import configured_keys  # pydantic and cryptography with it

    settings = load_settings()
    return configured_keys(settings.config_dir, settings.overlay_dir)


def _row(key: TrustedKey, now: datetime) -> dict[str, Any]:
    return {
        "id": key.id,
        "state": _state(key, now),
        "owner": key.owner,
        "trusted_for": sorted(key.trusted_for),
        "valid_from": key.valid_from.isoformat(),
        "valid_until": key.valid_until.isoformat() if key.valid_until else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
        "revoked_because": key.revoked_because,
        "fingerprint": key.fingerprint,
    }


def _state(key: TrustedKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if now < key.valid_from:
        return "not yet valid"
    return "ended" if key.valid_until is not None and now >= key.valid_until else "valid"
