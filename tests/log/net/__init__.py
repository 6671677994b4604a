"""Tests of streams to a server."""
