"""Loads editions, gates, facts schemas and people, as a whole and with every error at once."""

from pratique.regimes.expressions import CheckedCriteria
from pratique.regimes.library import Configuration, Library
from pratique.regimes.loading import load_configuration
from pratique.regimes.rulebook import Rulebook, prerequisites, spec_digest, spec_json

__all__ = [
    "CheckedCriteria",
    "Configuration",
    "Library",
    "Rulebook",
    "load_configuration",
    "prerequisites",
    "spec_digest",
    "spec_json",
]
