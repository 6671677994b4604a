"""Telling a supervisor how the program is: sd_notify(3), and s6's notification fd.

systemd, pysupervise and others set NOTIFY_SOCKET, and WATCHDOG_USEC if they want a sign of life;
s6 and pysupervise wait for a newline on the fd that the file notification-fd names. Where
nobody asks, each call does nothing and says so. None raises for what the system refuses, or for
what a text has in it. Where nobody reads, none waits for long: a status or a sign of life that
does not fit is not sent, since the next one follows.
"""

import os
import time

from . import notify_send

__all__ = ["interval", "ready", "reloading", "send", "status", "stopping", "watchdog"]

_due = 0.0
PATIENCE = 2.0  # seconds that what is said once waits for who reads it
LONGEST = 19  # digits of a number that a variable may have


def ready(status: str = "", *, fd: int | None = None) -> bool:
    """Say that the program is ready, to NOTIFY_SOCKET and to s6's notification fd.

    STATUS is a line for a person. FD is the number in the file notification-fd; without it
    the variable NOTIFICATION_FD, if that is set. The fd is closed afterwards, as s6 wants it.
    Whether anybody was told.
    """
    sent = _newline(fd)
    words = [f"STATUS={_line(status)}"] if status else []
    return send("READY=1", *words, wait=PATIENCE) or sent


def status(text: object) -> bool:
    """Say in a line TEXT, of any kind, what the program does. Whether anybody was told."""
    return send(f"STATUS={_line(text)}")


def reloading() -> bool:
    """Say that the configuration is read again; ready() says that it was. Whether told."""
    now = time.monotonic_ns() // 1000
    return send("RELOADING=1", f"MONOTONIC_USEC={now}", wait=PATIENCE)


def stopping() -> bool:
    """Say that the program is ending. Whether anybody was told."""
    return send("STOPPING=1", wait=PATIENCE)


def interval() -> float | None:
    """How many seconds may pass without a sign of life; None if nobody waits for one."""
    usec, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not (_is_number(usec) and int(usec)):
        return None
    # A child inherits the variables, but is not the one that is waited for.
    return None if pid and pid != str(os.getpid()) else int(usec) / 1e6


def watchdog() -> float | None:
    """Give a sign of life if half of the interval has passed since the last one.

    To be called as often as the main loop comes round. Gives the seconds until the next one
    is due, at the latest; None if nobody waits for one.
    """
    global _due  # noqa: PLW0603 - there is one process, and one watchdog
    if (most := interval()) is None:
        return None
    now = time.monotonic()
    if now >= _due and send("WATCHDOG=1"):
        _due = now + most / 2
    return max(0.0, _due - now)


def send(*assignments: str, wait: float = 0) -> bool:
    """Send lines NAME=VALUE to NOTIFY_SOCKET, in one message; whether they were sent.

    Where there is no room for them it waits up to WAIT seconds. Half of a character that is
    no byte either is `?`.
    """
    address = os.fsencode(os.environ.get("NOTIFY_SOCKET", ""))
    text = "\n".join(assignments)
    try:
        message = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        message = text.encode("utf-8", "replace")
    try:
        return notify_send.send(address, message, wait=wait)
    except (OSError, ValueError):
        return False


def _newline(fd: int | None) -> bool:
    """Write the newline that s6 waits for; whether there was an fd for it."""
    if fd is None:
        # Once: the next process that has the number has another file behind it.
        named = os.environ.pop("NOTIFICATION_FD", "")
        if not _is_number(named):
            return False
        fd = int(named)
    if fd < 3:
        return False
    try:
        os.write(fd, b"\n")
        os.close(fd)
    except (OSError, OverflowError):
        return False
    return True


def _is_number(text: str) -> bool:
    """Whether TEXT is a number, and none that nobody meant."""
    return text.isascii() and text.isdecimal() and len(text) < LONGEST


def _line(text: object) -> str:
    """TEXT as one line: a second one would be another assignment."""
    try:
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    except Exception:  # noqa: BLE001 - an object of the program's may raise anything
        said = f"<{type(text).__name__}>"
    return " ".join(said.splitlines())
