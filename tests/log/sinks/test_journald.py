"""systemd's journal: the datagrams are those of its native protocol, large ones come as files."""

from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.lines.formats import Origin
from pydaemontools.log.sinks.journald import Journald, field
from tests.log.conftest import finish, wait_until, write_all
from tests.log.journal import Journal


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


def test_a_large_entry_for_a_journal_that_comes_back(place):
    """A large entry is the first that a new journal gets, too, and nothing waits for ever."""
    path = place / "journal.sock"
    one = Journald(str(path).encode(), Origin(b"me", 24, None, b""))
    before = Journal(path)
    one.put(Batch([6], [b"before"]))
    wait_until(lambda: before.entries and (one.flush() or one.due() is None))
    before.close(path)
    path.unlink()
    one.put(Batch([6], [b"x" * 600_000]))
    assert (one.lost(), one.stalled) == (1, False)
    after = Journal(path)
    wait_until(lambda: one.flush() or not one.held)
    wait_until(lambda: after.entries)
    assert [entry["MESSAGE"] for entry in after.entries] == [b"x" * 600_000]
    after.close(path)
    one.close()


def test_control_characters_in_a_message(journal, run, place):
    """What stood in an escape is no more than a ?, but for newlines and tabs; what drives a
    terminal is left out.
    """
    line = rb'{"message": "a\u001b[2Kb\u0000c\rd\te\nf\u007f", "k": "a\u001b[2K"}' + b"\n"
    result = run("pysissylog", "--to", f"journald:{place}/journal.sock", input=line)
    assert (result.returncode, result.stderr) == (0, b"")
    [entry] = wait_until(lambda: journal.entries)
    assert (entry["MESSAGE"], entry["K"]) == (b"ab?c?d\te\nf?", b"a")
