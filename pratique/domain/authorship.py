"""Who set which part of a profile: values one by one, lists and maps item by item.

Authors are a map of parts to people or actors. A part is a plain value (`open_source`), an item of a map
(`attributes.team`), an item of a list (`known_as[mockllm/model]`), the order of a list (`known_as order by mira`),
or a list or map as a whole (`known_as`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pratique.canonical import canonical_json

_MEMBER = re.compile(r"\w+")


def member_of(part: str) -> str:
    """Return the profile member that a part belongs to; an item's own name can hold anything."""
    found = _MEMBER.match(part)
    return found[0] if found is not None else part


def authors_after(
    authors: Mapping[str, str], *, was: Mapping[str, Any], now: Mapping[str, Any], by: str
) -> dict[str, str]:
    """Return the authors once `by` turned the profile `was` into `now`.

    Who put, changed or took away an item is its author until somebody else puts, changes or takes away that very
    item: a taken item stays on the map, for a gate may be passed by what is not there. Who put a list in another
    order stays for good, since later orders say nothing of what is left of it. So does who set a list or map as a
    whole (with the first profile, or by an entry of before items were told apart): what was absent then has no part.

    Args:
        authors: part -> author, as it was.
        was: the profile before, plain JSON values.
        now: the profile after.
        by: the person or actor who changed it.
    """
    return {**authors, **dict.fromkeys(changed_parts(was, now, by), by)}


def changed_parts(was: Mapping[str, Any], now: Mapping[str, Any], by: str) -> list[str]:
    """Return the parts in which two profiles differ, in order of name; `true` and 1 differ."""
    return sorted({part for name in {*was, *now} for part in _differing(name, was.get(name), now.get(name), by)})


def _differing(name: str, was: Any, now: Any, by: str) -> Iterator[str]:
    if canonical_json(was) == canonical_json(now):
        return
    if isinstance(was, dict) and isinstance(now, dict):
        yield from (f"{name}.{key}" for key in {*was, *now} if [*_held(was, key)] != [*_held(now, key)])
    elif isinstance(was, list) and isinstance(now, list):
        before, after = [_text(item) for item in was], [_text(item) for item in now]
        moved = {*before} ^ {*after}
        yield from (f"{name}[{item}]" for item in moved)
        if [item for item in before if item not in moved] != [item for item in after if item not in moved]:
            yield f"{name} order by {by}"
    else:
        yield name


def _held(items: Mapping[str, Any], key: str) -> Iterator[bytes]:
    if key in items:
        yield canonical_json(items[key])


def _text(item: Any) -> str:
    return item if isinstance(item, str) else canonical_json(item).decode()
