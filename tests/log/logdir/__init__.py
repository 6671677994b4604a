"""Tests of log directories."""
