"""Many services in one process: finding them, keeping them, ending them."""
