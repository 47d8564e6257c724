"""A model's folder held against a signature over its files: which changed, are missing, or nobody signed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pratique.collectors.dsse import Verification, is_envelope, open_envelope, verify
from pratique.collectors.jsonfile import load_object
from pratique.collectors.model_signature import MODEL_SIGNATURE, SignedFiles, signed_files
from pratique.collectors.statement import parse_statement
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.keys import TrustedKeys

#: Paths that the model-signing tool leaves out by itself. A signer who leaves out anything else signed less than the
#: model, so that such a file counts as one that nobody signed.
_NOT_OF_THE_MODEL = frozenset({".git", ".github", ".gitignore", ".gitattributes"})
_PIECE_BYTES = 1024**2
_MAX_BUNDLE_BYTES = 32 * 1024**2
_WHAT = "model signature"

#: Called with the number of bytes hashed, from several threads.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderCheck:
    """What a folder is, held against a signature."""

    verification: Verification  #: of the signature itself
    signed: SignedFiles
    changed: tuple[str, ...]  #: other content than was signed
    missing: tuple[str, ...]  #: signed, and not there
    unsigned: tuple[str, ...]  #: there, and not signed; symbolic links and special files too

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason why the folder is not what a trusted key signed; none when it is."""
        trouble = self.signed.trouble
        named = (("changed", self.changed), ("missing", self.missing), ("not signed", self.unsigned))
        return (
            *self.verification.reasons,
            *((trouble,) if trouble else ()),
            *(f"{shown(file)}: {what}" for what, files in named for file in files),
        )

    @property
    def is_right(self) -> bool:
        """A trusted key signed exactly these files."""
        return self.verification.is_verified and not self.reasons


def check_folder(
    folder: Path, bundle: Path, keys: TrustedKeys, received_at: datetime, *, progress: Progress | None = None
) -> FolderCheck:
    """Return how the files in `folder` stand to the signature in `bundle`.

    Args:
        folder: the model.
        bundle: the OpenSSF model-signing bundle; it may lie in the folder.
        keys: the keys that count.
        received_at: when the signature came; a key counts for what came while it was valid.
        progress: told of the bytes that were hashed.

    Raises:
        UnreadableError: the bundle is none, or is not over a model.
        OSError: a file cannot be read.
    """
    document = load_object(bundle, _WHAT, max_bytes=_MAX_BUNDLE_BYTES)
    if not is_envelope(document):
        raise UnreadableError(f"{_WHAT}: no signed envelope found in {shown(bundle.name)}")
    envelope = open_envelope(document, _WHAT)
    statement = parse_statement(envelope.payload, _WHAT)
    if statement.predicate_type != MODEL_SIGNATURE:
        raise UnreadableError(f"{_WHAT}: {shown(statement.predicate_type)} found; expected {MODEL_SIGNATURE}")
    signed = signed_files(statement, _WHAT)
    plain, odd = _files_in(folder, bundle)
    here = dict(zip(plain, _hashed([folder / name for name in plain], progress), strict=True))
    return FolderCheck(
        verification=verify(envelope, keys, statement.predicate_type, received_at),
        signed=signed,
        changed=tuple(sorted(name for name in here.keys() & signed.files.keys() if here[name] != signed.files[name])),
        missing=tuple(sorted(signed.files.keys() - here.keys())),
        unsigned=tuple(sorted((here.keys() | odd) - signed.files.keys()) + sorted(odd & signed.files.keys())),
    )


def _files_in(folder: Path, bundle: Path) -> tuple[list[str], set[str]]:
    """Return the plain files by their paths in the folder, and everything that is neither file nor folder."""
    plain: list[str] = []
    odd: set[str] = set()
    bundle = bundle.resolve()
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file():
            odd.add(name)
        elif path.resolve() != bundle:
            plain.append(name)
    return sorted(plain), odd


def _walk(folder: Path) -> Iterator[Path]:
    """Yield what lies in the folder at any depth, and enter no link."""

    def fail(error: OSError) -> None:
        raise error

    for where, folders, files in os.walk(folder, onerror=fail):
        is_top = Path(where) == folder
        if is_top:
            folders[:] = [name for name in folders if name not in _NOT_OF_THE_MODEL]
        for name in (*files, *(one for one in folders if (Path(where) / one).is_symlink())):
            if not (is_top and name in _NOT_OF_THE_MODEL):
                yield Path(where) / name


def _hashed(files: list[Path], progress: Progress | None) -> Iterator[str]:
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1), thread_name_prefix="hashing") as pool:
        yield from pool.map(lambda path: _sha256(path, progress), files)


def _sha256(path: Path, progress: Progress | None) -> str:
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(_PIECE_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(buffer[:count])
            if progress is not None:
                progress(count)
    return digest.hexdigest()
