"""The way out: whole lines from many processes, and nothing that goes wrong there comes back."""

import os
import select
import signal
import sys

import pytest

from pydaemontools.adapters.output import PIPE_BUF, Output, pieces
from tests.conftest import DEADLINE
from tests.log.conftest import fill

PLAIN = "import logging, os, sys, threading\nimport pydaemontools.adapters as log\n"
MANY = """
count = 300
log.install("stdlib", level="debug")
def work(name):
    logger = logging.getLogger(name)
    for at in range(count):
        # Up to what a pipe takes at once, and records of several lines beyond it.
        logger.info("%s %d %s", name, at, "x" * (at * 13 % 4000))
        if at % 50 == 0:
            logger.error("%s\\n%s", name, "\\n".join([f"{name} " + "y" * 900] * 9))
for process in range(8):
    if os.fork() == 0:
        threads = [
            threading.Thread(target=work, args=(f"p{process}t{thread}",)) for thread in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os._exit(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""
FORKS = """
log.install(kinds, level="debug", signals=("USR1", "USR2"))
over = threading.Event()
def disturb():
    while not over.is_set():
        say("from the thread")
        say("long " + "\\n".join(["z" * 1000] * 9))
threads = [threading.Thread(target=disturb) for _ in range(2)]
for thread in threads:
    thread.start()
for at in range(int(sys.argv[1])):
    if (child := os.fork()) == 0:
        say("from the child")
        log.level.adjust(-1)
        say("from the child\\nof two lines " + "c" * 4000)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        say("a child died")
    say("from the parent")
over.set()
for thread in threads:
    thread.join()
"""
SAYS = {
    "stdlib": "say = logging.info\n",
    "loguru": "from loguru import logger\nsay = logger.info\n",
    "structlog": "import structlog\nsay = lambda text: structlog.get_logger().info(text)\n",
}


def test_eight_processes_with_four_threads_never_mix_within_a_line(run, place):
    """All lines are there, each whole, on one pipe."""
    (place / "program.py").write_text(PLAIN + MANY)
    result = run(sys.executable, "-W", "ignore", "program.py", timeout=100)
    lines = result.stderr.decode().splitlines()
    names = [f"p{process}t{thread}" for process in range(8) for thread in range(4)]
    wanted = [f"info: {name} {at} {'x' * (at * 13 % 4000)}" for name in names for at in range(300)]
    short = [line for line in lines if line.startswith("info: ")]
    assert sorted(short) == sorted(wanted)
    for name in names:
        assert lines.count(f"error:  {name} " + "y" * 900) == 9 * 6
        assert lines.count(f"error: {name}") == 6
    assert len(lines) == len(wanted) + len(names) * 60


@pytest.mark.parametrize(
    ("library", "times"), [("stdlib", 1000), ("loguru", 1000), ("structlog", 200)]
)
def test_a_thousand_forks_in_the_middle_of_logging(run, place, library, times):
    """No child and no thread waits for a lock that nobody gives back."""
    (place / "program.py").write_text(PLAIN + SAYS[library] + FORKS.replace("kinds", repr(library)))
    result = run(sys.executable, "-W", "ignore", "program.py", str(times), timeout=100)
    assert result.returncode == 0
    lines = result.stderr.splitlines()
    assert lines.count(b"info: from the child") == times * 2
    assert lines.count(b"info: from the parent") == times
    assert lines.count(b"info:  of two lines " + b"c" * 4000) == times
    assert b"info: a child died" not in lines


LONG = """
log.install(kinds, level="debug")
def long(name):
    for at in range(8):
        say(f"{name} {at} " + name * 300_000)
def short(name):
    for at in range(1000):
        say(f"{name} {at}")
threads = [threading.Thread(target=long, args=(name,)) for name in "LM"]
threads += [threading.Thread(target=short, args=(name,)) for name in "abc"]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize("library", SAYS)
def test_a_long_record_is_whole_and_short_ones_wait(run, place, library):
    """300 kB beside short ones, of several threads: nothing stands within a line."""
    (place / "program.py").write_text(PLAIN + SAYS[library] + LONG.replace("kinds", repr(library)))
    lines = run(sys.executable, "program.py").stderr.decode().splitlines()
    wanted = [f"info: {name} {at} {name * 300_000}" for name in "LM" for at in range(8)]
    wanted += [f"info: {name} {at}" for name in "abc" for at in range(1000)]
    assert sorted(lines) == sorted(wanted)


@pytest.mark.parametrize("library", SAYS)
def test_a_signal_handler_that_logs_within_a_long_record_waits(run, place, library):
    """It is in the same thread: what it says follows the record."""
    (place / "program.py").write_text(
        PLAIN
        + SAYS[library]
        + "import signal\n"
        + f"log.install({library!r})\n"
        + "said = 0\n"
        + "def again(): signal.setitimer(signal.ITIMER_REAL, 0.001)\n"
        # The next one comes when this one has been said: they may take longer than that.
        + "def handler(*_):\n    global said\n    said += 1\n    say('signal')\n    again()\n"
        + "signal.signal(signal.SIGALRM, handler)\n"
        + "again()\n"
        + "for at in range(40): say(f'{at} ' + 'x' * 300_000)\n"
        + "signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
        + "print(said)\n"
    )
    result = run(sys.executable, "program.py")
    lines = result.stderr.decode().splitlines()
    assert lines.count("info: signal") == int(result.stdout) > 0
    assert [line for line in lines if line != "info: signal"] == [
        f"info: {at} " + "x" * 300_000 for at in range(40)
    ]


