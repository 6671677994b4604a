"""jobs/: the loop, and the trees of processes."""
