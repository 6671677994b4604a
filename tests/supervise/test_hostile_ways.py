"""Another account owns a directory on the way: root makes and locks nothing by its links."""

import os
import subprocess

import pytest

from pydaemontools.base.shared_dir import open_file
from tests.hostile import NOBODY, PRIVATE

pytestmark = [pytest.mark.needs_root, pytest.mark.process]
STRANGER = "a symbolic link of another account"
# What root says where HERE is a directory that nobody owns, or is to make.
COMMANDS = {
    "pymultilog": "pymultilog ./HERE/log",
    "pymultilog, itself": "pymultilog ./HERE",
    "pymultilog, with a slash": "pymultilog ./HERE/",
    "multilog": "multilog ./HERE/log",
    "multilog, with a slash": "multilog ./HERE/",
    "multilog =": "multilog =HERE/latest",
    "pysissylog": "pysissylog --to HERE/log/",
    "a spool": "pysissylog --to tcp://127.0.0.1:1 --spool HERE",
    "a spool below": "pysissylog --to tcp://127.0.0.1:1 --spool HERE/spool",
    "--stats": "pysissylog --to stderr: --stats HERE/stats",
    "pysetlock": "pysetlock HERE/lock true",
    "setlock": "setlock HERE/lock true",
    "pysetlock, a link to it": "pysetlock lock true",
    "pysupervise": "pysupervise s",
    "supervise": "supervise s",
    "runsv": "runsv s",
}


@pytest.fixture
def there(place):
    """A directory of nobody's, one of root's alone beside it, and a service to be."""
    (place / "outside").mkdir(mode=0o700)
    (place / "outside/secret").write_text(PRIVATE)
    (place / "theirs").mkdir()
    os.chown(place / "theirs", NOBODY, NOBODY)
    (place / "s").mkdir()
    (place / "s/run").write_text("#!/bin/sh\nexec sleep 1000\n")
    (place / "s/run").chmod(0o755)
    # Root's own links, by which it goes there.
    (place / "s/supervise").symlink_to("../theirs/way/supervise")
    (place / "lock").symlink_to("theirs/way/lock")
    return place


def known(directory):
    """All that is in DIRECTORY and of it: modes, times, names and contents."""
    found = {}
    for path in [directory, *sorted(directory.rglob("*"))]:
        there = path.stat()
        data = path.read_bytes() if path.is_file() else b""
        found[path.name] = (there.st_mode, there.st_uid, there.st_mtime_ns, data)
    return found


def ended(there, scripts, originals, command, seconds=1):
    """What COMMAND, run by root, says until it ends or is ended after so many SECONDS."""
    env = {"PATH": f"{scripts}:{originals}:/usr/bin:/bin"}
    argv = ["timeout", "-k10", str(seconds), *command.split()]
    done = subprocess.run(
        argv, cwd=there, env=env, input=b"a line\n", stderr=subprocess.PIPE, check=False
    )
    return done.stderr.decode()


@pytest.mark.parametrize("link", ["../outside", "../outside/made"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_link_of_theirs_on_the_way(there, scripts, originals, name, link):
    """Kind: root's path, or root's link, leads through a link of somebody else, to anywhere."""
    (there / "theirs/way").symlink_to(link)
    os.lchown(there / "theirs/way", NOBODY, NOBODY)
    before = known(there / "outside")
    err = ended(there, scripts, originals, COMMANDS[name].replace("HERE", "theirs/way"))
    assert known(there / "outside") == before
    assert STRANGER in err or name in ("multilog", "supervise")
    assert "Traceback" not in err


@pytest.mark.parametrize("name", COMMANDS)
def test_a_link_of_ours_on_the_way(there, scripts, originals, name):
    """Whom root trusts it follows: its own links, on the way and at the end, to what is there."""
    (there / "way").symlink_to(there / "theirs")
    (there / "s/supervise").unlink()
    (there / "s/supervise").symlink_to("../way/supervise")
    (there / "lock").unlink()
    (there / "lock").symlink_to("way/lock")
    assert STRANGER not in ended(there, scripts, originals, COMMANDS[name].replace("HERE", "way"))
    assert os.listdir(there / "theirs")


# Two names that change places all the time: a directory, and a link to what is root's alone.
SWAP = """
import os, ctypes
os.setgid(65534)
os.setuid(65534)
rename = ctypes.CDLL(None).renameat2
here = os.open("theirs", os.O_RDONLY)
count = 0
while True:
    assert not rename(here, b"way", here, b"other", 2)
    count += 1
    if count == 2000:
        os.mkdir("theirs/enough")
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_names_that_change_places(there, scripts, originals, name):
    """Kind: what was looked at is another thing when it is opened, at least 2,000 times."""
    (there / "theirs/way").mkdir()
    (there / "theirs/other").symlink_to("../outside")
    for one in "way", "other":
        os.lchown(there / "theirs" / one, NOBODY, NOBODY)
    before = known(there / "outside")
    with subprocess.Popen(["python3", "-c", SWAP], cwd=there) as swapping:
        tries = 0
        while tries < 5 or not (there / "theirs/enough").exists():
            command = COMMANDS[name].replace("HERE", "theirs/way")
            assert "Traceback" not in ended(there, scripts, originals, command, seconds=0.2)
            tries += 1
        assert swapping.poll() is None
        swapping.kill()
    assert known(there / "outside") == before


# What has a second name is given it, and loses it, all the time, as where anybody may do that.
LINK = """
import os
os.chdir("theirs")
open("plain", "w").close()
while True:
    os.link("plain", "file")
    os.link("../outside/secret", "other")
    os.rename("other", "file")
    os.unlink("file")
"""


def test_a_second_name_that_comes_and_goes(there):
    """Kind: when it was opened it had two names, and when that was looked at one."""
    secret = (there / "outside/secret").stat().st_ino
    directory = os.open(there / "theirs", os.O_RDONLY)
    linking = subprocess.Popen(["python3", "-c", LINK], cwd=there)
    found = set()
    try:
        for _ in range(50_000):
            try:
                fd = open_file(b"file", os.O_WRONLY, directory)
            except OSError:
                continue
            found.add(os.fstat(fd).st_ino)
            os.close(fd)
        assert linking.poll() is None
    finally:
        linking.kill()
        linking.wait()
        os.close(directory)
    assert secret not in found