def test_a_record_that_was_cut_short_gets_an_end(monkeypatch, pipe):
    """A signal handler that raises, as ^C does, leaves no line in which the next one stands."""
    write = os.write

    def interrupted(fd, data):
        write(fd, data[:7])
        monkeypatch.setattr(os, "write", broken)
        return 7

    def broken(_fd, _data):
        monkeypatch.setattr(os, "write", write)
        raise KeyboardInterrupt

    output = Output(pipe[1])
    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        output.write(b"x" * 5000 + b"\n")
    output.write(b"next\n")
    assert os.read(pipe[0], 100) == b"x" * 7 + b"\nnext\n"


@pytest.fixture
def pipe():
    """The two ends of a pipe; what is still open at the end is closed."""
    ends = list(os.pipe())
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            pass


def test_a_record_is_one_write_as_long_as_a_pipe_takes_it(monkeypatch, pipe):
    """And several of whole lines if it is longer."""
    written, write = [], os.write
    monkeypatch.setattr(os, "write", lambda fd, data: written.append(len(data)) or write(fd, data))
    Output(pipe[1]).write(b"x" * (PIPE_BUF - 1) + b"\n")
    Output(pipe[1]).write(b"x\n" * PIPE_BUF)
    Output(pipe[1]).write(b"x" * 5000 + b"\ny\n")
    assert written == [PIPE_BUF, PIPE_BUF, PIPE_BUF, 5001, 2]


@pytest.mark.parametrize("data", [b"", b"x\n", b"x\n" * 5000, b"x" * 9000 + b"\n", b"x" * 9000])
def test_pieces_are_all_of_it(data):
    """In order; only what has no end in reach is longer than PIPE_BUF."""
    assert b"".join(pieces(data)) == data
    assert all(len(one) <= PIPE_BUF or one.count(b"\n") < 2 for one in pieces(data))


def test_where_nobody_reads_nothing_is_raised(pipe):
    """It is counted."""
    os.close(pipe[0])
    output = Output(pipe[1])
    for _ in range(3):
        output.write(b"x\n")
    os.close(pipe[1])
    output.write(b"x\n")
    assert output.lost == 4
    Output(-1).write(b"x\n")


def test_a_full_disk_is_told_of_when_it_takes_something_again(run, place):
    """How many records it was, and why; a line that was torn gets an end."""
    (place / "program.py").write_text(
        PLAIN
        + "import resource, signal\n"
        + "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        + "resource.setrlimit(resource.RLIMIT_FSIZE, (30, 4000))\n"
        + "log.install()\n"
        + "for at in range(5): logging.error('record %d', at)\n"
        + "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))\n"
        + "logging.error('again')\n"
    )
    with (place / "kept").open("wb") as kept:
        run(sys.executable, "program.py", capture_output=False, stderr=kept)
    assert (place / "kept").read_text().splitlines() == [
        "error: record 0",
        "error: record ",
        "warning: 4 log records were lost: File too large",
        "error: again",
    ]


@pytest.mark.parametrize("closing", ["2>&-", "2>/dev/full"])
def test_a_closed_or_full_stderr_never_reaches_the_program(run, place, closing):
    """Nor a file that has come to be fd 2 since."""
    (place / "program.py").write_text(
        PLAIN
        + "mine = open('mine', 'w')\n"
        + "log.install()\n"
        + "for _ in range(3): logging.error('x'); logging.error('y\\n' * 9000)\n"
        + "logging.info('%d', 'x')\nprint('on')\nmine.close()\n"
    )
    result = run("sh", "-c", f'exec "$0" program.py {closing}', sys.executable)
    assert (result.returncode, result.stdout) == (0, b"on\n")
    assert (place / "mine").read_text() == ""


def test_a_stderr_that_does_not_wait_loses_nothing(start, place, until):
    """As asyncio's subprocess or a shell may leave it: the program waits all the same."""
    (place / "program.py").write_text(
        PLAIN + "os.set_blocking(2, False)\nlog.install()\n"
        "for at in range(3000): logging.error('%d %s', at, 'x' * 100)\n"
        "logging.error('long ' + 'y' * 300000)\n"
    )
    process = start(sys.executable, "program.py")
    # It is full: the program waits for us.
    until(lambda: select.select([process.stderr], [], [], 0)[0])
    _, said = process.communicate(timeout=DEADLINE)
    lines = said.splitlines()
    assert lines[:-1] == [b"error: %d %s" % (at, b"x" * 100) for at in range(3000)]
    assert len(lines[-1]) == 300012


def test_a_full_pipe_makes_the_program_wait_as_print_does(start, place, until):
    """Nothing is lost, and a signal in between does no harm."""
    (place / "program.py").write_text(
        PLAIN + "log.install(signals=('USR1', 'USR2'))\nsys.stdin.readline()\n"
        "logging.error('last')\nlogging.debug('more')\n"
    )
    ours, theirs = os.pipe()
    try:
        process = start(sys.executable, "program.py", stderr=theirs)
        # Our own side of it fills it, while the program waits for its stdin.
        count = fill(theirs, process, b"f" * 63 + b"\n")
        process.stdin.write(b"\n")
        process.stdin.flush()
        until(lambda: wchan(process.pid))
        process.send_signal(signal.SIGUSR1)
        os.close(theirs)
        with open(ours, "rb", closefd=False) as reader:
            lines = reader.read().splitlines()
    finally:
        os.close(ours)
    assert process.wait(30) == 0
    assert lines == [b"f" * 63] * count + [b"error: last", b"debug: more"]


def wchan(pid):
    """Whether the process PID waits in a write to a pipe."""
    with open(f"/proc/{pid}/syscall") as file:
        # The numbers of write(2) on x86-64 and on the others.
        return file.read().split()[0] in ("1", "64")
