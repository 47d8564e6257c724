"""Whom the demo story is about."""

from __future__ import annotations

MODEL, VERSION, LATER_VERSION = "aurora", "2.1", "2.2"
SUBJECT = f"{MODEL}/{VERSION}"
#: People of people.example.yaml, and what the story calls them.
PEOPLE = {"mira": "owner", "jonas": "approver", "ines": "executive"}
