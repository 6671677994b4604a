"""What a transcript is, by its name: a file, a directory, or a place of pysissylog's."""

NULL = "/dev/null"
PLACES = {"syslog", "udp", "tcp", "tls", "relp", "relps", "journald", "dir"}


def is_file(path: str) -> bool:
    """Whether PATH is a file, or a directory if it ends with a /; and no place."""
    kind, colon, _ = path.partition(":")
    return not (colon and kind in PLACES)
