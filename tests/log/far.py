"""Servers far away, as the tests of the network have them: rsyslogd and their own, on loopback."""

import itertools
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import DEADLINE, SYSTEM, wait_until

MODULES = "/usr/lib/x86_64-linux-gnu/rsyslog", "/usr/lib/rsyslog", "/usr/lib64/rsyslog"
# In a direct queue a message is in its file before rsyslogd says that it has it.
CONFIG = """\
global(workDirectory="{work}" {more})
main_queue(queue.type="Direct")
module(load="{module}" {options})
template(name="line" type="string" string="{template}\\n")
input(type="{module}" port="{port}" {input})
action(type="omfile" file="{work}/got" template="line")
"""
COUNT = re.compile(rb"(\d+) ")
_ports = itertools.count()


def free_port(kind=socket.SOCK_STREAM):
    """A port of this machine that nobody has, and none of the tests had."""
    while True:
        # Below those that the system gives away by itself.
        port = 20000 + (os.getpid() * 50 + next(_ports)) % 12000
        with socket.socket(socket.AF_INET, kind) as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port


def needs_module(name):
    """Skip aloud where rsyslogd or its module NAME is not there."""
    lacking = pytest.fail if os.environ.get("PYDAEMONTOOLS_STRICT") else pytest.skip
    program = shutil.which("rsyslogd", path=SYSTEM)
    if not program:
        lacking("comparison skipped: rsyslogd is not on this machine")
    if not any(os.path.exists(f"{place}/{name}.so") for place in MODULES):
        lacking(f"comparison skipped: rsyslogd's module {name} is not on this machine")
    return program


class Rsyslogd:
    """An rsyslogd that listens at a PORT with MODULE and writes what comes to WORK/got."""

    def __init__(self, work, module, *, template="%msg%", **more):
        program = needs_module(module)
        self.work = work
        self.udp = module == "imudp"
        self.port = free_port(socket.SOCK_DGRAM if self.udp else socket.SOCK_STREAM)
        work.mkdir()
        more = {"options": "", "input": "", "more": ""} | more
        text = CONFIG.format(work=work, module=module, port=self.port, template=template, **more)
        (work / "conf").write_text(text)
        self._command = [program, "-n", "-f", work / "conf", "-i", work / "pid"]
        self.process = None

    def start(self):
        """Start it, and wait until it listens."""
        # It writes in pieces of its own: a kill between two leaves the beginning of a line, and
        # what comes next would stand behind that.
        self._drop_torn()
        with (self.work / "said").open("ab") as said:
            self.process = subprocess.Popen(
                self._command, stdout=said, stderr=said, stdin=subprocess.DEVNULL
            )
        wait_until(self._listens)
        return self

    def _drop_torn(self):
        if self.size():
            path = self.work / "got"
            os.truncate(path, path.read_bytes().rfind(b"\n") + 1)

    def _listens(self):
        assert self.process.poll() is None, (self.work / "said").read_text()
        kinds = ("udp", "udp6") if self.udp else ("tcp", "tcp6")
        entry = re.compile(rf":{self.port:04X} [0-9A-F]+:0000 {'07' if self.udp else '0A'} ")
        found = [os.path.join("/proc/net", kind) for kind in kinds]
        return any(entry.search(Path(name).read_text()) for name in found)

    def kill(self):
        """End it by -9."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """End it as its service script does."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def size(self):
        """How many bytes it has written."""
        path = self.work / "got"
        return path.stat().st_size if path.exists() else 0

    def lines(self):
        """The lines that came, without what rsyslogd says of itself."""
        path = self.work / "got"
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        return [line for line in lines if b"rsyslogd" not in line]


