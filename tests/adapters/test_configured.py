"""A Handler in a configuration of logging's: of gunicorn, uvicorn, Celery and Django."""

import json
import logging
import logging.config
import os
import sys
import urllib.error

import pytest

from pydaemontools import adapters
from pydaemontools.log.lines.levels import INFO
from tests.adapters.conftest import understood
from tests.adapters.test_examples import ask, example, failed
from tests.conftest import wait_until
from tests.log.far import free_port

__all__ = ["example"]

WSGI = """
import logging
logger = logging.getLogger("site")
def app(environ, start):
    logger.info("asked %s", environ["PATH_INFO"])
    if environ["PATH_INFO"] == "/fail":
        {}["three"]
    start("200 OK", [])
    return [b"hello"]
"""
ASGI = """
import logging
logger = logging.getLogger("site")
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind.endswith("shutdown"):
                return
    logger.info("asked %s", scope["path"])
    if scope["path"] == "/fail":
        {}["three"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""
CELERY = """
import celery, logging, logging.config
from celery import signals
import pydaemontools.adapters as log
app = celery.Celery("jobs", broker="memory://")
@signals.setup_logging.connect
def set_up(loglevel=None, **_):
    logging.config.dictConfig(log.dict_config(loglevel or "INFO"))
@signals.worker_ready.connect
def ready(**_):
    logging.getLogger("site").info("asked /")
    try:
        {}["three"]
    except KeyError:
        logging.getLogger("site").exception("failed")
"""
DJANGO = """
import logging, sys
from django import urls
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
import pydaemontools.adapters as log
def index(request):
    logging.getLogger("site").info("asked %s", request.path)
    return HttpResponse("hello")
def fail(_):
    return {}["three"]
urlpatterns = [urls.path("", index), urls.path("fail", fail)]
if not settings.configured:
    settings.configure(ALLOWED_HOSTS=["*"], DEBUG="debug" in sys.argv, ROOT_URLCONF=__name__,
                       SECRET_KEY="x", LOGGING=log.dict_config())
execute_from_command_line([word for word in sys.argv if word != "debug"])
"""
PLAIN = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "pydaemontools.adapters.Handler"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
}


def works(site, port, early=0):
    """The texts of the records of SITE, which is asked twice, once for nothing.

    All it writes, but for its EARLY lines, is records with their level.
    """
    wait_until(lambda: answers(port))
    assert ask(f"http://127.0.0.1:{port}/fail") == 500
    site.wait_for("KeyError: 'three'")
    site.wait_for('"GET /fail HTTP/1.1" 500')
    records = site.end()
    assert (6, "asked /", {}) in records
    assert failed(records) == [(3, "KeyError")]
    # Whatever prints beside us has a time, or no level.
    assert all(
        level in (3, 4, 6) and not text.startswith("[2") for level, text, _ in records[early:]
    ), records
    return [text for _, text, _ in records]


def answers(port):
    """Whether somebody answers on PORT."""
    try:
        return ask(f"http://127.0.0.1:{port}/") == 200
    except urllib.error.URLError:
        return False


GUNICORN = {
    "a dict": "logconfig_dict = log.dict_config()",
    "hooks": "def on_starting(_): log.install()\non_reload = on_starting",
}


@pytest.mark.process
@pytest.mark.parametrize("how", [*GUNICORN, "a file"])
def test_gunicorn(example, place, how):
    """With its own lines, those of requests, and the program's; and after a reload as before."""
    pytest.importorskip("gunicorn")
    port = free_port()
    (place / "web.py").write_text(WSGI)
    said = [f"bind = '127.0.0.1:{port}'", "accesslog = '-'", "control_socket_disable = True"]
    if how == "a file":
        loggers = {f"gunicorn.{name}": {"propagate": True} for name in ("error", "access")}
        (place / "log.json").write_text(json.dumps(PLAIN | {"loggers": loggers}))
        said.append("logconfig_json = 'log.json'")
    else:
        said += ["import pydaemontools.adapters as log", GUNICORN[how]]
    (place / "conf.py").write_text("\n".join(said))
    site = example(sys.executable, "-m", "gunicorn", "-c", "conf.py", "web:app")
    site.wait_for("info: Booting worker with pid")
    wait_until(lambda: answers(port))
    site.hang_up()
    site.wait_for("info: Worker exiting")
    site.wait_for("(info: Booting worker with pid(.|\\n)*){2}")
    # Before its first hook it has said who it is.
    texts = works(site, port, early=how == "hooks")
    assert sum('"GET /fail HTTP/1.1" 500' in text for text in texts) == 1
    assert sum(text.startswith("Hang up") for text in texts) == 1
    assert sum(text.startswith("Shutting down") for text in texts) == 1


