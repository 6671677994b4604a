"""From a pipe to its sinks, in blocks, each line once."""
