"""The language that criteria are written in: CEL, judged fail-closed."""

from pratique.criteria.cel import CelCriteria

__all__ = ["CelCriteria"]
