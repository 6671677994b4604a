"""A signal handler that raises in the middle of a log call: that is the program's, and gets there.

The kind: an exception that has nothing to do with what is logged. A timeout must not be taken for a
value that cannot be said, nor may the record be said once more for it.
"""

import pytest

SAYS = {
    "logging": "def say(text, *args): app.error(text, *args)\n",
    "loguru": "from loguru import logger\n"
    "def say(text, *args): logger.error(text.replace('%s', '{}'), *args)\n",
    "structlog": "import structlog\n"
    "def say(text, *args): structlog.get_logger().error(text, *args)\n",
}
HANDLERS = {
    "a function": "def handler(number, frame): raise TimeoutError",
    "a method": "class H:\n    def on(self, *_): raise TimeoutError\nhandler = H().on",
    "an object": "class H:\n    def __call__(self, *_): raise TimeoutError\nhandler = H()",
    "a partial": "import functools\ndef on(*_): fail()\ndef fail(): raise TimeoutError\n"
    "handler = functools.partial(on, 1)",
}
ONCE = {
    "one that is there once": "def handler(number, frame):\n"
    "    signal.signal(number, signal.SIG_IGN)\n    raise TimeoutError\n",
    "one of any arguments": "def handler(*args, one=1):\n"
    "    signal.signal(args[0], signal.SIG_DFL)\n    raise TimeoutError\n",
    "a method that is gone": "class H:\n    def on(self, number, _):\n"
    "        signal.signal(number, signal.SIG_DFL)\n        raise TimeoutError\n"
    "handler = H().on",
}
WORK = """
class Slow:
    def __str__(self):
        os.kill(os.getpid(), signal.SIGUSR1)
        return "slow"
    __repr__ = __str__
log.install(format=sys.argv[1])
say("before")
for sink in "%s", "two %s":
    signal.signal(signal.SIGUSR1, handler)
    try:
        say(sink, Slow())
    except TimeoutError:
        say("in time")
print("done")
"""


@pytest.mark.parametrize("form", ["level", "json"])
@pytest.mark.parametrize("library", SAYS)
@pytest.mark.parametrize("handler", HANDLERS)
def test_it_ends_the_call_and_reaches_the_program(program, library, handler, form):
    """And nothing is said twice."""
    result = program(SAYS[library] + HANDLERS[handler] + WORK, form)
    assert (result.returncode, result.stdout) == (0, b"done\n"), result.stderr.decode()
    lines = result.stderr.decode().splitlines()
    assert len(lines) == 3
    assert ["before" in lines[0], "in time" in lines[1], "in time" in lines[2]] == [True] * 3


@pytest.mark.parametrize("form", ["level", "json"])
@pytest.mark.parametrize("library", SAYS)
@pytest.mark.parametrize("handler", ONCE)
def test_it_does_so_if_the_handler_is_gone_by_then(program, library, handler, form):
    """Kind: a handler that is there once puts back what was there, and raises."""
    result = program(SAYS[library] + ONCE[handler] + WORK, form)
    assert (result.returncode, result.stdout) == (0, b"done\n"), result.stderr.decode()
    lines = result.stderr.decode().splitlines()
    assert ["in time" in line for line in lines] == [False, True, True]


@pytest.mark.parametrize("form", ["level", "json"])
def test_while_a_field_is_looked_at(program, form):
    """By what makes a record, and what makes JSON of it."""
    text = """
class Field:
    def __str__(self):
        os.kill(os.getpid(), signal.SIGUSR1)
        return "field"
def factory(*args, **more):
    if what == "factory": os.kill(os.getpid(), signal.SIGUSR1)
    return logging.LogRecord(*args, **more)
def handler(number, _):
    signal.signal(number, signal.SIG_IGN)
    raise TimeoutError
log.install(format=sys.argv[1])
logging.setLogRecordFactory(factory)
for what in "factory", "field":
    signal.signal(signal.SIGUSR1, handler)
    try:
        app.error("x", extra={"at": Field()})
    except TimeoutError:
        print(what)
"""
    result = program(text, form)
    found = b"factory\nfield\n" if form == "json" else b"factory\n"
    assert (result.returncode, result.stdout) == (0, found), result.stderr.decode()


@pytest.mark.parametrize("library", SAYS)
def test_while_it_is_written_too(program, library):
    """A reader that is slow makes the program wait, and a timeout ends that."""
    text = (
        SAYS[library]
        + HANDLERS["a function"]
        + """
import fcntl
signal.signal(signal.SIGALRM, handler)
kept = os.dup(2)
there, full = os.pipe()
os.dup2(full, 2)
log.install()
os.set_blocking(2, False)
try:
    while os.write(2, b"x" * 4096): pass
except BlockingIOError:
    pass
os.set_blocking(2, True)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    say("nobody reads")
except TimeoutError:
    print("in time")
os.dup2(kept, 2)
say("behind")
"""
    )
    result = program(text)
    told = b"warning: 1 log records were lost: a signal handler ended the write\n"
    assert (result.stdout, result.stderr) == (b"in time\n", told + b"error: behind\n")


@pytest.mark.parametrize("library", SAYS)
def test_while_a_function_is_handed_the_record(program, library):
    """The kind: where our own call is guarded, and not what makes the record."""
    text = (
        SAYS[library]
        + ONCE["one that is there once"]
        + """
signal.signal(signal.SIGUSR1, handler)
log.install(to=lambda data: os.kill(os.getpid(), signal.SIGUSR1) or print(data.decode(), end=""))
try:
    say("first")
except TimeoutError:
    print("in time")
say("behind")
"""
    )
    result = program(text)
    assert (result.returncode, result.stdout) == (0, b"in time\nerror: behind\n")
