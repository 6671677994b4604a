"""Signals that turn the level while a program runs, whatever else it does with them."""

import signal
import sys

import pytest

from pydaemontools.adapters import Level
from pydaemontools.adapters.signals import listen, number, pair
from tests.log.conftest import write_all

SELF = "os.kill(os.getpid(), signal.SIG{})\n"
UP, DOWN = SELF.format("USR1"), SELF.format("USR2")
LIBRARIES = {
    "stdlib": "say = app.debug",
    "loguru": "from loguru import logger; say = logger.debug",
    "structlog": "import structlog; say = lambda text: structlog.get_logger().debug(text)",
}


@pytest.fixture
def untouched():
    """Dispositions are as they were at the end."""
    numbers = (signal.SIGUSR1, signal.SIGUSR2)
    before = [signal.getsignal(one) for one in numbers]
    yield
    for one, was in zip(numbers, before, strict=True):
        signal.signal(one, was)


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_threshold_of_every_library_follows(said, library):
    """Up by the first signal, down by the second."""
    text = f"""
{LIBRARIES[library]}
level = log.install(signals=("USR1", "USR2"))
say("one")
{UP}say("two")
{DOWN}say("three")
{DOWN}{UP}{UP}say("four")
"""
    assert said(text) == ["debug: two", "debug: four"]


def test_a_handler_that_is_there_is_called_too(said):
    """Once, however often install() is called."""
    text = f"""
signal.signal(signal.SIGUSR1, lambda *_: app.critical("mine"))
log.install(signals=("SIGUSR1", signal.SIGUSR2))
log.install(signals=("usr1", 12))
{UP}app.debug("more")
log.uninstall()
log.install()
{UP}
"""
    assert said(text) == ["critical: mine", "debug: more", "critical: mine"]


@pytest.mark.usefixtures("untouched")
def test_a_handler_that_came_later_stays():
    """What the program installs itself is its own."""
    level = Level()
    undo = listen(level, pair(("USR1", "USR2")))

    def later(*_):
        pass

    signal.signal(signal.SIGUSR1, later)
    undo()
    assert signal.getsignal(signal.SIGUSR1) is later
    assert signal.getsignal(signal.SIGUSR2) == signal.SIG_DFL


@pytest.mark.usefixtures("untouched")
def test_one_that_was_chained_to_turns_no_more():
    """A handler of the program's goes on calling it: a step for each signal, and not two."""
    level = Level()
    undo = listen(level, pair(("USR1", "USR2")))
    chained = signal.getsignal(signal.SIGUSR1)

    def later(*given):
        chained(*given)

    signal.signal(signal.SIGUSR1, later)
    undo()
    undo = listen(level, pair(("USR1", "USR2")))
    before = level.step
    signal.raise_signal(signal.SIGUSR1)
    undo()
    assert level.step == before + 1


def test_names_are_those_that_people_type():
    """With or without SIG, in any case, or the number."""
    assert {number(name) for name in ("USR1", "SIGUSR1", "sigusr1", 10)} == {signal.SIGUSR1}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_thousand_signals_in_the_middle_of_logging(said, library):
    """From another thread, at any instruction: each one counts, and no record is lost or torn."""
    text = f"""
{LIBRARIES[library].replace("debug", "info")}
log.install(level="debug", signals=("USR1", "USR2"))
me, over = threading.main_thread().ident, threading.Event()
def disturb():
    for at in range(500):
        signal.pthread_kill(me, signal.SIGUSR1)
        signal.pthread_kill(me, signal.SIGUSR2)
    over.set()
threading.Thread(target=disturb).start()
count = 0
while not over.is_set() or count < 500:
    say("record")
    logging.getLogger(f"new{{count}}").debug("debug") if count < 100 else None
    count += 1
say(f"count {{count}} {{log.level.step in (6, 7, 8)}}")
"""
    *lines, last = said(text)
    records = [line for line in lines if line == "info: record"]
    assert last == f"info: count {len(records)} True"
    assert set(lines) <= {"info: record", "debug: debug"}


def test_under_asyncio_the_level_follows(said):
    """The loop waits in the kernel, and is woken."""
    text = """
import asyncio
log.install(signals=("USR1", "USR2"))
async def main():
    loop = asyncio.get_running_loop()
    turned = asyncio.Event()
    log.level.follow(lambda: log.level.name == "debug" and loop.call_soon_threadsafe(turned.set))
    loop.call_soon(os.kill, os.getpid(), signal.SIGUSR1)
    await turned.wait()
    app.debug("followed")
asyncio.run(main())
"""
    assert said(text) == ["debug: followed"]


def test_a_process_is_turned_from_outside(start, place):
    """As an operator does it, while it works."""
    (place / "program.py").write_text(
        "import logging, sys\nimport pydaemontools.adapters as log\n"
        'log.install(signals=("USR1", "USR2"), text="%(message)s")\n'
        'logging.info("ready")\n'
        "for line in sys.stdin:\n    logging.debug('tick')\n"
    )
    process = start(sys.executable, "program.py")
    assert process.stderr.readline() == b"info: ready\n"
    process.send_signal(signal.SIGUSR1)
    write_all(process.stdin.fileno(), b"\n")
    assert process.stderr.readline() == b"debug: tick\n"
    process.send_signal(signal.SIGUSR2)
    process.send_signal(signal.SIGUSR2)
    process.terminate()
    assert process.wait(30) == -signal.SIGTERM
