"""The process of a manager: what it reads from the client, becomes, and tells if it cannot be."""

import marshal
import posix
from _socket import AF_UNIX, SOCK_STREAM, socket

from ..base import cli, process
from ..base.process import environ, fsencode
from .event_log import EventLog
from .line_protocol import Unanswered, status
from .manager import WHO, EventStderr, Manager
from .program_launcher import check_program, check_test
from .runner import Runner
from .transcript_path import check_transcript

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner import Plain


def main(fd: int) -> int:
    """Be the manager that the client asks for by the socket FD; return the exit code."""
    channel = socket(AF_UNIX, SOCK_STREAM, 0, fileno=fd)
    posix.set_inheritable(fd, False)
    runners = _read(channel)
    if not runners:
        # It was prepared, and nobody wants it.
        return 1
    if runners[0].daemon and posix.getsid(0) != posix.getpid():
        posix.setsid()
    process.words = [WHO, *(fsencode(word) for word in runners[0].program)]
    try:
        code = _manage(runners, channel)
    except cli.Quit as end:
        code = _refuse(channel, _reason(end))
    except Unanswered as error:
        code = _refuse(channel, fsencode(str(error)))
    except OSError as error:
        from ..base.errors import error_str

        name = error.filename or b""
        name = name if isinstance(name, bytes) else fsencode(str(name))
        what = b"unable to use " + name + b": " if name else b""
        code = _refuse(channel, what + error_str(error))
    return code


def _manage(runners: list[Runner], channel: socket) -> int:
    from .become import become

    become(runners)
    first = runners[0]
    log = EventLog(first.eventlog)  # type: ignore[arg-type]
    cli.lasting = EventStderr(log)  # type: ignore[assignment]
    runners = _startable(runners, channel)
    if not runners:
        return 1
    manager = Manager(runners, channel, log)
    made: list[bytes] = []
    try:
        if not manager.place.stands():
            # One that goes on with what was there has it open, and waits for what it cannot have.
            for runner in runners:
                check_transcript(runner)
        manager.place.lock(wait=True)
        if status(first.socket_name).up:
            channel.sendall(b"running\n\n")
            return 1
        # What one that was killed left is for the next.
        made = manager.names() if manager.place.is_empty() else []
        manager.open()
    except (OSError, Unanswered, cli.Quit):
        manager.place.remove(made)
        raise
    try:
        return manager.run()
    except Exception as error:  # noqa: BLE001 - the top level of this process
        from traceback import format_exception

        text = "".join(format_exception(error))
        EventStderr(log).crash(text)
        return 1
    finally:
        log.close()


def _startable(runners: list[Runner], channel: socket) -> list[Runner]:
    """Those of RUNNERS that can be started; why not, the client is told of each of the others.

    Raises Quit if the only one cannot be.
    """
    found = []
    for runner in runners:
        try:
            check_program(runner.program[0])
            check_test(runner.start_test_program)
        except cli.Quit as end:
            if len(runners) == 1:
                raise
            said = b"failed\nreason=%b\nrunner=%b\n\n" % (_reason(end), fsencode(runner.name))
            channel.sendall(said)
        else:
            found.append(runner)
    return found


def _reason(end: cli.Quit) -> bytes:
    lines = [*end.lines, end.hint] if end.hint else end.lines
    return b"; ".join(lines).removeprefix(b"fatal: ")


def _refuse(channel: socket, reason: bytes) -> int:
    """Tell the client why there is no manager."""
    try:
        channel.sendall(b"refused\nreason=" + reason.replace(b"\n", b" ") + b"\n\n")
    except OSError:
        # It does not wait for it any more.
        pass
    return 1


def _read(channel: socket) -> list[Runner]:
    """What the client wants, and its environment, which is ours from now on; nothing if it went."""
    data = b""
    while len(data) < 8 or len(data) < 8 + int.from_bytes(data[:8], "big"):
        more = channel.recv(1 << 20)
        if not more:
            return []
        data += more
    # From the process that started us, by a socket that nobody else has.
    wanted: tuple[dict[bytes, bytes], list[dict[str, Plain]]] = marshal.loads(data[8:])  # noqa: S302
    environ.clear()
    environ.update(wanted[0])
    return [Runner(**one) for one in wanted[1]]
