"""Links, and how one becomes the next."""
