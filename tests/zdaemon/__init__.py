"""daemon/: what a program that detaches itself uses."""
