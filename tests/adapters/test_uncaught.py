"""What nobody handles is logged as critical, with its traceback, before the program dies."""

import signal

import pytest

from tests.adapters.conftest import understood

END = "ended by an uncaught exception"


def told(result):
    """The level, the first line and the exception of each record that RESULT has."""
    return [
        (level, text.split("\n")[0], fields.get("exception.type"))
        for level, text, fields in understood(result.stderr)
    ]


@pytest.mark.parametrize("form", ["level", "json", "logfmt", "journal"])
def test_an_exception_that_ends_the_program(program, form):
    """One record, and nothing beside it."""
    result = program(f'log.install(format="{form}")\n{{}}["three"]\n')
    assert result.returncode == 1
    assert told(result) == [(2, END, "KeyError")]
    assert b"three" in result.stderr


def test_it_is_said_whatever_the_level_is(program):
    """These are last words."""
    assert told(program('log.install(level="none")\n1 / 0\n')) == [(2, END, "ZeroDivisionError")]


def test_an_exception_that_ends_a_thread(program):
    """The program goes on."""
    text = """
log.install()
def f():
    {}["three"]
thread = threading.Thread(target=f, name="worker")
thread.start()
thread.join()
quiet = threading.Thread(target=sys.exit)
quiet.start()
quiet.join()
app.info("on")
"""
    result = program(text)
    assert result.returncode == 0
    assert told(result) == [(2, f"thread worker {END}", "KeyError"), (6, "on", None)]


def test_an_exception_that_asyncio_has_nobody_to_give_to(program):
    """A task that nobody waits for, and a callback."""
    text = """
import asyncio, gc
log.install()
async def fail():
    {}["three"]
async def main():
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: 1 / 0)
    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()
asyncio.run(main())
"""
    records = told(program(text))
    assert [(level, kind) for level, _, kind in records] == [
        (2, "ZeroDivisionError"),
        (2, "KeyError"),
    ]


def test_an_exception_where_nobody_can_raise_it(program):
    """In __del__: an error, since the program goes on."""
    text = """
log.install()
class Mean:
    def __del__(self): {}["three"]
Mean()
app.info("on")
"""
    first, second = told(program(text))
    assert (first[0], first[2], second) == (3, "KeyError", (6, "on", None))


def test_a_warning_is_a_record(program):
    """Of the logger py.warnings, with the line of the source."""
    text = """
import warnings
log.install(text="%(name)s: %(message)s")
warnings.warn("careful")
"""
    ((level, text, _),) = understood(program(text).stderr)
    assert level == 4
    assert text.startswith("py.warnings: ")
    assert "UserWarning: careful\n  warnings.warn" in text


@pytest.mark.parametrize("code", ["sys.exit(3)", "raise SystemExit(3)"])
def test_an_exit_is_no_exception(program, code):
    """Nothing is said."""
    result = program(f"log.install()\n{code}\n")
    assert (result.returncode, result.stderr) == (3, b"")


def test_what_the_keyboard_ends_is_no_error_of_the_program(program):
    """Python says it, as always, and dies by the signal."""
    result = program("log.install()\nsignal.raise_signal(signal.SIGINT)\n")
    assert result.returncode == -signal.SIGINT
    assert b"critical" not in result.stderr
    assert result.stderr.endswith(b"KeyboardInterrupt\n")


def test_hooks_of_the_programs_own_are_called_too(program):
    """Sentry's, for one."""
    text = """
sys.excepthook = lambda *_: app.critical("mine")
threading.excepthook = lambda _: app.critical("my thread's")
log.install()
log.install()
def f(): 1 / 0
thread = threading.Thread(target=f, name="t")
thread.start()
thread.join()
1 / 0
"""
    assert [text for _, text, _ in told(program(text))] == [
        f"thread t {END}",
        "my thread's",
        END,
        "mine",
    ]


SENTRY = """
import sentry_sdk, sentry_sdk.transport
class Transport(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope): print("sent", flush=True)
sentry_sdk.init(dsn="http://a@127.0.0.1:1/1", transport=Transport)
"""
RICH = "import rich.traceback\nrich.traceback.install()\n"
PYTHON = """
before = sys.excepthook, threading.excepthook, sys.unraisablehook
sys.excepthook = lambda *args: (print("bye", file=sys.stderr), before[0](*args))
threading.excepthook = lambda args: (print("bye", file=sys.stderr), before[1](args))
sys.unraisablehook = lambda args: (print("bye", file=sys.stderr), before[2](args))
"""
ENDS = """
def f(): {}["three"]
thread = threading.Thread(target=f, name="t")
thread.start()
thread.join()
f()
"""


