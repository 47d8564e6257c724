"""The predicate of OpenSSF model signing: every file of a model with its digest, under one root digest.

Source: sigstore/model-transparency 1.1.1, predicate `https://model_signing/signature/v1.0`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import at, list_at, mapping_at, text_at
from pratique.collectors.predicates import MAX_NAMES, PredicateReading
from pratique.collectors.statement import Statement
from pratique.collectors.unreadable import UnreadableError, shown

MODEL_SIGNATURE = "https://model_signing/signature/v1.0"
#: Endings of files that hold weights.
WEIGHT_ENDINGS = (".safetensors", ".gguf", ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".h5", ".msgpack", ".npz", ".pkl")
_MAX_RESOURCES = 100_000
_ALGORITHM = "sha256"
_METHOD = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFiles:
    """The files that a signature covers."""

    files: Mapping[str, str]  #: path inside the model's folder -> digest, lower-case hex; in the order listed
    root: str | None  #: SHA-256 over all digests, as the subject gives it
    method: str  #: `files`, or how else it was hashed
    algorithms: frozenset[str]
    ignored: tuple[str, ...]  #: paths that the signer left out
    allows_symlinks: bool

    @property
    def trouble(self) -> str | None:
        """Why these digests cannot be checked here, or contradict each other; None when nothing is wrong."""
        if self.method != _METHOD or self.algorithms - {_ALGORITHM}:
            found = f"{self.method} by {', '.join(sorted(self.algorithms)) or 'no algorithm'}"
            return f"hashed as {shown(found)}; expected {_METHOD} by {_ALGORITHM}"
        if not self.files:
            return "it covers no file"
        if self.root != self.computed_root():
            return "its root digest is not that of the files it lists"
        return None

    def computed_root(self) -> str | None:
        """Return SHA-256 over the digests in the order in which they are listed; None where one is no digest."""
        try:
            raw = b"".join(map(bytes.fromhex, self.files.values()))
        except ValueError:
            return None
        return hashlib.sha256(raw).hexdigest()

    def weights(self) -> dict[str, str]:
        """Return the files that hold weights, by their ending."""
        return {name: digest for name, digest in self.files.items() if name.lower().endswith(WEIGHT_ENDINGS)}


def signed_files(statement: Statement, what: str) -> SignedFiles:
    """Return the files that `statement` covers.

    Raises:
        UnreadableError: not a list of files, a name twice, a name that leads outside, a digest that is none.
    """
    resources = at(statement.predicate, "resources")
    if not isinstance(resources, list) or len(resources) > _MAX_RESOURCES:
        raise UnreadableError(f"{what}: expected a list of at most {_MAX_RESOURCES} resources")
    files: dict[str, str] = {}
    algorithms: set[str] = set()
    for one in resources:
        name, digest, algorithm = (text_at(one, member) for member in ("name", "digest", "algorithm"))
        if name is None or digest is None or algorithm is None:
            raise UnreadableError(f"{what}: a resource without name, digest or algorithm")
        if name in files or name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
            raise UnreadableError(f"{what}: resource {shown(name)} stands twice or leads out of the folder")
        files[name] = digest.lower()
        algorithms.add(algorithm.lower())
    how = mapping_at(statement.predicate, "serialization")
    return SignedFiles(
        files=files,
        root=statement.subjects[0].sha256 if len(statement.subjects) == 1 else None,
        method=text_at(how, "method") or "an unnamed method",
        algorithms=frozenset(algorithms),
        ignored=tuple(one for one in list_at(how, "ignore_paths") if isinstance(one, str)),
        allows_symlinks=how.get("allow_symlinks") is True,
    )


def read_model_signature(signed: SignedFiles, sheet: FactSheet) -> PredicateReading:
    """Put what the signature covers on the sheet."""
    listed: list[dict[str, Any]] = [{"file": name, "digest": signed.files[name]} for name in sorted(signed.files)]
    sheet.put("root_digest", signed.root)
    sheet.put("resource_count", len(listed))
    sheet.put("resources", listed[:MAX_NAMES])
    sheet.put("weight_files", len(signed.weights()))
    sheet.put("method", signed.method)
    sheet.put("ignored_paths", list(signed.ignored[:MAX_NAMES]))
    trouble = signed.trouble
    return PredicateReading(reasons=(trouble,) if trouble else ())


def weights_digest(signed: SignedFiles) -> str | None:
    """Return the digest of the one file that holds weights; of a model in several, the root digest."""
    weights = signed.weights()
    return next(iter(weights.values())) if len(weights) == 1 else signed.root
