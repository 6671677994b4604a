"""Lines, and what they say: no file and no fd is known here."""
