"""Tests of the way from a pipe to its sinks."""
