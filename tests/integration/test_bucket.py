"""Evidence files in a bucket: created once, hashed on the way, found damaged, and nothing half."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from s3_server import BUCKET, S3, SECRET, s3_server

from pratique.errors import ConfigError, IntegrityError, NotFoundError, TooLargeError, UnavailableError
from pratique.settings import Settings
from pratique.store.blobs import EvidenceFolder
from pratique.store.bucket import EvidenceBucket
from pratique.store.files import Damage, Damaged, check_all
from pratique.store.intake import DigestMismatchError
from pratique.store.places import files_of

MIB = 2**20
CAP = 40 * MIB


@pytest.fixture(name="s3", scope="module")
def s3_fixture() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture(name="settings")
def settings_fixture(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    for key in s3.names():
        s3.delete(key)
    return Settings(data_dir=tmp_path / "one", files=f"s3://{BUCKET}/kept", max_evidence_bytes=CAP)


@pytest.fixture(name="files")
def files_fixture(settings: Settings) -> EvidenceBucket:
    files = files_of(settings)
    assert isinstance(files, EvidenceBucket)
    return files


def _key(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return f"kept/{digest[:2]}/{digest[2:4]}/{digest}"


def _copies(settings: Settings) -> list[Path]:
    return [path for path in settings.files_cache_dir.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [0, 17, 8 * MIB + 1, 20 * MIB])
def test_content_is_found_under_its_digest_from_another_machine(
    files: EvidenceBucket, settings: Settings, s3: S3, size: int, tmp_path: Path
) -> None:
    content = os.urandom(size)
    received = files.store([content[:5], content[5:]])
    assert (received.sha256, received.size) == (hashlib.sha256(content).hexdigest(), size)
    assert s3.names() == [_key(content)]  # and nothing left under way
    assert s3.content(_key(content)) == content
    other = files_of(settings.model_copy(update={"data_dir": tmp_path / "other"}))
    assert other.local(received.sha256).read_bytes() == content
    with other.open(received.sha256) as file:
        assert file.read() == content
    assert other.damage(received.sha256) is None
    assert files.place == f"s3://{BUCKET}/kept"


@pytest.mark.parametrize("size", [1000, 9 * MIB])
def test_the_same_content_again_and_by_many_at_once_is_one_object(
    files: EvidenceBucket, settings: Settings, s3: S3, size: int, tmp_path: Path
) -> None:
    content = os.urandom(size)
    stores = [files_of(settings.model_copy(update={"data_dir": tmp_path / f"m{n}"})) for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        received = list(pool.map(lambda one: one.store([content]), stores))
    assert {one.sha256 for one in received} == {hashlib.sha256(content).hexdigest()}
    before = s3.client.head_object(Bucket=BUCKET, Key=_key(content))["LastModified"]
    files.store([content])
    assert s3.client.head_object(Bucket=BUCKET, Key=_key(content))["LastModified"] == before
    assert s3.names() == [_key(content)]
    assert s3.uploads() == []


def test_another_digest_than_announced_and_too_much_reach_no_bucket(
    files: EvidenceBucket, settings: Settings, s3: S3
) -> None:
    with pytest.raises(DigestMismatchError, match="nothing was kept"):
        files.store([b"changed"], expected="0" * 64)
    with pytest.raises(TooLargeError):
        files.store(b"x" * MIB for _ in range(CAP // MIB + 1))
    assert s3.names() == []
    assert _copies(settings) == []


def test_a_stream_that_breaks_off_reaches_no_bucket(files: EvidenceBucket, settings: Settings, s3: S3) -> None:
    async def torn() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield os.urandom(MIB)
        raise ConnectionResetError("the sender went away")

    with pytest.raises(ConnectionResetError):
        asyncio.run(files.store_stream(torn()))
    assert (s3.names(), s3.uploads(), _copies(settings)) == ([], [], [])


def test_an_upload_that_fails_half_way_leaves_nothing_to_be_seen(
    files: EvidenceBucket, settings: Settings, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = type(files)._upload_in_parts
    opened = Path.open

    class Failing:
        def __init__(self, path: Path) -> None:
            self.file, self.left = opened(path, "rb"), 10 * MIB

        def __enter__(self) -> Failing:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def read(self, size: int = -1) -> bytes:
            self.left -= size
            if self.left < 0:
                raise OSError(5, "Input/output error")
            return self.file.read(size)

        def seek(self, *at: int) -> int:
            return self.file.seek(*at)

        def tell(self) -> int:
            return self.file.tell()

    def upload(self: EvidenceBucket, received: object) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", lambda path, *_: Failing(path))
            real(self, received)  # type: ignore[arg-type]

    monkeypatch.setattr(EvidenceBucket, "_upload_in_parts", upload)
    with pytest.raises(UnavailableError, match="nothing was kept"):
        files.store([os.urandom(MIB)] * 20)
    assert (s3.names(), s3.uploads(), _copies(settings)) == ([], [], [])


def test_what_was_damaged_behind_our_back_is_found_and_never_handed_out(
    files: EvidenceBucket, settings: Settings, s3: S3, tmp_path: Path
) -> None:
    contents = [os.urandom(100_000) for _ in range(4)]
    digests = [files.store([content]).sha256 for content in contents]
    s3.put(_key(contents[1]), contents[1][:-1] + b"!")
    s3.put(_key(contents[2]), contents[2][:5000])  # cut
    s3.delete(_key(contents[3]))
    told: list[tuple[int, int]] = []
    found = set(check_all(files, digests, lambda done, size: told.append((done, size))))
    assert found == {
        Damaged(digests[1], Damage.CHANGED),
        Damaged(digests[2], Damage.CHANGED),
        Damaged(digests[3], Damage.MISSING),
    }
    assert told[-1] == (4, 205_000)
    other = files_of(settings.model_copy(update={"data_dir": tmp_path / "other"}))
    with pytest.raises(IntegrityError, match="another content"):
        other.local(digests[1])
    with pytest.raises(NotFoundError):
        other.open(digests[3])
    assert _copies(settings.model_copy(update={"data_dir": tmp_path / "other"})) == []
    files.store([contents[1]])  # a sound copy gives way to nobody, and replaces a damaged one
    assert files.damage(digests[1]) is None
    assert s3.content(_key(contents[1])) == contents[1]


def test_copies_stay_within_their_bound_but_for_those_asked_for_lately(settings: Settings, s3: S3) -> None:
    files = files_of(settings.model_copy(update={"files_cache_bytes": 250_000}))
    digests = [files.store([os.urandom(100_000)]).sha256 for _ in range(4)]
    assert len(_copies(settings)) == 4  # all asked for within ten minutes
    for age, digest in enumerate(digests):
        os.utime(files.local(digest), (1000 + age, 1000 + age))
    last = files.store([os.urandom(100_000)]).sha256
    assert {path.name for path in _copies(settings)} == {digests[3], last}
    assert files.damage(digests[0]) is None  # what it is a copy of is where it was
    assert len(files.local(digests[0]).read_bytes()) == 100_000
    assert len(s3.names()) == 5


def test_a_purged_object_is_gone_with_its_copy(files: EvidenceBucket, settings: Settings, s3: S3) -> None:
    digest = files.store([b"content"]).sha256
    assert files.has(digest)
    assert files.remove(digest)
    assert not files.remove(digest)
    assert not files.has(digest)
    assert (s3.names(), _copies(settings)) == ([], [])


def test_what_a_crash_left_under_way_is_removed_when_it_is_old(files: EvidenceBucket, s3: S3) -> None:
    digest = files.store([b"content"]).sha256
    s3.put("kept/incoming/abc", b"half")
    assert files.remove_abandoned(3600) == 0
    assert files.remove_abandoned(-60) == 1
    assert [key.rsplit("/")[-1] for key in s3.names()] == [digest]


def test_a_store_that_does_not_answer_is_unavailable_and_says_no_secret(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone = settings.model_copy(update={"files": f"s3://no-such-bucket-{os.getpid()}/x"})
    files = files_of(gone)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(UnavailableError, match="nothing was kept") as refused:
        files.store([b"content"])
    assert files.remove_abandoned(0) == 0
    said = caplog.text + str(refused.value) + repr(files) + repr(gone) + files.place
    assert SECRET not in said
    assert _copies(settings) == []
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(UnavailableError):
        files_of(gone).has("0" * 64)
    assert files_of(gone).damage("0" * 64) is Damage.UNREADABLE


@pytest.mark.parametrize("files", ["", "s3:/x", "gs://bucket", "s3://B", "s3://bucket/a//b", "s3://bucket/../b"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, files: str) -> None:
    with pytest.raises(ConfigError, match="PRATIQUE_FILES"):
        files_of(Settings(data_dir=tmp_path, files=files))


def test_a_cap_beyond_what_s3_copies_at_once_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="MAX_EVIDENCE_BYTES"):
        files_of(Settings(data_dir=tmp_path, files="s3://bucket", max_evidence_bytes=6 * 1024**3))


def test_without_an_address_files_are_in_the_data_folder(tmp_path: Path) -> None:
    files = files_of(Settings(data_dir=tmp_path))
    assert isinstance(files, EvidenceFolder)
    assert files.place == str(tmp_path / "evidence")
    digest = files.store([b"content"]).sha256
    assert files.local(digest).read_bytes() == b"content"
    assert files.has(digest)
    assert files.remove(digest)
    assert not files.remove(digest)
    assert not files.has(digest)
    with pytest.raises(NotFoundError):
        files.local(digest)
