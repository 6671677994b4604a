"""perp's sissylog 2.07: its bytes on the wire, its words, its codes.

The vectors are those of the real program. They run through the command `sissylog` that
`python -m pydaemontools originals` makes, and through `pysissylog --compat`, where a test
may have /dev/log; and everywhere through perp.main in a process of its own.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import termios
import time
import tty
from pathlib import Path

import pytest

import pydaemontools
from tests.log.conftest import Server, fill, finish, parse, wait_until, write_all

DEV_LOG = Path("/dev/log")
START = b"<30>STAMP sissylog: sissylog: logging from stdin ..."
END = b"<30>STAMP sissylog: sissylog: terminating normally on eof reading stdin"
STOP = b"<29>STAMP sissylog: notice: sissylog: terminating on i/o error reading stdin"
STAMP = re.compile(rb"(?<=>)[A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d(?= )")
WAYS = ["sissylog", "pysissylog --compat", "perp.main"]


def masked(server):
    """What SERVER got, the time left out."""
    return [STAMP.sub(b"STAMP", packet, count=1) for packet in server.packets]


@pytest.fixture(scope="module")
def dev_log():
    """A function that makes a Server at /dev/log, where the test may have one."""
    if os.geteuid():
        pytest.skip("needs root: only root may have a socket at /dev/log")
    if os.path.lexists(DEV_LOG):
        pytest.skip("this machine has a /dev/log of its own: not touched")
    return lambda kind=socket.SOCK_DGRAM: Server(DEV_LOG, kind)


ROOT = Path(pydaemontools.__file__).parents[1]
# perp.main with another place for /dev/log.
MAIN = """
import os, sys
sys.path.append(sys.argv[1])
from pydaemontools.log import perp
perp.LOG = os.fsencode(sys.argv[2])
sys.exit(perp.main([b"sissylog", *map(os.fsencode, sys.argv[3:])]))
"""


class Run:
    """One run of sissylog, by one of the WAYS, with a server or none."""

    def __init__(self, way, place, originals, scripts):
        self.way = way
        self.place = place
        self.commands = {
            "sissylog": [f"{originals}/sissylog"],
            "pysissylog --compat": [f"{scripts}/pysissylog", "--compat"],
            "perp.main": [sys.executable, "-IS", "-c", MAIN, ROOT, place / "log"],
        }
        self.log = place / "log" if way == "perp.main" else DEV_LOG
        self.server = None
        self._started = []

    def serve(self, *args, **more):
        """Put a Server where the messages go."""
        self.server = Server(self.log, *args, **more)

    def start(self, *argv, stdin):
        """Start it with the fd STDIN, closed if it is None; its stderr is the file `said`."""
        closed = ["sh", "-c", 'exec "$@" <&-', "sh"] if stdin is None else []
        command = [*closed, *self.commands[self.way], *argv]
        with (self.place / "said").open("wb") as said:
            self._started.append(subprocess.Popen(command, stdin=stdin, stderr=said))
        return self._started[-1]

    def end(self, process):
        """Wait for the end of PROCESS; give its code, what it sent and what it said."""
        code = process.wait()
        if self.server:
            self.server.rest()
        return code, masked(self.server) if self.server else [], (self.place / "said").read_bytes()

    def close(self):
        """Leave nothing behind, whatever the test did."""
        for process in self._started:
            if process.returncode is None:
                process.kill()
                process.wait()
        if self.server:
            self.server.close()

    def feed(self, data, *argv):
        """Run it to the end of DATA."""
        out, into = os.pipe()
        process = self.start(*argv, stdin=out)
        os.close(out)
        if data:
            write_all(into, data)
        os.close(into)
        return self.end(process)


@pytest.fixture(params=WAYS)
def deaf(request, place, originals, scripts):
    """A Run without a server."""
    if request.param != "perp.main":
        request.getfixturevalue("dev_log")
    made = Run(request.param, place, originals, scripts)
    yield made
    made.close()


@pytest.fixture
def sissylog(deaf):
    """A Run with a server."""
    deaf.serve()
    return deaf


def entry(text, level=6, ident=b"sissylog", facility=3):
    """The message TEXT as it is on the wire, the time left out."""
    return b"<%d>STAMP %s: %s" % (facility * 8 + level, ident, text)


# What goes in, and what has to be on the wire between the first and the last message.
VECTORS = {
    "a line is info": (b"hello\n", [(6, b"hello")]),
    "alert": (b"alert: x\n", [(1, b"alert: x")]),
    "error": (b"error: x\n", [(3, b"error: x")]),
    "warning": (b"warning: x\n", [(4, b"warning: x")]),
    "notice": (b"notice: x\n", [(5, b"notice: x")]),
    "debug": (b"debug: x\n", [(7, b"debug: x")]),
    "a prefix needs no blank after it": (b"error:x\n", [(3, b"error:x")]),
    "a prefix alone": (b"error:\n", [(3, b"error:")]),
    "other names are info": (
        b"emerg: x\ncrit: x\nerr: x\nwarn: x\ninfo: x\n",
        [(6, b"emerg: x"), (6, b"crit: x"), (6, b"err: x"), (6, b"warn: x"), (6, b"info: x")],
    ),
    "capitals are info": (b"ERROR: x\nError: x\n", [(6, b"ERROR: x"), (6, b"Error: x")]),
    "a blank before it is info": (b" error: x\n", [(6, b" error: x")]),
    "brackets are info": (b"[error] x\n<3>x\n", [(6, b"[error] x"), (6, b"<3>x")]),
    "the next line is its own": (b"error: x\n more\n", [(3, b"error: x"), (6, b" more")]),
    "empty lines are dropped": (b"\n\nx\n\n\ny\n\n", [(6, b"x"), (6, b"y")]),
    "no lines": (b"", []),
    "empty lines only": (b"\n\n\n", []),
    "a partial last line is logged": (b"one\nwarning: two", [(6, b"one"), (4, b"warning: two")]),
    "control characters but TAB are ?": (
        bytes(i for i in range(32) if i != 10) + b"\x7f\n",
        [(6, b"?????????\t" + b"?" * 21 + b"\x7f")],
    ),
    "CR, NUL and ESC are ?": (b"a\r\nb\0c\x1bd\n", [(6, b"a?"), (6, b"b?c?d")]),
    "a byte above 127 is ?": (bytes(range(127, 256)) + b"\n", [(6, b"\x7f" + b"?" * 128)]),
    "UTF-8 is destroyed": ("é€\n".encode(), [(6, b"?????")]),
    "percent signs are safe": (b"%s%n%d %%\n", [(6, b"%s%n%d %%")]),
    "799 bytes": (b"x" * 799 + b"\n", [(6, b"x" * 799)]),
    "800 bytes are one entry": (b"x" * 800 + b"\n", [(6, b"x" * 800)]),
    "801 bytes are two": (b"x" * 801 + b"\n", [(6, b"x" * 800), (6, b"+x")]),
    "1600 bytes are two": (b"x" * 1600 + b"\n", [(6, b"x" * 800), (6, b"+" + b"x" * 800)]),
    "1601 bytes are three": (
        b"x" * 1601 + b"\n",
        [(6, b"x" * 800), (6, b"+" + b"x" * 800), (6, b"+x")],
    ),
    "all parts have the level of the head": (
        b"warning: " + b"x" * 1000 + b"\n",
        [(4, b"warning: " + b"x" * 791), (4, b"+" + b"x" * 209)],
    ),
    "a part that looks like a head": (
        b"x" * 800 + b"error: y\nz\n",
        [(6, b"x" * 800), (6, b"+error: y"), (6, b"z")],
    ),
    "a partial line is folded too": (b"x" * 900, [(6, b"x" * 800), (6, b"+" + b"x" * 100)]),
    "a long line, then another": (
        b"debug: " + b"x" * 100000 + b"\nnext\n",
        [
            (7, b"debug: " + b"x" * 793),
            *[(7, b"+" + b"x" * 800)] * 124,
            (7, b"+" + b"x" * 7),
            (6, b"next"),
        ],
    ),
}


@pytest.mark.parametrize(("data", "entries"), VECTORS.values(), ids=VECTORS)
def test_vectors(data, entries, sissylog):
    """What sissylog makes of its input, between its first and its last message."""
    code, sent, said = sissylog.feed(data)
    assert sent == [START, *(entry(text, level) for level, text in entries), END]
    assert (code, said) == (0, b"")


OPERANDS = {
    "none": ((), b"sissylog", 3),
    "an ident": (("me",), b"me", 3),
    "an empty ident": (("",), b"", 3),
    "a dash": (("-",), b"-", 3),
    "after --": (("--", "-h"), b"-h", 3),
    "-- alone": (("--",), b"sissylog", 3),
    "auth": (("me", "LOG_AUTH"), b"me", 4),
    "cron": (("me", "LOG_CRON"), b"me", 9),
    "daemon": (("me", "LOG_DAEMON"), b"me", 3),
    "ftp": (("me", "LOG_FTP"), b"me", 11),
    "kern": (("me", "LOG_KERN"), b"me", 0),
    "lpr": (("me", "LOG_LPR"), b"me", 6),
    "mail": (("me", "LOG_MAIL"), b"me", 2),
    "news": (("me", "LOG_NEWS"), b"me", 7),
    "syslog": (("me", "LOG_SYSLOG"), b"me", 5),
    "user": (("me", "LOG_USER"), b"me", 1),
    "uucp": (("me", "LOG_UUCP"), b"me", 8),
    "a local one is daemon": (("me", "LOG_LOCAL0"), b"me", 3),
    "authpriv is daemon": (("me", "LOG_AUTHPRIV"), b"me", 3),
    "without LOG_ it is daemon": (("me", "mail"), b"me", 3),
    "in lower case it is daemon": (("me", "log_mail"), b"me", 3),
    "in mixed case it is daemon": (("me", "LOG_Mail"), b"me", 3),
    "what nobody knows is daemon": (("me", "LOG_MAILS"), b"me", 3),
    "an empty facility is daemon": (("me", ""), b"me", 3),
    "what follows is ignored": (("me", "LOG_MAIL", "x", "-q"), b"me", 2),
    "options end at the first operand": (("me", "-h"), b"me", 3),
}


@pytest.mark.parametrize(("argv", "ident", "facility"), OPERANDS.values(), ids=OPERANDS)
def test_ident_and_facility(argv, ident, facility, sissylog):
    """The ident stands in every message, the facility too; its own name it says itself."""
    code, sent, said = sissylog.feed(b"warning: x\n", *argv)
    lines = [(6, START), (4, b"warning: x"), (6, END)]
    texts = [(level, text.rpartition(b"STAMP sissylog: ")[2]) for level, text in lines]
    assert sent == [entry(text, level, ident, facility) for level, text in texts]
    assert (code, said) == (0, b"")


USAGE = b"usage: sissylog [-hV] [ ident [ facility ]]\n"
WRONG = b"sissylog: usage error: invalid option: -"
OPTIONS = {
    "-h": (0, USAGE),
    "-V": (0, b"sissylog: version: 2.07\n"),
    "-hV": (0, USAGE),
    "-Vh": (0, b"sissylog: version: 2.07\n"),
    "-h -x": (0, USAGE),
    "-hx": (0, USAGE),
    "-x": (100, WRONG + b"x\n" + USAGE),
    "-xh": (100, WRONG + b"x\n" + USAGE),
    "-u": (100, WRONG + b"u\n" + USAGE),
    "-f": (100, WRONG + b"f\n" + USAGE),
    "-s": (100, WRONG + b"s\n" + USAGE),
    "-i me": (100, WRONG + b"i\n" + USAGE),
    "-?": (100, USAGE),
}


@pytest.mark.parametrize("argv", OPTIONS)
def test_options(argv, sissylog):
    """There are -h and -V; the first one counts. Nothing is logged."""
    code, said = OPTIONS[argv]
    assert sissylog.feed(b"", *argv.split()) == (code, [], said)


def test_the_wire(sissylog):
    """A message has the local time, no process id and no end."""
    before = int(time.time())
    sissylog.feed(b"hello\n")
    times = [time.localtime(at) for at in range(before, int(time.time()) + 1)]
    stamps = [time.strftime("%b %e %H:%M:%S", at).encode() for at in times]
    packet = sissylog.server.packets[1]
    assert packet in [b"<30>" + stamp + b" sissylog: hello" for stamp in stamps]


def test_a_closed_stdin(sissylog):
    """A stdin that is closed: a notice, 111, and nothing on stderr."""
    assert sissylog.end(sissylog.start(stdin=None)) == (111, [START, STOP], b"")


def test_a_stdin_that_breaks(sissylog):
    """A stdin that cannot be read any more: the line that was begun, a notice, 111."""
    typed, terminal = os.openpty()
    tty.setraw(typed, termios.TCSANOW)
    process = sissylog.start(stdin=typed)
    os.close(typed)
    os.write(terminal, b"one\npart")
    sissylog.server.wait(2)
    os.close(terminal)
    assert sissylog.end(process) == (111, [START, entry(b"one"), entry(b"part"), STOP], b"")


def test_a_stdin_for_writing_only(sissylog):
    """A stdin that is open for writing only cannot be read either."""
    fd = os.open(sissylog.place / "file", os.O_WRONLY | os.O_CREAT)
    process = sissylog.start(stdin=fd)
    os.close(fd)
    assert sissylog.end(process) == (111, [START, STOP], b"")


def test_term_kills_it(sissylog, pipe):
    """TERM ends it at once: what was begun is lost, and it says nothing."""
    process = sissylog.start(stdin=pipe[0])
    write_all(pipe[1], b"one\npart")
    sissylog.server.wait(2)
    process.terminate()
    assert sissylog.end(process) == (-signal.SIGTERM, [START, entry(b"one")], b"")


def test_a_line_without_an_end_is_not_kept(sissylog, pipe):
    """Of a line that goes on for ever no more is kept than part of a message."""
    process = sissylog.start(stdin=pipe[0])
    write_all(pipe[1], b"error: " + b"x" * 1593)
    sissylog.server.wait(3)
    write_all(pipe[1], b"y\nz\n")
    pipe.end()
    lines = [b"error: " + b"x" * 793, b"+" + b"x" * 800, b"+y"]
    sent = [START, *(entry(line, 3) for line in lines), entry(b"z"), END]
    assert sissylog.end(process) == (0, sent, b"")


def test_without_a_server(deaf):
    """Without a socket the lines are lost, nothing is said, and it ends with 0."""
    assert deaf.feed(b"one\ntwo\n") == (0, [], b"")


def test_a_stream_socket(deaf):
    """A server with a stream socket gets each message closed with a NUL, as from syslog(3)."""
    deaf.serve(socket.SOCK_STREAM)
    assert deaf.feed(b"one\ntwo\n") == (0, [START, entry(b"one"), entry(b"two"), END], b"")


@pytest.mark.parametrize(
    "kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["datagram", "stream"]
)
def test_a_server_that_comes_again(kind, deaf, pipe):
    """A server that went away and is there again is connected to anew; what was between is lost."""
    deaf.serve(kind)
    process = deaf.start(stdin=pipe[0])
    deaf.server.wait(1)
    deaf.server.close()
    deaf.serve(kind)
    write_all(pipe[1], b"one\n")
    pipe.end()
    assert deaf.end(process) == (0, [entry(b"one"), END], b"")


def test_a_stalled_server_makes_it_wait(deaf, pipe):
    """A server that does not read makes sissylog wait, and so the daemon; nothing is lost."""
    deaf.serve(limit=0)
    process = deaf.start(stdin=pipe[0])
    count = fill(pipe[1], process, b"line of text\n" * 64)
    pipe.end()
    deaf.server.go_on()
    code, sent, said = deaf.end(process)
    assert sent == [START, *[entry(b"line of text")] * 64 * count, END]
    assert (code, said) == (0, b"")


@pytest.mark.process
def test_compat_may_stand_anywhere(place, scripts, dev_log):
    """--compat is taken from wherever it stands among the words."""
    server = dev_log()
    command = [scripts / "pysissylog", "me", "--compat", "LOG_MAIL"]
    done = subprocess.run(command, input=b"error: x\n", check=False, cwd=place, capture_output=True)
    try:
        server.rest()
        assert (done.returncode, done.stderr) == (0, b"")
        assert [(message.facility, message.level) for message in server.messages] == [
            (2, 6),
            (2, 3),
            (2, 6),
        ]
    finally:
        server.close()


def test_own_name_and_dev_log(start, dev_log):
    """Under its own name, with no place named, the place is /dev/log."""
    process = start("pysissylog", "me")
    process.stdin.write(b"error: x\n")
    process.stdin.flush()
    said = b"pysissylog: warning: unable to reach /dev/log: file does not exist; waiting for it\n"
    assert process.stderr.readline() == said
    server = dev_log()
    try:
        assert finish(process) == (0, b"")
        wait_until(lambda: len(server.packets) == 1)
        assert parse(server.packets[0])[1:] == (3, server.messages[0].stamp, b"me", b"error: x")
    finally:
        server.close()
