"""Fetches evidence from configured sources. What a file says is the engine's to judge; nothing here reads it."""
