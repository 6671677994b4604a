"""After a change of account the interpreter's own library may be closed: all goes on.

Kind: what is imported late, wherever that is, ends with a traceback when the account that a chain
became may not read it. An installer that ran as root has put the interpreter below /root.
"""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import pydaemontools
from pydaemontools.base.tools import OWN
from tests.conftest import DEADLINE, copy_installation, remove, write_script

pytestmark = pytest.mark.needs_root
PACKAGE = Path(pydaemontools.__file__).parent
VERSION = "python{}.{}".format(*sys.version_info)
# What is there for one who may have more (rich, ZConfig), for who installs, and for a terminal.
NOT_OURS = {"rich", "ZConfig", "importlib", "readline"}
# What runs in a program of its own, and in no tool: templates, adapters, servers.
IN_PROGRAMS = {"templates", "adapters"}
SERVERS = [
    "coroutines",
    "pool",
    "prefork",
    "schedule",
    "server",
    "signal_inbox",
    "threaded",
    "timed_child",
    "worker",
]


@pytest.fixture(scope="module")
def closed(scripts):
    """An installation with a Python of its own, whose library only root can read."""
    place = Path(tempfile.mkdtemp(prefix="pydaemontools-"))
    place.chmod(0o755)
    made = copy_installation(scripts, place / "closed", None)
    python = made / "bin/python3"
    shutil.copy(os.path.realpath(sys.executable), python)
    for part in Path(os.__file__).parent.iterdir():
        if part.name != "site-packages":
            (made / "lib" / VERSION / part.name).symlink_to(part)
    started = subprocess.run([python, "-c", "import os"], env={}, capture_output=True, check=False)
    if started.returncode:
        pytest.skip("needs a Python that runs where it is copied to")
    words = [python, "-m", "pydaemontools", "originals", made / "originals"]
    # Debian's Python looks elsewhere for packages; ours are found by the commands themselves.
    env = {"PYTHONPATH": str(made / "lib" / VERSION / "site-packages")}
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=env)
    (made / "lib").chmod(0o700)
    yield made
    remove(place)


@pytest.fixture
def live(run, closed, place):
    """Run a script of sh, in which `as` is what makes nobody of whom follows it."""
    place.chmod(0o777)
    write_script(place / "bin/as", '#!/bin/sh\nexec pysetuidgid nobody "$@"\n')
    path = f"{closed}/bin:{closed}/originals:{place}/bin:/usr/bin:/bin"
    return lambda text: run("sh", "-ec", text, path=path)


LINES = "(seq 3000 | sed 's/$/ a line with x/'; echo y; printf partial)"
LIVES = {
    "multilog": "{lines} | as multilog t '-*' '+*x*' ./q; grep -q x q/current",
    "multilog of all": "{lines} | as multilog t s4096 n3 '!cat' e =now ./q; ls q/@*",
    "pymultilog": "{lines} | as pymultilog t s4096 n3 '-*' '+*x' ./q; ls q/@*",
    "pymultilog of records": "echo level=error a=1 | as pymultilog J ./q; ls q/current",
    "pysissylog": "{lines} | as pysissylog --redact 'l(i)ne' --field a=b --stats stats --to ./q/;"
    " grep -q xxx q/current || ls q; grep EOF stats",
    "pysissylog to nowhere": "{lines} | as pysissylog --spool ./s --to tcp://localhost:1 --to ./q/"
    " & sleep 0.3; kill $!; wait $! || :; ls s",
    "pytai64n": "{lines} | as pytai64n | as pytai64nlocal | grep -q x",
    "tai64n": "{lines} | as tai64n | as tai64nlocal | grep -q x",
    "pyreadproctitle": "as pyreadproctitle label ........... </dev/null || :",
    "pysetlock": "as pysetlock l true; as pysetlock -h l true; as setlock l true",
    "pysetlock that waits": ": >l; chmod 666 l; pysetlock l sh -c '"
    "as pysetlock -t 0.1 l true 2>&1 | grep -q temp; as pysetlock -n l true 2>&1 | grep -q temp'",
    "pyfghack": "as pyfghack sh -c 'sleep 0.1 &'; as fghack true",
    "pysoftlimit": "as pysoftlimit -m 500m -o 100 pysetlock l true",
    "pyenvdir": "mkdir d; echo v >d/A; as pyenvdir d sh -c 'test $A = v'",
    "pyenvuidgid": "as pyenvuidgid nobody true",
    "pypgrphack": "as pypgrphack pysetuidgid nobody true 2>&1 | grep -q denied",
    "pychain": "as pychain -c 'pysetlock l\npypgrphack\npychain ./more'",
    "pychain --check": "as pychain --check ./more",
    "a chain script": "as ./more",
    "control": "as pysvstat s || :; as pysvok s || :; as pysvc -u s || :; as pysvwait -t0 s || :;"
    " for c in status ls history logs up check-config nosuch; do as pysv $c s || :; done;"
    " as svstat s || :; as sv status ./s || :; as pysv -j status ./s || :;"
    " as pysv top <nothing || :; as pysv new ./n -- true",
    "no program": "as pysetlock l nosuch; as ./nosuch || :; as pyfghack nosuch",
}


