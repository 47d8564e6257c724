"""Collector `pickle`: our own scan of weights that are pickles, as torch and others write them. Nothing is loaded.

Source: torch.serialization (a ZIP with `<name>/data.pkl`; before 1.6 five pickles and raw data); picklescan's lists of
harmless and dangerous imports.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path

from pratique.collectors.archive import Archive, open_archive
from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.members import HEAD_BYTES, Likeness, likeness, numpy_objects
from pratique.collectors.pickles import MAX_PICKLE_BYTES, Imports
from pratique.collectors.scan_report import KIND, scan_extraction, scan_schema, scan_sheet
from pratique.collectors.shape import COUNT, TEXT, TEXTS
from pratique.collectors.unreadable import UnreadableError
from pratique.domain.evidence import Extraction

_WHAT = "pickled weights"
_ZIP = b"PK\x03\x04"
_PROTOCOL = re.compile(rb"\x80[\x02-\x05]", re.DOTALL)
#: The first member of what torch.save writes, in its local header.
_TORCH_HEAD = re.compile(rb"PK\x03\x04.{22}..{3}[^\0/]{1,200}/data\.pkl", re.DOTALL)
_WEIGHTS = (".pt", ".pth", ".bin", ".ckpt")
_PICKLES = (".pkl", ".pickle", ".joblib")
_MAX_MEMBERS = 300_000
_MAX_PICKLE_MEMBERS = 1_000
#: Members that are read on where their first bytes do not tell what they are.
_MAX_AGAIN = 32
_NAMES_SHOWN = 50


@dataclass(slots=True)
class _Other:
    """Members of a ZIP that were not scanned."""

    no_pickles: int = 0  #: what they hold imports nothing
    unknown: int = 0  #: what they hold could not be told


class PickleCollector:
    """Scans weights for what loading them would import. Complete when every pickle in them could be taken apart."""

    name = "pickle"
    kinds = frozenset({KIND})
    facts_schema = scan_schema(
        format=TEXT,
        members=COUNT,
        members_not_scanned=COUNT,
        code_members=COUNT,
        dangerous=TEXTS,
        suspicious=TEXTS,
        weights_sha256=TEXT,
    )

    def __init__(self) -> None:
        self._tool_version = version_of("picklescan")
        self.version = f"3/picklescan-{self._tool_version}"  # its lists of imports decide

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of a pickle's first operation and of a ZIP that begins with `data.pkl`; try others by name."""
        if _PROTOCOL.match(head) or _TORCH_HEAD.match(head):
            return Confidence.SURE
        return Confidence.MAYBE if filename.lower().endswith((*_WEIGHTS, *_PICKLES)) else Confidence.NO

    def read(self, path: Path) -> Extraction:
        """Return what loading the file would import.

        Raises:
            UnreadableError: no pickle in it, damaged, or beyond a cap.
        """
        with path.open("rb") as file:
            is_zip = file.read(len(_ZIP)) == _ZIP
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        imports, members, other = Imports(), [], _Other()
        if is_zip:
            with open_archive(path, _WHAT) as archive:
                members = list(archive.names)
                other = _scan_members(archive, imports)
        else:
            _scan_stream(path, imports)
        if not imports.pickles and not imports.names:
            raise UnreadableError(f"{_WHAT}: no whole pickle found in it")
        layout = "zip" if is_zip else "torch-legacy" if imports.is_legacy else "pickle"
        return self._extract(imports, members, other, layout, digest)

    def _extract(self, imports: Imports, members: list[str], other: _Other, layout: str, digest: str) -> Extraction:
        counts = imports.by_danger
        sheet = scan_sheet(
            "picklescan",
            self._tool_version,
            scanned=imports.pickles + imports.broken,
            issues=counts["dangerous"] + counts["suspicious"],  # a list of dangerous names is never whole
            by_severity={danger: counts[danger] for danger in ("dangerous", "suspicious", "innocuous")},
            files=[f":{name}" for name in members if name.lower().endswith(_PICKLES)],
        )
        sheet.put("format", layout)
        sheet.put("members", len(members))
        sheet.put("members_not_scanned", other.no_pickles + other.unknown)
        sheet.put("code_members", sum("/code/" in name for name in members))  # TorchScript brings its own
        sheet.put("dangerous", imports.named("dangerous", _NAMES_SHOWN))
        sheet.put("suspicious", imports.named("suspicious", _NAMES_SHOWN))
        sheet.put("weights_sha256", digest)
        return scan_extraction(
            sheet,
            collector=self.name,
            version=self.version,
            what=_WHAT,
            reasons=_reasons(imports, other),
            scanned=imports.pickles + imports.broken,
            tool=f"picklescan {self._tool_version}",
            planned=imports.pickles + imports.broken + other.unknown,
            done=imports.pickles,
            errors=imports.broken + imports.unresolved + other.unknown,
            subject_digest=digest,
        )


def _scan_stream(path: Path, imports: Imports) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        data = file.read(MAX_PICKLE_BYTES)
    imports.add(data, _WHAT)
    if size > MAX_PICKLE_BYTES and not imports.is_legacy:
        raise UnreadableError(f"{_WHAT}: a pickle of {size} bytes found, at most {MAX_PICKLE_BYTES} expected")


def _scan_members(archive: Archive, imports: Imports) -> _Other:
    names = archive.names
    if len(names) > _MAX_MEMBERS:
        raise UnreadableError(f"{_WHAT}: {len(names)} members found, at most {_MAX_MEMBERS} expected")
    scanned, again, other = 0, 0, _Other()
    for name in names:
        is_pickle = name.lower().endswith(_PICKLES)
        head = b"" if is_pickle else archive.head(name, HEAD_BYTES)
        objects_at = numpy_objects(head)
        if not is_pickle and objects_at is None and not _PROTOCOL.match(head):
            found = likeness(head, archive.size(name))
            if found is Likeness.UNKNOWN and again < _MAX_AGAIN:
                again += 1
                found = likeness(archive.head(name, MAX_PICKLE_BYTES), archive.size(name))
            if found is not Likeness.PICKLE:
                other.no_pickles += found is Likeness.OTHER
                other.unknown += found is Likeness.UNKNOWN
                continue
        scanned += 1
        if scanned > _MAX_PICKLE_MEMBERS:
            raise UnreadableError(f"{_WHAT}: more than {_MAX_PICKLE_MEMBERS} members that look like pickles found")
        if is_pickle:
            imports.add(archive.read(name, MAX_PICKLE_BYTES), _WHAT)
        elif objects_at is not None:
            imports.add(archive.read(name, MAX_PICKLE_BYTES)[objects_at:], _WHAT)
        else:  # numbers of a tensor may begin like a pickle, and go on as none
            imports.add(archive.head(name, MAX_PICKLE_BYTES), _WHAT, must_be_whole=False)
    return other


def _reasons(imports: Imports, other: _Other) -> list[str]:
    reasons = []
    if other.unknown:
        reasons.append(f"{other.unknown} members could be pickles and were not looked at to their end")
    if imports.broken:
        reasons.append(f"{imports.broken} pickles could not be taken apart to their end")
    if imports.unresolved:
        reasons.append(f"{imports.unresolved} pickles import something whose name could not be told")
    return reasons


def build(_context: CollectorContext) -> Collector:
    """Entry point `pickle`."""
    return PickleCollector()
