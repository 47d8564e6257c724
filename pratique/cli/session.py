"""Which engine a command talks to, and with whose token."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pratique.errors import UnauthenticatedError

if TYPE_CHECKING:
    from pratique.client.sync_client import Client

#: Whose token file of this machine's engine a command may fall back to. A person's act has no such file.
Holder = Literal["pipeline", "admin", "person", "worker"]


def connect(url: str | None, token_file: Path | None, holder: Holder) -> Client:
    """Return a client for the engine, with the first token found.

    Order: `--token-file`, `PRATIQUE_TOKEN`, `PRATIQUE_TOKEN_FILE`, and, only when the engine is on this machine,
    the file that it wrote at its first start.

    Raises:
        UnauthenticatedError: there is none.
        InvalidInputError: a token file cannot be read, or the address is unusable.
    """
    # The client costs as much as the rest of the command line; help and version do without.
    from pratique.client.connection import Connection, read_token
    from pratique.client.sync_client import Client

    connection = Connection.resolve(url, read_token(token_file) if token_file else None)
    token = connection.token or (_own_token(holder) if connection.is_local else None)
    if token is None:
        raise UnauthenticatedError(f"no token for the engine at {connection.url}", hint=_hint(holder))
    return Client(connection.url, token)


def data_dir() -> Path:
    """Return the data folder of this machine's engine, as `pratique.settings` has it, without its imports."""
    found = os.environ.get("PRATIQUE_DATA_DIR")
    return Path(found) if found else Path.home() / ".local" / "share" / "pratique"


def _own_token(holder: Holder) -> str | None:
    from pratique.client.connection import read_token  # see `connect`

    path = data_dir() / "tokens" / f"{holder}.token"
    return read_token(path) if os.access(path, os.R_OK) else None


def _hint(holder: Holder) -> str:
    if holder == "person":
        return (
            "people decide with their own token: `pratique token create LABEL --kind person --person ID --out FILE` "
            "makes one, then set PRATIQUE_TOKEN_FILE or give --token-file"
        )
    return "set PRATIQUE_TOKEN or PRATIQUE_TOKEN_FILE, or give --token-file"
