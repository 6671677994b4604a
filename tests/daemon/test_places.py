"""Daemons where something is scarce, closed, or unlike a source tree."""

import shutil
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest

import pydaemontools
from tests.conftest import wait_until

pytestmark = pytest.mark.process
SIMPLE = "here = daemonize('x.pid', stderr='x.log')\nhere.ready()\nstay()"
MANY = 60_000
PATHS = f"import sys\nsys.path.append({str(Path(pydaemontools.__file__).parents[1])!r})\n"


def test_with_sixty_thousand_open_files(programs, place):
    """MD-4, B-07: closed at once, by close_range(2) or up to the highest, and not up to a limit.

    As many as there may be, where that is less.
    """
    programs(f"""
        import resource
        many = {MANY}
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (many + 100, many + 100))
        except (OSError, ValueError):
            many = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100
            resource.setrlimit(resource.RLIMIT_NOFILE, (many + 100, many + 100))
        file = os.open("/dev/zero", os.O_RDONLY)
        for _ in range(many):
            os.dup(file)
        path = os.getcwd()
        here = daemonize("x.pid")
        with open(path + "/open", "w") as note:
            note.write(str(len(os.listdir("/proc/self/fd"))))
        here.ready()
        stay()
    """)
    assert int((place / "open").read_text()) <= 8


@pytest.mark.needs_root
def test_in_a_chroot(programs, place):
    """The lock and the log are outside of it; what fails there is told, with no library at hand."""
    (place / "root/etc").mkdir(parents=True)
    (place / "root/etc/mine").write_text("inside")
    programs("""
        here = daemonize("x.pid", stderr="x.log", chroot="root", directory="etc", user="nobody")
        os.write(2, open("mine").read().encode())
        here.ready()
        stay()
    """)
    assert (place / "x.log").read_text() == "inside"
    (place / "root/etc/mine").unlink()
    said = programs.fails("""
        daemonize("y.pid", chroot="root", directory="etc", user="nobody")
        open("mine")
    """)
    assert said["kind"] == "StartupError"
    assert "FileNotFoundError" in said["text"]


@pytest.mark.needs_root
def test_as_nobody(place):
    """An ordinary user's: its pid file where it may write one, else an error that says so."""
    place.chmod(0o777)
    copied = place / "lib"
    shutil.copytree(Path(pydaemontools.__file__).parent, copied / "pydaemontools")
    text = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pydaemontools.base import errors, pidfd
from pydaemontools.daemon import *
import pydaemontools.daemon.detach, pydaemontools.daemon.end_processes
import pydaemontools.jobs.helper_tree, traceback
os.setgid(65534); os.setuid(65534)
os.chdir(sys.argv[2])
try:
    daemonize("/run/pydaemontools-test.pid")
except StartupError as error:
    print(error)
here = daemonize("x.pid", exit=False)
if here.in_daemon:
    here.ready()
    sys.exit()
print(os.getuid())
"""
    words = [sys.executable, "-I", "-c", text, copied, place]
    result = subprocess.run(words, check=False, capture_output=True, timeout=30)
    said = result.stdout.decode().splitlines()
    assert "unable to open /run/pydaemontools-test.pid: access denied" in said[0], result.stderr
    assert said[1] == "65534"


@pytest.mark.needs_root
def test_on_a_full_disk(programs, place):
    """The pid cannot be written: an error, and nothing is left; a full log stops nobody."""
    (place / "full").mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place / "full"]
    if subprocess.run(mounted, check=False, capture_output=True).returncode:
        pytest.skip("needs a file system of its own: mount(8) is refused")
    try:
        (place / "full/x.log").touch()
        (place / "full/y.pid").touch()
        with pytest.raises(OSError, match="No space"):
            (place / "full/filling").write_bytes(b"x" * 1000000)
        said = programs.fails("daemonize('full/y.pid', stderr='full/x.log')")
        assert said["kind"] == "StartupError"
        assert "unable to write to" in said["text"]
        assert "out of disk space" in said["text"]
        assert programs.left() == []
        programs("here = daemonize('x.pid', stderr='full/x.log')\nhere.ready()\nstay()")
        assert len(programs.left()) == 1
        programs.end()
    finally:
        subprocess.run(["umount", "-l", place / "full"], check=True)


def test_isolated(programs, run, place):
    """Python -I: no path of the current directory's, no variables."""
    programs.write(SIMPLE)
    result = run(sys.executable, "-I", "app.py", env=programs.env)
    assert (result.returncode, result.stderr) == (0, b"")
    assert programs.left() == [int((place / "x.pid").read_text())]


