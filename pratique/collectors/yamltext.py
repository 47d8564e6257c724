"""YAML from strangers, read as JSON would be: no aliases, no key twice, and no number that is not plainly one.

YAML 1.1 readers take `1:30` for 90 and `0042` for 34, and PyYAML takes `1e25` for text. Here a scalar is a number
only where JSON would agree (with `1e25` among them); everything ambiguous stays text, and the schema then refuses it.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from pratique.collectors.jsontext import decode_text
from pratique.collectors.unreadable import UnreadableError

#: Deepest nesting; the reader is recursive.
_MAX_DEPTH = 32


class _RefusedError(yaml.YAMLError):
    """YAML that PyYAML would take and we do not."""


class _PlainLoader(yaml.SafeLoader):
    """A loader with JSON's types only."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise _RefusedError("an alias (*name) found")
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
        if getattr(event, "tag", None) is not None:
            raise _RefusedError("a tag (!name) found")
        self._depth += 1
        if self._depth > _MAX_DEPTH + 1:
            raise _RefusedError(f"nested deeper than {_MAX_DEPTH}")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _RefusedError(f"a key that is no text in line {key_node.start_mark.line + 1}")
            if key in found:
                raise _RefusedError(f"a key stands twice in line {key_node.start_mark.line + 1}")
            found[key] = self.construct_object(value_node, deep=True)
        return found


def _construct_map(loader: _PlainLoader, node: Any) -> dict[Any, Any]:
    return loader.construct_mapping(node)


def _construct_int(loader: _PlainLoader, node: Any) -> int:
    return int(loader.construct_scalar(node))


def _construct_float(loader: _PlainLoader, node: Any) -> float:
    return float(loader.construct_scalar(node))


_PlainLoader.yaml_implicit_resolvers = {}
_PlainLoader.yaml_constructors = {
    "tag:yaml.org,2002:map": _construct_map,
    "tag:yaml.org,2002:seq": yaml.SafeLoader.construct_sequence,
    "tag:yaml.org,2002:str": yaml.SafeLoader.construct_scalar,
    "tag:yaml.org,2002:null": lambda _loader, _node: None,
    "tag:yaml.org,2002:bool": lambda loader, node: loader.construct_scalar(node) == "true",
    "tag:yaml.org,2002:int": _construct_int,
    "tag:yaml.org,2002:float": _construct_float,
}
_DIGIT_STARTS = list("-0123456789")
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:null|~|)\Z"), ["n", "~", ""])
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), ["t", "f"])
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]*)\Z"), _DIGIT_STARTS)
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z"),
    _DIGIT_STARTS,
)


def parse_yaml(data: bytes, what: str) -> Any:
    """Return the one YAML document in `data` as JSON values.

    Raises:
        UnreadableError: not UTF-8, not YAML, an alias, a tag, a key twice, or nested too deeply.
    """
    text = decode_text(data, what)
    try:
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - derives from SafeLoader, with fewer types
    except _RefusedError as error:
        raise UnreadableError(f"{what}: {error}; expected plain YAML") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UnreadableError(f"{what}: not plain YAML in line {line}; expected one document without tags") from None
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        raise UnreadableError(f"{what}: not plain YAML; expected one document without tags") from None
