"""The file `logger`: a logger that has no directory of its own, as a child of pysupervise."""

import os
import signal

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import NOTE_IN

# Prints numbered lines until there is a file `stop`.
COUNTER = """#!/bin/sh
n=0
while :; do n=$((n + 1)); echo "line $n"; [ -e stop ] && exec sleep 1000; sleep 0.001; done
"""
OURS = "pymultilog s1m n10 ./main\n"


def logged(service, name="main"):
    """The lines in the log of SERVICE."""
    return service.lines(f"{name}/current")


def command(pid):
    """The words of the process PID."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as words:
            return words.read().replace(b"\0", b" ").strip().decode()
    except FileNotFoundError:
        return ""


def loggers(place):
    """What runs `./main` in the directory PLACE, whosever child it is: the pids."""
    found = [int(pid) for pid in filter(str.isdigit, os.listdir("/proc"))]
    return [pid for pid in found if "./main" in command(pid) and _cwd(pid) == str(place)]


def _cwd(pid):
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


def logger_of(service):
    """Wait until SERVICE has one logger: its pid."""
    return wait_until(lambda: len(found := loggers(service.path)) == 1 and found[0])


def whole(service):
    """Assert that each line of COUNTER is in the log of SERVICE, once and in order."""
    lines = logged(service)
    assert lines
    assert lines == [f"line {n}" for n in range(1, len(lines) + 1)]


@pytest.mark.parametrize(
    "text",
    [
        OURS,
        "# what it prints\npysoftlimit -o 100\npymultilog ./main\n",
        "sh -c 'mkdir -p main && exec cat >>./main/current'\n",
        "pysissylog --to ./main/\n",
    ],
    ids=["ours", "a chain of lines", "another program", "the router"],
)
def test_its_words_are_run_in_the_directory(serve, text):
    """Whatever program they name: its stdin is what run prints; it ends after the last line."""
    last = " trap 'echo last; exit' TERM; echo first; while :; do sleep 0.05; done\n"
    service = serve({"run": last, "logger": text})
    wait_until(lambda: any("first" in line for line in logged(service)))
    assert not (service.path / "logger/supervise").exists()
    assert service.stop() == 0
    assert [line.split()[-1] for line in logged(service)] == ["first", "last"]


def test_it_is_restarted_when_it_dies_and_no_line_is_lost(serve):
    """By kill -9, at any moment."""
    service = serve({"run": COUNTER, "logger": OURS})
    pid = service.up()
    for _ in range(5):
        before = logger_of(service)
        count = len(logged(service))
        os.kill(before, signal.SIGKILL)
        wait_until(lambda before=before: logger_of(service) != before)
        wait_until(lambda count=count: len(logged(service)) > count)
    (service.path / "stop").touch()
    wait_until(lambda: command(pid).startswith("sleep"))
    assert service.stop() == 0
    whole(service)


def test_a_killed_supervisor_is_followed_by_one_that_adopts_both(serve, place):
    """The same pids, and each line once; also where the logger was killed too."""
    service = serve({"run": COUNTER, "logger": OURS})
    pid = service.up()
    for both in False, True, False, True:
        logger = logger_of(service)
        service.supervisor.process.kill()
        if both:
            os.kill(logger, signal.SIGKILL)
        service.supervisor.wait()
        service = serve({"run": COUNTER, "logger": OURS})
        wait_until(lambda service=service: service.pid() == pid)
        assert (logger_of(service) == logger) is not both
    (service.path / "stop").touch()
    wait_until(lambda: command(pid).startswith("sleep"))
    assert service.stop() == 0
    whole(service)
    assert b"Traceback" not in (place / "err").read_bytes()


WRONG = {
    "no such program": ("nosuchprogram ./main\n", "unable to run nosuchprogram"),
    "nothing": ("", "s/logger: no line of it holds a command"),
    "a quote": ("pymultilog 'x\n", "s/logger: line 1: "),
    "a script": ("#!/bin/sh\nexec cat\n", "s/logger: it holds a script"),
}


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_and_the_service_runs(serve, until, place, text, says):
    """Its lines wait; once the file is mended, all of them are logged."""
    service = serve({"run": COUNTER, "logger": text})
    service.up()
    until(lambda: says.encode() in (place / "err").read_bytes())
    (service.path / "logger").write_text(OURS)
    wait_until(lambda: logged(service))
    (service.path / "stop").touch()
    wait_until(lambda: command(service.pid()).startswith("sleep"))
    assert service.stop() == 0
    whole(service)
    # Said once, however often it was tried.
    assert (place / "err").read_bytes().count(says.encode()) == 1


def test_log_is_used_where_there_are_both(serve, place):
    """The C tools know that one; it is said once."""
    service = serve({"run": COUNTER, "log/run": "#!/bin/sh\nexec pymultilog ./m\n", "logger": OURS})
    wait_until(lambda: logged(service, "log/m"))
    assert not (service.path / "main").exists()
    said = b"s/logger is not used: there is log/, which is"
    assert (place / "err").read_bytes().count(said) == 1


def test_a_log_directory_called_log_is_no_service(serve):
    """Nor when the supervisor comes again, and finds it."""
    for turn in 1, 2:
        service = serve({"run": " echo x; exec sleep 1000\n", "logger": "pymultilog ./log\n"})
        wait_until(lambda turn=turn, s=service: s.lines("log/current") == ["x"] * turn)
        assert service.stop() == 0
        assert not (service.path / "log/supervise").exists()


def test_an_edited_file_counts_with_the_next_start(serve):
    """Of the service: what was printed before is in the old place, the rest in the new one."""
    service = serve({"run": " echo x; exec sleep 1000\n", "logger": "pymultilog ./one\n"})
    wait_until(lambda: logged(service, "one") == ["x"])
    pid = service.up()
    (service.path / "logger").write_text("pymultilog ./two\n")
    service.say("t")
    service.up(pid)
    # What the old one had not read is the new one's.
    wait_until(lambda: logged(service, "one") + logged(service, "two") == ["x", "x"])
    service.say("t")
    wait_until(lambda: logged(service, "two"))


def test_an_instance_knows_which_it_is(serve):
    """Of a template: in the words, and in the environment."""
    service = serve(
        {
            "run": " echo x; exec sleep 1000\n",
            "logger": "sh -c 'echo $0 $INSTANCE >main; exec cat' $INSTANCE\n",
        },
        name="web@8001",
    )
    assert service.wait_for("main") == ["8001 8001"]


def test_c_tools_see_no_logger(serve, run, needs):
    """Sv speaks of the service alone."""
    needs("sv")
    service = serve({"run": NOTE_IN, "logger": OURS})
    service.up()
    said = run("sv", "status", service.path).stdout
    assert said.startswith(b"run: ")
    assert b"log" not in said
