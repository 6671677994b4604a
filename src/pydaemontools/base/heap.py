"""What malloc keeps of the memory that was freed."""


def give_back() -> None:
    """Give the system back what a start took and nobody needs any more, where that can be had."""
    try:
        from .libc import function

        function("malloc_trim")(0)
    except (ImportError, OSError):
        # Another C library keeps less.
        pass
