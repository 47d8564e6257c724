"""Pratique drives general-purpose AI model versions through compliance gates and keeps the proof.

`import pratique` gives the SDK and stays light: nothing beyond the standard library is imported until a
client is made.
"""

from __future__ import annotations

__version__ = "0.1.0"
