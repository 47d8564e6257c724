"""Tells people: one delivery is one message to one person over one channel."""

from __future__ import annotations

from pratique.notify.message import KINDS, Message, render
from pratique.notify.outcome import SendOutcome
from pratique.notify.sending import send

__all__ = ["KINDS", "Message", "SendOutcome", "render", "send"]
