"""The control tools."""