@pytest.mark.parametrize("form", ["level", "json", "human"])
@pytest.mark.parametrize("other", ["SENTRY", "RICH", "PYTHON"])
def test_a_hook_of_another_prints_nothing_once_more(program, other, form):
    """Sentry's calls Python's in the end, rich's paints; each does what else it does."""
    if other == "SENTRY":
        pytest.importorskip("sentry_sdk")
    result = program(f"{globals()[other]}\nlog.install(format={form!r})\n{ENDS}")
    said = result.stderr.decode()
    assert said.count("ended by an uncaught exception") == 2
    # Of JSON also the type has a field, and the message.
    assert said.count("KeyError: 'three'") == 2
    assert said.count("Traceback") == 2
    assert said.splitlines().count("bye") == (2 if other == "PYTHON" else 0)
    assert "Exception in thread" not in said
    assert (b"sent" in result.stdout) == (other == "SENTRY")


HOOKS = {
    "logging": "app.critical('mine', exc_info=info)",
    "logging, as text": "app.critical('mine %s', ''.join(traceback.format_exception(*info)))",
    "loguru": "logger.opt(exception=info).critical('mine')",
    "loguru, as text": "logger.critical('mine ' + ''.join(traceback.format_exception(*info)))",
    "structlog": "structlog.get_logger().critical('mine', exc_info=info)",
    "another": "app.critical('mine', exc_info=ValueError('three'))",
}


@pytest.mark.parametrize("form", ["level", "json"])
@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_that_logs_what_was_written(program, hook, form):
    """Kind: the recipe that logs what is uncaught: what it says is said, the traceback once."""
    text = f"""
import structlog, traceback
from loguru import logger
def hook(*info): {HOOKS[hook]}
sys.excepthook = hook
threading.excepthook = lambda args: hook(args.exc_type, args.exc_value, args.exc_traceback)
log.install(format={form!r})
{ENDS}
"""
    said = program(text).stderr.decode()
    assert said.count("ended by an uncaught exception") == 2
    assert sum("mine" in line for line in said.splitlines()) == 2
    assert said.count("KeyError: 'three'") == 2
    assert said.count("ValueError: three") == (2 if hook == "another" else 0)


def test_a_hook_that_came_later_and_calls_ours(program):
    """Sentry's again: once."""
    pytest.importorskip("sentry_sdk")
    result = program(f"log.install()\n{SENTRY}\n{ENDS}")
    assert [(level, kind) for level, _, kind in told(result)] == [(2, "KeyError")] * 2
    assert b"sent" in result.stdout


def test_a_hook_that_calls_the_one_it_is_called_by(program):
    """There is an end to that."""
    text = """
sys.excepthook = lambda *args: sys.excepthook(*args)
log.install()
1 / 0
"""
    assert told(program(text)) == [(2, END, "ZeroDivisionError")]


def test_each_exception_is_told(program):
    """Also one that has the place in memory of one before it."""
    text = """
log.install()
def f(): raise KeyError
for _ in range(20):
    thread = threading.Thread(target=f)
    thread.start()
    thread.join()
"""
    assert len(told(program(text))) == 20


def test_loguru_alone_hears_of_it_over_the_bridge(program, place):
    """Its file has the exception too."""
    text = """
from loguru import logger
logger.add("kept", format="{level} {message}")
log.install(bridge="loguru")
{}["three"]
"""
    program(text)
    kept = (place / "kept").read_text()
    assert kept.startswith(f"CRITICAL {END}\n")
    assert "KeyError: 'three'" in kept


def test_a_crash_of_the_interpreter_is_told_on_the_same_stderr(program, place):
    """Faulthandler is on, and writes where records go."""
    crash = "signal.raise_signal(signal.SIGSEGV)\n"
    result = program(f"log.install()\n{crash}")
    assert result.returncode == -signal.SIGSEGV
    assert b"Segmentation fault" in result.stderr
    result = program(f'log.install(to=open("kept", "w"))\n{crash}')
    assert result.stderr == b""
    assert "program.py" in (place / "kept").read_text()


def test_each_of_it_can_be_left_out(program):
    """Then Python does what it does."""
    text = """
import faulthandler, warnings
log.install(uncaught=False, warnings=False, faults=False)
assert not faulthandler.is_enabled()
warnings.warn("careful")
1 / 0
"""
    lines = program(text).stderr.splitlines()
    assert b"UserWarning: careful" in lines[0]
    assert b"Traceback (most recent call last):" in lines
