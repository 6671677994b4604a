"""pysissylog: lines go in at its stdin, and nothing of them is lost on the way to syslog."""

import fcntl
import os
import pty
import re
import signal
import socket
import subprocess
import threading
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydaemontools.log.lines.forms import Forms
from pydaemontools.log.lines.severity import SeverityReader
from pydaemontools.log.lines.shown import shown
from tests.log.conftest import (
    SEVERITIES,
    Server,
    capacity,
    fill,
    finish,
    numbered,
    patient,
    sleeping,
    stream,
    wait_until,
    write_all,
)

DAEMON = 3
HEADS = {
    0: ["emerg: x", "emergency: x", "EMERG: x", "[Emergency] x", "<0>x"],
    1: ["alert: x", "ALERT: x", "[alert] x", "<1>x"],
    2: ["crit: x", "critical: x", "fatal: x", "FATAL: x", "[Critical]: x", "<2>x"],
    3: ["err: x", "error: x", "ERROR: x", "[error] x", "<3>x"],
    4: ["warn: x", "warning: x", "Warning: x", "[WARN] x", "<4>x"],
    5: ["notice: x", "Notice: x", "[notice] x", "<5>x"],
    6: ["info: x", "INFO: x", "[info] x", "<6>x", "x", "mistake: x", "an error: x"],
    7: ["debug: x", "trace: x", "TRACE: x", "[Debug] x", "<7>x"],
}
CONTROL = bytes(i for i in range(32) if i not in b"\t\n") + b"\x7f"
CLEAN = bytes(0x3F if i in CONTROL else i for i in range(256))


def put_together(texts, lines):
    """Check that TEXTS are LINES in order, where a long one may be in pieces that begin with +."""
    texts = iter(texts)
    for line in lines:
        text = next(texts)
        while text != line:
            assert line.startswith(text)
            piece = next(texts)
            assert piece[:1] == b"+"
            assert len(piece) > 1
            text += piece[1:]
    assert not list(texts)


# What it routes, and how it looks.


def test_every_level_by_every_name(route, server):
    """Each line goes to syslog with the level that its head names, head and all."""
    lines = [(level, line.encode()) for level, some in HEADS.items() for line in some]
    route(stream(line for _, line in lines), "me")
    assert server.rest() == lines
    assert {message.facility for message in server.messages} == {DAEMON}


@pytest.mark.parametrize("default", range(8), ids=SEVERITIES)
def test_the_default_level(default, route, server):
    """A line without a head has the level that -d names, by name or by number."""
    route(b"x\n<6>y\n", "-d", SEVERITIES[default])
    route(b"x\n", f"-d{default}")
    assert server.rest() == [(default, b"x"), (6, b"<6>y"), (default, b"x")]


@pytest.mark.parametrize("least", range(8), ids=SEVERITIES)
def test_the_least_level(least, route, server):
    """Lines that are less important than -p are dropped, and what goes on with them too."""
    lines = [(level, b"<%d>x" % level) for level in range(8)]
    route(b"".join(line + b"\n more of it\n" for _, line in lines), "-p", SEVERITIES[least].upper())
    kept = [[one, (one[0], b" more of it")] for one in lines if one[0] <= least]
    assert server.rest() == sum(kept, [])  # noqa: RUF017 - sixteen lines


def test_strip(route, server):
    """With -s the head is taken off."""
    route(b"error: disk gone\n[warn]: hot\n<2>three\nplain: x\nnotice:\n", "-s")
    lines = [(3, b"disk gone"), (4, b"hot"), (2, b"three"), (6, b"plain: x"), (5, b"")]
    assert server.rest() == lines


def test_the_pid(router, server):
    """With -i the process id of the router stands behind the ident."""
    process = router("-i", "me")
    process.stdin.write(b"x\n")
    assert finish(process) == (0, b"")
    server.rest()
    assert [message.tag for message in server.messages] == [b"me[%d]" % process.pid]


@pytest.mark.parametrize(
    ("argv", "tag"),
    [((), b"pysissylog"), (("me",), b"me"), (("",), b""), (("-",), b"-"), (("--", "-s"), b"-s")],
    ids=["none", "a name", "an empty one", "a dash", "after --"],
)
def test_the_ident(argv, tag, route, server):
    """The ident is the first operand, whatever it looks like; else the tool's own name."""
    route(b"x\n", *argv)
    server.rest()
    assert [message.tag for message in server.messages] == [tag]