@pytest.mark.parametrize("name", LIVES)
def test_each_tool_all_its_life(live, place, name):
    """What it does at first, later, and at the end; what may fail says so in one line."""
    write_script(place / "more", "#!/usr/bin/env pychain\npysetlock m\npyenvdir env\ntrue\n")
    for part in "env", "s":
        (place / part).mkdir()
    (place / "nothing").touch()
    write_script(place / "s/run", "#!/bin/sh\n")
    (place / "s").chmod(0o777)
    text = LIVES[name].format(lines=LINES)
    result = live(text)
    assert b"Traceback" not in result.stderr, result.stderr.decode()
    assert b"a part of Python" not in result.stderr, result.stderr.decode()
    assert result.returncode == (111 if name == "no program" else 0), result.stderr.decode()


@pytest.mark.parametrize("tool", OWN)
def test_what_is_said_is_in_one_grammar(live, tool):
    """Wrong usage, a page that the account may not read: a line, and no traceback."""
    # Without a word pysvscan keeps what is here.
    words = "--help", "--nosuch", "" if tool != "pysvscan" else "x/y", "x", "x y z"
    result = live("\n".join(f"as {tool} {more} </dev/null || :" for more in words))
    assert b"Traceback" not in result.stderr, result.stderr.decode()
    assert b"a part of Python" not in result.stderr, result.stderr.decode()


SERVICE = {
    "run": "#!/usr/bin/env pychain\npysetlock lock\nsh -c 'echo ready; sleep 0.3; exit 3'\n",
    "log/run": "#!/usr/bin/env pychain\npysissylog --to ./main/ web\n",
    "ready": "log ^rea(d)y\n",
    "check": "#!/bin/sh\nexit 0\n",
    "watchdog": "5 check\n",
    "backoff": "0.01\n",
    "notify": '#!/bin/sh\necho "$@" >>told\n',
    "finish": '#!/bin/sh\necho "$@" >>finished\n',
    "rss-limit": "500m\n",
    "control/t": "#!/bin/sh\nexit 0\n",
}


def test_a_supervisor_all_its_life(start, closed, place, until):
    """It starts its service again and again, with all that it can do, and is adopted from."""
    for name, text in SERVICE.items():
        (place / "s" / name).parent.mkdir(parents=True, exist_ok=True)
        (write_script if text[:2] == "#!" else Path.write_text)(place / "s" / name, text)
    for path in (place / "s", *(place / "s").rglob("*")):
        os.chown(path, 65534, 65534)
    place.chmod(0o777)
    path = f"{closed}/bin:/usr/bin:/bin"
    for _ in range(2):
        (place / "s/finished").unlink(missing_ok=True)
        kept = start("pysetuidgid", "nobody", "pysupervise", "-v", "s", path=path)
        until(lambda: len((place / "s/finished").read_text().splitlines()) > 2)
        kept.kill()
        assert b"Traceback" not in (said := kept.communicate()[1]), said.decode()
    kept = start("pysetuidgid", "nobody", "pysupervise", "s", path=path)
    (place / "s/finished").unlink(missing_ok=True)
    until((place / "s/finished").exists)
    until(lambda: b"ready" in (place / "s/log/main/current").read_bytes())
    kept.terminate()
    said = kept.communicate(timeout=DEADLINE)[1]
    assert (kept.returncode, said) == (0, b"")


def test_what_is_lacking_is_one_line(live, closed):
    """What nobody could know, here a file that only its owner may read, is no traceback."""
    lacking = closed / "lib" / VERSION / "site-packages/pydaemontools/log/multilog.py"
    lacking.unlink()
    result = live("as pychain -c 'pymultilog ./q' 2>&1 || :")
    assert b"Traceback" not in result.stdout
    assert result.stdout.count(b"\n") <= 2


def test_nothing_is_imported_later(run):
    """Every import in the source, wherever it stands, has been made when a life was loaded."""
    text = (
        "import sys; sys.path.append(sys.argv[1])\n"
        "from pydaemontools.base.tools import NAMES, load_life\n"
        "load_life(set(NAMES)); print(*sys.modules)"
    )
    result = run(sys.executable, "-IS", "-c", text, PACKAGE.parent)
    assert (result.returncode, result.stderr) == (0, b"")
    loaded = set(result.stdout.decode().split())
    wanted = set()
    for path in PACKAGE.rglob("*.py"):
        if IN_PROGRAMS.intersection(path.parts) or path.name == "__main__.py":
            continue
        if path.parent.name == "daemon" and path.stem in SERVERS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                wanted.add(node.module)
    wanted = {name for name in wanted if name.partition(".")[0] not in NOT_OURS}
    assert wanted - {"collections.abc", "types"} <= loaded, wanted - loaded
    rooms = ("base", "chain", "jobs", "supervise", "scan", "control", "log", "daemon", "zdaemon")
    ours = {path.relative_to(PACKAGE) for room in rooms for path in (PACKAGE / room).rglob("*.py")}
    names = {".".join(("pydaemontools", *path.with_suffix("").parts)) for path in ours}
    assert {name.removesuffix(".__init__") for name in names} <= loaded
