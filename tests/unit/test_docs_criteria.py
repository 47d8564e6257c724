"""docs/criteria.md, run as it is written."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from pratique.cli.main import main

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "criteria.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(yaml|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENDS = {"sound": 0, "bio-check": 3}


def test_every_command_of_the_worked_example_says_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRATIQUE_DATA_DIR", str(tmp_path / "data"))
    shutil.copy(ROOT / "tests" / "data" / "inspect" / "cbrn_mc_epochs3.eval", "run.eval")
    commands = 0
    for language, content in BLOCK.findall(TEXT):
        head, _, rest = content.partition("\n")
        if language == "yaml":
            write(head.removeprefix("# "), rest)
            continue
        commands += 1
        monkeypatch.setattr("sys.argv", shlex.split(head.removeprefix("$ ")))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert sorted((out + err).splitlines()) == sorted(rest.splitlines()), head
        told = next(code for word, code in ENDS.items() if word in rest)
        assert int(str(ended.value.code or 0)) == told, head
    assert commands == 3


def write(name: str, content: str) -> None:
    """Write a file of the page, or put a changed criterion in its place."""
    file, _, part = name.partition(": ")
    if not part:
        Path(file).write_text(content)
        return
    indented = "".join(f"\n          {line}" for line in content.splitlines())
    was = Path(file).read_text()
    now = re.sub(rf"{part}: .*", lambda _: f"{part}: >-{indented}", was)
    assert now != was
    Path(file).write_text(now)