FACILITIES = ["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"]
FACILITIES += ["authpriv", "ftp", *[""] * 4, *(f"local{i}" for i in range(8))]


def test_every_facility(route, server):
    """All facilities are known, local0 to local7 too, in any case, with LOG_ before or not."""
    named = [(number, name) for number, name in enumerate(FACILITIES) if name]
    for _, name in named:
        route(b"x\n", "me", name)
    route(b"x\n", "me", "LOG_LOCAL3")
    route(b"x\n", "me", "Mail")
    server.rest()
    assert [m.facility for m in server.messages] == [number for number, _ in named] + [19, 2]


def test_what_goes_on_keeps_the_level(route, server):
    """A line that begins with a blank and a Python traceback have the level of the record."""
    lines = b"""\
error: job failed
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    1 / 0

ZeroDivisionError: division by zero
warning: next
\tmore
plain
 more
"""
    route(lines)
    levels = [3, 3, 3, 3, 3, 4, 4, 6, 6]
    assert server.rest() == list(zip(levels, filter(None, lines.split(b"\n")), strict=True))


def test_empty_lines_are_dropped(route, server):
    """Empty lines are dropped; lines of blanks are not."""
    route(b"\n\none\n\n\n \ntwo\n\n")
    assert [text for _, text in server.rest()] == [b"one", b" ", b"two"]


def test_utf8_and_any_bytes_pass(route, server):
    """UTF-8 passes whole, and bytes that are no UTF-8 do."""
    lines = ["naïve 日本語 \U0001f409 \u0085\u2028".encode(), bytes(range(128, 256)), b"%s%n %"]
    route(stream(lines))
    assert [text for _, text in server.rest()] == lines


def test_control_characters_forge_nothing(route, server):
    """NUL, CR, ESC, DEL and their like become ?, and a tab passes; what is none of the text,
    as colours and a CR before the newline are, is left out.
    """
    route(b"a\0b\rc\x1b[2Jd\x7fe\x08f\x0bg\x0ch\ti\r\n" + CONTROL + b"\n")
    expected = [b"a?b?cd?e?f?g?h\ti", b"?" * len(CONTROL)]
    assert [text for _, text in server.rest()] == expected


def test_control_characters_as_they_are(route, server):
    """With --levels head nothing is left out."""
    route(b"c\x1b[2Jd\r\n", "--levels", "head")
    assert [text for _, text in server.rest()] == [b"c?[2Jd?"]


LONG = {
    "8096 bytes": b"x" * 8096,
    "8191 bytes": b"x" * 8191,
    "8192 bytes": b"x" * 8192,
    "8193 bytes": b"x" * 8193,
    "20000 bytes": b"error: " + b"x" * 19993,
    "1 MB": b"crit: " + bytes(range(32, 127)) * 11000,
    "two-byte characters": "é".encode() * 10000,
    "two-byte characters, one off": b"x" + "é".encode() * 10000,
    "four-byte characters": "\U0001f409".encode() * 5000,
    "no UTF-8": b"\xbf" * 20000,
}


@pytest.mark.parametrize("end", [b"\n", b"", b"\nnext\n"], ids=["ended", "cut off", "next"])
@pytest.mark.parametrize("line", LONG.values(), ids=LONG)
def test_long_lines_are_split_and_not_cut(line, end, route, server):
    """A long line arrives in pieces that fit, each with its level, and no byte is missing."""
    route(line + end, "-d", "alert", "me")
    lines = [line, *([b"next"] if end == b"\nnext\n" else [])]
    got = server.rest()
    put_together([text for _, text in got], lines)
    # rsyslogd takes 8096 bytes for one message (its manual says 8k), and drops the rest.
    assert max(map(len, server.packets)) <= 8096
    assert {level for level, _ in got[: len(got) - len(lines) + 1]} == set(
        SeverityReader(1).route([line])
    )
    if line != LONG["no UTF-8"]:
        for _, text in got:
            text.decode()


