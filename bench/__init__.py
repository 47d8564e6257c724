"""Measured claims: `python -m bench.run`. Every figure is a ratio taken in one run, beside what it is compared with."""
