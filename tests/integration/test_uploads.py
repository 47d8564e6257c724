"""Uploads that go on: offsets, owners, bounds, expiry, and that the end is an upload like any other."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    INSPECT,
    VERSION,
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
)

from pratique.errors import TooLargeError
from pratique.services import uploads as module
from pratique.services.uploads import Announced, UploadGoneError, UploadOffsetError, Uploads
from pratique.store.blobs import EvidenceFolder
from pratique.web.app import create_app

CONTENT = (INSPECT / "cbrn_mc_epochs3.eval").read_bytes()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    return engine


def announce(
    engine: Engine, who: str = "pipeline", *, size: int = len(CONTENT), sha256: str = SHA256, **params: str
) -> Any:
    given = {"filename": "cbrn.eval", "sha256": sha256, **params}
    return engine.send("POST", f"{VERSION}/uploads", who, params=given, headers={"Upload-Length": str(size)})


def append(engine: Engine, upload: str, offset: int, data: bytes, who: str = "pipeline") -> Any:
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return engine.send("PATCH", f"/v1/uploads/{upload}", who, content=data, headers=headers)


def left(engine: Engine) -> list[str]:
    return sorted(path.suffix for path in (engine.settings.data_dir / "uploads").glob("*"))


def test_a_file_in_three_parts_is_the_evidence_that_a_plain_upload_makes(story: Engine) -> None:
    began = announce(story)
    upload = ok(began)["upload"]
    assert began.headers["location"] == f"/v1/uploads/{upload}"
    assert (began.headers["tus-resumable"], began.headers["upload-offset"]) == ("1.0.0", "0")
    cuts = [0, 1000, 5000, len(CONTENT)]
    for start, end in pairwise(cuts):
        done = append(story, upload, start, CONTENT[start:end])
        assert (done.status_code, done.headers["upload-offset"]) == (204, str(end))
    made = ok(story.send("POST", f"/v1/uploads/{upload}/evidence"))["evidence"]
    assert (made["sha256"], made["size"], made["reading"]) == (SHA256, len(CONTENT), "read")
    again = ok(story.send("POST", f"/v1/uploads/{upload}/evidence"))["evidence"]
    plain = ok(story.upload(CONTENT, "cbrn.eval"))["evidence"]
    assert made["id"] == again["id"] == plain["id"]
    assert left(story) == [".json"]
    assert ok(announce(story))["offset"] == len(CONTENT)  # nothing is sent twice


def test_announced_again_it_goes_on_where_it_stopped(story: Engine) -> None:
    upload = ok(announce(story))["upload"]
    append(story, upload, 0, CONTENT[:1234])
    head = story.send("HEAD", f"/v1/uploads/{upload}")
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("1234", str(len(CONTENT)))
    assert head.headers["cache-control"] == "no-store"
    assert ok(announce(story)) == {"upload": upload, "offset": 1234, "size": len(CONTENT)}
    assert ok(announce(story, requirement="log"))["offset"] == 0  # something else is another upload


def test_only_the_next_byte_is_taken_and_never_more_than_was_announced(story: Engine) -> None:
    upload = ok(announce(story))["upload"]
    append(story, upload, 0, CONTENT[:100])
    for wrong in (0, 99, 101):
        assert refused(append(story, upload, wrong, b"x"), 409, "upload-offset")["offset"] == 100
    refused(append(story, upload, 100, CONTENT[100:] + b"x"), 413, "too-large")
    assert story.send("HEAD", f"/v1/uploads/{upload}").headers["upload-offset"] == "100"
    assert refused(story.send("POST", f"/v1/uploads/{upload}/evidence"), 409, "upload-offset")["offset"] == 100


def test_other_content_than_announced_is_refused_and_given_up(story: Engine) -> None:
    upload = ok(announce(story))["upload"]
    append(story, upload, 0, CONTENT[:-1] + b"!")
    refused(story.send("POST", f"/v1/uploads/{upload}/evidence"), 422, "digest-mismatch")
    assert left(story) == []
    assert ok(story.send("GET", f"{VERSION}/evidence"))["items"] == []
    refused(story.send("POST", f"/v1/uploads/{upload}/evidence"), 404, "upload-gone")


def test_an_upload_is_its_tokens_alone_and_needs_the_scope(story: Engine) -> None:
    upload = ok(announce(story))["upload"]
    refused(append(story, upload, 0, b"x", "mira"), 404, "upload-gone")
    assert story.send("HEAD", f"/v1/uploads/{upload}", "mira").status_code == 404
    refused(story.send("DELETE", f"/v1/uploads/{upload}", "mira"), 404, "upload-gone")
    refused(announce(story, "admin"), 403, "not-allowed")
    assert story.send("DELETE", f"/v1/uploads/{upload}").status_code == 204
    assert left(story) == []


def test_what_cannot_become_evidence_is_refused_before_a_byte_is_sent(story: Engine) -> None:
    refused(announce(story, size=4 * 1024**2 + 1), 413, "too-large")
    refused(announce(story, size=0), 422, "invalid-input")
    refused(announce(story, sha256="xyz"), 422, "invalid-input")
    refused(announce(story, requirement="No Id"), 422, "invalid-input")
    refused(story.send("PATCH", "/v1/uploads/..%2f..%2fx", headers={"Upload-Offset": "0"}), 404, "not-found")
    other = VERSION.replace("2.1", "9.9")
    params = {"filename": "a", "sha256": SHA256}
    refused(story.send("POST", f"{other}/uploads", params=params, headers={"Upload-Length": "1"}), 404, "not-found")
    headers = {"Upload-Length": "1", "Tus-Resumable": "0.2.2"}
    refused(story.send("POST", f"{VERSION}/uploads", params=params, headers=headers), 422, "invalid-input")
    assert left(story) == []


def test_a_start_clears_what_is_a_day_old_and_keeps_what_is_not(story: Engine) -> None:
    old, young = ok(announce(story))["upload"], ok(announce(story, requirement="log"))["upload"]
    for path in (story.settings.data_dir / "uploads").glob(f"{old}.*"):
        os.utime(path, (time.time() - 25 * 3600,) * 2)
    create_app(story.parts)
    assert {path.stem for path in (story.settings.data_dir / "uploads").iterdir()} == {young}


class World:
    """A folder of uploads without an engine."""

    def __init__(self, folder: Path) -> None:
        self.files = EvidenceFolder(folder / "evidence", 1000)
        self.ahead = 0.0
        self.uploads = Uploads(folder / "uploads", 1000, lambda: time.time() + self.ahead)

    def announced(self, content: bytes, owner: str = "token:1") -> Announced:
        sha256 = hashlib.sha256(content).hexdigest()
        return Announced(owner=owner, model="m", version="1", filename="f", sha256=sha256, size=len(content))


@pytest.fixture(name="world")
def world_fixture(tmp_path: Path) -> World:
    return World(tmp_path)


def test_an_upload_without_a_byte_for_a_day_is_given_up(world: World) -> None:
    announced = world.announced(b"abc")
    world.uploads.open(announced, world.files)
    world.uploads.append(announced, world.uploads.take_turn(announced), 0, b"a")
    world.ahead = module.KEPT_SECONDS - 60
    assert world.uploads.open(announced, world.files) == 1
    world.ahead = module.KEPT_SECONDS + 60
    with pytest.raises(UploadGoneError):
        world.uploads.find(announced.id, announced.owner)
    assert world.uploads.remove_expired() == 1
    assert world.uploads.open(announced, world.files) == 0


def test_a_connection_that_was_taken_over_writes_no_more(world: World) -> None:
    announced = world.announced(b"abc")
    world.uploads.open(announced, world.files)
    old = world.uploads.take_turn(announced)
    world.uploads.append(announced, old, 0, b"a")
    new = world.uploads.take_turn(announced)
    with pytest.raises(UploadOffsetError, match="another connection"):
        world.uploads.append(announced, old, 1, b"b")
    assert world.uploads.append(announced, new, 1, b"bc") == 3
    assert world.uploads.store(announced, world.files).sha256 == announced.sha256


def test_uploads_under_way_are_bounded(world: World) -> None:
    from pratique.errors import UnavailableError

    for number in range(module.MOST_LARGEST):
        world.uploads.open(world.announced(bytes([number]) * 1000, f"token:{number % 2}"), world.files)
    with pytest.raises(UnavailableError, match="8 uploads of 8000 bytes are under way"):
        world.uploads.open(world.announced(b"more", "token:9"), world.files)
    with pytest.raises(TooLargeError):
        world.uploads.open(world.announced(b"x" * 1001), world.files)
    world.ahead = module.KEPT_SECONDS + 60
    assert world.uploads.open(world.announced(b"more"), world.files) == 0


def test_one_token_leaves_room_for_the_others(world: World) -> None:
    from pratique.errors import UnavailableError

    for number in range(module.MOST_LARGEST_OWN):
        world.uploads.open(world.announced(bytes([number]) * 1000), world.files)
    with pytest.raises(UnavailableError, match="4 uploads of 4000 bytes of this token are under way"):
        world.uploads.open(world.announced(b"more"), world.files)
    assert world.uploads.open(world.announced(b"more", "token:2"), world.files) == 0


def test_an_announcement_without_a_byte_is_given_up_within_minutes(world: World) -> None:
    empty, begun = world.announced(b"abc"), world.announced(b"abcd")
    for announced in (empty, begun):
        world.uploads.open(announced, world.files)
    world.uploads.append(begun, world.uploads.take_turn(begun), 0, b"a")
    assert world.uploads.expires_at(empty) < world.uploads.expires_at(begun)
    world.ahead = module.EMPTY_SECONDS + 60
    with pytest.raises(UploadGoneError):
        world.uploads.find(empty.id, empty.owner)
    assert world.uploads.remove_expired() == 1
    assert world.uploads.offset(world.uploads.find(begun.id, begun.owner)) == 1


def test_nothing_of_an_upload_that_ended_stays_in_memory(world: World) -> None:
    stored, dropped = world.announced(b"abc"), world.announced(b"abcd")
    turns = []
    for announced, content in ((stored, b"abc"), (dropped, b"ab")):
        world.uploads.open(announced, world.files)
        turns.append(world.uploads.take_turn(announced))
        world.uploads.append(announced, turns[-1], 0, content)
    world.uploads.store(stored, world.files)
    world.uploads.drop(dropped)
    assert (dict(world.uploads._locks), world.uploads._turns) == ({}, {})
    # A connection of before writes nothing into what is announced anew.
    world.uploads.open(dropped, world.files)
    world.uploads.take_turn(dropped)
    with pytest.raises(UploadOffsetError, match="another connection"):
        world.uploads.append(dropped, turns[-1], 0, b"x")


def test_ten_that_end_one_upload_at_once_store_one_file(world: World) -> None:
    content = os.urandom(1000)
    announced = world.announced(content)
    world.uploads.open(announced, world.files)
    world.uploads.append(announced, world.uploads.take_turn(announced), 0, content)
    seen: list[Path] = []
    threads = [
        threading.Thread(target=lambda: seen.append(world.uploads.store(announced, world.files).path))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {world.files.path(announced.sha256)}
    assert len(seen) == 10
    world.files.remove(announced.sha256)
    with pytest.raises(UploadGoneError, match="purged"):
        world.uploads.store(announced, world.files)