@given(
    lines=st.lists(
        st.one_of(
            st.binary(max_size=20),
            st.sampled_from([b"error: x", b" more", b"+", b"", b"<2>\x1b"]),
            st.integers(8000, 9000).map(lambda n: b"%d" % n * (n // 4)),
        ),
        max_size=30,
    ),
    tail=st.binary(max_size=9),
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=9),
)
@settings(
    patient,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_bytes_in_any_writes_arrive(lines, tail, sizes, router, place):
    """Whatever is printed, in writes of whatever size: it arrives complete and in order."""
    data = stream(lines) + tail
    with suppress(FileNotFoundError):
        (place / "log.sock").unlink()
    server = Server(place / "log.sock")
    process = router()
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        write_all(process.stdin.fileno(), data[at : at + size])
        at, turn = at + size, turn + 1
    assert finish(process) == (0, b"")
    got = server.rest()
    server.close()
    expected = [line for line in shown(data).translate(CLEAN).split(b"\n") if line]
    put_together([text for _, text in got], expected)
    reader = SeverityReader(forms=Forms())
    levels = dict(zip(expected, reader.route(expected), strict=True))
    if len(levels) == len(expected) == len(got):
        assert [level for level, _ in got] == list(levels.values())


# What stdin may be.


def test_stdin_may_be_a_file(run, to, server, place):
    """A file is read to its end."""
    (place / "file").write_bytes(stream(numbered(0, 20000)))
    with (place / "file").open("rb") as file:
        assert run("pysissylog", *to, stdin=file).returncode == 0
    assert [text for _, text in server.rest()] == numbered(0, 20000)


def test_stdin_may_be_a_socket(start, to, server):
    """A socket is read until the other end closes it."""
    ours, theirs = socket.socketpair()
    process = start("pysissylog", *to, stdin=theirs)
    theirs.close()
    ours.sendall(stream(numbered(0, 20000)) + b"tail")
    ours.close()
    assert finish(process) == (0, b"")
    assert [text for _, text in server.rest()] == [*numbered(0, 20000), b"tail"]


def test_stdin_may_be_a_terminal(start, to, server):
    """At a terminal each line is routed when it was typed, and ^D is the end."""
    typed, terminal = pty.openpty()
    process = start("pysissylog", *to, stdin=terminal)
    os.write(typed, b"error: one\n")
    server.wait(1)
    os.write(typed, b"two\n\x04")
    assert finish(process) == (0, b"")
    assert server.rest() == [(3, b"error: one"), (6, b"two")]
    os.close(typed)
    os.close(terminal)


def test_stdin_may_be_nothing(run, to, server):
    """/dev/null is an end at once."""
    result = run("pysissylog", *to, stdin=subprocess.DEVNULL)
    assert (result.returncode, result.stderr, server.rest()) == (0, b"", [])


CANNOT_READ = {
    "closed": ("<&-", b"file descriptor not open"),
    "a directory": ("</", b"is a directory"),
    "a file that is open for writing": ("0>file", b"file descriptor not open"),
    "a pipe that is open for writing": ("0>&1", b"file descriptor not open"),
}


@pytest.mark.parametrize("stdin", CANNOT_READ)
def test_stdin_that_cannot_be_read(stdin, run, to, server, request):
    """A stdin that cannot be read is a fatal error, 111."""
    if stdin == "a directory":
        why = "CPython says `<stdin> is a directory, cannot continue` before it runs anything"
        request.applymarker(pytest.mark.xfail(reason=why, strict=True))
    redirection, why = CANNOT_READ[stdin]
    result = run("sh", "-c", f'exec pysissylog "$@" {redirection}', "sh", *to)
    assert result.stderr == b"pysissylog: fatal: unable to read stdin: " + why + b"\n"
    assert (result.returncode, server.rest()) == (111, [])


# When the server is away.


def warning(place, why=b"file does not exist"):
    """What the router says once when log.sock in PLACE is away."""
    path = os.fsencode(place / "log.sock")
    return b"pysissylog: warning: unable to reach %b: %b; waiting for it\n" % (path, why)


def test_a_socket_that_appears_later(router, serve, place):
    """A socket that is not there is waited for; it is said once, and nothing is lost."""
    process = router()
    write_all(process.stdin.fileno(), b"one\n")
    assert process.stderr.readline() == warning(place)
    write_all(process.stdin.fileno(), stream(numbered(0, 5000)))
    server = serve()
    server.wait(5001)
    write_all(process.stdin.fileno(), b"last\n")
    assert finish(process) == (0, b"")
    assert [text for _, text in server.rest()] == [b"one", *numbered(0, 5000), b"last"]


def test_the_end_waits_for_the_socket(router, serve, place, pipe):
    """At the end of stdin a socket that is away is waited for, then all arrives, exit 0."""
    process = router(stdin=pipe[0])
    write_all(pipe[1], stream(numbered(0, 100)))
    pipe.end()
    assert process.stderr.readline() == warning(place)
    server = serve()
    assert finish(process) == (0, b"")
    assert [text for _, text in server.rest()] == numbered(0, 100)


def test_a_file_in_the_socket_s_place(router, serve, place):
    """What is there but no socket is waited for as well."""
    (place / "log.sock").touch()
    process = router()
    write_all(process.stdin.fileno(), b"one\n")
    assert process.stderr.readline() == warning(place, b"connection refused")
    (place / "log.sock").unlink()
    server = serve()
    assert finish(process) == (0, b"")
    assert server.rest() == [(6, b"one")]


@pytest.mark.parametrize(
    "kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["datagram", "stream"]
)
def test_a_socket_that_goes_and_comes(kind, router, serve):
    """A server that goes away in mid-stream, with lines unread, and comes again: none is lost."""
    lines = numbered(0, 60000)
    server = serve(kind=kind, limit=10000)
    process = router("--buffer", "100m")
    feeder = threading.Thread(target=write_all, args=(process.stdin.fileno(), stream(lines)))
    feeder.start()
    got = []
    for limit in 5000, None:
        wait_until(lambda: not server.reading)  # noqa: B023
        server.close()
        got += server.texts
        assert process.stderr.readline().endswith(b"; waiting for it\n")
        server = serve(kind=kind, limit=limit or float("inf"))
    feeder.join()
    assert finish(process) == (0, b"")
    got += [text for _, text in server.rest()]
    assert list(dict.fromkeys(got)) == lines
    # Twice comes at the most what two servers may have had unread.
    assert len(got) - len(lines) < 2 * 212992 / 512


def test_a_stalled_server_makes_the_daemon_wait(router, serve):
    """While the server does not read, the pipe fills up and the daemon waits; nothing is lost."""
    server = serve(limit=0)
    process = router("--buffer", "0")
    pipe = process.stdin.fileno()
    count = fill(pipe, process, b"a line of text\n" * 64)
    assert 64 * 15 * count <= capacity(pipe)
    server.go_on()
    write_all(pipe, b"last\n")
    assert finish(process) == (0, b"")
    assert [text for _, text in server.rest()] == [b"a line of text"] * 64 * count + [b"last"]


@pytest.mark.parametrize("buffer", [0, 65536, 1 << 20], ids=["none", "64k", "1m"])
def test_the_buffer_is_a_bound(buffer, router, serve, place):
    """While the socket is away --buffer bytes are taken in, then the daemon waits."""
    process = router("--buffer", str(buffer))
    pipe = process.stdin.fileno()
    piece = b"a line of text\n" * 64
    count = fill(pipe, process, piece)
    assert capacity(pipe) * 3 // 4 <= len(piece) * count <= capacity(pipe) + buffer
    assert process.stderr.readline() == warning(place)
    server = serve()
    write_all(pipe, b"last\n")
    assert finish(process) == (0, b"")
    assert [text for _, text in server.rest()] == [b"a line of text"] * 64 * count + [b"last"]


@pytest.mark.parametrize(
    ("value", "number"),
    [("0", 0), ("64k", 65536), ("64K", 65536), ("1M", 1 << 20), ("1g", 1 << 30)],
)
def test_the_buffer_s_units(value, number):
    """--buffer takes bytes, or KiB, MiB and GiB."""
    from pydaemontools.log.sissylog import Options

    assert Options([b"pysissylog", b"--buffer", value.encode()]).buffer == number


@pytest.mark.parametrize("option", ["--buffer", "--spool-size"])
@pytest.mark.parametrize("value", ["", "k", "5x", "-1", "\u0665", "9" * 20, "9" * 5000 + "g"])
def test_what_is_no_size(run, option, value):
    """It is said, however long it is: wrong usage, and never a traceback."""
    result = run("pysissylog", option, value, input=b"")
    _, hint = result.stderr.decode().splitlines()
    what = " takes a number of bytes, or one with k, m or g, not "
    assert (result.returncode, hint) == (100, f"pysissylog: {option}{what}{value}")


# How it ends.


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
def test_told_to_end(signum, router, serve, pipe):
    """TERM and INT: what the pipe holds is read and delivered, a partial line too."""
    server = serve(limit=3)
    process = router(stdin=pipe[0])
    lines = [*numbered(0, 1000), b"part"]
    write_all(pipe[1], b"\n".join(lines))
    server.wait(3)
    process.send_signal(signum)
    server.go_on()
    code = 0 if signum == signal.SIGTERM else -signal.SIGINT
    assert finish(process) == (code, b"")
    assert [text for _, text in server.rest()] == lines
    assert unread(pipe[0]) == 0


def unread(fd):
    """How many bytes lie in the pipe FD."""
    return int.from_bytes(fcntl.ioctl(fd, 0x541B, b"\0\0\0\0"), "little")


def test_told_to_end_within_a_line(router, server, pipe):
    """TERM within a line: its beginning is delivered, and the rest is another's."""
    process = router(stdin=pipe[0])
    write_all(pipe[1], b"one\ntwo, and")
    server.wait(1)
    process.terminate()
    assert finish(process) == (0, b"")
    assert [text for _, text in server.rest()] == [b"one", b"two, and"]
    assert unread(pipe[0]) == 0


def test_told_to_end_while_the_socket_is_away(router, pipe, place):
    """TERM while the socket is away and stays away: the lines are counted, exit 111."""
    process = router(stdin=pipe[0])
    write_all(pipe[1], b"one\n")
    assert process.stderr.readline() == warning(place)
    write_all(pipe[1], b"two\nthree")
    process.terminate()
    path = os.fsencode(place / "log.sock")
    code, said = finish(process)
    assert said == b"pysissylog: fatal: unable to deliver 3 lines to " + path + b"\n"
    assert code == 111


def test_told_to_end_while_the_socket_is_away_for_a_moment(router, serve, pipe, place):
    """TERM while the socket is away, but comes back: all is delivered, exit 0."""
    process = router(stdin=pipe[0])
    write_all(pipe[1], b"one\ntwo")
    assert process.stderr.readline() == warning(place)
    process.terminate()
    server = serve()
    assert finish(process) == (0, b"")
    assert [text for _, text in server.rest()] == [b"one", b"two"]


def test_what_is_told_to_end_leaves_the_rest(router, serve, pipe, place):
    """TERM with a full buffer: what was not taken stays in the pipe for a successor."""
    process = router("--buffer", "0", stdin=pipe[0])
    write_all(pipe[1], stream(numbered(0, 1000)))
    assert process.stderr.readline() == warning(place)
    process.terminate()
    assert finish(process)[0] == 111
    server = serve()
    successor = router(stdin=pipe[0])
    pipe.end()
    assert finish(successor) == (0, b"")
    assert [text for _, text in server.rest()] == numbered(0, 1000)


def test_an_interrupt_that_is_ignored(start, server, to):
    """Started with ^C ignored, as a script's background jobs are, it goes on ignoring it."""
    process = start("sh", "-c", 'trap "" INT; exec pysissylog "$@"', "sh", *to)
    write_all(process.stdin.fileno(), b"one\n")
    server.wait(1)
    process.send_signal(signal.SIGINT)
    write_all(process.stdin.fileno(), b"two\n")
    server.wait(2)
    assert finish(process) == (0, b"")


def test_an_idle_router_sleeps(router, server):
    """With a partial line in the pipe the router sleeps, and costs nothing."""
    process = router()
    write_all(process.stdin.fileno(), b"one\ntwo")
    server.wait(1)
    wait_until(lambda: sleeping(process))
    with open(f"/proc/{process.pid}/stat") as file:
        ticks = sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
    # Far less than it would take of the time that the looks above took.
    assert ticks < os.sysconf("SC_CLK_TCK")
    assert finish(process) == (0, b"")
    assert [text for _, text in server.rest()] == [b"one", b"two"]


@pytest.mark.kill
def test_killed_routers_lose_nothing(router, serve, pipe):
    """Killed by -9, again and again: what was not delivered is in the pipe for the successor."""
    lines = numbered(0, 60000)
    feeder = threading.Thread(target=write_all, args=(pipe[1], stream(lines)))
    feeder.start()
    server = serve(limit=0)
    looks = 0
    for count in 5000, 15000, 30000:
        server.go_on(count)
        process = router(stdin=pipe[0])
        server.wait(count)
        process.kill()
        assert finish(process) == (-signal.SIGKILL, b"")
        looks += capacity(pipe[1]) // len(lines[0] + b"\n")
    server.go_on()
    process = router(stdin=pipe[0])
    feeder.join()
    pipe.end()
    assert finish(process) == (0, b"")
    got = [text for _, text in server.rest()]
    assert sorted(set(got)) == lines
    assert list(dict.fromkeys(got)) == lines
    assert len(got) - len(lines) <= looks


# Where the lines go.


def test_a_directory(run, place):
    """--to DIR/ makes a log directory with a label and the line, and ends it cleanly."""
    result = run("pysissylog", "--to", "log/", input=b"error: x\n\n\x1b\npart")
    assert (result.returncode, result.stderr) == (0, b"")
    assert re.fullmatch(
        rb"(@4[0-9a-f]{23}) error: x\n\1 \?\n(@4[0-9a-f]{23}) part\n",
        (place / "log/current").read_bytes(),
    )
    assert (place / "log/current").stat().st_mode & 0o777 == 0o744


def texts(current):
    """The lines of the log file CURRENT without their labels."""
    return [line.partition(b" ")[2] for line in current.read_bytes().splitlines()]


def test_a_long_line_in_a_directory(run, place):
    """In a log directory a long line stays one line."""
    lines = [b"x" * 50000, b"next"]
    assert run("pysissylog", "--to", "log/", input=stream(lines)).returncode == 0
    assert texts(place / "log/current") == lines


def test_two_places_at_once(route, server, serve, place):
    """All lines go to every place that is named."""
    other = serve("other.sock")
    lines = [*numbered(0, 1000), b"x" * 20000, b"last"]
    route(stream(lines), "--to", f"syslog:{other.path}", "--to", f"{place}/log/", "-p", "info")
    for one in server, other:
        put_together([text for _, text in one.rest()], lines)
    assert texts(place / "log/current") == lines


def test_a_place_that_is_away_does_not_stop_the_others(router, serve, place):
    """While the socket is away, the directory gets the lines, as far as the buffer goes."""
    process = router("--to", f"{place}/log/")
    write_all(process.stdin.fileno(), b"one\ntwo\n")
    current = place / "log/current"
    wait_until(lambda: current.exists() and texts(current) == [b"one", b"two"])
    server = serve()
    assert finish(process) == (0, warning(place))
    assert [text for _, text in server.rest()] == [b"one", b"two"]


USAGE = (
    b"pysissylog: usage: pysissylog [-s] [-i] [-d level] [-p level] [--levels formats] "
    b"[--level-pattern pattern ...] [--keep-colour] [--buffer bytes] "
    b"[--redact pattern ...] [--field name=value ...] [--tag word ...] [--to place ...] "
    b"[--keep age] [--spool directory] [--spool-size bytes] [--stats file] [--compat] "
    b"[--explain [file] | [ident [facility]]]\n"
)
LEVELS = b"emerg emergency alert crit critical fatal err error warn warning notice info debug trace"
PLACES = (
    b"--to takes syslog:[SOCKET] udp://HOST tcp://HOST tls://HOST relp://HOST relps://HOST "
    b"journald:[SOCKET] json:- stderr: dir:PATH[?ACTION&...], or a directory with a / at its "
    b"end, not "
)
ALL = " ".join(filter(None, FACILITIES)).encode()
WRONG = {
    "an unknown option": (["-q"], b"illegal option -- q", b""),
    "an unknown word": (["--loud"], b"illegal option -- loud", b""),
    "a value for a word that takes none": (["--compat=1"], b"illegal option -- compat", b""),
    "no level": (["-d"], b"option requires an argument -- d", b""),
    "no bytes": (["--buffer"], b"option requires an argument -- buffer", b""),
    "an unknown default": (["-d", "loud"], b"", b"-d takes a level (" + LEVELS + b"), not loud"),
    "an unknown least": (["-p8"], b"", b"-p takes a level (" + LEVELS + b"), not 8"),
    "a buffer in words": (
        ["--buffer", "much"],
        b"",
        b"--buffer takes a number of bytes, or one with k, m or g, not much",
    ),
    "a negative buffer": (
        ["--buffer=-1"],
        b"",
        b"--buffer takes a number of bytes, or one with k, m or g, not -1",
    ),
    "no number": (
        ["--buffer=k"],
        b"",
        b"--buffer takes a number of bytes, or one with k, m or g, not k",
    ),
    "an unknown facility": (
        ["me", "local8"],
        b"",
        b"there is no facility local8; there are " + ALL,
    ),
    "an empty facility": (["me", ""], b"", b"there is no facility ; there are " + ALL),
    "three operands": (["me", "mail", "x"], b"", b"x is one argument too many"),
    "a place without a slash": (["--to", "log"], b"", PLACES + b"log"),
    "an empty place": (["--to", ""], b"", PLACES + b"nothing"),
    "a spool for nothing": (
        ["--spool", "spool"],
        b"",
        b"--spool is for tcp:, tls:, relp: and relps: places, and there is none",
    ),
    "a size of no spool": (
        ["--spool-size", "1m"],
        b"",
        b"--spool-size is for --spool, and there is none",
    ),
}


@pytest.mark.parametrize(("argv", "first", "hint"), WRONG.values(), ids=WRONG)
def test_wrong_usage(argv, first, hint, run):
    """Wrong usage is said with the synopsis and what would be right; 100, and nothing is read."""
    result = run("pysissylog", *argv, input=b"x\n")
    lines = [b"pysissylog: " + line + b"\n" for line in (first, hint)]
    said = (lines[0] if first else b"") + USAGE + (lines[1] if hint else b"")
    assert (result.returncode, result.stdout, result.stderr) == (100, b"", said)


NO_PLACE = {
    "its parent is not there": (":", "no/log/", b"open directory no/log", b"file does not exist"),
    "a file is in the way": (": >log", "log/", b"open directory log", b"not a directory"),
    "a file is in the way of the parent": (
        ": >no",
        "no/log/",
        b"open directory no/log",
        b"not a directory",
    ),
    "it cannot be made": (":", "/sys/log/", b"open directory /sys/log", b"permission denied"),
    "a socket's name that is too long": (
        ":",
        f"syslog:{'x' * 108}",
        b"log to syslog:" + b"x" * 108,
        b"file name too long",
    ),
}


@pytest.mark.parametrize(("before", "to", "what", "why"), NO_PLACE.values(), ids=NO_PLACE)
def test_a_place_that_cannot_be_had(before, to, what, why, run):
    """A place that cannot be had is a fatal error before anything is read."""
    run("sh", "-c", before)
    result = run("pysissylog", "--to", to, input=b"x\n")
    said = b"pysissylog: fatal: unable to " + what + b": " + why + b"\n"
    if before == ":" and to == "no/log/":
        said += b"pysissylog: only the last directory is made: make no\n"
    assert (result.returncode, result.stderr) == (111, said)


def test_a_directory_that_another_has(run, start, place):
    """A log directory has one writer; a second one is refused."""
    first = start("pysissylog", "--to", "log/")
    wait_until((place / "log/current").exists)
    result = run("pysissylog", "--to", "log/", input=b"x\n")
    said = b"pysissylog: fatal: unable to lock directory log: temporary failure\n"
    assert (result.returncode, result.stderr) == (111, said)
    write_all(first.stdin.fileno(), b"one\n")
    assert finish(first) == (0, b"")
    assert texts(place / "log/current") == [b"one"]


def test_help(run):
    """--help is the tool's page, --version its version; neither reads stdin."""
    page = run("pysissylog", "--help")
    assert page.returncode == 0
    assert page.stdout.startswith(b"pysissylog - ")
    version = run("pysissylog", "--version")
    assert version.returncode == 0
    assert version.stdout.startswith(b"pysissylog ")
