"""Which store the evidence files of an installation are in."""

from __future__ import annotations

import re

from pratique.errors import ConfigError
from pratique.settings import Settings
from pratique.store.blobs import EvidenceFolder
from pratique.store.files import EvidenceFiles

_S3 = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[A-Za-z0-9._/-]*))?")


def files_of(settings: Settings) -> EvidenceFiles:
    """Return the store of the evidence files: a folder, or a bucket with a folder for copies. Nothing is connected.

    Raises:
        ConfigError: the address, or the cap of a file, is not possible.
    """
    if settings.files is None:
        return EvidenceFolder(settings.evidence_dir, settings.max_evidence_bytes)
    from pratique.store.bucket import MAX_COPIED_BYTES, EvidenceBucket, open_store  # obstore, where it is used
    from pratique.store.cache import FileCache

    found = _S3.fullmatch(settings.files)
    prefix = (found["prefix"] or "").strip("/") if found is not None else ""
    if found is None or any(part in ("", ".", "..") for part in prefix.split("/") if prefix):
        raise ConfigError(["PRATIQUE_FILES: expected s3://bucket or s3://bucket/prefix, and credentials in AWS_*"])
    if settings.max_evidence_bytes > MAX_COPIED_BYTES:
        raise ConfigError(
            [
                f"PRATIQUE_MAX_EVIDENCE_BYTES: found {settings.max_evidence_bytes}, expected at most "
                f"{MAX_COPIED_BYTES} with PRATIQUE_FILES: S3 copies no more at once"
            ]
        )
    folder = EvidenceFolder(settings.files_cache_dir, settings.max_evidence_bytes)
    place = f"s3://{found['bucket']}/{prefix}".rstrip("/")
    return EvidenceBucket(open_store(found["bucket"], prefix), FileCache(folder, settings.files_cache_bytes), place)
