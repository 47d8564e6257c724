"""YAML that means one thing only: what two readers could read differently is refused, with its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import yaml

_STR = "tag:yaml.org,2002:str"
_SEQ, _MAP = "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"


@lru_cache(maxsize=4096)
def _tag_of(word: str) -> str:
    """Return the tag that YAML 1.1 gives a plain word."""
    for tag, form in yaml.SafeLoader.yaml_implicit_resolvers.get(word[:1], ()):
        if form.match(word):
            return str(tag)
    return _STR


#: libyaml where the wheel brings it: the same nodes in a tenth of the time.
_CLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _FastLoader(_CLoader):  # type: ignore[misc]  # the wheel may not bring it
    """The same tags; a word that was met before is not tried again, and no tag depends on where a node stands."""

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Do nothing: there are no tags by path."""

    def ascend_resolver(self) -> None:
        """Do nothing: there are no tags by path."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        """Return the tag of a node that bears none."""
        if kind is yaml.ScalarNode:
            return _tag_of(value) if implicit[0] else _STR
        return _SEQ if kind is yaml.SequenceNode else _MAP


#: libyaml's own stack ends the process somewhere above ten thousand levels; Python's loader raises.
_LEVELS_FOR_FAST = 3000
_OPENING = re.compile(r"^[ \-?]*", re.MULTILINE)
#: Levels that the reader follows.
_MAX_LEVELS = 100

#: What a plain (unquoted) word of each resolved tag must look like; YAML 1.1 resolves far more than this.
_PLAIN: dict[str, tuple[re.Pattern[str], str, Callable[[str], Any]]] = {
    "tag:yaml.org,2002:int": (
        re.compile(r"-?(?:0|[1-9][0-9]*)"),
        "a decimal number without leading zero, `_` or `:`",
        int,
    ),
    "tag:yaml.org,2002:float": (re.compile(r"-?[0-9]+\.[0-9]+(?:[eE][-+][0-9]+)?"), "a number such as 1.0e+25", float),
    "tag:yaml.org,2002:bool": (re.compile(r"true|false"), "true or false, or quoted text", "true".__eq__),
    "tag:yaml.org,2002:null": (re.compile(r"null|~|"), "null, or quoted text", lambda _: None),
    "tag:yaml.org,2002:timestamp": (re.compile(r"(?!)"), "a date in quotes", str),
}

_NO_TAG: tuple[re.Pattern[str], str, Callable[[str], Any]] = (re.compile(r"(?!)"), "no tag", str)

#: Text to PyYAML, a number to the person who wrote it (and to YAML 1.2).
_NUMBER_READ_AS_TEXT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+|0o[0-7]+")


class YamlProblem(NamedTuple):
    """One thing that is wrong, with its key path ('' for the whole text)."""

    path: str
    found: str
    expected: str


class YamlResult(NamedTuple):
    """The value, and every problem. Beside a problem the value is only what could be read."""

    value: Any
    problems: list[YamlProblem]


def read_yaml(text: str) -> YamlResult:
    """Return the one document in `text` as plain JSON values, with every problem in it.

    Refused beside syntax errors: duplicate keys, keys that are not text, aliases, tags, and plain words that
    are not what they look like (`1e25` is text, `0042` is 34, `1:30` is 90, `no` is false, dates).
    """
    try:
        node = _loader(text)(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        return YamlResult(None, [_syntax(error)])
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return YamlResult(None, [YamlProblem("", _one_line(str(error) or type(error).__name__), "YAML")])
    if node is None:
        return YamlResult(None, [YamlProblem("", "an empty file", "a YAML mapping")])
    reader = _Reader()
    return YamlResult(reader.read(node, ""), reader.problems)


def _loader(text: str) -> Any:
    """Return the loader that is safe for `text`: it cannot nest deeper than it opens brackets and indents."""
    most = text.count("[") + text.count("{") + max(map(len, _OPENING.findall(text)))
    return _FastLoader if most < _LEVELS_FOR_FAST else yaml.SafeLoader


def _syntax(error: yaml.MarkedYAMLError) -> YamlProblem:
    mark = error.problem_mark
    where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    return YamlProblem("", f"{_one_line(error.problem or 'a syntax error')}{where}", "YAML")


def _one_line(text: str) -> str:
    return " ".join(text.split())


class _Reader:
    """Turns nodes into values and remembers what is wrong on the way."""

    def __init__(self) -> None:
        self.problems: list[YamlProblem] = []
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, path: str) -> Any:
        if path.count(".") >= _MAX_LEVELS:
            self._refuse(path[:40], f"more than {_MAX_LEVELS} levels", "fewer")
            return None
        if id(node) in self._seen:
            self._refuse(path, "an alias (`*name`)", "the value written out")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode) and node.tag == _MAP:
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _SEQ:
            return [self.read(item, f"{path}.{index}".lstrip(".")) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._refuse(path, f"tag {node.tag!r}", "no tag")
        return None

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _STR:
                self._refuse(
                    path, f"a key in line {line} that is not text", "text keys; quote words such as `on`, `no`, `1`"
                )
                continue
            key = key_node.value
            inner = f"{path}.{key}".lstrip(".")
            if key in out:
                self._refuse(inner, f"the key a second time, in line {line}", "each key once")
            out[key] = self.read(value_node, inner)
        return out

    def _scalar(self, node: yaml.ScalarNode, path: str) -> Any:
        if node.style and node.tag == _STR:
            return node.value
        line = node.start_mark.line + 1
        if node.tag == _STR:
            if _NUMBER_READ_AS_TEXT.fullmatch(node.value):
                self._refuse(
                    path, f"{node.value} in line {line}, which YAML reads as text", "1.0e+25 for a number, or quotes"
                )
            return node.value
        form, expected, made_of = _PLAIN.get(node.tag, _NO_TAG)
        if node.style or not form.fullmatch(node.value):
            self._refuse(path, f"{node.value[:60]!r} in line {line}", expected)
            return None
        return made_of(node.value)

    def _refuse(self, path: str, found: str, expected: str) -> None:
        self.problems.append(YamlProblem(path, found, expected))
