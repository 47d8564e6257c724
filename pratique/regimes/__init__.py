"""Loads gates, facts schemas and people from `config/`, as a whole and with every error at once."""

from pratique.regimes.expressions import CheckedCriteria
from pratique.regimes.loading import load_configuration
from pratique.regimes.rulebook import Configuration, Rulebook, prerequisites, spec_digest, spec_json

__all__ = [
    "CheckedCriteria",
    "Configuration",
    "Rulebook",
    "load_configuration",
    "prerequisites",
    "spec_digest",
    "spec_json",
]
