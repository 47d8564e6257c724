"""DSSE and in-toto: the real samples under their key, and everything that must not count."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from signed_files import (
    ATTESTER,
    BOTH,
    EVERY_TYPE,
    IN_TOTO,
    NOW,
    SIGNER,
    SIGNING,
    START,
    envelope,
    public_pem,
    read_signed,
    statement,
    trusted,
    written,
)

from pratique.collectors import UnreadableError, build_registry, read_evidence
from pratique.collectors.dsse import MAX_SIGNATURES
from pratique.collectors.predicates import PROVENANCE, VERIFICATION_SUMMARY
from pratique.domain.keys import TrustedKeys

WEIGHTS = "97e1b141acb7d649f218cb9a12e044c33f6035fc7e23e453971f36e1117b6aee"
NAMES = ["vsa", "test-result", "scai", "slsa-provenance"]


def sample(name: str = "vsa") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((IN_TOTO / f"{name}.dsse.json").read_text())
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_signed_by_a_trusted_key_is_complete(name: str) -> None:
    found = read_signed(IN_TOTO / f"{name}.dsse.json")
    assert (found.complete, found.incomplete_reason, found.kind) == (True, None, "attestation")
    assert (found.subject, found.subject_digest) == ("models/acme-7b-instruct", WEIGHTS)
    assert found.facts["verified"] is True
    assert found.facts["signed_by"] == ["attester"]
    assert found.facts["key_owners"] == ["team attester"]
    assert found.facts["subjects"] == [{"name": "models/acme-7b-instruct", "sha256": WEIGHTS}]
    assert found.facts["predicate_type"] == statement(name)["predicateType"]
    assert found.facts["dropped"] == []


def test_the_facts_of_a_verification_summary() -> None:
    found = read_signed(IN_TOTO / "vsa.dsse.json")
    facts = found.facts
    assert facts["verification_result"] == "PASSED"
    assert facts["verified_levels"] == ["SLSA_BUILD_LEVEL_2"]
    assert facts["verifier"] == "https://acme.example/verifier/slsa"
    assert facts["verifier_versions"] == {"slsa-verifier": "2.7.1"}  # newer than in-toto-attestation 0.9.3 takes
    assert facts["time_verified"] == "2026-11-20T11:22:33Z"
    assert facts["policy"]["uri"] == "https://acme.example/policy/model-release-v4"
    assert found.produced_at is not None
    assert found.produced_at.isoformat() == "2026-11-20T11:22:33+00:00"


def test_the_facts_of_a_test_result() -> None:
    found = read_signed(IN_TOTO / "test-result.dsse.json")
    assert found.facts["result"] == "PASSED"
    assert found.facts["tests"] == {"passed": 2, "warned": 1, "failed": 0}
    assert found.facts["passed_tests"] == ["wmdp_bio", "refusals"]
    assert (found.planned, found.done, found.errors) == (3, 3, 0)


def test_the_facts_of_a_scai_report_and_a_provenance() -> None:
    scai = read_signed(IN_TOTO / "scai.dsse.json").facts
    assert scai["attributes"] == ["WEIGHTS_ENCRYPTED_AT_REST", "SL3_SECURITY_REVIEWED"]
    assert scai["with_evidence"] == ["WEIGHTS_ENCRYPTED_AT_REST"]
    assert scai["producer"] == "https://acme.example/sec-team"
    provenance = read_signed(IN_TOTO / "slsa-provenance.dsse.json")
    assert provenance.facts["builder"] == "https://acme.example/trainer/v9"
    assert provenance.facts["dependency_count"] == 2
    assert provenance.produced_at is not None
    assert provenance.produced_at.isoformat() == "2026-10-12T04:05:06+00:00"


@pytest.mark.parametrize("name", NAMES)
def test_an_unsigned_statement_is_read_and_does_not_count(name: str) -> None:
    found = read_signed(IN_TOTO / f"{name}.statement.json")
    assert found.complete is False
    assert found.incomplete_reason == "it is not signed"
    assert (found.facts["verified"], found.facts["signed_by"]) == (False, [])
    assert found.subject_digest == WEIGHTS


REFUSED_KEYS = [
    (TrustedKeys(), "no trusted key is configured"),
    (TrustedKeys((SIGNER,)), "no trusted key verifies its signature"),
    (TrustedKeys((trusted("a", ATTESTER.pem, trusted_for=frozenset({PROVENANCE})),)), "not for"),
    (TrustedKeys((trusted("a", ATTESTER.pem, valid_from=NOW + timedelta(days=1)),)), "valid from"),
    (TrustedKeys((trusted("a", ATTESTER.pem, valid_until=NOW),)), "valid until"),
    (TrustedKeys((trusted("a", ATTESTER.pem, revoked_at=NOW, revoked_because="lost"),)), "was revoked"),
]


@pytest.mark.parametrize(("keys", "reason"), REFUSED_KEYS)
def test_a_key_that_does_not_count_leaves_it_incomplete_with_the_reason(keys: TrustedKeys, reason: str) -> None:
    found = read_signed(IN_TOTO / "vsa.dsse.json", keys)
    assert found.complete is False
    assert reason in str(found.incomplete_reason)
    assert (found.facts["verified"], found.facts["signed_by"]) == (False, [])


@pytest.mark.parametrize("member", ["subject", "predicate", "predicateType", "_type"])
def test_a_changed_payload_is_never_verified(tmp_path: Path, member: str) -> None:
    document = sample()
    body = json.loads(base64.b64decode(document["payload"]))
    body[member] = statement("scai")[member] if member != "_type" else "https://in-toto.io/Statement/v0.1"
    if member == "subject":
        body[member][0]["digest"]["sha256"] = "1" * 64
    document["payload"] = base64.b64encode(json.dumps(body).encode()).decode()
    found = read_signed(written(tmp_path, document))
    assert (found.complete, found.facts["verified"]) == (False, False)
    assert "no trusted key verifies" in str(found.incomplete_reason)


def test_every_flipped_byte_of_a_signature_is_refused(tmp_path: Path) -> None:
    raw = base64.b64decode(sample()["signatures"][0]["sig"])
    for index in range(len(raw)):
        document = sample()
        bad = raw[:index] + bytes([raw[index] ^ 1]) + raw[index + 1 :]
        document["signatures"][0]["sig"] = base64.b64encode(bad).decode()
        assert read_signed(written(tmp_path, document)).facts["verified"] is False


@pytest.mark.parametrize("hint", ["", "somebody-else", "signer"])
def test_a_key_id_is_a_hint_and_decides_nothing(tmp_path: Path, hint: str) -> None:
    document = sample()
    document["signatures"][0]["keyid"] = hint
    found = read_signed(written(tmp_path, document))
    assert (found.complete, found.facts["signed_by"]) == (True, ["attester"])


def test_a_stranger_cannot_borrow_the_key_id_of_a_trusted_key(tmp_path: Path) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    found = read_signed(written(tmp_path, envelope(statement("vsa"), [("attester", stranger)])))
    assert found.facts["verified"] is False


PRIVATES = [
    ec.generate_private_key(ec.SECP256R1()),
    ec.generate_private_key(ec.SECP384R1()),
    ec.generate_private_key(ec.SECP521R1()),
    ed25519.Ed25519PrivateKey.generate(),
    rsa.generate_private_key(65537, 2048),
]


@pytest.mark.parametrize("private", PRIVATES, ids=["p256", "p384", "p521", "ed25519", "rsa"])
def test_every_type_of_key_verifies_its_own_signature_only(tmp_path: Path, private: Any) -> None:
    path = written(tmp_path, envelope(statement("vsa"), [("x", private)]))
    own = trusted("own", public_pem(private))
    assert read_signed(path, TrustedKeys((own,))).complete is True
    assert read_signed(path, TrustedKeys((ATTESTER, SIGNER))).complete is False
    others = tuple(trusted(f"k{n}", public_pem(one)) for n, one in enumerate(PRIVATES) if one is not private)
    assert read_signed(path, TrustedKeys(others)).facts["verified"] is False


def test_two_signers_are_both_named(tmp_path: Path) -> None:
    one, two = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    keys = TrustedKeys((trusted("two", public_pem(two)), trusted("one", public_pem(one))))
    found = read_signed(written(tmp_path, envelope(statement("vsa"), [("a", one), ("b", two)])), keys)
    assert found.facts["signed_by"] == ["one", "two"]
    assert found.facts["signatures"] == 2


def test_url_safe_base64_is_the_same_envelope(tmp_path: Path) -> None:
    document = sample()
    for holder, member in ((document, "payload"), (document["signatures"][0], "sig")):
        holder[member] = holder[member].replace("+", "-").replace("/", "_")
    assert read_signed(written(tmp_path, document)).complete is True


def changed(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in (sample() | members).items() if value is not None}


UNREADABLE = [
    (changed(payloadType="application/json"), "payload of type"),
    (changed(payloadType="application/vnd.in-toto+json "), "payload of type"),
    (changed(signatures=[]), "0 signatures"),
    (changed(signatures=None), "0 signatures"),
    (changed(signatures=sample()["signatures"] * 2), "two signatures under one key id"),
    (changed(signatures=[{"keyid": str(n), "sig": "AAAA"} for n in range(MAX_SIGNATURES + 1)]), "signatures found"),
    (changed(signatures=[{"keyid": "a", "sig": "A" * 12_000}]), "larger than"),
    (changed(signatures=[{"keyid": "a", "sig": "?"}]), "not Base64"),
    (changed(signatures=["text"]), "no text at sig"),
    (changed(payload="e30"), "not Base64"),
    (changed(payload="e30="), "statement of type"),
    (changed(payload=base64.b64encode(b"[1]").decode()), "statement of type"),
    (changed(payload=base64.b64encode(b'{"_type": NaN}').decode()), "NaN"),
    (changed(payload=base64.b64encode(b'{"a": 1, "a": 2}').decode()), "a key stands twice"),
    ({"mediaType": "application/vnd.dev.sigstore.bundle.v9+json", "dsseEnvelope": sample()}, "bundle of type"),
    (statement("vsa") | {"_type": "https://in-toto.io/Statement/v9"}, "statement of type"),
    (statement("vsa") | {"subject": []}, "subjects"),
    (statement("vsa") | {"subject": ["text"]}, "a subject that is no object"),
    (statement("vsa") | {"predicateType": ""}, "predicateType"),
    (statement("vsa") | {"predicateType": "\ud800"}, "no URI"),
    (statement("vsa") | {"predicateType": "https://a.example/" + "x" * 300}, "no URI"),
    ([sample()], "list found"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "words"), UNREADABLE)
def test_what_is_no_sound_envelope_is_unreadable(tmp_path: Path, document: Any, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        read_signed(written(tmp_path, document))


LYING = [
    ("test-result", {"failedTests": ["wmdp_chem"]}, "says PASSED and names 1 failed"),
    ("test-result", {"passedTests": [], "warnedTests": []}, "nothing was tested"),
    ("test-result", {"result": "GREAT"}, "no result"),
    ("vsa", {"verificationResult": "OK"}, "no verificationResult"),
    ("vsa", {"verifiedLevels": []}, "verified no level"),
    ("vsa", {"timeVerified": "2026-11-20T11:22:33"}, "does not say when"),
    ("scai", {"attributes": []}, "reports no attribute"),
    ("slsa-provenance", {"runDetails": {}}, "names no builder"),
]


@pytest.mark.parametrize(("name", "members", "words"), LYING)
def test_a_signed_predicate_that_does_not_hold_together_is_incomplete(
    tmp_path: Path, name: str, members: dict[str, Any], words: str
) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    body = statement(name)
    body["predicate"] |= members
    found = read_signed(
        written(tmp_path, envelope(body, [("", private)])), TrustedKeys((trusted("k", public_pem(private)),))
    )
    assert (found.facts["verified"], found.complete) == (True, False)
    assert words in str(found.incomplete_reason)


def test_an_unknown_predicate_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    private, kind = ed25519.Ed25519PrivateKey.generate(), "https://example.org/approval/v1"
    keys = TrustedKeys((trusted("k", public_pem(private), trusted_for=EVERY_TYPE | {kind}),))
    found = read_signed(written(tmp_path, envelope(statement("vsa") | {"predicateType": kind}, [("", private)])), keys)
    assert (found.facts["verified"], found.complete) == (True, False)
    assert "is not one that is read" in str(found.incomplete_reason)


def test_several_subjects_are_no_model_until_a_person_says_so(tmp_path: Path) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    keys = TrustedKeys((trusted("k", public_pem(private)),))
    subjects = [{"name": f"part-{n}", "digest": {"sha256": str(n) * 64}} for n in range(5)]
    found = read_signed(written(tmp_path, envelope(statement("vsa") | {"subject": subjects}, [("", private)])), keys)
    assert found.subject == "part-0, part-1, part-2 and 2 more"
    assert found.subject_digest is None
    assert found.facts["subject_count"] == 5
    assert [one["sha256"] for one in found.facts["subjects"]] == [str(n) * 64 for n in range(5)]


def test_an_attestation_in_a_sigstore_bundle_is_the_same(tmp_path: Path) -> None:
    bundle = {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": sample()}
    found = read_signed(written(tmp_path, bundle | {"verificationMaterial": {"publicKey": {"hint": "x"}}}))
    assert (found.complete, found.kind) == (True, "attestation")
    assert found.facts["verification_result"] == "PASSED"
    unknown = bundle | {"verificationMaterial": {"certificate": {"rawBytes": "AA=="}}}
    reason = read_signed(written(tmp_path, unknown), TrustedKeys((SIGNER,))).incomplete_reason
    assert reason == "signed by a certificate; only configured keys are trusted"


@pytest.mark.parametrize(
    "path", [*sorted(IN_TOTO.glob("*.dsse.json")), *IN_TOTO.glob("*.statement.json")], ids=lambda p: p.name
)
def test_the_registry_finds_the_collector_and_its_shape_holds(path: Path) -> None:
    found = read_evidence(path, path.name, build_registry(trusted_keys=BOTH))
    assert (found.collector, found.kind) == ("in_toto", "attestation")
    assert found.facts["predicate_type"] in EVERY_TYPE
    hidden = read_evidence(path, path.name, build_registry())
    assert hidden.complete is False
    assert hidden.collector_version != found.collector_version


def test_an_envelope_whose_type_is_out_of_sight_is_found_by_its_payload(tmp_path: Path) -> None:
    body = statement("vsa")
    body["predicate"]["padding"] = "x" * 10_000
    private = ed25519.Ed25519PrivateKey.generate()
    path = written(tmp_path, envelope(body, [("", private)]), "stored")
    found = read_evidence(
        path, "vsa.json", build_registry(trusted_keys=TrustedKeys((trusted("k", public_pem(private)),)))
    )
    assert found.collector == "in_toto"
    assert found.facts["verification_result"] == "PASSED"


def test_the_model_signature_sample_is_read_by_the_same_collector() -> None:
    found = read_evidence(SIGNING / "model.sig", "model.sig", build_registry(trusted_keys=BOTH))
    assert (found.collector, found.kind) == ("in_toto", "signature")


def test_verified_at_is_of_the_receipt_not_of_the_reading() -> None:
    key = trusted("a", ATTESTER.pem, valid_until=START + timedelta(days=1))
    assert read_signed(IN_TOTO / "vsa.dsse.json", TrustedKeys((key,)), START).complete is True
    assert VERIFICATION_SUMMARY in key.trusted_for
