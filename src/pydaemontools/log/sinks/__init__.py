"""Where log lines go, a kind a file."""