@pytest.mark.process
@pytest.mark.parametrize("how", ["a dict", "a file", "two workers"])
def test_uvicorn(example, place, how):
    """Its workers are spawned, and get the dict from it."""
    pytest.importorskip("uvicorn")
    port = free_port()
    (place / "web.py").write_text(ASGI)
    (place / "log.json").write_text(json.dumps(adapters.dict_config()))
    config, workers = "log.dict_config()", 1
    if how == "a file":
        config = "'log.json'"
    elif how == "two workers":
        workers = 2
    (place / "main.py").write_text(
        "import uvicorn, pydaemontools.adapters as log\n"
        "if __name__ == '__main__':\n"
        f"    uvicorn.run('web:app', port={port}, workers={workers}, log_config={config})\n"
    )
    texts = works(example(sys.executable, "main.py"), port)
    assert any("Uvicorn running on" in text for text in texts)
    assert sum('"GET /fail HTTP/1.1" 500' in text for text in texts) == 1


@pytest.mark.process
def test_celery(example, place):
    """In its signal setup_logging, which stands for its own."""
    pytest.importorskip("celery")
    (place / "jobs.py").write_text(CELERY)
    command = [sys.executable, "-m", "celery", "-A", "jobs", "worker", "-c", "1", "-l", "info"]
    worker = example(*command, "--without-mingle")
    worker.wait_for("info: .* ready")
    worker.wait_for("KeyError: 'three'")
    records = worker.end()
    assert (6, "asked /", {}) in records
    assert failed(records) == [(3, "KeyError")]


@pytest.mark.process
@pytest.mark.parametrize("debug", [[], ["debug"]])
def test_django(example, place, debug):
    """LOGGING in its settings, beside the one that Django has."""
    pytest.importorskip("django")
    port = free_port()
    (place / "site_.py").write_text(DJANGO)
    argv = ["runserver", "--noreload", f"127.0.0.1:{port}", *debug]
    texts = works(example(sys.executable, "site_.py", *argv), port)
    assert sum('"GET /fail HTTP/1.1" 500' in text for text in texts) == 1


@pytest.fixture
def configured():
    """What logging has is as it was, in the end."""
    before = list(logging.root.handlers), logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = before
    for name in adapters.dict_config()["loggers"]:
        logging.getLogger(name).setLevel(logging.NOTSET)
    adapters.level.set(INFO)


@pytest.mark.usefixtures("configured")
def test_a_handler_takes_what_install_does(tmp_path):
    """In the form, at the level, and to the place that it is told."""
    with (tmp_path / "kept").open("w") as file:
        handler = {
            "class": "pydaemontools.adapters.Handler",
            "level": "WARNING",
            "format": "json",
            "fields": {"service": "web"},
            "to": file.fileno(),
        }
        logging.config.dictConfig(PLAIN | {"handlers": {"stderr": handler}})
        logging.getLogger("x").info("no")
        logging.getLogger("x").log(25, "no")
        logging.getLogger("x").error("one", extra={"bad": {(1,): 2}})
    found = json.loads((tmp_path / "kept").read_text())
    assert (found["message"], found["service"], found["bad"]) == ("one", "web", "{(1,): 2}")


@pytest.mark.usefixtures("configured")
def test_a_dict_says_a_level_by_any_of_its_names(tmp_path):
    """Also NOTICE and TRACE, which logging has not without us."""
    path = tmp_path / "kept"
    with path.open("w") as file:
        logging.config.dictConfig(adapters.dict_config("TRACE", to=file.fileno(), format="journal"))
        logging.getLogger("x").log(logging.NOTICE, "one")
        logging.getLogger("uvicorn.access").log(5, "two")
        logging.config.dictConfig(adapters.dict_config("NOTICE", to=file.fileno()))
        logging.getLogger("x").info("no")
        logging.getLogger("x").error("three")
    assert path.read_text() == "<5>one\n<7>two\nerror: three\n"


@pytest.mark.parametrize("given", [{"format": "xml"}, {"preset": "x"}, {"to": "stderr"}])
def test_a_wrong_argument_is_told(given):
    """As by install()."""
    with pytest.raises(ValueError, match="say"):
        adapters.Handler(**given)


def test_install_takes_its_place(said):
    """One line once, whatever was configured before."""
    text = """
import logging.config
logging.config.dictConfig(log.dict_config())
app.error("one")
log.install(format="journal")
app.error("two")
log.uninstall()
app.error("three")
"""
    assert said(text) == ["error: one", "<3>two", "error: three"]


def test_what_it_writes_is_understood(program):
    """A record with its traceback is one."""
    text = """
import logging.config
logging.config.dictConfig(log.dict_config())
try:
    {}["three"]
except KeyError:
    app.exception("failed")
"""
    ((level, message, fields),) = understood(program(text).stderr)
    assert (level, message.split("\n")[0], fields["exception.type"]) == (3, "failed", "KeyError")
    assert os.linesep in message


def test_a_file_that_is_given_stays_open(program, place):
    """The kind: a number outlives the file that it was of, which nobody else has."""
    result = program(
        "logging.root.addHandler(log.Handler(to=open('kept', 'w')))\n"
        "import gc; gc.collect()\n"
        "app.error('there')\n"
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert (place / "kept").read_text() == "error: there\n"
