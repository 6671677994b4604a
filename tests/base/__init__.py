"""Tests of what everything uses."""
