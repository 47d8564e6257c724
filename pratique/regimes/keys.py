"""Loads trusted keys from `config/keys/`: `keys.yaml` says of each PEM file whose key it is and what for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from pratique.domain.keys import TrustedKey, TrustedKeys
from pratique.domain.regime.items import RegimeData, Text, Word
from pratique.errors import ConfigError, InvalidInputError
from pratique.regimes.problems import Problems
from pratique.regimes.yaml_text import read_yaml

#: A public key has a few hundred bytes.
_MAX_PEM_BYTES = 16 * 1024
#: NIST SP 800-57 part 1, table 4: weaker ones are not for use after 2013.
_MIN_RSA_BITS = 2048
_NAMES = "keys.yaml"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)

_Uri = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*:[!-~]+$", max_length=300)]
_Scheme = Literal["rsassa-pss-sha256", "rsassa-pss-sha384", "rsassa-pss-sha512", "rsa-pkcs1v15-sha256"]


class _Revoked(RegimeData):
    at: AwareDatetime
    reason: Text


class _Entry(RegimeData):
    id: Word
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.pem$", max_length=120)]
    owner: Text
    trusted_for: tuple[_Uri, ...] = Field(min_length=1)
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None
    revoked: _Revoked | None = None
    scheme: _Scheme | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("valid_until after valid_from")
        return self


class _Names(RegimeData):
    format: Literal["pratique.keys/1"]
    keys: tuple[_Entry, ...]


def load_keys(origins: Sequence[tuple[str, Path]], problems: Problems) -> TrustedKeys:
    """Return the keys of all folders; note every error.

    Args:
        origins: configuration folders, each with what stands before its file names in problems.
        problems: where errors are noted.
    """
    found: dict[str, TrustedKey] = {}
    holders: dict[str, str] = {}
    for origin, folder in origins:
        for key in _keys_of(folder / "keys", origin, problems):
            where = f"{origin}keys/{_NAMES}"
            if key.id in found:
                problems.add(where, f"keys[{key.id}]", found="the id a second time", expected="each id once")
            elif key.fingerprint in holders:
                of = f"the key of {holders[key.fingerprint]} again"
                problems.add(where, f"keys[{key.id}]", found=of, expected="each key once, under one id")
            else:
                found[key.id] = key
                holders[key.fingerprint] = key.id
    return TrustedKeys(tuple(found.values()))


def configured_keys(config_dir: Path, overlay_dir: Path | None) -> TrustedKeys:
    """Return the keys of a configuration alone.

    Raises:
        ConfigError: with every error of them at once.
    """
    problems = Problems()
    overlay = [("overlay/", overlay_dir)] if overlay_dir is not None else []
    keys = load_keys([("", config_dir), *overlay], problems)
    if problems.lines:
        raise ConfigError(problems.lines, hint="docs/operations.md describes trusted keys")
    return keys


def key_in_file(path: Path, trusted_for: str) -> TrustedKey:
    """Return the one key in a PEM file, trusted for one thing at any time, under the name of the file.

    Raises:
        InvalidInputError: there is no such key in it.
    """
    problems = Problems()
    entry = _Entry.model_construct(
        id=path.stem, file=path.name, owner=path.name, trusted_for=(trusted_for,), valid_from=_EVER, valid_until=None,
        revoked=None, scheme=None,
    )  # fmt: skip
    key = _load(entry, path, str(path), problems)
    if key is None:
        raise InvalidInputError("; ".join(problems.lines))
    return key


def _keys_of(folder: Path, origin: str, problems: Problems) -> list[TrustedKey]:
    files = {path.name for path in folder.glob("*.pem")}
    names = _read_names(folder / _NAMES, f"{origin}keys/{_NAMES}", problems)
    if names is None:
        if files and not (folder / _NAMES).is_file():
            expected = f"{_NAMES} beside it, which says whose they are"
            problems.add(f"{origin}keys/", "", found=", ".join(sorted(files)), expected=expected)
        return []
    for stray in sorted(files - {entry.file for entry in names.keys}):
        expected = f"a key that {_NAMES} names; or remove the file"
        problems.add(f"{origin}keys/{stray}", "", found="a key of nobody", expected=expected)
    loaded = (_load(entry, folder / entry.file, f"{origin}keys/{entry.file}", problems) for entry in names.keys)
    return [key for key in loaded if key is not None]


def _read_names(path: Path, file: str, problems: Problems) -> _Names | None:
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.add(file, "", found=f"{type(error).__name__}: {error}", expected="a readable file in UTF-8")
        return None
    value, troubles = read_yaml(text)
    for trouble in troubles:
        problems.add(file, trouble.path, found=trouble.found, expected=trouble.expected)
    return None if troubles else problems.parse(file, _Names, value)


def _load(entry: _Entry, path: Path, file: str, problems: Problems) -> TrustedKey | None:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_PEM_BYTES + 1)
    except OSError as error:
        problems.add(file, "", found=f"{type(error).__name__}: {error.strerror}", expected="a PEM file")
        return None
    fingerprint, trouble = _fingerprint(data, entry.scheme)
    if fingerprint is None:
        problems.add(file, "", found=trouble, expected="one public key: ECDSA (P-256, P-384, P-521), Ed25519 or RSA")
        return None
    return TrustedKey(
        id=entry.id,
        owner=entry.owner,
        trusted_for=frozenset(entry.trusted_for),
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        revoked_at=entry.revoked.at if entry.revoked else None,
        revoked_because=entry.revoked.reason if entry.revoked else None,
        pem=data.decode("ascii"),
        fingerprint=fingerprint,
        scheme=entry.scheme,
    )


def _fingerprint(data: bytes, scheme: str | None) -> tuple[str | None, str]:
    """Return the digest of the one public key in `data`, or None and what was found instead."""
    # 20 MB of a library that an installation without keys never loads.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if b"PRIVATE KEY" in data:
        return None, "a private key, which belongs nowhere near here (make a new pair)"
    if data.count(b"-----BEGIN ") != 1 or len(data) > _MAX_PEM_BYTES or not data.isascii():
        return None, "not exactly one PEM block of at most 16 KiB"
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        return None, "no public key that can be read"
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _MIN_RSA_BITS:
            return None, f"an RSA key of {key.key_size} bits, fewer than {_MIN_RSA_BITS}"
    elif scheme is not None:
        return None, f"a key that is not RSA, with scheme {scheme}"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1):
            return None, f"an ECDSA key on curve {key.curve.name}"
    elif not isinstance(key, ed25519.Ed25519PublicKey):
        return None, f"a key of another type ({type(key).__name__})"
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest(), ""
