"""A real syslog-ng at the other end, which reads RFC 5424 in counted octets, TLS or not.

As a package it excludes rsyslog. contrib/check unpacks it without installing it, and says where
in PYDAEMONTOOLS_SYSLOG_NG; else it is looked for on this machine.
"""

import os
import socket
from pathlib import Path

import pytest

from tests.log.conftest import finish, numbered, stream, wait_until, write_all
from tests.log.far import Certificates, Rsyslogd, free_port

CONFIG = """\
@version: {version}
options {{ keep-hostname(yes); use-dns(no); dns-cache(no); stats-freq(0); }};
source far {{ syslog(ip("127.0.0.1") port({port}) {transport}); }};
destination got {{ file("{work}/got" template("{template}\\n") flush-lines(1)); }};
log {{ source(far); destination(got); flags(flow-control); }};
"""
TCP = 'transport("tcp")'
TLS = """transport("tls") tls(key-file("{place}/server.key") cert-file("{place}/server.pem")
    ca-file("{place}/ca.pem") peer-verify(optional-untrusted))"""
MODULES = ("usr/lib/syslog-ng/*/libafsocket.so", "usr/lib/*/syslog-ng/*/libafsocket.so")
HERE = socket.gethostname()


def syslog_ng():
    """Where syslog-ng, its modules and its libraries are; skips aloud where they are not."""
    for root in Path(os.environ.get("PYDAEMONTOOLS_SYSLOG_NG") or "/nonexistent"), Path("/"):
        program = root / "usr/sbin/syslog-ng"
        modules = [path.parent for form in MODULES for path in root.glob(form)]
        if program.exists() and modules:
            # A package says usr/lib or lib; where it is only unpacked these are two places.
            libraries = [modules[0].parent, *root.glob("usr/lib/*-linux-*"), root / "usr/lib"]
            libraries += root.glob("lib/*-linux-*")
            return program, modules[0], libraries
    lacking = pytest.fail if os.environ.get("PYDAEMONTOOLS_STRICT") else pytest.skip
    return lacking("comparison skipped: syslog-ng is not on this machine")


class SyslogNg(Rsyslogd):
    """A syslog-ng that listens at a PORT and writes what comes to WORK/got."""

    def __init__(self, work, transport=TCP, template="$MSG"):
        program, modules, libraries = syslog_ng()
        self.work = work
        self.udp = False
        self.port = free_port()
        self.process = None
        work.mkdir()
        own = {"version": modules.name, "port": self.port, "work": work}
        (work / "conf").write_text(CONFIG.format(transport=transport, template=template, **own))
        self._command = [
            "env",
            "LD_LIBRARY_PATH=" + ":".join(map(str, libraries)),
            program,
            "--foreground",
            "--no-caps",
            f"--module-path={modules}",
            f"--cfgfile={work}/conf",
            f"--persist-file={work}/persist",
            f"--control={work}/control",
            f"--pidfile={work}/pid",
        ]


@pytest.fixture
def far(place):
    """Make a syslog-ng; it is stopped after the test."""
    made = []

    def far(*words):
        made.append(SyslogNg(place / f"far{len(made)}", *words))
        return made[-1]

    yield far
    for one in made:
        one.stop()


def test_it_understands(far, run):
    """It finds in each message what was put in: level, host, ident, pid and the line."""
    server = far(TCP, "$FACILITY_NUM|$LEVEL_NUM|$HOST|$PROGRAM|$PID|$MSG").start()
    lines = ["plain", "error: disk gone", "<2>naïve 日本語 \U0001f409", "12 a count", "é" * 7000]
    to = f"tcp://127.0.0.1:{server.port}"
    result = run("pysissylog", "-i", "--to", to, "me", "local3", input="\n".join(lines).encode())
    assert (result.returncode, result.stderr) == (0, b"")

    def all_pieces():
        found = [line.decode().split("|", 5) for line in server.lines()]
        # What is longer than a message comes in pieces, and no character is cut.
        whole = "".join(one[5].removeprefix("+") for one in found[4:])
        return found if len(whole) >= len(lines[4]) else None

    found = wait_until(all_pieces)
    assert {tuple(one[:1] + one[2:4]) for one in found} == {("19", HERE, "me")}
    assert len({int(one[4]) for one in found}) == 1
    assert [int(one[1]) for one in found[:5]] == [6, 3, 2, 6, 6]
    assert [one[5] for one in found[:4]] == lines[:4]
    assert "".join(one[5].removeprefix("+") for one in found[4:]) == lines[4]


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
def test_many_lines(scheme, far, run, tmp_path):
    """All of many lines arrive, in order, once."""
    transport, more = TCP, ""
    if scheme == "tls":
        made = Certificates(tmp_path / "made")
        made.make("server", "IP:127.0.0.1")
        transport, more = TLS.format(place=made.place), f",ca={made.place}/ca.pem"
    server = far(transport).start()
    lines = numbered(0, 50000)
    to = f"{scheme}://127.0.0.1:{server.port}{more}"
    result = run("pysissylog", "--to", to, input=stream(lines))
    assert (result.returncode, result.stderr) == (0, b"")
    wait_until(lambda: len(server.lines()) >= len(lines))
    assert server.lines() == lines


def test_an_outage(far, start, place):
    """What was printed while it was away arrives; what an earlier router left is the first."""
    server = far()
    words = "pysissylog", "--spool", "spool", "--to", f"tcp://127.0.0.1:{server.port}"
    lines = numbered(0, 50000)
    process = start(*words)
    write_all(process.stdin.fileno(), stream(lines[:40000]))
    assert b"unable to reach" in process.stderr.readline()
    process.terminate()
    code, said = finish(process)
    assert (code, b"bytes are left in spool/" in said) == (0, True)
    server.start()
    process = start(*words)
    write_all(process.stdin.fileno(), stream(lines[40000:]))
    assert finish(process) == (0, b"")
    wait_until(lambda: len(server.lines()) >= len(lines))
    assert server.lines() == lines
    assert sum(file.stat().st_size for file in place.glob("spool/*/*.log")) < 5_000_000
