"""What everything uses, and what uses nothing of the rest."""
