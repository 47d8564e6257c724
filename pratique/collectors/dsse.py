"""DSSE envelopes, bare or in a Sigstore bundle: taken apart strictly, verified against trusted keys.

Source: DSSE v1.0.2 (secure-systems-lab/dsse), Sigstore bundle v0.3 (sigstore/protobuf-specs).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pratique.collectors.foreign import list_at, mapping_at, text_at
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.keys import TrustedKey, TrustedKeys

#: What an envelope of an in-toto statement says that it holds. Any other payload is not ours to understand.
PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle"
#: Each is tried with each trusted key.
MAX_SIGNATURES = 16
#: An ML-DSA-87 signature has 4,627 bytes.
_MAX_SIGNATURE_BYTES = 8 * 1024

_BUNDLES = (f"{BUNDLE_TYPE}.v0.3+json", f"{BUNDLE_TYPE}+json;version=0.3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What was signed, byte by byte, and the signatures over it."""

    payload: bytes
    payload_type: str
    signatures: tuple[tuple[str, bytes], ...]  #: (key id as the signer wrote it, a hint; signature)
    by_certificate: bool = False  #: of a bundle whose signer is named by a certificate, not a key


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What trusted keys say of an envelope."""

    keys: tuple[TrustedKey, ...]  #: whose signatures are right and count, by id
    reasons: tuple[str, ...]  #: why none counts, where none does

    @property
    def is_verified(self) -> bool:
        """At least one trusted key signed it."""
        return bool(self.keys)


def is_envelope(document: Mapping[str, Any]) -> bool:
    """True for a document that claims to be an envelope, or a bundle that holds one."""
    return "payloadType" in document or "dsseEnvelope" in document


def open_envelope(document: Mapping[str, Any], what: str) -> Envelope:
    """Return the envelope that a parsed JSON document is, or holds as a Sigstore bundle.

    Raises:
        UnreadableError: no envelope, another payload, no or too many signatures, two under one key id.
    """
    inner: Any = document
    by_certificate = False
    if "dsseEnvelope" in document:
        found = text_at(document, "mediaType")
        if found not in _BUNDLES:
            raise UnreadableError(f"{what}: bundle of type {shown(str(found))} found; expected {_BUNDLES[0]}")
        inner = document["dsseEnvelope"]
        material = mapping_at(document, "verificationMaterial")
        by_certificate = "certificate" in material or "x509CertificateChain" in material
    payload_type = text_at(inner, "payloadType")
    if payload_type != PAYLOAD_TYPE:
        raise UnreadableError(f"{what}: payload of type {shown(str(payload_type))} found; expected {PAYLOAD_TYPE}")
    return Envelope(
        payload=_bytes_at(inner, "payload", what),
        payload_type=payload_type,
        signatures=_signatures(list_at(inner, "signatures"), what),
        by_certificate=by_certificate,
    )


def verify(envelope: Envelope, keys: TrustedKeys, predicate_type: str, received_at: datetime) -> Verification:
    """Return which trusted keys signed `envelope` and count for `predicate_type`.

    The key id in a signature is unsigned text that anybody can write, so every key is tried; whose the signature is,
    the key that verifies it says.
    """
    if not keys:
        return Verification(keys=(), reasons=("no trusted key is configured, so that no signature can be verified",))
    right = [key for key in keys if any(_is_right(envelope, key, raw) for _, raw in envelope.signatures)]
    troubles = {key.id: key.trouble(predicate_type, received_at) for key in right}
    counting = tuple(sorted((key for key in right if troubles[key.id] is None), key=lambda key: key.id))
    if counting:
        return Verification(keys=counting, reasons=())
    reasons = tuple(f"the signature is right, but {trouble}" for trouble in troubles.values() if trouble)
    if reasons:
        return Verification(keys=(), reasons=reasons)
    if envelope.by_certificate:
        return Verification(keys=(), reasons=("signed by a certificate; only configured keys are trusted",))
    return Verification(keys=(), reasons=("no trusted key verifies its signature",))


def _is_right(envelope: Envelope, key: TrustedKey, raw: bytes) -> bool:
    # 20 MB of libraries that an engine without keys never loads.
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.dsse import Envelope as Signed
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import Signature, SSlibKey  # type: ignore[attr-defined]  # its package has no __all__

    # `verify` looks only at signatures whose key id is the key's own; it is given one, under that id.
    signed = Signed(envelope.payload, envelope.payload_type, {key.id: Signature(key.id, raw.hex())})
    public: Any = load_pem_public_key(key.pem.encode())
    try:
        return bool(signed.verify([SSlibKey.from_crypto(public, keyid=key.id, scheme=key.scheme)], 1))
    except VerificationError:
        return False


def _signatures(found: list[Any], what: str) -> tuple[tuple[str, bytes], ...]:
    if not 1 <= len(found) <= MAX_SIGNATURES:
        raise UnreadableError(f"{what}: {len(found)} signatures found, 1 to {MAX_SIGNATURES} expected")
    signatures = tuple((text_at(one, "keyid") or "", _bytes_at(one, "sig", what)) for one in found)
    names = [name for name, _ in signatures]
    if len(set(names)) < len(names):
        raise UnreadableError(f"{what}: two signatures under one key id; expected one each")
    if any(len(raw) > _MAX_SIGNATURE_BYTES for _, raw in signatures):
        raise UnreadableError(f"{what}: a signature larger than {_MAX_SIGNATURE_BYTES} bytes")
    return signatures


def _bytes_at(value: Any, member: str, what: str) -> bytes:
    text = text_at(value, member)
    if text is None:
        raise UnreadableError(f"{what}: no text at {member}; expected Base64")
    try:  # the format allows both alphabets, and nothing else between
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableError(f"{what}: {member} is not Base64") from None
