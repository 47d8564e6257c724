"""OpenSSF model signing: the real bundle under its key, and a folder held against it."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from signed_files import ATTESTER, BOTH, NOW, SIGNER, SIGNING, envelope, public_pem, read_signed, trusted, written

from pratique.collectors import UnreadableError
from pratique.collectors.model_signature import MODEL_SIGNATURE
from pratique.collectors.signed_folder import FolderCheck, check_folder
from pratique.domain.keys import TrustedKeys

ROOT = "4153213fa19f4c8137ece7c82594b52e29ee0efb782b16ff3372d35b3f6e943f"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SIGNING / "model", tmp_path / "model"))


def check(model: Path, keys: TrustedKeys = BOTH) -> FolderCheck:
    return check_folder(model, SIGNING / "model.sig", keys, NOW)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_sample_bundle_is_complete_under_its_key() -> None:
    found = read_signed(SIGNING / "model.sig")
    assert (found.kind, found.complete, found.incomplete_reason) == ("signature", True, None)
    assert found.facts["signed_by"] == ["signer"]
    assert found.facts["root_digest"] == ROOT
    assert found.facts["resource_count"] == 3
    assert found.facts["resources"] == [
        {"file": path.name, "digest": digest(path)} for path in sorted((SIGNING / "model").iterdir())
    ]
    assert found.subject == "model"
    # One file holds weights, so that is what other evidence names too.
    assert found.subject_digest == digest(SIGNING / "model/model.safetensors")


@pytest.mark.parametrize("keys", [TrustedKeys(), TrustedKeys((ATTESTER,))])
def test_without_its_key_the_bundle_does_not_count(keys: TrustedKeys) -> None:
    found = read_signed(SIGNING / "model.sig", keys)
    assert (found.complete, found.facts["verified"]) == (False, False)


def signed(folder: Path, **changes: Any) -> tuple[Path, TrustedKeys]:
    """Sign a statement over two shards anew, with changes of its predicate."""
    private = ec.generate_private_key(ec.SECP256R1())
    shards = [{"name": f"{n}.safetensors", "digest": str(n) * 64, "algorithm": "sha256"} for n in (2, 1)]
    predicate: dict[str, Any] = {"resources": shards, "serialization": {"method": "files", "hash_type": "sha256"}}
    predicate |= changes
    raw = b"".join(bytes.fromhex(one["digest"]) for one in predicate["resources"])
    body = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "m", "digest": {"sha256": hashlib.sha256(raw).hexdigest()}}],
        "predicateType": MODEL_SIGNATURE,
        "predicate": predicate,
    }
    path = written(folder, envelope(body, [("", private)]), "model.sig")
    return path, TrustedKeys((trusted("k", public_pem(private)),))


def test_a_model_in_several_files_goes_by_its_root_digest(tmp_path: Path) -> None:
    path, keys = signed(tmp_path)
    found = read_signed(path, keys)
    assert found.complete is True
    assert found.subject_digest == found.facts["root_digest"] == hashlib.sha256(b"\x22" * 32 + b"\x11" * 32).hexdigest()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"serialization": {"method": "shards"}}, "hashed as shards by sha256"),
        ({"serialization": {}}, "hashed as an unnamed method"),
        ({"resources": [{"name": "a", "digest": "11", "algorithm": "blake3"}]}, "files by blake3"),
        ({"resources": []}, "covers no file"),
    ],
)
def test_digests_that_cannot_be_checked_leave_it_incomplete(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    path, keys = signed(tmp_path, **changes)
    found = read_signed(path, keys)
    assert (found.facts["verified"], found.complete) == (True, False)
    assert words in str(found.incomplete_reason)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a\\b", ""])
def test_a_resource_that_leads_outside_is_unreadable(tmp_path: Path, name: str) -> None:
    path, keys = signed(tmp_path, resources=[{"name": name, "digest": "11" * 32, "algorithm": "sha256"}])
    with pytest.raises(UnreadableError):
        read_signed(path, keys)


def test_the_sample_folder_is_what_was_signed(model: Path) -> None:
    seen: list[int] = []
    found = check_folder(model, SIGNING / "model.sig", BOTH, NOW, progress=seen.append)
    assert (found.is_right, found.reasons) == (True, ())
    assert sum(seen) == sum(path.stat().st_size for path in model.iterdir())


def test_what_git_keeps_and_the_bundle_itself_are_no_part_of_the_model(model: Path) -> None:
    (model / ".git/objects").mkdir(parents=True)
    (model / ".git/objects/aa").write_bytes(b"x")
    (model / ".gitattributes").write_text("* text")
    bundle = Path(shutil.copy(SIGNING / "model.sig", model / "model.sig"))
    assert check_folder(model, bundle, BOTH, NOW).is_right


def change(model: Path) -> None:
    path = model / "config.json"
    path.write_bytes(path.read_bytes().replace(b"{", b"[", 1))


def add(model: Path) -> None:
    (model / "sub").mkdir()
    (model / "sub/modeling.py").write_text("print()")


def remove(model: Path) -> None:
    (model / "README.md").unlink()


def link(model: Path) -> None:
    path = model / "model.safetensors"
    path.rename(model.parent / "elsewhere")
    path.symlink_to(model.parent / "elsewhere")


def add_git_below(model: Path) -> None:
    (model / "sub/.git").mkdir(parents=True)
    (model / "sub/.git/hook").write_text("x")


@pytest.mark.parametrize(
    ("spoil", "reasons"),
    [
        (change, ("config.json: changed",)),
        (add, ("sub/modeling.py: not signed",)),
        (remove, ("README.md: missing",)),
        (link, ("model.safetensors: missing", "model.safetensors: not signed")),
        (add_git_below, ("sub/.git/hook: not signed",)),
    ],
)
def test_a_folder_that_differs_says_in_what(model: Path, spoil: Any, reasons: tuple[str, ...]) -> None:
    spoil(model)
    found = check(model)
    assert (found.is_right, found.reasons) == (False, reasons)


@pytest.mark.parametrize("keys", [TrustedKeys(), TrustedKeys((ATTESTER,))])
def test_a_sound_folder_under_the_wrong_key_is_not_right(model: Path, keys: TrustedKeys) -> None:
    found = check(model, keys)
    assert not found.is_right
    assert len(found.reasons) == 1


def test_a_signer_who_leaves_files_out_signed_less_than_the_model(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "a.json").write_text("{}")
    (folder / "hidden.safetensors").write_bytes(b"w")
    resources = [{"name": "a.json", "digest": digest(folder / "a.json"), "algorithm": "sha256"}]
    serialization = {"method": "files", "ignore_paths": ["hidden.safetensors"]}
    bundle, keys = signed(tmp_path, resources=resources, serialization=serialization)
    assert check_folder(folder, bundle, keys, NOW).reasons == ("hidden.safetensors: not signed",)


def test_a_bundle_over_something_else_is_refused(model: Path, tmp_path: Path) -> None:
    path = written(tmp_path, json.loads((SIGNING.parent / "in_toto/vsa.dsse.json").read_text()))
    with pytest.raises(UnreadableError, match="expected https://model_signing"):
        check_folder(model, path, TrustedKeys((ATTESTER, SIGNER)), NOW)
    with pytest.raises(UnreadableError, match="no signed envelope"):
        check_folder(model, SIGNING.parent / "in_toto/vsa.statement.json", BOTH, NOW)