def test_from_a_zip_file(programs, run, place):
    """What is imported after the chdir comes from the zip file, which was named relatively."""
    source = place / "source"
    shutil.copytree(Path(pydaemontools.__file__).parent, source / "pydaemontools")
    (source / "later").mkdir()
    (source / "later/__init__.py").write_text("")
    (source / "later/on.py").write_text("value = 'imported'\n")
    (source / "__main__.py").write_text(
        "import os, sys, later\npath = os.getcwd()\n"
        "from pydaemontools.daemon import Daemon, daemonize\n"
        "here = daemonize('x.pid', stderr='x.log')\n"
        "from later.on import value\nimport json\n"
        "assert not hasattr(sys.modules['pydaemontools'], 'nonesuch')\n"
        "from pydaemontools.base import tai64\n"
        "sys.stderr.write(value)\nsys.stderr.flush()\nhere.ready()\nimport time\ntime.sleep(1000)\n"
    )
    zipapp.create_archive(source, place / "app.pyz")
    result = run(sys.executable, "-I", "app.pyz", env=programs.env)
    assert (result.returncode, result.stderr) == (0, b"")
    assert (place / "x.log").read_text() == "imported"


def test_without_proc(programs, place):
    """The fallback of /proc: files are closed up to the limit, locks are known by fcntl(2)."""
    programs("""
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
        from pydaemontools.base import proc
        from pydaemontools.daemon import close_rest
        close_rest.FDS = "/nonesuch"
        extra = os.open("/dev/zero", os.O_RDONLY)
        path = os.getcwd()
        here = daemonize("x.pid")
        closed = not os.path.exists(f"/proc/self/fd/{extra}")
        with open(path + "/closed", "w") as note:
            note.write(str(closed))
        here.ready()
        stay()
    """)
    wait_until((place / "closed").exists)
    assert (place / "closed").read_text() == "True"


def test_without_pidfd(programs, nothing_left):
    """The fallback of pidfd_open(2): deaths are seen all the same, within 20 ms."""
    before = """
        from pydaemontools.base import pidfd
        from pydaemontools.daemon import forks, end_processes, starting, stopping
        def none(pid, start):
            if pidfd.start_time(pid) != start:
                raise ProcessLookupError
            return -1
        for one in forks, end_processes, starting, stopping:
            if hasattr(one, "open_pidfd"):
                one.open_pidfd = none
    """
    said = programs.fails(before + "    daemonize()\n        sys.exit(3)")
    assert "exit code 3" in said["text"]
    said = programs(
        before
        + """
        daemon = Daemon("x", pid_file="x.pid", startup_command=["sleep", "1000"], settle=0)
        daemon.startup(False)
        daemon.shutdown()
        say(alive=daemon.alive())
    """
    )
    assert said == [{"alive": False}]
    nothing_left()


def test_what_is_imported(run):
    """The kind: an import that brings what is not used."""
    text = "import sys\nfrom pydaemontools.daemon import Daemon, daemonize\nprint(*sys.modules)"
    loaded = run(sys.executable, "-IS", "-c", PATHS + text).stdout.decode().split()
    assert not {"subprocess", "logging", "asyncio", "typing", "threading", "re"} & set(loaded)
