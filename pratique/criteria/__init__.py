"""The language that criteria are written in: CEL, judged fail-closed."""

from pratique.criteria.cel import CelCriteria
from pratique.criteria.texts import CelTexts, ExpressionError

__all__ = ["CelCriteria", "CelTexts", "ExpressionError"]
