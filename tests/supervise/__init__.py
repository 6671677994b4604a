"""The supervisor: its table, and real processes under it."""
