"""fg: the program itself, with all that a manager would have given it."""

import os
import signal
import sys

import pytest

from tests.zdaemon.typing_in import lives


def test_it_ends_with_the_programs_code(typed):
    """B-19. Kind: a status that is lost. --compat-exit loses it as before."""
    assert typed("-p", "sh -c 'exit 7'", "fg") == (7, "sh -c exit 7\n", "")
    assert typed("--compat-exit", "-p", "sh -c 'exit 7'", "fg")[0] == 0
    assert typed("-p", "sh -c 'kill -KILL $$'", "fg")[0] == -signal.SIGKILL


def test_it_cannot_be_run(typed):
    """Kind: a program that is not there, which ended with 0 and without a word."""
    code, said, error = typed("-p", "nosuch", "fg")
    assert (code, said) == (111, "nosuch\n")
    assert error.startswith("pyzdaemon: fatal: unable to run nosuch: file does not exist\n")


def test_it_runs_already(typed):
    """It says so and ends with a code of its own."""
    assert typed("-p", "sleep 100", "start")[0] == 0
    said = "To run the program in the foreground, please stop it first.\n"
    assert typed("-p", "sleep 100", "fg") == (111, said, "")


@pytest.mark.parametrize("option", [[], ["--compat-exit"]])
@pytest.mark.parametrize("name", ["TERM", "HUP", "USR1"])
def test_signals_are_passed_on(typed, start, until, option, name):
    """Kind: a signal that ends the client, and leaves the program."""
    typed.file("prog", f"trap 'echo got; exit 5' {name}\n: >up\nwhile :; do sleep 0.05; done\n")
    running = start("pyzdaemon", *option, "-p", "sh prog", "fg", env=typed.env)
    until((typed.place / "up").exists)
    running.send_signal(getattr(signal, "SIG" + name))
    assert running.wait(20) == (0 if option else 5)
    assert running.stdout.read() == b"sh prog\ngot\n"


def test_it_is_as_under_a_manager(typed):
    """ZD-5. Directory, umask, variables and words hold; zdaemon has no directory and no umask."""
    conf = typed.conf(
        "<environment>\nHOW  a  b\nPATH /usr/bin:/bin\n</environment>",
        program="sh ../prog",
        directory=f"{typed.place}/there",
        umask="027",
    )
    typed.file("prog", 'pwd; umask; echo "$HOW" "$@"\n')
    code, said, _ = typed(*conf, "fg", "c  d")
    assert (code, said) == (0, f"sh ../prog c  d\n{typed.place}/there\n0027\na  b c  d\n")


@pytest.mark.needs_root
def test_user(typed):
    """2.0a6. With `user` it is that account's, with its groups; HOME stays."""
    conf = typed.conf(program="id -u", user="nobody")
    assert typed(*conf, "fg")[:2] == (0, "id -u\n65534\n")
    assert typed("-p", "id -u", "-u", "65534", "fg")[:2] == (0, "id -u\n65534\n")


def test_user_is_ours(typed):
    """3.0.1. Who is that user already needs no root; who is not is told."""
    assert typed("-p", "echo a", "-u", str(os.geteuid()), "fg") == (0, "echo a\na\n", "")


def test_user_for_others(typed, ordinary):
    """An ordinary user may not name another."""
    words = [*ordinary, "pyzdaemon", "-p", "echo a", "-u", "root", "fg"]
    code, said, error = typed(*words[1:], tool=words[0])
    assert (code, said) == (2, "")
    assert error == (
        "Error: only root can use -u USER to change users\nFor help, use pyzdaemon -h\n"
    )


def test_its_signals_have_their_defaults(typed):
    """B-15. Kind: what Python ignores, ignored by the program too."""
    _, said, _ = typed("-p", "grep ^SigIgn /proc/self/status", "fg")
    assert said.split()[-1] == "0000000000000000"


def test_it_has_its_terminal(typed, until):
    """^C at a terminal is the program's, and what it ends with is ours."""
    import pty

    pid, fd = pty.fork()
    if not pid:
        os.chdir(typed.place)
        tool = os.path.join(sys.prefix, "bin/pyzdaemon")
        os.execve(tool, [tool, "-p", "sh prog", "fg"], os.environ | typed.env)  # noqa: S606
    try:
        typed.file("prog", "trap 'exit 9' INT\n: >up\nwhile :; do sleep 0.05; done\n")
        until((typed.place / "up").exists)
        os.write(fd, b"\x03")
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 9
        assert not lives(pid)
    finally:
        os.close(fd)
