"""Hooks of the program's that print of an exception what they like: only its traceback is left out.

The kind: stderr is the program's while a hook runs. It stays the same stream for each who holds it,
what others print is printed, and what the hook does is printed when it does it.
"""

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.adapters.muted import BEGIN, Sieve

HEAD = "import traceback\ndef bye(text): print(text, file=sys.stderr)\n"
HOOKED = HEAD + "def hook(*info):\n    {}\nsys.excepthook = hook\nlog.install()\n{}\n"
ENDED = "critical: ended by an uncaught exception"


@pytest.fixture
def printed(program):
    """The lines that a program with a hook printed, beside the record of what it DIES of."""

    def printed(hook, dies="1 / 0", code=1):
        result = program(HOOKED.format(hook, dies))
        assert result.returncode == code
        lines = result.stderr.decode().splitlines()
        assert lines.count(ENDED) == 1
        return [line for line in lines if not line.startswith("critical: ")]

    return printed


def test_two_threads_that_die_together(said):
    """sys.stderr is what it was, and a third thread's lines are there at once."""
    text = """
real, both = sys.stderr, threading.Barrier(2)
def hook(args):
    both.wait(5)
    assert sys.stderr is real
    inside.release()
    go[args.thread.name].wait(30)
    threading.excepthook_before(args)
threading.excepthook_before = threading.excepthook
threading.excepthook = hook
inside, go = threading.Semaphore(0), {name: threading.Event() for name in "ab"}
log.install()
threads = [threading.Thread(target=lambda: 1 / 0, name=name) for name in "ab"]
for one in threads: one.start()
for one in threads: inside.acquire()
print("meanwhile", file=sys.stderr)
for one in threads:
    go[one.name].set()
    one.join()
assert sys.stderr is real and "write" not in vars(real)
print("after", file=sys.stderr)
"""
    lines = said(text)
    assert [one for one in lines if "critical" not in one] == ["meanwhile", "after"]
    assert sum("ZeroDivisionError" in one for one in lines) == 2


def test_exceptions_that_do_not_let_themselves_be_compared(said):
    """Each hook ends well, whichever ends first."""
    text = """
class Odd(Exception):
    def __eq__(self, other): raise RuntimeError("no")
    __hash__ = Exception.__hash__
def die(): raise Odd
both = threading.Barrier(2)
def hook(args):
    both.wait(5)
    time.sleep(0.1 if args.thread.name == "a" else 0.2)
    both.wait(5)
    if args.thread.name == "b": print("done", file=sys.stderr)
threading.excepthook = hook
log.install()
threads = [threading.Thread(target=die, name=name) for name in "ab"]
for one in threads: one.start()
for one in threads: one.join()
"""
    lines = said(text)
    assert [one for one in lines if "critical" not in one] == ["done"]


def test_the_lines_of_another_thread_are_its_own(said):
    """Also where they look like the traceback."""
    text = """
import traceback
def hook(args):
    other = threading.Thread(target=traceback.print_exception, args=[args.exc_value])
    other.start()
    other.join()
threading.excepthook = hook
log.install()
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
"""
    assert said(text)[-1] == "ZeroDivisionError: division by zero"


def test_a_hook_that_ends_the_process(printed):
    """What it printed is there."""
    hook = 'bye("giving up"); sys.stderr.write("see runbook 7"); sys.stderr.flush(); os._exit(3)'
    assert printed(hook, code=3) == ["giving up", "see runbook 7"]


CHAINED = """
try: {}["three"]
except KeyError as error: raise ValueError("one\\ntwo") from error
"""
DEATHS = {
    "plain": "1 / 0",
    "chained": CHAINED,
    "syntax": "compile('a b', 'x', 'exec')",
    "group": "raise ExceptionGroup('g', [ValueError('one'), KeyError('two')])",
    "noted": "error = ValueError('')\nerror.add_note('see there')\nraise error",
    "grouped": CHAINED.replace(
        "ValueError(", "ExceptionGroup('g', [KeyError('b')]) and ValueError("
    ),
}
PRINTS = {
    "limit": "traceback.print_exception(*info, limit=-1)",
    "last": "traceback.print_exception(*info, chain=False)",
    "one text": "bye(traceback.format_exc() and ''.join(traceback.format_exception(*info))[:-1])",
    "no end": "bye('saved'); "
    "sys.stderr.write(''.join(traceback.format_exception(*info)).rstrip()); return",
    "Python's": "sys.__excepthook__(*info)",
    "held": "traceback.print_exception(*info, file=sys.__stderr__)",
    "lines": "sys.stderr.writelines(traceback.format_exception(*info))",
    "rich": "import rich.console, rich.traceback as r; "
    "rich.console.Console(file=kept).print(r.Traceback.from_exception(*info))",
    "colour": "import rich.console, rich.traceback as r; "
    "rich.console.Console(file=kept, force_terminal=True, width=60)"
    ".print(r.Traceback.from_exception(*info, show_locals=True))",
}


@pytest.mark.parametrize("prints", PRINTS)
@pytest.mark.parametrize("dies", DEATHS)
def test_only_the_traceback_is_left_out(printed, prints, dies):
    """What stands around it is there."""
    hook = f"bye('report this:'); kept = sys.stderr; {PRINTS[prints]}; bye('saved')"
    assert printed(hook, DEATHS[dies]) == ["report this:", "saved"]


