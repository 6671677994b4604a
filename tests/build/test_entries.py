"""python -m pydaemontools entries: scripts that start with no shell."""

import json
import os
import re
import shutil
import socket
import subprocess
import urllib.request

import pytest

from pydaemontools.base.tools import OWN
from tests.build.conftest import OFFLINE, ROOT, pip
from tests.conftest import wait_until


@pytest.fixture
def installed(fresh, wheel):
    """The scripts of a venv with the wheel."""
    scripts = fresh("venv")
    pip("install", *OFFLINE, wheel, python=scripts / "python3")
    return scripts


def entries(scripts, *words, **more):
    """Run `entries` there."""
    argv = [scripts / "python3", "-m", "pydaemontools", "entries", *words]
    return subprocess.run(argv, capture_output=True, timeout=60, check=False, **more)


def test_over_the_installed_ones_and_back(installed):
    """Each tool names its interpreter, in a new file; --undo gives what was there, to the byte."""
    before = {name: (installed / name).read_bytes() for name in OWN}
    os.link(installed / "pysetlock", installed / "cached")
    done = entries(installed)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"An upgrade of the package" in done.stdout
    for name in OWN:
        assert (installed / name).read_text().startswith(f"#!{installed}/python3 -IS\n")
    # An installer's cache is left alone.
    assert (installed / "cached").read_bytes() == before["pysetlock"]
    assert entries(installed, "--undo").returncode == 0
    assert {name: (installed / name).read_bytes() for name in OWN} == before


@pytest.mark.parametrize("place", [[], ["there"]], ids=["installed", "a directory"])
def test_a_chain_is_fused_and_the_environment_whole(installed, tmp_path, place):
    """Links know one another; 200 kB and names that no shell hands on arrive."""
    assert entries(installed, *place, cwd=tmp_path).returncode == 0
    where = tmp_path / place[0] if place else installed
    env = {"PATH": f"{where}:/usr/bin:/bin", "my.prop": "1", "BASH_FUNC_x%%": "() { :; }"}
    env |= {f"LONG{number}": "x" * 100_000 for number in range(2)}
    argv = [where / "pysetlock", tmp_path / "lock", "pypgrphack", "env", "-0"]
    done = subprocess.run(argv, capture_output=True, env=env, timeout=60, check=True)
    found = dict(word.split(b"=", 1) for word in done.stdout.split(b"\0")[:-1])
    assert found == {name.encode(): value.encode() for name, value in env.items()}


def test_no_process_is_started(installed, tmp_path):
    """No shell, no base64: one program is executed for the first link, and the last one."""
    if not shutil.which("strace"):
        pytest.skip("needs strace: it sees what is started")
    assert entries(installed).returncode == 0
    trace = ["strace", "-f", "-qq", "-e", "trace=execve,clone,clone3,fork,vfork", "-o", "trace"]
    chain = [installed / "pysetlock", "lock", installed / "pypgrphack", "/bin/true"]
    done = subprocess.run([*trace, *chain], cwd=tmp_path, timeout=60, check=False)
    if done.returncode:
        pytest.skip("strace may not trace here")
    calls = (tmp_path / "trace").read_text().splitlines()
    assert [call.split()[1].partition("(")[0] for call in calls] == ["execve", "execve"]


def test_refusals(installed, tmp_path):
    """Another program in the way, a directory that cannot be made, and words that are none."""
    there = tmp_path / "there"
    there.mkdir()
    (there / "pysv").write_text("#!/bin/sh\n")
    done = entries(installed, there)
    said = f"pydaemontools: fatal: unable to make {there}/pysv: there is another program"
    assert (done.returncode, os.listdir(there)) == (111, ["pysv"])
    assert done.stderr.decode().startswith(said)
    assert entries(installed, "/dev/null/x").returncode == 111
    assert entries(installed, "--what").returncode == 100
    assert entries(installed, "a", "b").returncode == 100


def test_an_interpreter_that_no_first_line_names(fresh, wheel):
    """Its path has a blank: the scripts keep the shell, and that is said."""
    scripts = fresh("with a blank")
    pip("install", *OFFLINE, wheel, python=scripts / "python3")
    before = (scripts / "pysv").read_bytes()
    done = entries(scripts)
    assert done.returncode == 111
    assert done.stderr.startswith(b"pydaemontools: fatal: unable to do without a shell: ")
    assert (scripts / "pysv").read_bytes() == before


def test_what_an_image_is_made_by(installed, tmp_path):
    """The commands of contrib/docker/Dockerfile, but for the download, and what it then starts."""
    text = (ROOT / "contrib/docker/Dockerfile").read_text()
    run = " && ".join(re.findall("^RUN (.*)$", text, re.MULTILINE))
    run = run.replace("pip install --no-cache-dir /src", ":").replace("/src", "src")
    (tmp_path / "src").mkdir()
    env = {"PATH": f"{installed}:/usr/bin:/bin"}
    subprocess.run(["sh", "-ec", run], cwd=tmp_path, env=env, timeout=60, check=True)
    assert (installed / "pysv").read_text().startswith(f"#!{installed}/python")
    assert not (tmp_path / "src").exists()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "env/PORT").write_text(f"{port}\n")
    words = json.loads(re.search("^ENTRYPOINT (.*)$", text, re.MULTILINE)[1])
    server = subprocess.Popen(words, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/"
        assert wait_until(lambda: urllib.request.urlopen(url, timeout=5).read()) == b"fine\n"
    finally:
        server.terminate()
        assert server.wait(30) == 0
