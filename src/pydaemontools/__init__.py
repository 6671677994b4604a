"""Daemon tools for people who live in Python: chains, a supervisor, a log pipeline."""

__version__ = "0.1.0"