class Tcp:
    """A server that keeps the bytes of every connection, and does what a test wants of it."""

    def __init__(self, port=None):
        self._socket = socket.create_server(("127.0.0.1", port or 0))
        self.port = self._socket.getsockname()[1]
        self.came = []
        self.connections = []
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def _loop(self):
        with suppress(OSError):
            while True:
                one, _ = self._socket.accept()
                self.came.append(bytearray())
                self.connections.append(one)
                threading.Thread(
                    target=self._receive, args=(one, self.came[-1]), daemon=True
                ).start()

    @staticmethod
    def _receive(one, came):
        with suppress(OSError):
            while data := one.recv(65536):
                came += data
            one.shutdown(socket.SHUT_WR)

    def close(self):
        """Be gone."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for one in self.connections:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


class Manual:
    """A server that does what a test says: it takes one connection after the other."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.port = self._listener.getsockname()[1]
        self._all = []
        self.came = bytearray()

    def take(self):
        """Take the next connection."""
        self._one, _ = self._listener.accept()
        self._one.settimeout(DEADLINE)
        self._all.append(self._one)
        self.came = bytearray()

    def read(self, end=None):
        """Read until what came ends with END, or until its end."""
        while not end or not self.came.endswith(end):
            if not (data := self._one.recv(65536)):
                break
            self.came += data
        return [one.rpartition(b" ")[2] for one in messages(self.came)[0]]

    @property
    def asked(self):
        """Whether somebody wants to connect."""
        return bool(select.select([self._listener], [], [], 0)[0])

    def end(self, *, reset=False, half=False):
        """Close the connection, or RESET it, or close HALF of it first."""
        if half:
            self._one.shutdown(socket.SHUT_RDWR)
        if reset:
            self._one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._one.close()

    def close(self):
        """Be gone."""
        for one in self._all:
            one.close()
        self._listener.close()


def messages(data):
    """The messages in DATA, each with the count of its bytes before it, and what is left."""
    data = bytes(data)
    found, at = [], 0
    while match := COUNT.match(data, at):
        start, end = match.end(), match.end() + int(match[1])
        if end > len(data):
            break
        found.append(data[start:end])
        at = end
    return found, data[at:]


def kills(usual):
    """How many times something is killed: USUAL, or what PYDAEMONTOOLS_TEST_KILLS says."""
    return int(os.environ.get("PYDAEMONTOOLS_TEST_KILLS") or usual)


def in_time_for(count):
    """The mark of a test with COUNT kills, of which each may take a second."""
    return pytest.mark.timeout(max(240, count))


def tell(text):
    """Say TEXT, a figure, where somebody wants to see it: pytest -rP, or -s."""
    sys.stdout.write(f"{text}\n")


def check_once(got, wanted, most):
    """Check that GOT is WANTED in order, where runs of at most MOST lines may come again.

    Such a run may come late, between others: a server has its own order for what lies unread
    in the connection of a sender that died, and what its successor sends.
    """
    assert list(dict.fromkeys(got)) == wanted
    number = {line: at for at, line in enumerate(wanted)}
    latest, before, length, longest = -1, -1, 0, 0
    for here in map(number.get, got):
        length = 0 if here > latest else length + 1 if here == before + 1 else 1
        latest, before = max(latest, here), here
        longest = max(longest, length)
    assert longest <= most, f"{longest} lines in a row came again"


class Certificates:
    """A CA, and certificates of it, made by the openssl command in PLACE."""

    def __init__(self, place):
        self.place = place
        place.mkdir()
        self.openssl = shutil.which("openssl")
        if not self.openssl:
            pytest.skip("the command openssl is not on this machine")
        self._run("req", "-x509", "-newkey", "ec:" + str(self._curve()), "-nodes", "-days", "2",
                  "-subj", "/CN=test CA", "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip

    def _curve(self):
        self._run("ecparam", "-name", "prime256v1", "-out", "curve")
        return self.place / "curve"

    def _run(self, *words):
        subprocess.run([self.openssl, *words], cwd=self.place, check=True, capture_output=True)

    def make(self, name, subject):
        """A certificate for SUBJECT and its key: NAME.pem and NAME.key."""
        (self.place / "ext").write_text(f"subjectAltName={subject}\n")
        common = subject.partition(":")[2]
        self._run("req", "-new", "-newkey", "ec:" + str(self.place / "curve"), "-nodes",
                  "-subj", f"/CN={common}", "-keyout", f"{name}.key", "-out", "csr")  # fmt: skip
        self._run("x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
                  "-CAcreateserial", "-extfile", "ext", "-out", f"{name}.pem")  # fmt: skip
        return self.place / f"{name}.pem"
