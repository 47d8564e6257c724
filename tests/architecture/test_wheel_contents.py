"""The wheel carries everything that a run needs, once, and nothing that lay about."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("flows", "tasks", "config", "deployments")
STRAY = (
    "flows/__pycache__/training.cpython-311.pyc",
    "flows/.env",
    "tasks/gates.py~",
    "config/people.yaml",
    "deployments/.secrets/token",
    "pratique/__pycache__/errors.cpython-311.pyc",
    "prefect.db",
    "evidence.eval",
    "var/ledger.db",
)


def tracked(*folders: str) -> set[str]:
    """Files of the folders that belong to the project: known to git or about to be, and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return {name for name in listed if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout in which tools, an editor and a site left their files."""
    copy = tmp_path_factory.mktemp("checkout")
    root_files = {n for n in tracked(".") if "/" not in n}
    for name in tracked("pratique", *FOLDERS) | root_files:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    for name in STRAY:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("stray")
    return copy


def build(checkout: Path, out: Path, *kind: str) -> Path:
    uv = Path(sys.executable).parent / "uv"
    built = subprocess.run(
        [uv, "build", *kind, "--no-build-isolation", "--python", sys.executable, "--out-dir", out],
        cwd=checkout, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return out


@pytest.fixture(scope="module")
def names(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every file name in the wheel."""
    (wheel,) = build(checkout, tmp_path_factory.mktemp("dist"), "--wheel").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if not name.endswith("/")]


def test_the_wheel_holds_the_whole_project_folder(names: list[str]) -> None:
    expected = {f"pratique/_project/{name}" for name in tracked(*FOLDERS)}
    assert {name for name in names if name.startswith("pratique/_project/")} == expected
    assert {name.split("/")[2] for name in expected} == set(FOLDERS)


def test_the_wheel_holds_the_whole_package_with_its_data(names: list[str]) -> None:
    inside = {name for name in names if name.startswith("pratique/") and "/_project/" not in name}
    assert inside == tracked("pratique")
    for data in ("pratique/notify/templates/layout.html.j2", "pratique/store/migrations/"):
        assert any(name.startswith(data) for name in inside), data


def test_site_packages_gets_one_name(names: list[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pratique"}


def test_nothing_is_in_the_wheel_twice(names: list[str]) -> None:
    assert len(names) == len(set(names))


def test_nothing_stray_is_in_the_wheel(names: list[str]) -> None:
    assert [name for name in names if name.endswith((".pyc", "~", ".db", ".eval")) or "/." in name] == []
    assert [name for name in names if name.endswith("config/people.yaml")] == []


def test_the_licence_is_in_the_wheel(names: list[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_a_wheel_built_from_the_source_archive_is_the_same(
    checkout: Path, names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = build(checkout, tmp_path_factory.mktemp("sdist"))  # both: the wheel is made from the source archive
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert sorted(archive.namelist()) == sorted(names)


def test_a_wheel_without_flows_is_not_built(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(checkout, tmp_path / "copy", ignore=shutil.ignore_patterns("flows"))
    with pytest.raises(AssertionError, match="flows is missing"):
        build(tmp_path / "copy", tmp_path / "dist", "--wheel")
