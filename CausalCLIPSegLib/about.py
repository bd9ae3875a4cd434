"""Version and purpose of the program."""

__version__ = "0.1.0"

RESEARCH_ONLY = "For research, not for diagnosis."
"""Shown once with every result."""
