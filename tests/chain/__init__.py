"""The links under their own names, and how one becomes the next."""
