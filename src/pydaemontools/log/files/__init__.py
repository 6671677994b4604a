"""Log directories, and how each line gets there once."""
