"""Tests of the logging adapters."""
