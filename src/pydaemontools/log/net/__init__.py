"""Streams to a server: the connection, what is spoken over it, and the spool behind it."""
