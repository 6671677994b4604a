"""contrib/examples, as people start them: each record with its level, tracebacks whole."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.adapters.conftest import understood
from tests.conftest import DEADLINE, wait_until
from tests.log.far import free_port

EXAMPLES = Path(__file__).resolve().parents[2] / "contrib/examples"
pytestmark = pytest.mark.process
if not EXAMPLES.exists():
    pytest.skip("the tests are not in a source tree", allow_module_level=True)


class Running:
    """A program whose stderr is a file, so that the test may look at it again and again."""

    def __init__(self, place, argv, env):
        self._path = place / "said"
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(EXAMPLES), "HOME": str(place)} | env
        with self._path.open("wb") as said:
            self._process = subprocess.Popen(
                argv, cwd=place, env=env, stdout=said, stderr=said, start_new_session=True
            )

    def wait_for(self, pattern):
        """Wait until what it said has PATTERN; give what was found."""
        return wait_until(lambda: self._found(pattern))

    def _found(self, pattern):
        """What is there of PATTERN in what it said; it must not have ended without."""
        found = re.search(pattern, self._path.read_text())
        assert found or self._process.poll() is None, self._path.read_text()
        return found

    def end(self):
        """End it with TERM; give the records that it wrote."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(DEADLINE)
        return understood(self._path.read_bytes())

    def hang_up(self):
        """Have it read its configuration again, as many do for HUP."""
        self._process.send_signal(signal.SIGHUP)

    def kill(self):
        """Be gone, with all of its children."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()


@pytest.fixture
def example(place):
    """Start a program with the examples to be imported; it is killed after the test."""
    started = []

    def example(*argv, **env):
        started.append(Running(place, argv, env))
        return started[-1]

    yield example
    for one in started:
        one.kill()


def ask(url):
    """The status of the answer."""
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE) as answer:  # noqa: S310 - our own
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def failed(records):
    """The level and the exception of each of RECORDS that has one."""
    return [
        (level, fields["exception.type"])
        for level, _, fields in records
        if "exception.type" in fields
    ]


@pytest.mark.parametrize("how", ["program", "uvicorn"])
def test_fastapi(example, how):
    """Started as a program or by uvicorn, which has set up its own handlers by then."""
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    path = str(EXAMPLES / "fastapi_web.py")
    argv = [path, "0"] if how == "program" else ["-m", "uvicorn", "fastapi_web:app", "--port", "0"]
    web = example(sys.executable, *argv, DEBUG="1")
    port = web.wait_for(r"info: Uvicorn running on http://127.0.0.1:(\d+)")[1]
    assert ask(f"http://127.0.0.1:{port}/") == 200
    assert ask(f"http://127.0.0.1:{port}/fail") == 500
    web.wait_for("KeyError: 'three'")
    records = web.end()
    assert (6, "somebody asked", {}) in records
    assert (7, "and nobody else did", {}) in records
    assert failed(records) == [(3, "KeyError")]
    assert any('"GET / HTTP/1.1" 200' in text for _, text, _ in records)


def test_celery(example, place):
    """A worker with children, and two jobs, one of which fails."""
    pytest.importorskip("celery")
    (place / "jobs.py").write_text(
        "from celery_jobs import *\n"
        "folder = {'data_folder_in': 'queue', 'data_folder_out': 'queue',\n"
        "          'control_folder': 'control'}\n"
        "app.conf.broker_transport_options = folder\n"
    )
    (place / "queue").mkdir()
    env = {"BROKER": "filesystem://"}
    command = [sys.executable, "-m", "celery", "-A", "jobs"]
    worker = example(*command, "worker", "-c", "2", "-l", "info", "--without-mingle", **env)
    worker.wait_for("info: .* ready")
    path = f"{EXAMPLES}:{place}"
    for words in '["celery_jobs.divide", "-a", "[6, 3]"]', '["celery_jobs.divide", "-a", "[6, 0]"]':
        code = f"import sys, celery.__main__ as m; sys.argv[1:] = ['-A', 'jobs', 'call', *{words}]"
        argv = [sys.executable, "-c", f"{code}; m.main()"]
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "BROKER": "filesystem://"}
        subprocess.run(argv, cwd=place, env=env, check=True, capture_output=True)
    worker.wait_for("dividing 6 by 3")
    worker.wait_for("ZeroDivisionError: division by zero")
    records = worker.end()
    assert (6, "dividing 6 by 3", {}) in records
    assert failed(records) == [(3, "ZeroDivisionError")]


def answers(url):
    """Whether URL is there, and well."""
    try:
        return ask(url) == 200
    except urllib.error.URLError:
        return False


def test_django(example):
    """Its server logs the requests, and the exception."""
    pytest.importorskip("django")
    port = free_port()
    path = str(EXAMPLES / "django_site.py")
    site = example(sys.executable, path, "runserver", "--noreload", f"127.0.0.1:{port}")
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(url))
    assert ask(f"{url}/fail") == 500
    # A thread each: the one may be later than the other.
    for said in ('GET /fail HTTP/1.1" 500', 'GET / HTTP/1.1" 200'):
        site.wait_for(said)
    records = site.end()
    assert (6, "site: somebody asked", {}) in records
    assert failed(records) == [(3, "KeyError")]
    assert any(level == 6 and '"GET / HTTP/1.1" 200' in text for level, text, _ in records)
