"""One service, kept alive."""
