"""What another account may put where root writes, and what root must leave alone beside it."""

import os
import shutil
import stat
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import wait_until

NOBODY = 65534
PRIVATE = "of root alone\n"


def endless(path):
    """Have a plain file of 5 GB at PATH."""
    path.touch()
    os.truncate(path, 5 << 30)


def hard_link(path):
    """Have another name of the secret at PATH, as where nobody keeps that from being made."""
    path.hardlink_to(path.parent.parent.parent / "outside/secret")


THINGS = {
    "a link to a secret": lambda path: path.symlink_to("../../outside/secret"),
    "a link to where nothing is": lambda path: path.symlink_to("../../outside/made"),
    "a link in": lambda path: path.symlink_to("other"),
    "another name of a secret": hard_link,
    "a fifo": os.mkfifo,
    "a device": lambda path: os.mknod(path, 0o020666, os.makedev(1, 5)),
    "a directory": Path.mkdir,
    "endless": endless,
    "gone": lambda _path: None,
}


def outside(place):
    """All that is not the attacker's: names, what they hold, whose they are."""
    found = {}
    for path in sorted((place / "outside").rglob("*")):
        there = path.stat()
        found[path.name] = (path.read_bytes(), there.st_mode, there.st_uid, there.st_gid)
    return found


def put(path, thing):
    """Have THING at PATH, in the place of what is there, as the account of the directory."""
    made = path.with_name(".made")
    THINGS[thing](made)
    if os.path.lexists(made) and thing != "another name of a secret":
        os.lchown(made, NOBODY, NOBODY)

    def stands():
        # The supervisor may be quicker, and make its own again.
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        path.unlink(missing_ok=True)
        if os.path.lexists(made):
            made.rename(path)
        return True

    wait_until(stands)


def disclosed(directory):
    """What stands in DIRECTORY and says what the secret says, but for second names of that."""
    plain = [p for p in directory.rglob("*") if stat.S_ISREG(p.lstat().st_mode)]
    mine = [p for p in plain if p.stat().st_nlink == 1 and p.stat().st_size < 1 << 20]
    return [p for p in mine if PRIVATE.encode() in p.read_bytes()]


@contextmanager
def beside_a_secret(place):
    """A new directory in PLACE, where `outside` is root's: nothing of that is touched or told."""
    here = Path(tempfile.mkdtemp(dir=place))
    keep_secret(here)
    before = outside(here)
    yield here
    assert outside(here) == before
    assert set(disclosed(here)) <= {here / "outside/secret"}
    shutil.rmtree(here)


def keep_secret(place):
    """Make `outside` in PLACE, with a secret of root's."""
    (place / "outside").mkdir()
    (place / "outside/secret").write_text(PRIVATE)
    (place / "outside/secret").chmod(0o600)


def given_to_nobody(directory):
    """Make DIRECTORY, and have it belong to the attacker."""
    directory.mkdir(parents=True)
    os.chown(directory, NOBODY, NOBODY)
    return directory


def feed(command, directory, deeds, *, path, cwd, ends=True):
    """Give COMMAND lines, and do one of DEEDS in DIRECTORY between two times: (name, thing).

    It has to end when it is told to, if it ENDS at all, and without a traceback.
    """
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    more = {"cwd": cwd, "env": {"PATH": path}, "bufsize": 0}
    with subprocess.Popen(command, **more, **pipes) as process:
        try:
            process.stdin.write(b"a line of a log\n" * 300)
            for name, thing in deeds:
                put(directory / name, thing)
                process.stdin.write(b"a line of a log\n" * 300)
            process.stdin.close()
            process.wait(0.5)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            process.terminate()
        try:
            if ends:
                process.wait(30)
        finally:
            process.kill()
        said = process.stderr.read()
    assert b"Traceback" not in said
    assert b"usage" not in said
