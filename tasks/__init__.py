"""Thin Prefect tasks, one file per noun: each makes one call to the engine over HTTP."""
