"""What a person or a script says to a supervisor, and asks of it."""
