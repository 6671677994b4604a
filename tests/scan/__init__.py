"""Many services in one process."""
