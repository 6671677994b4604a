"""svscanboot and runsvchdir, which know one place of a machine: theirs and ours, each in a
namespace where another directory stands there.
"""

import os
import re
import subprocess

import pytest

from tests.conftest import DEADLINE, remove, write_script
from tests.oracle.scanners import AWAIT, SLEEP
from tests.supervise.conftest import make_service

pytestmark = pytest.mark.needs_root
# What is to be compared runs only where the mount has hidden what is there.
INSIDE = 'mount --bind "$1" {0} && cd {0} && [ -e .ours ] && eval "$2"'
SWITCHES = [
    "runsvchdir b; ls -l",
    "runsvchdir a; ls -l",
    "runsvchdir b; runsvchdir b; ls -l",
    "runsvchdir b/; ls -l; runsvchdir a more; ls -l",
    "runsvchdir nosuch",
    "runsvchdir dead",
    "runsvchdir file",
    "runsvchdir link; ls -l",
    "runsvchdir ''",
    "runsvchdir current",
    "runsvchdir previous",
    "rm current; runsvchdir a; ls -l",
    "rm current; ln -s nowhere current; runsvchdir a",
    "rm current; mkdir current; runsvchdir b; ls -l",
    "mkdir previous; runsvchdir b; ls -l",
    "mkdir current.new; runsvchdir b; ls -l",
    "ln -s x current.new; runsvchdir b; ls -l",
    "touch previous; runsvchdir b; ls -l",
]
BOOT = """
svscanboot & boot=$!
for i in a b; do await /etc/service/$i ': up'; done; svstat /etc/service/*
until [ -s /etc/service/b/told ]; do sleep 0.05; done; cat /etc/service/b/told
scan=$(pgrep -x svscan --ns $$ --nslist mnt)
until pgrep -x readproctitle --ns $$ --nslist mnt >/dev/null; do sleep 0.05; done
title=$(pgrep -x readproctitle --ns $$ --nslist mnt)
until ps -ww -o args= -p $title | grep -q 'down: file'; do sleep 0.05; done
ps -ww -o args= -p $title | grep -o 'service errors: .*'
ps -o args= -p $scan | grep -o 'svscan .*'
kill $scan; svc -dx /etc/service/*
for i in a b; do await /etc/service/$i 'not running'; done
svstat /etc/service/*; wait $boot; echo $?
"""


@pytest.fixture
def inside(place, originals):
    """Run a script where DIRECTORY stands at a place of the machine; with theirs, with ours."""

    def inside(where, fill, script):
        if not os.path.isdir(where):
            pytest.skip(f"there is no {where} to stand in for")
        for name, text in AWAIT.items():
            write_script(place / "bin" / name, text)
        seen = []
        for path in "", f"{originals}:":
            remove(place / "there")
            (place / "there").mkdir()
            (place / "there/.ours").touch()
            fill(place / "there")
            done = subprocess.run(
                ["unshare", "-m", "sh", "-c", INSIDE.format(where), "sh", place / "there", script],
                env={"PATH": f"{path}{place}/bin:/usr/bin:/bin:/usr/sbin", "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=DEADLINE,
                check=False,
            )
            if b"unshare" in done.stderr or b"mount" in done.stderr:
                pytest.skip("needs to mount in a namespace")
            texts = (done.stdout, done.stderr)
            seen.append((done.returncode, *(_masked(text) for text in texts)))
        return seen

    return inside


def _masked(text):
    text = re.sub(rb"\w{3} +\d+ \d\d:\d\d", b"DATE", text)
    return re.sub(rb"\d+ seconds|pid \d+", b"N", text)


@pytest.mark.needs("runsvchdir")
@pytest.mark.parametrize("script", SWITCHES)
def test_what_runsvchdir_does(inside, script):
    """What it says, its code, and where the links lead then."""

    def fill(directory):
        for name in "a", "b", ".hidden":
            (directory / name).mkdir()
        (directory / "file").touch()
        for name, to in {"current": "a", "dead": "nowhere", "link": "b"}.items():
            (directory / name).symlink_to(to)

    theirs, ours = inside("/etc/runit/runsvdir", fill, script)
    assert theirs[1:] != (b"", b"")
    assert ours == theirs


@pytest.mark.needs("svscan", "readproctitle", "svc", "svstat")
def test_what_svscanboot_does(inside):
    """Services that know nothing but a PATH, and errors in the title of readproctitle."""
    if not os.access("/usr/bin/svscanboot", os.X_OK):
        pytest.skip("comparison skipped: the script svscanboot is not on this machine")

    def fill(directory):
        make_service(directory / "a", {"run": SLEEP})
        tells = " env | grep -v PWD | sort >told.new; readlink /proc/$$/fd/0 >>told.new;"
        make_service(directory / "b", {"run": f"{tells} mv told.new told; exec sleep 1000\n"})
        (directory / "down").symlink_to("nowhere")

    theirs, ours = inside("/etc/service", fill, BOOT)
    assert theirs[1].count(b": up") == 2
    assert ours == theirs
