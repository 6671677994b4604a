"""What is sent, and kept until it has arrived."""
