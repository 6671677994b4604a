"""Root supervises what another account may write to: nothing there makes it touch what is ours."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import wait_until
from tests.hostile import (
    NOBODY,
    PRIVATE,
    THINGS,
    beside_a_secret,
    given_to_nobody,
    keep_secret,
    put,
)
from tests.supervise.conftest import make_service

pytestmark = [pytest.mark.needs_root, pytest.mark.process]
NAMES = ["status", "stat", "pid", "state", "history", "control", "ok", "lock"]
NAMES += [name + ".new" for name in NAMES[:5]]
MOMENTS = ["before it starts", "while it is up", "while it is down"]


deeds = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(list(THINGS)), st.sampled_from(MOMENTS)),
    min_size=1,
    max_size=4,
)


@given(deeds=deeds)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_outside_stays_so(supervise, place, deeds):
    """Kind: files that root writes or reads back in supervise/, replaced by somebody else.

    Nothing outside is changed, made, read back or waited for; whatever becomes of the service,
    its supervisor ends when it is told to, without a traceback.
    """
    with beside_a_secret(place) as here:
        live(supervise, here, deeds)
    assert "Traceback" not in (place / "err").read_text()


def live(supervise, here, deeds):
    """Start a supervisor in HERE, have its service die and start, end it; DEEDS at their times."""
    make_service(here / "s", {"run": " exec sleep 1000\n", "finish": " exit 0\n"})
    directory = given_to_nobody(here / "s/supervise")
    by_moment = {when: [(n, t) for n, t, moment in deeds if moment == when] for when in MOMENTS}
    for name, thing in by_moment[MOMENTS[0]]:
        put(directory / name, thing)
    process = supervise(str(here / "s")).process
    try:
        wait_until(lambda: process.poll() is not None or children(process.pid))
        if process.poll() is None:
            for name, thing in by_moment[MOMENTS[1]]:
                put(directory / name, thing)
            # It dies, which goes into history, and is started again.
            for moment in 1, 2:
                old = children(process.pid)
                for pid in old:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                wait_until(lambda o=old: children(process.pid) - o or process.poll() is not None)
                if moment == 1:
                    for name, thing in by_moment[MOMENTS[2]]:
                        put(directory / name, thing)
            process.terminate()
        process.wait(30)
    finally:
        process.kill()
        process.wait()


def children(pid):
    """The children of PID that are alive."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return set()
    return set(map(int, listed))


@pytest.mark.parametrize("thing", ["a link to a secret", "another name of a secret", "endless"])
def test_a_history_that_is_none_of_ours(serve, place, thing):
    """It was copied, with the next death, into a file that everybody may read."""
    keep_secret(place)
    kept = serve()
    os.chown(kept.path / "supervise", NOBODY, NOBODY)
    put(kept.path / "supervise/history", thing)
    first = kept.up()
    os.kill(first, signal.SIGKILL)
    kept.up(first)
    kept.supervisor.until(lambda: "unable to write s/supervise/history: " in kept.supervisor.err())
    assert PRIVATE not in kept.supervisor.err()
    assert kept.supervisor.err().count("supervise/history") == 1
    # Whoever has it out of the way sees what happened meanwhile.
    (kept.path / "supervise/history").unlink()
    assert "was killed by SIGKILL" in kept.history(1)[0]
    assert kept.stop() == 0


def test_a_file_that_is_made_first(serve, place):
    """history.new -> /etc/cron.d/x made that file, with lines that somebody had chosen."""
    kept = serve()
    put(kept.path / "supervise/history.new", "a link to where nothing is")
    (place / "outside").mkdir()
    os.kill(kept.up(), signal.SIGKILL)
    kept.history(1)
    assert list((place / "outside").iterdir()) == []


def test_supervise_is_a_link_of_somebody_else(supervise, place):
    """Root would have made its files where that leads."""
    make_service(place / "s", {"run": " exec sleep 1000\n"})
    (place / "outside").mkdir()
    (place / "s/supervise").symlink_to("../outside")
    os.lchown(place / "s/supervise", NOBODY, NOBODY)
    failed = supervise("s")
    assert failed.wait() == 111
    assert "a symbolic link of another account" in failed.err()
    assert list((place / "outside").iterdir()) == []


@pytest.mark.parametrize("mask", [0o077, 0o027, 0])
def test_modes_whatever_the_umask(serve, mask):
    """Kind: control-group and everybody's status are of no use with a umask of 077."""
    kept = serve({"run": " exec sleep 1000\n", "control-group": "0\n"}, umask=mask)
    os.kill(kept.up(), signal.SIGKILL)
    kept.history(1)
    modes = {p.name: p.stat().st_mode & 0o7777 for p in (kept.path / "supervise").iterdir()}
    shown = dict.fromkeys(["status", "stat", "pid", "state", "history"], 0o644)
    assert modes == shown | {"control": 0o620, "ok": 0o620, "lock": 0o600}
    assert (kept.path / "supervise").stat().st_mode & 0o7777 == 0o710


PROCESSES = {
    "a fifo": os.mkfifo,
    "no pids": lambda path: path.write_text("no pid\n"),
    "endless": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("thing", PROCESSES)
def test_a_cgroup_that_is_anywhere(serve, place, thing):
    """Kind: a path in what others wrote down, which root opens: it waited, or read without end."""
    kept = serve()
    kept.up()
    state = (kept.path / "supervise/state").read_text()
    assert kept.stop() == 0
    PROCESSES[thing](place / "cgroup.procs")
    words = f"cgroup /sys/fs/cgroup/../../..{place}\nprocesses 1:1\n"
    (kept.path / "supervise/state").write_text(state + words)
    os.chown(kept.path / "supervise", NOBODY, NOBODY)
    again = serve()
    again.up()
    assert "Traceback" not in again.supervisor.err()
    assert again.stop() == 0
