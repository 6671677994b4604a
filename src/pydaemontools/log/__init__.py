"""What a daemon prints, on its way to where it is kept."""
