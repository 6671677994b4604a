"""systemd's journal: the datagrams are those of its native protocol, large ones come as files."""

import array
import fcntl
import os
import socket
import struct
import threading

import pytest

from pydaemontools.log.batch import Batch
from pydaemontools.log.sinks.journald import Journald, field
from pydaemontools.log.wire.formats import Origin
from tests.log.conftest import finish, wait_until, write_all

F_GET_SEALS = 1034


class Journal:
    """A socket as journald has it; keeps the fields of each entry, and the seals of files."""

    def __init__(self, path):
        self.entries = []
        self.seals = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o777)
        self._thread = threading.Thread(target=self._loop)
        self._thread.start()

    def close(self, path):
        """Be gone."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.sendto(b"end", str(path))
        self._thread.join()
        self._socket.close()

    def _loop(self):
        while True:
            data, rights, _, _ = self._socket.recvmsg(1 << 20, socket.CMSG_SPACE(4))
            if data == b"end":
                return
            for _, _, fds in rights:
                file = array.array("i", fds)[0]
                self.seals.append(fcntl.fcntl(file, F_GET_SEALS))
                assert data == b""
                data = os.pread(file, os.fstat(file).st_size, 0)
                os.close(file)
            self.entries.append(parse(data))


def parse(data):
    """The fields of an entry, as systemd's page about its native protocol has them."""
    found = {}
    while data:
        line, _, rest = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = struct.unpack("<Q", rest[:8])[0]
            value, rest = rest[8 : 8 + length], rest[8 + length :]
            assert rest[:1] == b"\n"
            rest = rest[1:]
        found[name.decode()] = value
        data = rest
    return found


@pytest.fixture
def journal(place):
    """A journal at journal.sock in `place`."""
    made = Journal(place / "journal.sock")
    yield made
    made.close(place / "journal.sock")


def test_entries(journal, run, place):
    """Each line is an entry with its priority, the identifier and the facility."""
    data = "error: disk gone\nnaïve = 日本語\n".encode()
    result = run("pysissylog", "--to", f"journald:{place}/journal.sock", "me", "local3", input=data)
    assert (result.returncode, result.stderr) == (0, b"")
    wait_until(lambda: len(journal.entries) == 2)
    common = {"SYSLOG_IDENTIFIER": b"me", "SYSLOG_FACILITY": b"19"}
    assert journal.entries == [
        {"PRIORITY": b"3", "MESSAGE": b"error: disk gone", **common},
        {"PRIORITY": b"6", "MESSAGE": "naïve = 日本語".encode(), **common},
    ]


def test_the_pid(journal, start, place):
    """With -i there is the router's process id too."""
    process = start("pysissylog", "-i", "--to", f"journald:{place}/journal.sock")
    write_all(process.stdin.fileno(), b"x\n")
    assert finish(process) == (0, b"")
    wait_until(lambda: journal.entries)
    assert journal.entries[0]["SYSLOG_PID"] == b"%d" % process.pid


def test_a_long_line_is_one_entry(journal, run, place):
    """An entry too large for a datagram comes as a sealed file, in its place in the order."""
    lines = [b"before", b"x" * 600_000, b"after"]
    to = f"journald:{place}/journal.sock"
    assert run("pysissylog", "--to", to, input=b"\n".join(lines) + b"\n").returncode == 0
    wait_until(lambda: len(journal.entries) >= 3)
    texts = [entry["MESSAGE"] for entry in journal.entries]
    assert b"".join(text.removeprefix(b"+") for text in texts) == b"".join(lines)


def test_a_large_entry(journal, place):
    """A large entry that comes at once is one entry: all four seals are on its file."""
    one = Journald(str(place / "journal.sock").encode(), Origin(b"me", 24, None, b""))
    one.put(Batch([6, 3, 6], [b"before", b"x" * 600_000, b"after"]))
    wait_until(lambda: len(journal.entries) == 3)
    texts = [entry["MESSAGE"] for entry in journal.entries]
    assert texts == [b"before", b"x" * 600_000, b"after"]
    assert (journal.seals, one.held, one.lost()) == ([0xF], 0, 0)
    one.close()


def test_a_newline_in_a_value(journal, place):
    """A value with a newline stands behind its length."""
    assert field(b"A", b"b=c") == b"A=b=c\n"
    assert field(b"A", b"b\nc") == b"A\n\x03\0\0\0\0\0\0\0b\nc\n"
    one = Journald(str(place / "journal.sock").encode(), Origin(b"me", 24, None, b""))
    one.put(Batch([6, 3], [b"two\nlines", b"one"]))
    wait_until(lambda: len(journal.entries) == 2)
    assert [entry["MESSAGE"] for entry in journal.entries] == [b"two\nlines", b"one"]
    one.close()
