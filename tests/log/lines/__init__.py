"""Tests of lines and what they say."""
