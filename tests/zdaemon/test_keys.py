"""The keys of a runner, each seen in the program that it is for; and what the event log says."""

import os
import signal
import socket

import pytest

from pydaemontools.zdaemon import client_waits
from pydaemontools.zdaemon.client_waits import FAILED, STARTED
from tests.conftest import DEADLINE, wait_until
from tests.zdaemon.test_transcript import handler

pytestmark = pytest.mark.process
SLEEP = "sleep 1000"


def test_environment_directory_umask(managers):
    """2.1, 2.2. The program has the variables, runs in the directory, and has the umask."""
    seen = managers.place / "seen"
    one = managers.runner(
        ["sh", "-c", "env; pwd; umask; exec sleep 1000"],
        environment=(("GREETING", "two  words $HOME"), ("lower", "case")),
        directory=str(managers.place / "made"),
        umask=0o027,
        transcript=str(seen),
    )
    assert managers.start(one).kind == STARTED
    wait_until(lambda: "0027" in seen.read_text())
    lines = seen.read_text().splitlines()
    assert {"GREETING=two  words $HOME", "lower=case", str(managers.place / "made")} <= {*lines}
    # 3.0.3: what tells a manager from a client is not for the program.
    assert not any(line.startswith("DAEMON_MANAGER_MODE") for line in lines)


def test_arguments_are_words(managers):
    """B-18. A word may hold anything, and comes to the program as it is."""
    seen = managers.place / "seen"
    words = ("sh", "-c", 'printf "%s\\n" "$@"; exec sleep 1000', "sh", "a b", "", "c'd", "ü", "*")
    one = managers.runner(words, transcript=str(seen))
    managers.start(one)
    wait_until(lambda: seen.read_text() == "a b\n\nc'd\nü\n*\n")
    assert managers.status(one).args == words


def test_a_relative_program_is_the_clients(managers, script):
    """A program with a slash is found from where the client is, wherever it then runs."""
    script(managers.place / "here", "#!/bin/sh\nexec sleep 1000\n")
    one = managers.runner("./here", directory=str(managers.place / "made"))
    assert managers.start(one).kind == STARTED


def telling(first):
    """The words of a program that does FIRST, and says then that it is started."""
    program = (
        "import os, socket, sys, time\n"
        f"{first}"
        "peer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "address = os.environ['NOTIFY_SOCKET'].replace('@', chr(0), 1)\n"
        "peer.sendto(b'READY=1', address)\n"
        "time.sleep(1000)\n"
    )
    return ["/usr/bin/env", "python3", "-c", program]


def test_start_notify(managers):
    """B-32. With start-notify the program says itself that it is started (sd_notify)."""
    one = managers.runner(
        telling("while not os.path.exists('go'):\n    time.sleep(0.01)\n"),
        start_notify=True,
        start_timeout=0.3,
    )
    assert managers.start(one).kind == client_waits.LATE
    assert managers.status(one).testing
    (managers.place / "go").write_text("")
    assert client_waits.wait_started(one.replace(start_timeout=30)).kind == STARTED


def test_start_delay(managers):
    """A start counts when the program has lived for start-delay."""
    program = ["sh", "-c", "sleep 0.2; exit 9"]
    assert managers.start(managers.runner(program, start_delay=5)).reason == "exit status 9"
    managers.gone()
    found = managers.start(managers.runner(program, start_delay=0.0))
    assert found.kind == STARTED


def test_last_lines_are_those_of_the_run(managers):
    """Kind: a line without an end of one run is no part of the next one's first."""
    dies = "echo to stdout; printf 'no end'; exit 3"
    script = f"if test -e again; then {dies}; fi; touch again; printf 'before'; sleep 1; exit 3"
    one = managers.runner(["sh", "-c", script], start_delay=0.5, backoff_limit=100)
    assert managers.start(one).kind == STARTED
    wait_until(lambda: not managers.status(one).pid)
    found = managers.start(one)
    assert (found.kind, found.lines) == (FAILED, ["to stdout", "no end"])


