"""config/keys: every error at once, and what a key's dates mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from pratique.domain.keys import TrustedKey, TrustedKeys
from pratique.regimes.keys import load_keys
from pratique.regimes.problems import Problems

VSA = "https://slsa.dev/verification_summary/v1"
START = datetime(2026, 1, 1, tzinfo=UTC)
SAMPLE = Path(__file__).resolve().parents[1] / "data/in_toto/public_key.pem"


def pem_of(private: Any) -> bytes:
    public: bytes = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public


def entry(name: str, **members: Any) -> dict[str, Any]:
    base = {"id": name, "file": f"{name}.pem", "owner": "Release", "trusted_for": [VSA]}
    return base | {"valid_from": "2026-01-01T00:00:00Z"} | members


def write(folder: Path, *entries: dict[str, Any], **files: bytes) -> Path:
    (folder / "keys").mkdir(parents=True)
    (folder / "keys/keys.yaml").write_text(
        yaml.safe_dump({"format": "pratique.keys/1", "keys": list(entries)}, default_style='"')
    )
    for name, content in files.items():
        (folder / f"keys/{name}.pem").write_bytes(content)
    return folder


def load(*folders: Path) -> tuple[TrustedKeys, list[str]]:
    problems = Problems()
    origins = list(zip(("", "overlay/"), folders, strict=False))
    return load_keys(origins, problems), problems.lines


def test_a_key_is_loaded_with_its_owner_and_fingerprint(tmp_path: Path) -> None:
    keys, lines = load(write(tmp_path, entry("release"), release=SAMPLE.read_bytes()))
    assert lines == []
    (key,) = keys
    assert (key.id, key.owner, key.trusted_for, key.valid_from) == ("release", "Release", frozenset({VSA}), START)
    # openssl pkey -pubin -in public_key.pem -outform DER | sha256sum
    assert key.fingerprint == "60d896c4749e0cc3b968a75ec9caea6812de0e7dfdbab97b65fbea47070cb882"
    assert key.pem == SAMPLE.read_text()


def test_no_folder_means_no_key(tmp_path: Path) -> None:
    assert load(tmp_path) == (TrustedKeys(), [])


def test_every_error_is_told_at_once(tmp_path: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    weak = pem_of(rsa.generate_private_key(65537, 1024))
    odd = pem_of(ec.generate_private_key(ec.SECP256K1()))
    good = SAMPLE.read_bytes()
    entries = [entry(name) for name in ("absent", "private", "weak", "odd", "text", "two", "good", "again")]
    entries += [entry("good"), entry("padded", scheme="rsassa-pss-sha256")]
    folder = write(
        tmp_path / "a", *entries, padded=good, stray=good,
        private=private, weak=weak, odd=odd, text=b"no key", two=good * 2, good=good, again=good,
    )  # fmt: skip
    keys, lines = load(folder)
    assert [key.id for key in keys] == ["good"]
    expected = [
        "stray.pem: found a key of nobody",
        "absent.pem: found FileNotFoundError",
        "private.pem: found a private key",
    ]
    expected += ["weak.pem: found an RSA key of 1024 bits", "odd.pem: found an ECDSA key on curve secp256k1"]
    expected += ["text.pem: found not exactly one PEM", "two.pem: found not exactly one PEM"]
    expected += ["keys[again]: found the key of good again", "keys[good]: found the id a second time"]
    expected += ["padded.pem: found a key that is not RSA, with scheme"]
    assert [text for text in expected if not any(text in line for line in lines)] == []
    assert len(lines) == len(expected)


def test_a_malformed_list_of_keys_names_each_place(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        entry("a", file="../a.pem"),
        entry("b", valid_from="2026-01-01T00:00:00"),
        entry("c", valid_until="2025-01-01T00:00:00Z"),
        entry("d", trusted_for=[]),
        entry("e", revoked={"at": "2026-01-01T00:00:00Z"}),
        entry("f", colour="red"),
    )
    keys, lines = load(folder)
    assert len(keys) == 0
    places = [
        "keys[a].file",
        "keys[b].valid_from",
        "keys[c]",
        "keys[d].trusted_for",
        "keys[e].revoked.reason",
        "keys[f].colour",
    ]
    assert [place for place in places if not any(place in line for line in lines)] == []


def test_pem_files_without_a_list_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, lost=SAMPLE.read_bytes())
    (tmp_path / "keys/keys.yaml").unlink()
    assert "lost.pem" in load(tmp_path)[1][0]


def test_an_overlay_adds_keys_and_replaces_none(tmp_path: Path) -> None:
    own = pem_of(ed25519.Ed25519PrivateKey.generate())
    shipped = write(tmp_path / "a", entry("one"), one=SAMPLE.read_bytes())
    overlay = write(
        tmp_path / "b", entry("one"), entry("two"), one=own, two=pem_of(ec.generate_private_key(ec.SECP384R1()))
    )
    keys, lines = load(shipped, overlay)
    assert [key.id for key in keys] == ["one", "two"]
    assert next(iter(keys)).pem == SAMPLE.read_text()
    assert lines == ["overlay/keys/keys.yaml: keys[one]: found the id a second time, expected each id once"]


def key_with(**members: Any) -> TrustedKey:
    base: dict[str, Any] = {"id": "k", "owner": "o", "trusted_for": frozenset({VSA}), "valid_from": START}
    return TrustedKey(**(base | {"pem": "", "fingerprint": "00"} | members))


@pytest.mark.parametrize(
    ("members", "at", "trouble"),
    [
        ({}, START, None),
        ({}, START - timedelta(microseconds=1), "valid from"),
        ({"valid_until": START + timedelta(days=1)}, START + timedelta(hours=23), None),
        ({"valid_until": START + timedelta(days=1)}, START + timedelta(days=1), "valid until"),
        ({"revoked_at": START + timedelta(days=9), "revoked_because": "lost"}, START, "revoked"),
        ({"trusted_for": frozenset({"https://slsa.dev/provenance/v1"})}, START, "not for"),
    ],
)
def test_a_key_counts_for_what_was_received_while_it_was_valid(
    members: dict[str, Any], at: datetime, trouble: str | None
) -> None:
    found = key_with(**members).trouble(VSA, at)
    assert found is None if trouble is None else found is not None and trouble in found


def test_the_digest_of_keys_follows_what_a_verdict_hangs_on() -> None:
    one, two = key_with(), key_with(id="l", fingerprint="11")
    assert TrustedKeys((one, two)).digest == TrustedKeys((two, one)).digest
    revoked = key_with(revoked_at=START, revoked_because="lost")
    assert len({TrustedKeys(keys).digest for keys in ((), (one,), (one, two), (revoked, two))}) == 4
