"""Clocks: what is due when, counted from what happened. Pure; the time and the holidays come in as arguments."""

from pratique.domain.clocks.clock import Clock, ClockSettings, ClockState, Reading
from pratique.domain.clocks.occurrence import Occurrence
from pratique.domain.clocks.reckoning import clocks_of

__all__ = ["Clock", "ClockSettings", "ClockState", "Occurrence", "Reading", "clocks_of"]
