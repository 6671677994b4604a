"""<eventlog>: each kind of handler that a machine can use, as ZConfig reads it and we write it."""

import http.server
import logging
import marshal
import os
import socket
import sys
import threading

import pytest

from pydaemontools.zdaemon.command_line import CommandLine, Wrong
from pydaemontools.zdaemon.configuration import Configuration
from pydaemontools.zdaemon.event_log import BLATHER, TRACE, EventLog
from tests.conftest import wait_until

SECTION = "<runner>\nprogram a\n</runner>\n<eventlog>\n{}\n</eventlog>\n"


@pytest.fixture
def log(tmp_path, monkeypatch):
    """The event log that the lines of an <eventlog> ask for; it is closed at the end."""
    monkeypatch.chdir(tmp_path)
    opened = []

    def log(text):
        (tmp_path / "conf").write_text(SECTION.format(text))
        line = CommandLine(["-C", "conf"], native=True)
        opened.append(EventLog(Configuration(line).runners[0].eventlog))
        return opened[-1]

    yield log
    for one in opened:
        one.close()


def test_without_one(capsys):
    """A warning goes to stderr as logging has it, and what is less important nowhere."""
    log = EventLog(None)
    log.info("quiet")
    log.warning("loud")
    log.reopen()
    log.close()
    assert capsys.readouterr().err == "loud\n"


def test_a_file(log, tmp_path):
    """ZD-25. A file has zdaemon's format where nothing else is said; level info without a word."""
    made = log("<logfile>\npath events\n</logfile>")
    made.info("daemon manager started")
    made.debug("not this")
    line, text, _ = (tmp_path / "events").read_text().split("\n")
    assert line == "------"
    time, level, name, message = text.split(" ", 3)
    assert len(time) == len("2026-11-29T10:00:00")
    assert (level, name, message) == ("INFO", "root", "daemon manager started")


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("fatal", "c"),
        ("critical", "c"),
        ("error", "c"),
        ("warn", "cw"),
        ("WARNING", "cw"),
        ("info", "cwi"),
        ("blather", "cwib"),
        ("debug", "cwibd"),
        ("trace", "cwibdt"),
        ("all", "cwibdt"),
        ("notset", "cwibdt"),
        ("30", "cw"),
        ("0", "cwibdt"),
    ],
)
def test_levels(log, tmp_path, level, shown):
    """ZD-24. Levels by name, in any case, with zdaemon's own, or by number."""
    made = log(f"level {level}\n<logfile>\npath events\nformat %(message)s\n</logfile>")
    made.critical("c")
    made.warning("w")
    made.info("i")
    made.log(BLATHER, "b")
    made.debug("d")
    made.log(TRACE, "t")
    assert (tmp_path / "events").read_text().replace("\n", "") == shown


@pytest.mark.parametrize("level", ["loud", "51", "-1", ""])
def test_levels_that_are_none(log, level):
    """A level that is none is wrong usage."""
    with pytest.raises(Wrong):
        log(f"level {level}\n<logfile>\npath events\n</logfile>")


def test_a_handler_has_its_level(log, tmp_path):
    """Two files, each with its own level."""
    made = log(
        "level debug\n<logfile>\npath all\nformat %(message)s\n</logfile>\n"
        "<logfile>\npath some\nlevel error\nformat %(message)s\n</logfile>"
    )
    made.info("i")
    made.critical("c")
    assert (tmp_path / "all").read_text() == "i\nc\n"
    assert (tmp_path / "some").read_text() == "c\n"


@pytest.mark.parametrize("name", ["STDOUT", "STDERR"])
def test_streams(log, capsys, name):
    """STDOUT and STDERR are the manager's."""
    log(f"<logfile>\npath {name}\nformat %(message)s\n</logfile>").info("said")
    said = capsys.readouterr()
    assert (said.out, said.err) == (("said\n", "") if name == "STDOUT" else ("", "said\n"))


@pytest.mark.parametrize(
    ("style", "text", "shown"),
    [
        ("classic", r"%(levelname)s\t%(message)s", "INFO\tsaid"),
        ("format", "{levelname} {message}", "INFO said"),
        ("template", "$${levelname} $$message", "INFO said"),
        ("safe-template", "$${levelname} $$message $$nosuch", "INFO said $nosuch"),
    ],
)
def test_styles(log, tmp_path, style, text, shown):
    """ZD-26. The four styles, and the escapes of a format."""
    more = "arbitrary-fields yes\n" if style == "safe-template" else ""
    made = log(f"<logfile>\npath events\nstyle {style}\n{more}format {text}\n</logfile>")
    made.info("said")
    assert (tmp_path / "events").read_text() == shown + "\n"


