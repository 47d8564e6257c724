"""Hooks: sources from configuration, proof of who sends, names of deliveries, and rules that map what comes."""

from pratique.hooks.loading import load_hooks
from pratique.hooks.mapping import Delivery, Mapper, Mapping, UnmappableError
from pratique.hooks.proof import NotAuthenticError, Presented
from pratique.hooks.schemes import check_authentic
from pratique.hooks.sources import Hooks, Source

__all__ = [
    "Delivery",
    "Hooks",
    "Mapper",
    "Mapping",
    "NotAuthenticError",
    "Presented",
    "Source",
    "UnmappableError",
    "check_authentic",
    "load_hooks",
]
