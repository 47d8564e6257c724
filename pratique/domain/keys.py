"""Public keys that an installation trusts, and for what: the ground of every "verified"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pratique.canonical import digest_of
from pratique.domain.times import instant_text


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """One public key, whose it is, and what its signatures are believed on."""

    id: str  #: the name under which extractions and people speak of it
    owner: str  #: who holds the private half
    trusted_for: frozenset[str]  #: in-toto predicate types
    valid_from: datetime  #: aware; what was received earlier does not count
    valid_until: datetime | None = None  #: aware; what was received later does not count; None: no end
    revoked_at: datetime | None = None  #: aware; from then on nothing counts, whenever it was received
    revoked_because: str | None = None
    pem: str  #: SubjectPublicKeyInfo
    fingerprint: str  #: SHA-256 (hex) of its DER form
    scheme: str | None = None  #: as securesystemslib names it; None: the usual one of the key's type

    def trouble(self, predicate_type: str, received_at: datetime) -> str | None:
        """Say why a signature of this key does not count; None when it does.

        The only time that nobody can choose is the one at which the engine received the file: a signature holds no
        time, and what a statement says of its own is the signer's word. So a key that has run out still vouches for
        what came while it was valid, and a revoked one for nothing: whoever has it can write any date.

        Args:
            predicate_type: what the statement states.
            received_at: when the engine received it.
        """
        if self.revoked_at is not None:
            return f"key {self.id} was revoked at {instant_text(self.revoked_at)} ({self.revoked_because})"
        if predicate_type not in self.trusted_for:
            return f"key {self.id} is trusted for {', '.join(sorted(self.trusted_for))}, not for {predicate_type}"
        if received_at < self.valid_from:
            return f"key {self.id} is valid from {instant_text(self.valid_from)} on"
        if self.valid_until is not None and received_at >= self.valid_until:
            return f"key {self.id} was valid until {instant_text(self.valid_until)}"
        return None


@dataclass(frozen=True)
class TrustedKeys:
    """The keys of a configuration."""

    keys: tuple[TrustedKey, ...] = ()

    def __iter__(self) -> Iterator[TrustedKey]:
        return iter(self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of all that a verdict can hang on: changes whenever the same file could be judged otherwise."""
        return digest_of([_facts(key) for key in sorted(self.keys, key=lambda key: key.id)])


#: No key: no signature can be verified.
NO_KEYS = TrustedKeys()


def _facts(key: TrustedKey) -> list[object]:
    return [
        key.id,
        key.fingerprint,
        key.scheme,
        sorted(key.trusted_for),
        instant_text(key.valid_from),
        instant_text(key.valid_until) if key.valid_until else None,
        instant_text(key.revoked_at) if key.revoked_at else None,
    ]
