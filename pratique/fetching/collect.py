"""One order from its beginning to its end: fetch, hand the files over, say what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pratique.egress import Egress
from pratique.errors import NotAllowedError, PratiqueError, UnauthenticatedError, UnavailableError
from pratique.fetching.fetch import Order, fetch

if TYPE_CHECKING:
    from pratique.client import Client
    from pratique.client.source_calls import SourceOrder

_LONGEST_FAILURE = 2000
#: What no source is to blame for.
_NOT_OF_THE_SOURCE = (UnavailableError, UnauthenticatedError, NotAllowedError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an order."""

    source: str
    model: str
    version: str
    files: tuple[str, ...] = ()  #: names, of what is evidence now
    failure: str | None = None


def collect(client: Client, order: SourceOrder, egress: Egress) -> Outcome:
    """Fetch what an order names, hand it over, and record what came of it. Safe to repeat.

    What the source, or a file of it, is to blame for is recorded as the failure of this order, and the engine has it
    tried again later.

    Raises:
        PratiqueError: the engine does not answer, or does not take our word; nothing is recorded.
    """
    token = order.token or {}
    wanted = Order(
        kind=order.kind, where=order.where, files=order.files, token_env=token.get("env"), token_file=token.get("file")
    )
    with TemporaryDirectory(prefix="pratique-source-") as folder:
        try:
            found = [client.sources.hand_over(path, order) for path in fetch(wanted, Path(folder), egress)]
        except PratiqueError as error:
            if isinstance(error, _NOT_OF_THE_SOURCE):
                raise
            failure = error.message[:_LONGEST_FAILURE]
            client.sources.settle(order, failure=failure)
            return Outcome(source=order.source, model=order.model, version=order.version, failure=failure)
    client.sources.settle(order, evidence=[one.id for one in found])
    files = tuple(one.filename for one in found)
    return Outcome(source=order.source, model=order.model, version=order.version, files=files)