def test_what_begins_like_one(printed):
    """Another exception's traceback, and lines that only look so."""
    hook = """
    bye("Exception in thread a: none")
    bye("Exception in thread a:")
    bye('{"error": "Traceback (most recent call last):\\\\n  File"}')
    try: int("x")
    except ValueError as error: error.__context__ = None; traceback.print_exception(error)
    traceback.print_exception(*info)
    print(file=sys.stderr)
    sys.stderr.write("Trace")
    sys.stderr.write("back")
"""
    lines = printed(hook)
    assert lines[:3] == [
        "Exception in thread a: none",
        "Exception in thread a:",
        '{"error": "Traceback (most recent call last):\\n  File"}',
    ]
    assert lines[3] == "Traceback (most recent call last):"
    assert lines[-3:] == [
        "ValueError: invalid literal for int() with base 10: 'x'",
        "",
        "Traceback",
    ]


@pytest.mark.parametrize(
    "use",
    [
        'sys.stderr.buffer.write(b"mine\\n")',
        'assert sys.stderr.encoding and sys.stderr.fileno() == 2; bye("mine")',
        'sys.stderr.reconfigure(line_buffering=False); bye("mine")',
        'sys.stderr.writelines(["mi", "ne\\n"])',
    ],
)
def test_stderr_is_all_that_it_was(printed, use):
    """Its other methods too."""
    assert printed(use) == ["mine"]


STREAMS = {
    "write only": "class Stream:\n    def write(self, text): real.write(text)\n",
    "of its class": "class Stream:\n    __slots__ = ()\n"
    "    def write(self, text): real.write(text)\n",
    "handing on": "class Stream:\n    def __getattr__(self, name): return getattr(real, name)\n"
    "    def __setattr__(self, name, value): setattr(real, name, value)\n",
}


@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_of_the_programs(printed, kind):
    """It needs no more than write()."""
    dies = f"real = sys.stderr\n{STREAMS[kind]}sys.stderr = Stream()\n1 / 0"
    # Python itself flushes it at the end.
    code = 1 if kind == "handing on" else 120
    assert printed("bye('mine'); sys.__excepthook__(*info)", dies, code) == ["mine"]


@pytest.mark.parametrize(
    ("hook", "more"),
    [
        ("raise info[1]", []),
        ("raise RuntimeError('no')", ["error: a hook failed", "error: RuntimeError: no"]),
    ],
)
def test_a_hook_that_raises(printed, hook, more):
    """Kind: Python prints what it raised, and the exception once more."""
    lines = [line for line in printed(hook) if not line.startswith("error:  ")]
    assert [line for line in lines if line != f"error: {BEGIN}"] == more


def test_two_installs_with_another_hook_between(said):
    """Kind: a hook that came later calls ours for good. Once is enough, and none after the end."""
    text = """
def chain():
    log.install()
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    sys.excepthook = lambda *args: before[0](*args)
    threading.excepthook = lambda args: before[1](args)
    sys.unraisablehook = lambda args: before[2](args)
class Mean:
    def __del__(self): {}["two"]
def die():
    thread = threading.Thread(target=lambda: {}["one"])
    thread.start()
    thread.join()
    Mean()
    {}["three"]
chain(); chain()
log.install()
try: die()
except KeyError: sys.excepthook(*sys.exc_info())
log.uninstall()
die()
"""
    lines = said(text, code=1)
    assert [
        sum(f"{head}KeyError: 'o" in line for line in lines) for head in ("critical: ", "")
    ] == [
        1,
        2,
    ]
    assert sum(line.startswith("critical: KeyError: 'three'") for line in lines) == 1
    assert sum("KeyError: 'two'" in line for line in lines) == 2
    at = next(n for n, line in enumerate(lines) if line.startswith("Exception in thread"))
    assert not [line for line in lines[at:] if line.startswith(("critical", "error"))]


def made(text):
    """An exception whose message is TEXT, of another one, with its tracebacks."""
    try:
        try:
            raise KeyError("three")
        except KeyError as error:
            raise ValueError(text) from error
    except ValueError as error:
        return error


OURS, ANOTHER = made("one\ntwo"), made("another")
PIECES = st.sampled_from([
    "".join(traceback.format_exception(OURS)),
    "".join(traceback.format_exception(OURS, chain=False, limit=0)),
    "".join(traceback.format_exception(ANOTHER, chain=False)),
    *("said\n", "\n", "Exception in thread x:\n", "Exception ignored in: x\n", "Tr\n"),
    *("Traceback (most recent call last):\n", "  File\n", "ValueError: one\n", "two\n"),
])  # fmt: skip


@given(st.lists(PIECES), st.lists(st.integers(1, 200)))
def test_however_it_is_written(texts, sizes):
    """In pieces of any size it is the same, and nothing but tracebacks of ours is gone."""
    text, done = "".join(texts), []
    for pieces in ([text], [*cut(text, sizes)]):
        found = []
        sieve = Sieve((ValueError, OURS, OURS.__traceback__), found.append)
        for piece in pieces:
            sieve.write(piece)
        sieve.end()
        done.append("".join(found))
    assert done[0] == done[1]
    left = iter(text)
    assert all(c in left for c in done[0])
    assert done[0].count("said") == text.count("said")
    if not any("ValueError: one" in one for one in texts):
        assert done[0] == text


def cut(text, sizes):
    """TEXT in pieces of SIZES."""
    for size in sizes:
        yield text[:size]
        text = text[size:]
    yield text