def test_forever_goes_on_after_a_start_that_failed(managers):
    """A start that failed is said at once; with forever the manager goes on trying."""
    # It says itself when it is started: how long it takes to fail makes no difference.
    program = telling("if not os.path.exists('go'):\n    sys.exit(7)\n")
    one = managers.runner(program, forever=True, backoff_limit=1, start_notify=True)
    found = managers.start(one)
    assert (found.kind, found.reason) == (FAILED, "exit status 7")
    assert managers.status(one).up
    (managers.place / "go").write_text("")
    # One that began before that fails as well.
    wait_until(lambda: client_waits.wait_started(one).kind == STARTED)


def test_event_log(managers):
    """ZD-38. The event log has the original's lines, in its order."""
    events = managers.place / "events"
    one = managers.runner(
        ["sh", "-c", "test -e again && exec sleep 1000; touch again; sleep 0.2; exit 5"],
        directory=str(managers.place),
        eventlog={"level": 10, "handlers": [handler(events)]},
    )
    first = managers.start(one).pid
    wait_until(lambda: managers.status(one).pid not in (0, first))
    second = managers.status(one).pid
    managers.stop(one)
    assert events.read_text().splitlines() == [
        "INFO daemonizing the process",
        f"INFO set current directory: {str(managers.place)!r}",
        "INFO daemon manager started",
        f"INFO spawned process pid={first}",
        f"DEBUG controlled process {first} exited",
        "INFO sleep 1 to avoid rapid restarts",
        f"INFO pid {first}: exit status 5",
        f"INFO spawned process pid={second}",
        f"DEBUG controlled process {second} exited",
        f"INFO pid {second}: terminated by SIGTERM",
        "INFO Exiting",
    ]


def test_event_log_of_a_start_test(managers):
    """3.0.0. What each start test said stands there."""
    events = managers.place / "events"
    one = managers.runner(
        SLEEP,
        start_test_program=("mkdir", "made/below"),
        eventlog={"level": 10, "handlers": [handler(events)]},
    )
    client = managers.client(one)
    wait_until(lambda: "DEBUG start test failed\n" in events.read_text())
    (managers.place / "made").mkdir()
    assert client.communicate(timeout=DEADLINE)[0].startswith("started ")
    assert events.read_text().endswith("DEBUG start test succeeded\n")
    managers.stop(one)


def test_event_log_of_a_kill_and_of_an_end(managers):
    """A signal to the manager, and an exit code that says that all is done, stand there."""
    events = managers.place / "events"
    log = {"level": 10, "handlers": [handler(events)]}
    one = managers.runner(SLEEP, eventlog=log)
    managers.start(one)
    os.kill(managers.status(one).manager, signal.SIGTERM)
    managers.gone()
    assert "CRITICAL daemon manager killed by SIGTERM\n" in events.read_text()
    done = managers.runner(["sh", "-c", "sleep 0.2; exit 2"], eventlog=log)
    pid = managers.start(done).pid
    managers.gone()
    assert f"INFO pid {pid}: exit status 2; exiting now\n" in events.read_text()


def test_a_directory_that_is_not_to_be_had(managers):
    """B-11. Kind: what cannot be made is said, with its reason, and nothing runs."""
    (managers.place / "file").write_text("")
    directory = str(managers.place / "file/below")
    found = managers.start(managers.runner(SLEEP, directory=directory))
    assert found.kind == FAILED
    assert found.reason == f"unable to create {directory}: not a directory"
    wait_until(lambda: managers.left() == [])
    assert not (managers.place / "zdsock.d").exists()


def test_python(managers):
    """The manager may run in another interpreter; one that is not there is said to be."""
    found = managers.start(managers.runner(SLEEP, python="/no/such/python"))
    assert found.kind == FAILED
    link = managers.place / "python"
    link.symlink_to(os.path.realpath("/proc/self/exe"))
    one = managers.runner(SLEEP, python=str(link))
    assert managers.start(one).kind == STARTED


def test_systemd_is_told(managers):
    """B-32. In the foreground the manager says READY=1 to whoever started it."""
    path = managers.place / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.settimeout(30)
        one = managers.runner(
            ["sh", "-c", "env; exec sleep 1000"],
            daemon=False,
            environment=(("NOTIFY_SOCKET", str(path)),),
        )
        with managers.client(one) as client:
            assert server.recv(100) == b"READY=1"
            assert managers.status(one).pid
            client.terminate()
            assert server.recv(100) == b"STOPPING=1"
            assert "NOTIFY_SOCKET" not in client.communicate(timeout=DEADLINE)[0]
