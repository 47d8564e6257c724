"""What in-toto predicates say: verification summary, test result, SCAI report, SLSA provenance.

Members that a newer edition of a predicate adds are left alone, as the specifications ask.

Source: slsa.dev verification_summary v1 and provenance v1; in-toto/attestation spec/predicates test-result v0.1 and
scai v0.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import instant_at, list_at, mapping_at, sha256_at, text_at

VERIFICATION_SUMMARY = "https://slsa.dev/verification_summary/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
SCAI = "https://in-toto.io/attestation/scai/attribute-report/v0.3"
PROVENANCE = "https://slsa.dev/provenance/v1"

#: Names kept of long lists; their number is always kept.
MAX_NAMES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PredicateReading:
    """What a predicate adds to an extraction beside its facts."""

    reasons: tuple[str, ...] = ()  #: why it is not whole
    stated_at: datetime | None = None  #: by the signer's clock
    tool: str | None = None
    planned: int | None = None
    done: int | None = None
    errors: int | None = None


Predicate = Mapping[str, Any]
#: Puts the facts of a predicate on the sheet.
PredicateReader = Callable[[Predicate, FactSheet], PredicateReading]


def read_verification_summary(predicate: Predicate, sheet: FactSheet) -> PredicateReading:
    """Read a VSA. A failed verification is whole: criteria look at `verification_result`."""
    result = text_at(predicate, "verificationResult")
    levels = _texts(predicate, "verifiedLevels")
    verified_at = instant_at(predicate, "timeVerified")
    sheet.put("verification_result", result)
    sheet.put("verified_levels", levels[:MAX_NAMES])
    sheet.put("verifier", text_at(predicate, "verifier", "id"))
    sheet.put("verifier_versions", _by_name(predicate, "verifier", "version"))
    sheet.put("time_verified", text_at(predicate, "timeVerified"))
    sheet.put("resource_uri", text_at(predicate, "resourceUri"))
    sheet.put("policy", {"uri": text_at(predicate, "policy", "uri"), "sha256": _sha256(predicate, "policy")})
    sheet.put("input_attestations", len(list_at(predicate, "inputAttestations")))
    sheet.put("slsa_version", text_at(predicate, "slsaVersion"))
    reasons = []
    if result not in ("PASSED", "FAILED"):
        reasons.append("it gives no verificationResult (PASSED or FAILED)")
    if result == "PASSED" and not levels:
        reasons.append("it says PASSED and verified no level")
    if verified_at is None:
        reasons.append("it does not say when it was verified (timeVerified)")
    return PredicateReading(reasons=tuple(reasons), stated_at=verified_at, tool=text_at(predicate, "verifier", "id"))


def read_test_result(predicate: Predicate, sheet: FactSheet) -> PredicateReading:
    """Read a test result. It is counted; the word of `result` alone is not believed."""
    result = text_at(predicate, "result")
    names = {kind: _texts(predicate, f"{kind}Tests") for kind in ("passed", "warned", "failed")}
    counts = {kind: len(found) for kind, found in names.items()}
    sheet.put("result", result)
    sheet.put("tests", counts)
    for kind, found in names.items():
        sheet.put(f"{kind}_tests", found[:MAX_NAMES])
    sheet.put("url", text_at(predicate, "url"))
    configuration = [{"name": text_at(one, "name")} for one in list_at(predicate, "configuration")[:MAX_NAMES]]
    sheet.put("configuration", configuration)
    reasons = []
    if result not in ("PASSED", "WARNED", "FAILED"):
        reasons.append("it gives no result (PASSED, WARNED or FAILED)")
    if not sum(counts.values()):
        reasons.append("it names no test, so that nothing was tested")
    if result in ("PASSED", "WARNED") and counts["failed"]:
        reasons.append(f"it says {result} and names {counts['failed']} failed tests")
    total = sum(counts.values())
    return PredicateReading(reasons=tuple(reasons), planned=total, done=total, errors=0)


def read_scai(predicate: Predicate, sheet: FactSheet) -> PredicateReading:
    """Read an attribute report."""
    attributes = [one for one in list_at(predicate, "attributes") if text_at(one, "attribute")]
    sheet.put("attributes", [text_at(one, "attribute") for one in attributes[:MAX_NAMES]])
    sheet.put("attribute_count", len(attributes))
    sheet.put(
        "with_evidence", [text_at(one, "attribute") for one in attributes if mapping_at(one, "evidence")][:MAX_NAMES]
    )
    sheet.put("producer", text_at(predicate, "producer", "uri") or text_at(predicate, "producer", "name"))
    return PredicateReading(reasons=() if attributes else ("it reports no attribute",))


def read_provenance(predicate: Predicate, sheet: FactSheet) -> PredicateReading:
    """Read how something was built, or trained."""
    build, run = mapping_at(predicate, "buildDefinition"), mapping_at(predicate, "runDetails")
    builder = text_at(run, "builder", "id")
    dependencies = list_at(build, "resolvedDependencies")
    sheet.put("builder", builder)
    sheet.put("build_type", text_at(build, "buildType"))
    sheet.put("invocation", text_at(run, "metadata", "invocationId"))
    sheet.put("started_at", text_at(run, "metadata", "startedOn"))
    sheet.put("finished_at", text_at(run, "metadata", "finishedOn"))
    sheet.put("dependency_count", len(dependencies))
    materials = [{"uri": text_at(one, "uri"), "sha256": sha256_at(one, "digest", "sha256")} for one in dependencies]
    sheet.put("dependencies", materials[:MAX_NAMES])
    reasons = []
    if builder is None:
        reasons.append("it names no builder (runDetails.builder.id)")
    if text_at(build, "buildType") is None:
        reasons.append("it gives no buildType")
    finished_at = instant_at(run, "metadata", "finishedOn")
    return PredicateReading(reasons=tuple(reasons), stated_at=finished_at, tool=builder)


def _texts(value: Any, *path: str) -> list[str]:
    return [one for one in list_at(value, *path) if isinstance(one, str) and one]


def _by_name(value: Any, *path: str) -> dict[str, str]:
    found = mapping_at(value, *path).items()
    return {name: item for name, item in list(found)[:MAX_NAMES] if isinstance(item, str)}


def _sha256(value: Any, *path: str) -> str | None:
    return sha256_at(value, *path, "digest", "sha256")
