"""The same command line through the C original and through ours."""
