"""A log directory as multilog keeps it."""
