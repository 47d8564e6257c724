"""Collects every error of a configuration, one line each: file, key path, found, expected."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)

#: Found values are shown up to this length.
MAX_SHOWN = 80


class Problem(NamedTuple):
    """One error."""

    file: str
    path: str  #: '' for the whole file
    found: str
    expected: str

    @property
    def line(self) -> str:
        """The error on one line."""
        return f"{self.file}: {self.path + ': ' if self.path else ''}found {self.found}, expected {self.expected}"


class Problems:
    """The errors found so far."""

    def __init__(self) -> None:
        self.items: list[Problem] = []

    @property
    def lines(self) -> list[str]:
        """Each error on one line."""
        return [item.line for item in self.items]

    def add(self, file: str, path: str, *, found: str, expected: str) -> None:
        """Note one error; `path` is '' for the whole file."""
        self.items.append(Problem(file, path, found, expected))

    def parse(self, file: str, model: type[Model], value: Any) -> Model | None:
        """Return `value` as `model`, taking no number for text and no text for a flag; note every error."""
        try:
            return model.model_validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                if one["type"] == "too_short" and one["input"]:
                    continue  # its items are there, but unsound; each has its own line
                self.add(file, key_path(value, one["loc"]), found=_found(one), expected=_expected(one))
            return None


def key_path(value: Any, loc: Sequence[int | str]) -> str:
    """Return `loc` as text, list items named by their `id` where they have one."""
    text = ""
    for part in loc:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            value = None
        if isinstance(part, int):
            name = value.get("id") if isinstance(value, dict) else None
            text += f"[{name if isinstance(name, str) else part}]"
        else:
            text += f".{part}" if text else part
    return text


def _found(error: Any) -> str:
    if error["type"] == "missing":
        return "nothing"
    if error["type"] == "extra_forbidden":
        return "this key"
    if isinstance(error["input"], dict | list):
        return "a mapping" if isinstance(error["input"], dict) else "a list"
    shown = json.dumps(error["input"], ensure_ascii=False, default=str)
    return shown if len(shown) <= MAX_SHOWN else shown[: MAX_SHOWN - 1] + "…"


def _expected(error: Any) -> str:
    if error["type"] == "missing":
        return "a value"
    if error["type"] == "extra_forbidden":
        return "no such key (misspelt?)"
    text: str = error["msg"]
    return text.removeprefix("Value error, ").removeprefix("Input should be ")
