"""Keys, envelopes and statements for tests: the real samples, and what is signed anew."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from pratique.collectors.in_toto import InTotoCollector
from pratique.collectors.model_signature import MODEL_SIGNATURE
from pratique.collectors.predicates import PROVENANCE, SCAI, TEST_RESULT, VERIFICATION_SUMMARY
from pratique.domain.evidence import Extraction
from pratique.domain.keys import TrustedKey, TrustedKeys

DATA = Path(__file__).resolve().parent / "data"
IN_TOTO, SIGNING = DATA / "in_toto", DATA / "model_signing"
EVERY_TYPE = frozenset({VERIFICATION_SUMMARY, TEST_RESULT, SCAI, PROVENANCE, MODEL_SIGNATURE})
START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PAYLOAD_TYPE = "application/vnd.in-toto+json"


def trusted(name: str, pem: str | bytes, **members: Any) -> TrustedKey:
    text = pem if isinstance(pem, str) else pem.decode()
    base = {"id": name, "owner": f"team {name}", "trusted_for": EVERY_TYPE, "valid_from": START}
    return TrustedKey(**(base | {"pem": text, "fingerprint": "0" * 64} | members))


def public_pem(private: Any) -> bytes:
    pem: bytes = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem


ATTESTER = trusted("attester", (IN_TOTO / "public_key.pem").read_text())
SIGNER = trusted("signer", (SIGNING / "public_key.pem").read_text())
BOTH = TrustedKeys((ATTESTER, SIGNER))


def read_signed(path: Path, keys: TrustedKeys = BOTH, at: datetime = NOW) -> Extraction:
    return InTotoCollector(keys, lambda: at).read(path)


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Written from the DSSE text, apart from the code under test."""
    return b" ".join(
        [b"DSSEv1", str(len(payload_type)).encode(), payload_type.encode(), str(len(payload)).encode(), payload]
    )


def raw_signature(private: Any, data: bytes) -> bytes:
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(data)
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    by_size = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}
    signature: bytes = private.sign(data, ec.ECDSA(by_size[private.curve.key_size]))
    return signature


def envelope(statement: Any, privates: Iterable[tuple[str, Any]], payload_type: str = PAYLOAD_TYPE) -> dict[str, Any]:
    payload = statement if isinstance(statement, bytes) else json.dumps(statement).encode()
    signatures = [
        {"keyid": name, "sig": base64.b64encode(raw_signature(private, pae(payload, payload_type))).decode()}
        for name, private in privates
    ]
    return {"payload": base64.b64encode(payload).decode(), "payloadType": payload_type, "signatures": signatures}


def statement(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((IN_TOTO / f"{name}.statement.json").read_text())
    return found


def written(folder: Path, document: Any, name: str = "a.dsse.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document))
    return path