def test_dates(log, tmp_path):
    """`dateformat` is what asctime looks like."""
    log("<logfile>\npath events\nformat %(asctime)s\ndateformat %Y!\n</logfile>").info("a")
    assert (tmp_path / "events").read_text()[4:] == "!\n"


class Shouting(logging.Formatter):
    """A formatter of somebody's own, which knows no style."""

    def __init__(self, fmt, datefmt):
        super().__init__(fmt, datefmt)

    def format(self, record):
        """In capitals."""
        return super().format(record).upper()


def test_a_formatter_of_ones_own(log, tmp_path, monkeypatch):
    """`formatter` names a class."""
    monkeypatch.setitem(sys.modules, "shouting", sys.modules[__name__])
    text = "<logfile>\npath events\nformat %(message)s\nformatter shouting.Shouting\n</logfile>"
    log(text).info("said")
    assert (tmp_path / "events").read_text() == "SAID\n"


def test_reopened(log, tmp_path):
    """ZD-31. #8, #9. A file that was renamed is opened anew with the transcript."""
    made = log("<logfile>\npath events\nformat %(message)s\n</logfile>")
    made.info("one")
    (tmp_path / "events").rename(tmp_path / "events.1")
    made.info("two")
    made.reopen()
    made.info("three")
    assert (tmp_path / "events.1").read_text() == "one\ntwo\n"
    assert (tmp_path / "events").read_text() == "three\n"


def test_reopening_fails(log, tmp_path, capsys):
    """Kind: a log whose directory has gone is said, and the manager goes on."""
    (tmp_path / "logs").mkdir()
    made = log("<logfile>\npath logs/events\n</logfile>")
    (tmp_path / "logs/events").unlink()
    (tmp_path / "logs").rmdir()
    made.reopen()
    made.info("one")
    said = capsys.readouterr().err
    assert "unable to reopen" in said
    assert "unable to write to the event log" in said
    (tmp_path / "logs").mkdir()
    made.info("two")
    assert (tmp_path / "logs/events").read_text().endswith("root two\n")


def test_by_size(log, tmp_path):
    """max-size and old-files rotate; so does reopen_transcript."""
    made = log("<logfile>\npath events\nformat %(message)s\nmax-size 10\nold-files 2\n</logfile>")
    for at in range(5):
        made.info(f"line {at}")
    assert sorted(os.listdir(tmp_path)) == ["conf", "events", "events.1", "events.2"]
    assert (tmp_path / "events").read_text() == "line 4\n"
    made.reopen()
    assert (tmp_path / "events.1").read_text() == "line 4\n"


def test_by_time(log, tmp_path):
    """`when` and `interval` rotate by time."""
    made = log(
        "<logfile>\npath events\nformat %(message)s\nwhen D\ninterval 1\nold-files 2\n</logfile>"
    )
    made.info("one")
    made.reopen()
    made.info("two")
    assert (tmp_path / "events").read_text() == "two\n"
    assert len(os.listdir(tmp_path)) == 3


def test_opened_late(log, tmp_path):
    """With `delay` and `encoding` the file comes with the first line."""
    made = log("<logfile>\npath events\nformat %(message)s\ndelay yes\nencoding utf-16\n</logfile>")
    assert not (tmp_path / "events").exists()
    made.info("\xe9")
    assert (tmp_path / "events").read_text("utf-16") == "\xe9\n"


def test_a_log_that_cannot_be_opened(log):
    """Kind: a log that cannot be opened is an error of the start, with its reason."""
    with pytest.raises(OSError, match="No such file"):
        log("<logfile>\npath /nonexistent/events\n</logfile>")


