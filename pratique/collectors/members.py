"""Members of an archive of weights that could be pickles though neither their name nor a first operation says so."""

from __future__ import annotations

import ast
import io
import pickle
import pickletools
import re
from enum import Enum, auto
from typing import Any

#: What of a member is looked at to tell what it is.
HEAD_BYTES = 64 * 1024
NUMPY = b"\x93NUMPY"

#: Operations that are walked in one member.
MAX_OPERATIONS = 1_000_000
#: Operations that import; STACK_GLOBAL takes two names from before. Without one, a pickle holds plain values.
_IMPORTS = frozenset({"GLOBAL", "INST"})
#: How `pickletools` says that an operation wants more bytes than there are.
_WANTS = re.compile(r"expected (\d{1,20}) bytes in .*, but only (\d{1,20}) remain", re.DOTALL)


class Likeness(Enum):
    """How a member looks."""

    OTHER = auto()  #: no pickle that imports anything
    PICKLE = auto()  #: operations that import or call something
    UNKNOWN = auto()  #: operations as far as was looked, and more bytes behind them


def numpy_objects(head: bytes) -> int | None:
    """Return where the pickle of a NumPy array of objects begins; None: numbers, or no array.

    What its header says cannot be told counts as objects. Source: numpy.lib.format, versions 1.0 to 3.0.
    """
    if not head.startswith(NUMPY):
        return None
    wide = len(head) > len(NUMPY) and head[len(NUMPY)] > 1
    start = len(NUMPY) + 2 + (4 if wide else 2)
    end = start + int.from_bytes(head[len(NUMPY) + 2 : start], "little")
    try:
        header = ast.literal_eval(head[start:end].decode("utf-8" if wide else "latin-1").strip())
        has_objects = _has_objects(header["descr"])
    except Exception:  # of many kinds, for nested, huge or no literals
        has_objects = True
    return end if has_objects else None


def _has_objects(descr: Any) -> bool:
    """Tell whether a dtype may hold objects: a text, fields (name, type, shape), or (type, shape)."""
    if isinstance(descr, str):
        return "O" in descr or "obj" in descr.lower()
    if isinstance(descr, list):
        return any(not isinstance(one, tuple) or len(one) < 2 or _has_objects(one[1]) for one in descr)
    return not isinstance(descr, tuple) or not descr or _has_objects(descr[0])


def likeness(head: bytes, size: int) -> Likeness:
    """Tell whether a member reads as a pickle of any protocol.

    Args:
        head: its first bytes.
        size: how many bytes it has.
    """
    if head.startswith(NUMPY):
        return Likeness.OTHER
    try:
        for number, (operation, value, _) in enumerate(pickletools.genops(io.BytesIO(head))):
            if operation.name in _IMPORTS or (operation.name == "STACK_GLOBAL" and number > 1):
                return Likeness.PICKLE
            if operation.name == "STOP" or (operation.name == "PROTO" and int(value or 0) > pickle.HIGHEST_PROTOCOL):
                return Likeness.OTHER  # no reader goes on here
            if number > MAX_OPERATIONS:
                return Likeness.UNKNOWN
    except ValueError as error:
        return Likeness.UNKNOWN if len(head) < size and _may_go_on(str(error), len(head), size) else Likeness.OTHER
    except Exception:  # of many kinds, for bytes that are no operation
        return Likeness.OTHER
    return Likeness.OTHER


def _may_go_on(error: str, seen: int, size: int) -> bool:
    """Tell whether what an operation lacks may stand behind the bytes that were seen."""
    if wants := _WANTS.search(error):
        return seen + int(wants[1]) - int(wants[2]) <= size
    return "exhausted" in error or "no newline" in error
