"""What lines say: structured ones, records of several, and what is secret."""