def test_a_full_disk(log, capsys):
    """B-17. Kind: a log that nobody can write to ends nothing, and is told once."""
    made = log("<logfile>\npath /dev/full\n</logfile>")
    made.info("one")
    made.info("two")
    said = capsys.readouterr().err
    assert said.startswith("unable to write to the event log /dev/full: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("where", ["path", "port"])
def test_syslog(log, tmp_path, where):
    """ZD-27. B-29. A syslog, by its socket or its port."""
    family = socket.AF_UNIX if where == "path" else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log") if where == "path" else ("127.0.0.1", 0))
        server.settimeout(30)
        name = server.getsockname()
        address = name if where == "path" else f"127.0.0.1:{name[1]}"
        made = log(f"<syslog>\naddress {address}\nfacility local3\n</syslog>")
        made.warning("said")
        # local3 is 19, and a warning 4.
        assert server.recv(1000).rstrip(b"\0") == b"<156>root said"


def test_a_syslog_that_nobody_reads_holds_nobody_up(log, tmp_path):
    """Kind: what a manager says may not stop it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        made = log(f"<syslog>\naddress {tmp_path}/log\n</syslog>")
        for at in range(3000):
            made.info(f"line {at} " + "x" * 500)


def test_http(log):
    """ZD-28. A web server is told by GET or POST."""
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            """Keep what is sent."""
            length = int(self.headers["Content-Length"])
            got.append((self.path, self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        made = log(f"<http-logger>\nurl http://127.0.0.1:{port}/log\nmethod post\n</http-logger>")
        made.info("said")
        wait_until(lambda: got)
        server.shutdown()
    assert got[0][0] == "/log"
    assert b"msg=%25s&" in got[0][1] or b"said" in got[0][1]


def test_mail(log):
    """ZD-29. A mail server gets a mail."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        port = server.getsockname()[1]
        made = log(
            "<email-notifier>\nfrom a@example.com\nto b@example.com\nto c@example.com\n"
            f"subject Ended\nsmtp-server 127.0.0.1:{port}\n</email-notifier>"
        )
        made.critical("said")
        peer, _ = server.accept()
        with peer, peer.makefile("rwb") as lines:
            got = _take_mail(lines)
    assert [line.lower() for line in got if line.lower().startswith(b"rcpt")] == [
        b"rcpt to:<b@example.com>",
        b"rcpt to:<c@example.com>",
    ]
    assert b"Subject: Ended" in got
    assert any(line.endswith(b"CRITICAL root said") for line in got)


def _take_mail(lines):
    """Be a mail server for one mail, over LINES; what was said."""
    got = []

    def say(text):
        lines.write(text + b"\r\n")
        lines.flush()

    say(b"220 here")
    data = False
    for raw in lines:
        line = raw.rstrip(b"\r\n")
        got.append(line)
        if data:
            data = line != b"."
            if not data:
                say(b"250 taken")
            continue
        data = line.lower() == b"data"
        say(b"354 go on" if data else b"250 well")
        if line.lower() == b"quit":
            break
    return got


def test_what_a_unix_lacks(log):
    """A win32-eventlog is accepted, and nothing here."""
    log("<win32-eventlog>\nappname Zope\n</win32-eventlog>").info("said")


def test_an_inner_eventlog_wins(tmp_path, monkeypatch):
    """ZD-30. The <eventlog> of a runner is above the one of the file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").write_text(
        "<runner>\nprogram a\n<eventlog>\n<logfile>\npath inner\n</logfile>\n</eventlog>\n"
        "</runner>\n<eventlog>\n<logfile>\npath outer\n</logfile>\n</eventlog>\n"
    )
    found = Configuration(CommandLine(["-C", "conf"], native=True)).runners[0].eventlog
    assert found["handlers"][0]["path"] == "inner"


def test_it_is_plain(tmp_path, monkeypatch):
    """What is handed to a manager is made of what marshal can write, and nothing else."""
    monkeypatch.chdir(tmp_path)
    made = Configuration(CommandLine(["-C", _all_kinds()], native=True)).runners[0].eventlog
    assert marshal.loads(marshal.dumps(made)) == made  # noqa: S302 - our own
    assert [one["kind"] for one in made["handlers"]] == [
        *("logfile", "syslog", "http-logger", "email-notifier")
    ]


def _all_kinds():
    with open("all", "w") as conf:
        conf.write(
            SECTION.format(
                "<logfile>\npath a\n</logfile>\n<syslog/>\n<http-logger/>\n<email-notifier>\n"
                "from a\nto b\nsmtp-username u\nsmtp-password p\n</email-notifier>"
            )
        )
    return "all"
