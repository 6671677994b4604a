"""What pymultilog's actions mean."""
