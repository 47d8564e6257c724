"""The shape of facts as JSON Schema (2020-12), written short."""

from __future__ import annotations

from typing import Any, Final

Shape = dict[str, Any]

TEXT: Final[Shape] = {"type": "string"}
NUMBER: Final[Shape] = {"type": "number"}
COUNT: Final[Shape] = {"type": "integer", "minimum": 0}
FLAG: Final[Shape] = {"type": "boolean"}
TEXTS: Final[Shape] = {"type": "array", "items": TEXT}
NUMBERS: Final[Shape] = {"type": "object", "additionalProperties": NUMBER}
COUNTS: Final[Shape] = {"type": "object", "additionalProperties": COUNT}
TEXT_BY_NAME: Final[Shape] = {"type": "object", "additionalProperties": TEXT}
ANYTHING: Final[Shape] = {"type": "object"}


def record(**members: Shape) -> Shape:
    """Return the shape of an object with these optional members and no others."""
    return {"type": "object", "properties": members, "additionalProperties": False}


def facts_of(*required: str, **members: Shape) -> Shape:
    """Return the schema of a collector's facts: these members, `dropped` among them; `required` are always there."""
    schema = record(**members, dropped=TEXTS)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "required": [*required, "dropped"]}
