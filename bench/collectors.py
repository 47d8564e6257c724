"""Collectors: what reading evidence files costs, the samples of every format and large made-up ones."""

from __future__ import annotations

import hashlib
import json
import pickle
import struct
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.measure import Sample, interleave, timed
from bench.report import Claim, Result
from bench.sizes import Sizes
from pratique.collectors import UnreadableError, build_registry, read_evidence

_DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
_REGISTRY = build_registry()
#: Folders of tests/data that hold no files of tools.
_NOT_SAMPLES = {"cel", "entries", "hooks", "ledgers"}
_LOG = "Inspect log of 120 samples"
_SLOWEST = "the slowest of all samples"
_HASH = "sha256 of the same bytes"
_MEBIBYTE = 1024**2


def run(sizes: Sizes) -> Result:
    """Measure it."""
    result = Result(
        "collectors",
        "reading evidence files",
        "Each file is read as the engine reads it: recognised by its beginning, parsed under caps, its facts checked. "
        "The samples are files of the real tools (tests/data); large files are made up out of them.",
        columns=("CPU µs/file", "wall µs/file", "files/s"),
    )
    slowest = max(_samples(), key=lambda path: min(timed(partial(_read, path), 1).cpu for _ in range(3)))
    log = _DATA / "inspect/cbrn_mc_epochs3.eval"
    found = interleave(
        {
            _LOG: lambda: timed(partial(_read, log), 20),
            _SLOWEST: lambda: timed(partial(_read, slowest), 5),
            "all samples, a file": _all_samples,
        },
        rounds=sizes.rounds,
    )
    for name, series in found.items():
        result.add(name, series)
    for name, goal in ((_LOG, 5), (_SLOWEST, 50)):
        claim = f"facts of {name.removeprefix('the ')}, CPU"
        result.claims.append(Claim(what=claim, measured=found[name].cpu_us / 1e3, at_most=goal, unit="ms"))
    result.notes.append(f"{len(_samples())} samples; the slowest is `{slowest.relative_to(_DATA)}`.")
    _add_large(result, sizes)
    return result


def _add_large(result: Result, sizes: Sizes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        contenders: dict[str, Callable[[], Sample]] = {}
        for name, make in _LARGE.items():
            path = Path(folder) / name.replace(" ", "-")
            made = make(path, sizes.file_mib)
            size = path.stat().st_size / _MEBIBYTE
            contenders[f"{name}: {made:,}, {size:.0f} MiB"] = partial(_timed, _read, path)
            if name == _WEIGHTS:
                contenders[_HASH] = partial(_timed, _hash, path)
        found = interleave(contenders, rounds=min(sizes.rounds, 5))
    for name, series in found.items():
        result.add(name, series)
    ours = next(series for name, series in found.items() if name.startswith(_WEIGHTS))
    what = "weights in safetensors beside sha256 of the same file, CPU"
    result.claims.append(Claim(what=what, measured=ours.cpu_ratio(found[_HASH]), at_most=1.5))


def _timed(operation: Callable[[Path], object], path: Path) -> Sample:
    return timed(partial(operation, path), 1)


def _samples() -> list[Path]:
    folders = [path for path in sorted(_DATA.iterdir()) if path.is_dir() and path.name not in _NOT_SAMPLES]
    return [path for folder in folders for path in sorted(folder.rglob("*.*")) if path.is_file()]


def _read(path: Path) -> object:
    try:
        return read_evidence(path, path.name, _REGISTRY)
    except UnreadableError as refused:
        return refused


def _all_samples() -> Sample:
    paths = _samples()
    return timed(lambda: [_read(path) for path in paths], 1)._replace(count=len(paths))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_garak(path: Path, mebibytes: int) -> int:
    """A report with the attempts of the sample again and again; return how many."""
    lines = (_DATA / "garak/repeat.report.jsonl").read_bytes().splitlines(keepends=True)
    attempts = [line for line in lines if line.startswith(b'{"entry_type": "attempt"')]
    with path.open("wb") as file:
        file.writelines(lines[:-2])
        for _ in range(mebibytes):
            file.writelines(attempts)
        file.writelines(lines[-2:])
    return len(attempts) * (mebibytes + 1)


def _make_sarif(path: Path, mebibytes: int) -> int:
    """A log of many results; return how many."""
    log = json.loads((_DATA / "sarif/bandit.sarif").read_bytes())
    results = log["runs"][0]["results"] = log["runs"][0]["results"] * (2 * mebibytes)
    path.write_text(json.dumps(log))
    return len(results)


def _make_junit(path: Path, mebibytes: int) -> int:
    """Results of many tests; return how many."""
    count = 50 * mebibytes
    cases = (f'<testcase classname="a.b" name="test_{number}"/>' for number in range(count))
    path.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    return count


def _make_safetensors(path: Path, mebibytes: int) -> int:
    """Weights of many tensors of 64 KiB; return how many."""
    count, each = 4 * mebibytes, 65536
    header = {
        f"layer.{number}": {"dtype": "F32", "shape": [128, 128], "data_offsets": [number * each, (number + 1) * each]}
        for number in range(count)
    }
    raw = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(raw)) + raw)
        file.truncate(8 + len(raw) + count * each)
    return count


def _make_torch(path: Path, mebibytes: int) -> int:
    """A ZIP as torch writes it, of many tensors; return how many."""
    count = 4 * mebibytes
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("model/data.pkl", pickle.dumps({f"layer.{number}": number for number in range(count)}, 2))
        for number in range(count):
            archive.writestr(f"model/data/{number}", bytes(65536))
    return count


_WEIGHTS = "tensors in safetensors"
#: What a file holds many of -> how it is made.
_LARGE: dict[str, Callable[[Path, int], int]] = {
    "attempts in a garak report": _make_garak,
    "results in SARIF": _make_sarif,
    "tests in JUnit results": _make_junit,
    _WEIGHTS: _make_safetensors,
    "tensors in torch weights": _make_torch,
}
