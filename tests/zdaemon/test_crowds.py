"""Many at once: starts, stops, clients."""

import contextlib
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pydaemontools.zdaemon import client_waits
from pydaemontools.zdaemon.client_waits import STARTED
from pydaemontools.zdaemon.line_protocol import NotRunning
from tests.conftest import wait_until

pytestmark = pytest.mark.process
SLEEP = "sleep 1000"


def test_a_hundred_starts_at_once(managers):
    """ZD-37. B-21. Kind: of many that start the same, one is the manager, others say so."""
    one = managers.runner(SLEEP)
    clients = [managers.client(one) for _ in range(100)]
    said = [client.communicate(timeout=120)[0].split() for client in clients]
    kinds = [words[0] for words in said]
    assert kinds.count("started") >= 1
    assert set(kinds) <= {"started", "running"}
    assert len({words[1] for words in said}) == 1
    # One manager and its program.
    wait_until(lambda: len(managers.left()) == 2)
    managers.stop(one)


def test_a_hundred_starts_after_a_kill(managers):
    """Kind: the same, beside a socket that a killed manager left, and what it left running."""
    one = managers.runner(SLEEP)
    pid = managers.start(one).pid
    os.kill(managers.status(one).manager, signal.SIGKILL)
    clients = [managers.client(one) for _ in range(30)]
    said = [client.communicate(timeout=120)[0].split() for client in clients]
    assert {tuple(words[:2]) for words in said} == {("running", str(pid))}
    managers.stop(one)


def test_three_hundred_stops_while_it_respawns(managers):
    """#13. Kind: a stop at any moment between an end and the next start is a stop."""
    stays = managers.runner(SLEEP, name="stays")
    dies = managers.runner(["sh", "-c", "exit 1"], name="dies", backoff_limit=1000, start_delay=0.0)
    managers.start(stays, dies)
    for number in range(300):
        if number % 3 == 0:
            wait_until(lambda: not managers.status(dies).pid)
        assert client_waits.stop(dies, timeout=30)
        status = managers.status(dies)
        assert not status.should_be_up
        assert not status.pid
        assert managers.ask("start dies") == "Application started\n"
    assert client_waits.stop(dies, timeout=30)
    managers.stop(stays)


def test_stops_while_the_only_one_respawns(managers):
    """#13. Kind: the same where the manager ends with its program."""
    one = managers.runner(["sh", "-c", "exit 1"], backoff_limit=1000, start_delay=0.0)
    for _ in range(10):
        managers.start(one)
        managers.stop(one)
    wait_until(lambda: managers.left() == [])


def test_many_clients_at_once(managers):
    """B-28. Kind: nobody is hung up on because another one asks, however slow some are."""
    one = managers.runner(SLEEP)
    managers.start(one)
    silent = [socket.socket(socket.AF_UNIX) for _ in range(50)]
    for peer in silent:
        peer.connect(str(managers.place / "zdsock"))
        peer.send(b"sta")
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: managers.ask("status"), range(100)))
    assert all(reply.startswith("status=running\n") for reply in replies)
    for peer in silent:
        peer.send(b"tus\n")
        assert peer.recv(100).startswith(b"status=running\n")
        peer.close()


def test_clients_that_wait(managers):
    """Those that wait for an end are told at the same time; those that left are forgotten."""
    one = managers.runner(SLEEP)
    managers.start(one)
    left = socket.socket(socket.AF_UNIX)
    left.connect(str(managers.place / "zdsock"))
    left.send(b"wait stopped\n")
    left.close()
    told = []

    def wait():
        # One that asks late may find nobody.
        with contextlib.suppress(NotRunning):
            told.append(managers.ask("wait stopped"))

    waiting = [threading.Thread(target=wait) for _ in range(10)]
    for thread in waiting:
        thread.start()
    wait_until(lambda: managers.status(one).up)
    assert client_waits.stop(one)
    for thread in waiting:
        thread.join(30)
    assert set(told) <= {"stopped\n\n", ""}
    assert told


def test_start_while_the_last_one_ends(managers):
    """Kind: a start that comes as the manager leaves starts another one, and does not fail."""
    one = managers.runner(SLEEP, transcript="log")
    pids = set()
    for _ in range(20):
        found = managers.start(one)
        assert found.kind == STARTED
        pids.add(found.pid)
        assert client_waits.stop(one)
    assert len(pids) == 20
