"""Server and its run loop: hooks, intervals, signals that are methods, errors, the end."""

import asyncio
import logging
import signal
import threading

import pytest

from pydaemontools.daemon.server import Server
from pydaemontools.daemon.threaded import Threaded
from tests.conftest import wait_until
from tests.daemon.serving import lines

LOUD = """
class Loud(Server):
    def before_starting(self): say("before_starting")
    def after_starting(self): say("after_starting")
    def before_stopping(self): say("before_stopping")
    def after_stopping(self): say(f"after_stopping {threading.active_count()}")
"""


def test_a_function_runs_at_once_and_then_at_its_interval():
    """SV-20: the first run does not wait for the interval."""
    server = Server("count", run=lambda: None, interval=3600)
    server.start()
    wait_until(lambda: server.status == "waiting")
    assert server.stop().status == "stopped"
    assert server.iterations == 1


def test_inherited_given_and_set_later_are_the_same():
    """SV-20: run() is a method of a class, a function, or set on the object."""
    ran = []

    class Mine(Server):
        def run(self):
            ran.append("class")

    later = Server("later", maximum_iterations=1)
    later.run = lambda: ran.append("set")
    for server in (
        Mine(maximum_iterations=1),
        Server(run=lambda: ran.append("given"), maximum_iterations=1),
        later,
    ):
        server.startup()
    assert ran == ["class", "given", "set"]


def test_one_that_has_nothing_to_do_says_so():
    """Kind: an error of the caller that is raised where it is made, and not in a thread."""
    with pytest.raises(NotImplementedError, match="idle has nothing to do: give run="):
        Server("idle").startup()


def test_hooks_in_their_order_and_signals_in_the_main_thread(program, ended):
    """SV-21, SV-22: TERM is shutdown(); the last hook comes when the thread is dead."""
    server = program(
        LOUD
        + """
    def run(self): say(f"run {threading.current_thread() is threading.main_thread()}")
    def usr1(self): say(f"usr1 {threading.current_thread() is threading.main_thread()}")
Loud("loud", interval=3600).startup()
say("returned")
"""
    )
    said = lines(server, 3)
    server.send_signal(signal.SIGUSR1)
    said += lines(server, 1)
    server.send_signal(signal.SIGTERM)
    code, rest, err = ended(server)
    assert sorted(said[:3]) == ["after_starting", "before_starting", "run False"]
    assert [said[0], said[3]] == ["before_starting", "usr1 True"]
    assert rest == ["before_stopping", "after_stopping 1", "returned"]
    assert (code, err) == (0, "")


@pytest.mark.parametrize("name", ["HUP", "INT", "TERM", "USR1", "USR2", "WINCH", "RTMIN+1"])
def test_a_signal_calls_its_method(program, ended, name):
    """SV-21: the five usual ones, and whatever is asked for; other signals are let alone."""
    number = signal.SIGRTMIN + 1 if name == "RTMIN+1" else getattr(signal, "SIG" + name)
    extra = '{"RTMIN+1": lambda: server.got()}' if "+" in name else f'["{name}"]'
    server = program(
        f"""
class Mine(Server):
    def run(self): say("up")
    def got(self):
        say("got")
        self.shutdown()
    {name.lower().partition("+")[0]} = got
server = Mine(interval=3600, signals={extra})
server.startup()
"""
    )
    assert lines(server, 1) == ["up"]
    server.send_signal(number)
    assert ended(server) == (0, ["got"], "")


def test_a_signal_without_a_method_keeps_its_meaning(program, ended):
    """SV-21: only where the object responds: USR1 kills whoever does not know it."""
    server = program('Server(run=lambda: say("up"), interval=3600).startup()')
    assert lines(server, 1) == ["up"]
    server.send_signal(signal.SIGUSR1)
    assert ended(server)[0] == -signal.SIGUSR1


def test_a_method_that_fails_is_logged_and_it_goes_on(program, ended):
    """SV-21: which signal it was, and the traceback; the next one is called."""
    server = program(
        """
class Mine(Server):
    def run(self): say("up")
    def usr1(self): raise KeyError("broken")
    def usr2(self): say("usr2")
Mine("mine", interval=3600).startup()
"""
    )
    assert lines(server, 1) == ["up"]
    server.send_signal(signal.SIGUSR1)
    server.send_signal(signal.SIGUSR2)
    assert lines(server, 1) == ["usr2"]
    server.send_signal(signal.SIGTERM)
    code, _, err = ended(server)
    assert code == 0
    assert "ERROR mine: what SIGUSR1 calls failed: KeyError('broken')\nTraceback" in err


def test_usr1_toggles_the_level_of_the_log(program, ended):
    """SV-25: the example of the manual."""
    server = program(
        """
class Debugging(Server):
    def run(self): say("up")
    def usr1(self):
        root = logging.getLogger()
        root.setLevel("INFO" if root.level == logging.DEBUG else "DEBUG")
        say(logging.getLevelName(root.level))
Debugging(interval=3600).startup()
"""
    )
    said = lines(server, 1)
    for _ in range(2):
        server.send_signal(signal.SIGUSR1)
        said += lines(server, 1)
    server.send_signal(signal.SIGTERM)
    assert (said, ended(server)[0]) == (["up", "INFO", "DEBUG"], 0)


def test_nothing_is_done_in_a_handler(program, ended):
    """Kind: a method that runs between two instructions of another, with its lock held.

    Here usr1() would wait for itself for ever. No signal is lost, or comes twice.
    """
    server = program(
        """
class Mine(Server):
    lock, count = threading.Lock(), 0
    def run(self): say("up")
    def usr1(self):
        with self.lock:
            self.count += 1
            if self.count == 1:
                os.kill(os.getpid(), signal.SIGUSR1)
                os.kill(os.getpid(), signal.SIGUSR2)
    def usr2(self):
        say(self.count)
        self.shutdown()
Mine(interval=3600).startup()
"""
    )
    assert lines(server, 1) == ["up"]
    server.send_signal(signal.SIGUSR1)
    assert ended(server) == (0, ["2"], "")


def test_a_signal_that_another_thread_got_is_seen(program, ended):
    """Kind: the kernel gives a signal to any thread, and the main one sleeps on."""
    server = program(
        """
class Mine(Server):
    def run(self): signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
Mine(interval=3600).startup()
"""
    )
    assert ended(server) == (0, [], "")


def test_after_a_flood_the_last_signal_still_counts(program, ended):
    """Kind: a pipe that is full takes no more, and TERM is what does not fit."""
    server = program(
        """
class Mine(Server):
    def run(self): say("up")
    def usr1(self):
        if os.path.exists("flood"):
            os.remove("flood")
            for _ in range(70_000):
                os.kill(os.getpid(), signal.SIGUSR1)
            os.kill(os.getpid(), signal.SIGTERM)
open("flood", "w").close()
Mine(interval=3600).startup()
"""
    )
    assert lines(server, 1) == ["up"]
    server.send_signal(signal.SIGUSR1)
    assert ended(server) == (0, [], "")


def test_who_takes_the_wakeup_fd_away_makes_nobody_deaf(program, ended):
    """Kind: an asyncio loop with handlers in a signal's method; when it closes, there is none."""
    server = program(
        """
import asyncio
class Mine(Server):
    def run(self): say("up")
    def usr1(self):
        async def work():
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, say, "theirs")
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0)
        asyncio.run(work())
        say("done")
    def hup(self): say("hup")
Mine(interval=3600).startup()
"""
    )
    assert lines(server, 1) == ["up"]
    server.send_signal(signal.SIGUSR1)
    assert lines(server, 2) == ["done", "hup"]
    server.send_signal(signal.SIGTERM)
    assert ended(server) == (0, [], "")


def test_a_child_takes_no_signal_of_its_parents_and_gives_none(program, ended):
    """Kind: a forked child has its parent's pipe and handlers, and ends it, or cannot be ended."""
    server = program(
        """
import subprocess
class Mine(Server):
    def run(self):
        pid = os.fork()
        if not pid:
            time.sleep(60)
        os.kill(pid, signal.SIGTERM)
        say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        child = subprocess.Popen(["sleep", "60"])
        child.terminate()
        say(child.wait())
    def after_stopping(self): say("over")
server = Mine(interval=3600)
server.startup()
""",
        env={"PYTHONWARNINGS": "ignore"},
    )
    assert lines(server, 2) == ["-15", "-15"]
    server.send_signal(0)
    assert server.poll() is None
    server.send_signal(signal.SIGTERM)
    assert ended(server) == (0, ["over"], "")


def test_what_was_there_before_is_there_again(program, ended):
    """Handlers, the wakeup fd, the mask: and no fd is left."""
    server = program(
        """
mine = lambda *_: None
signal.signal(signal.SIGTERM, mine)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGHUP])
class Mine(Server):
    def run(self): pass
    def usr1(self): pass
before = len(os.listdir("/proc/self/fd")), signal.pthread_sigmask(signal.SIG_BLOCK, [])
for _ in range(3):
    Mine(maximum_iterations=1).startup()
after = len(os.listdir("/proc/self/fd")), signal.pthread_sigmask(signal.SIG_BLOCK, [])
say(before == after and signal.getsignal(signal.SIGTERM) is mine)
say(signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL and signal.set_wakeup_fd(-1) == -1)
"""
    )
    assert ended(server) == (0, ["True", "True"], "")


def test_a_signal_that_was_blocked_for_us_comes(program, ended):
    """Kind: a mask that whoever started us left behind makes a server deaf."""
    server = program(
        """
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
Server(run=lambda: say("up"), interval=3600).startup()
"""
    )
    assert lines(server, 1) == ["up"]
    server.send_signal(signal.SIGTERM)
    assert ended(server)[0] == 0


def test_the_second_int_kills(program, ended):
    """Kind: a person who types ^C again, since a run takes too long."""
    server = program(
        """
class Mine(Server):
    def run(self):
        say("up")
        time.sleep(60)
    def before_stopping(self): say("stopping")
Mine(interval=3600).startup()
"""
    )
    assert lines(server, 1) == ["up"]
    server.send_signal(signal.SIGINT)
    assert lines(server, 1) == ["stopping"]
    server.send_signal(signal.SIGINT)
    assert ended(server)[0] == -signal.SIGINT


def test_the_second_int_kills_process_1_too(program, ended):
    """Kind: the default of a signal, which does nothing to the first process of a container."""
    server = program(
        """
class Mine(Server):
    def run(self):
        say("up")
        time.sleep(60)
    def before_stopping(self): say("stopping")
os.getpid = lambda: 1
Mine(interval=3600).startup()
"""
    )
    assert lines(server, 1) == ["up"]
    server.send_signal(signal.SIGINT)
    assert lines(server, 1) == ["stopping"]
    server.send_signal(signal.SIGINT)
    assert ended(server)[0] == 128 + signal.SIGINT


def test_a_run_can_sleep_until_it_is_to_stop(program, ended):
    """SV-20: what sleeps in its run is woken; and it knows that it is to end."""
    server = program(
        """
class Mine(Server):
    def run(self):
        say("up")
        say(self.sleep(3600))
        say(self.running)
Mine().startup()
"""
    )
    assert lines(server, 1) == ["up"]
    server.send_signal(signal.SIGTERM)
    assert ended(server) == (0, ["False", "False"], "")


def test_exit_in_a_method_or_a_run_is_the_code_of_the_program(program, ended):
    """Kind: sys.exit() that is swallowed by a thread."""
    run = """
class Mine(Server):
    def run(self): sys.exit(7)
    def after_stopping(self): say("over")
Mine().startup()
"""
    method = """
class Mine(Server):
    def run(self): os.kill(os.getpid(), signal.SIGUSR1)
    def usr1(self): sys.exit(8)
    def after_stopping(self): say("over")
Mine(interval=3600).startup()
"""
    assert ended(program(run)) == (7, ["over"], "")
    assert ended(program(method)) == (8, ["over"], "")


def test_startup_stays_if_it_is_to_wait(program, ended):
    """SV-23: until shutdown() is called, though there is no further run."""
    server = program(
        """
class Mine(Server):
    def run(self): say("ran")
    def usr1(self): say(self.status)
Mine(maximum_iterations=1).startup(wait=True)
"""
    )
    assert lines(server, 1) == ["ran"]
    said = []
    while said != ["stopped"]:
        server.send_signal(signal.SIGUSR1)
        said = lines(server, 1)
    server.send_signal(signal.SIGTERM)
    assert ended(server)[0] == 0


def test_in_another_thread_it_runs_without_signals():
    """SV-23: startup(), shutdown() and wait_for_shutdown() from anywhere."""
    server = Server("other", run=lambda: None, interval=3600)
    thread = threading.Thread(target=server.startup)
    thread.start()
    try:
        wait_until(lambda: server.iterations)
        assert server.running
        assert server.wait_for_shutdown(0.01) is None
    finally:
        server.shutdown()
        thread.join()
    assert not server.running
    assert server.wait_for_shutdown() is server


def test_startup_of_one_that_runs_does_nothing():
    """SV-23: it gives itself at once."""
    server = Server("once", run=lambda: None, interval=3600).start()
    try:
        assert server.startup() is server
        assert server.start() is server
    finally:
        server.stop()


def test_it_ends_after_as_many_runs_as_it_is_told():
    """SV-24: and says that it has; the next life counts anew."""
    server = Server(run=lambda: None, maximum_iterations=3)
    for _ in range(2):
        server.startup()
        assert server.iterations == 3
        assert server.finished_iterations
    assert server.status == "stopped"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("interval", -1),
        ("interval", float("nan")),
        ("interval", float("inf")),
        ("maximum_iterations", 0),
        ("maximum_iterations", -3),
    ],
)
def test_a_number_that_means_nothing_is_refused(name, value):
    """SV-24: at once, in a sentence, also when it is set later."""
    with pytest.raises(ValueError, match=name + "="):
        Server(**{name: value})
    server = Server()
    with pytest.raises(ValueError, match=name + "="):
        setattr(server, name, value)


@pytest.mark.parametrize("signals", [["KILL"], ["STOP"], ["NONE"], [0], [99], ["WINCH"]])
def test_a_signal_that_means_nothing_is_refused(signals):
    """SV-21: one that is none, that no program is told, or for which there is no method."""
    with pytest.raises(ValueError, match=r"signal|told of"):
        Server(signals=signals)


def test_one_signal_may_be_named_without_a_list():
    """Kind: a text that is taken for a list of its letters."""

    class Mine(Server):
        def winch(self):
            """Whatever it does."""

    assert signal.SIGWINCH in Mine(signals="WINCH")._methods()


def test_a_shorter_interval_counts_at_once():
    """SV-24: `interval=` while it waits."""
    server = Server(run=lambda: None, interval=3600).start()
    try:
        wait_until(lambda: server.status == "waiting")
        server.interval = 0.001
        assert server.wait(3, limit=30)
    finally:
        server.stop()


def test_a_run_that_exceeds_a_strict_interval_is_told(caplog):
    """SV-24: a warning, or what exceeded() does instead."""
    server = Server("slow", interval=0.001, strict=True, maximum_iterations=2)
    server.run = lambda: server.sleep(0.01)
    server.startup()
    assert len(caplog.records) == 2
    assert "slow: a run took 0.0" in caplog.text
    assert "longer than its interval of 0.001 s" in caplog.text
    took = []
    server.exceeded = took.append
    server.startup()
    assert len(took) == 2
    assert min(took) > 0.001


def test_an_error_ends_it_and_is_raised_again(caplog):
    """SV-24, B-49: logged, all hooks called, and join() and startup() raise it."""
    hooks = []

    class Mine(Server):
        def run(self):
            raise OSError("no disk")

        def before_stopping(self):
            hooks.append("before_stopping")

        def after_stopping(self):
            hooks.append("after_stopping")

    server = Mine("mine")
    with pytest.raises(OSError, match="no disk"):
        server.startup()
    assert hooks == ["before_stopping", "after_stopping"]
    assert server.status == "failed"
    assert "mine: a run failed, and ends it: OSError('no disk')" in caplog.text
    server.start()
    with pytest.raises(OSError, match="no disk"):
        server.join()


def test_it_goes_on_after_an_error_if_it_is_to(caplog):
    """SV-24: each error is logged with its traceback."""
    server = Server("brave", continue_on_error=True, maximum_iterations=2, run=lambda: 1 / 0)
    assert server.startup().iterations == 2
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError] * 2


def test_a_run_that_always_fails_takes_no_processor(monkeypatch):
    """Kind: a loop without a pause, each turn of which fails (B-01)."""
    pauses = []
    server = Server(continue_on_error=True, run=lambda: 1 / 0, maximum_iterations=4)
    monkeypatch.setattr(server._backoff, "pause", lambda: pauses.append(1) or 0.001)
    server.logger = logging.getLogger("quiet")
    server.startup()
    assert len(pauses) == 4


def test_a_hook_that_fails_before_the_start_is_the_end():
    """SV-22: nothing has started, so nothing is stopped."""
    hooks = []

    class Mine(Server):
        def run(self):
            hooks.append("run")

        def before_starting(self):
            raise OSError("no port")

        def after_stopping(self):
            hooks.append("after_stopping")

    with pytest.raises(OSError, match="no port"):
        Mine().startup()
    assert hooks == []


def test_a_hook_that_fails_after_the_start_stops_it():
    """SV-22: after_stopping() is called whatever went wrong, and the error raised."""
    hooks = []

    class Mine(Server):
        interval = 3600

        def run(self):
            pass

        def after_starting(self):
            raise OSError("no page")

        def before_stopping(self):
            raise KeyError("second")

        def after_stopping(self):
            hooks.append(self._thread.is_alive())

    with pytest.raises(OSError, match="no page"):
        Mine(interval=3600).startup()
    assert hooks == [False]


def test_join_does_not_hang_where_nothing_runs():
    """B-49: Ruby found a deadlock there, and stopping a dead thread was an error."""
    server = Threaded("never", run=lambda: None, maximum_iterations=1)
    assert server.join() is server
    assert server.stop() is server
    server.start().join()
    assert server.stop().stop() is server


def test_join_gives_none_when_its_time_is_over():
    """SV-24: `join(limit)` and `wait(limit=)` in seconds, `wait(n)` in runs."""
    server = Threaded("long", run=lambda: None, interval=3600).start()
    try:
        assert server.join(0.01) is None
        assert server.wait(limit=0.01) is None
    finally:
        server.stop()
    assert server.join() is server


def test_a_run_that_stops_itself_does_not_wait_for_itself():
    """SV-23: shutdown() and stop() in the run."""
    for stop in ("stop", "shutdown"):
        server = Server("self")
        server.run = getattr(server, stop)
        assert server.startup().iterations == 1


def test_a_coroutine_that_is_given_as_a_function_is_said():
    """Kind: a coroutine that nobody awaits, and a server that does nothing."""

    async def nothing():
        pass

    server = Server("lazy", run=lambda: nothing())  # noqa: PLW0108 - that is the fault
    with pytest.raises(TypeError, match="gave a coroutine"):
        server.startup()


@pytest.mark.parametrize("library", ["logging", "loguru"])
def test_texts_are_whole_for_every_logger(library):
    """Kind: braces and per cent signs in an error that a logger takes for its own."""
    said = []
    if library == "loguru":
        from loguru import logger

        logger.remove()
        logger.add(said.append, format="{message}", backtrace=False, diagnose=False)
    else:
        logger = logging.Logger("own")  # noqa: LOG001 - one that nobody else has
        handler = logging.Handler()
        handler.emit = lambda record: said.append(record.getMessage())
        logger.addHandler(handler)

    def run():
        raise ValueError("{x} %s {0} %d")

    server = Server("braces {y} %s", run=run, logger=logger)
    with pytest.raises(ValueError, match="x"):
        server.startup()
    assert said[0].startswith(
        "braces {y} %s: a run failed, and ends it: ValueError('{x} %s {0} %d')"
    )


class Awaited(Server):
    """Says what it does, in coroutines."""

    def __init__(self, **more):
        super().__init__("awaited", **more)
        self.said = []
        self.up = asyncio.Event()

    async def before_starting(self):
        """Hooks may be coroutines."""
        await asyncio.sleep(0)
        self.said.append("before_starting")

    async def run(self):
        """Waits for ever: it is cancelled."""
        self.said.append("run")
        self.up.set()
        try:
            await asyncio.sleep(3600)
        finally:
            self.said.append("cancelled")

    async def before_stopping(self):
        """Comes before the run is cancelled."""
        await asyncio.sleep(0)
        self.said.append("before_stopping")

    def after_stopping(self):
        """A hook may be none as well."""
        self.said.append("after_stopping")


def test_a_coroutine_is_cancelled_when_it_is_to_stop():
    """SV-20, SV-22: `async def run`, in whoever's loop; from another thread too."""

    async def both(server):
        serving = asyncio.create_task(server.serve())
        await server.up.wait()
        await asyncio.to_thread(server.shutdown)
        assert not server.running
        await serving

    server = Awaited()
    asyncio.run(both(server))
    hooks = ["before_stopping", "cancelled", "after_stopping"]
    assert server.said == ["before_starting", "run", *hooks]


def test_whoever_cancels_a_coroutine_has_it_cancelled():
    """Kind: a CancelledError that is swallowed; its hooks are called all the same."""

    async def both(server):
        serving = asyncio.create_task(server.serve())
        await server.up.wait()
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving

    server = Awaited()
    asyncio.run(both(server))
    assert server.said[-3:] == ["before_stopping", "cancelled", "after_stopping"]


def test_an_error_of_a_coroutine_is_raised(caplog):
    """SV-24: by startup(), as that of a thread; and it goes on if it is to."""

    async def fail():
        raise OSError("no host")

    with pytest.raises(OSError, match="no host"):
        Server("one", run=fail).startup()
    server = Server("two", run=fail, continue_on_error=True, maximum_iterations=2).startup()
    assert server.iterations == 2
    assert caplog.text.count("two: a run failed, and it goes on: OSError('no host')") == 2


def test_a_coroutine_has_an_interval_and_a_most():
    """SV-24: others of its loop have their turn meanwhile."""
    turns = []

    async def work():
        pass

    async def both():
        async def other():
            while True:
                turns.append(1)
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await Server(run=work, maximum_iterations=50).serve()
        task.cancel()

    asyncio.run(both())
    assert len(turns) > 10


def test_signals_of_a_coroutine_are_called_in_its_loop(program, ended):
    """SV-21: methods that are coroutines, or not; what fails is logged; TERM ends it."""
    server = program(
        """
import asyncio
class Mine(Server):
    async def run(self):
        say("up")
        await asyncio.sleep(3600)
    async def usr1(self):
        await asyncio.sleep(0)
        say("usr1")
        raise KeyError("broken")
    def usr2(self):
        say(f"usr2 {asyncio.get_running_loop().is_running()}")
    async def after_stopping(self): say("over")
Mine("mine").startup()
"""
    )
    assert lines(server, 1) == ["up"]
    server.send_signal(signal.SIGUSR1)
    assert lines(server, 1) == ["usr1"]
    server.send_signal(signal.SIGUSR2)
    assert lines(server, 1) == ["usr2 True"]
    server.send_signal(signal.SIGTERM)
    code, said, err = ended(server)
    assert (code, said) == (0, ["over"])
    assert "ERROR mine: what SIGUSR1 calls failed: KeyError('broken')\nTraceback" in err


def test_a_child_of_a_coroutine_gives_no_signal(program, ended):
    """Kind: asyncio's own wakeup fd, which a forked child shares with its parent."""
    server = program(
        """
import asyncio
class Mine(Server):
    async def run(self):
        pid = os.fork()
        if not pid:
            time.sleep(60)
        os.kill(pid, signal.SIGTERM)
        say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        await asyncio.sleep(0.05)
        say("alive")
        await asyncio.sleep(3600)
Mine("mine").startup()
"""
    )
    assert lines(server, 2) == ["-15", "alive"]
    server.send_signal(signal.SIGINT)
    assert ended(server)[:2] == (0, [])


def test_a_supervisor_is_told(program, ended, place):
    """Ready, reloading, a sign of life and stopping, by NOTIFY_SOCKET."""
    from socket import AF_UNIX, SOCK_DGRAM, socket

    with socket(AF_UNIX, SOCK_DGRAM) as heard:
        heard.bind(str(place / "notify"))
        heard.settimeout(30)
        server = program(
            """
class Mine(Server):
    def run(self): pass
    def hup(self): say("hup")
Mine(interval=3600).startup()
""",
            env={"NOTIFY_SOCKET": str(place / "notify"), "WATCHDOG_USEC": "20000"},
        )

        def until(word):
            got = []
            while not any(line.startswith(word) for line in got):
                got += heard.recv(4096).decode().splitlines()
            return got

        until("READY=1")
        until("WATCHDOG=1")
        server.send_signal(signal.SIGHUP)
        until("RELOADING=1")
        until("READY=1")
        server.send_signal(signal.SIGTERM)
        until("STOPPING=1")
    assert ended(server) == (0, ["hup"], "")


def drain(heard):
    """Read all that there is in the socket HEARD."""
    try:
        while heard.recv(4096):
            pass
    except BlockingIOError:
        pass


def test_a_run_that_hangs_gives_no_sign_of_life(program, place):
    """Kind: a watchdog that the main thread feeds while the work stands still."""
    from socket import AF_UNIX, SOCK_DGRAM, socket

    with socket(AF_UNIX, SOCK_DGRAM) as heard:
        heard.bind(str(place / "notify"))
        heard.settimeout(30)
        server = program(
            """
class Mine(Server):
    def run(self):
        if os.path.exists("hang"):
            say("hangs")
            time.sleep(60)
Mine(interval=0.001).startup()
""",
            env={"NOTIFY_SOCKET": str(place / "notify"), "WATCHDOG_USEC": "2000"},
        )
        # The main thread says the one, when it comes to it, and the run the other.
        for word in b"READY=1", b"WATCHDOG=1":
            while heard.recv(4096) != word:
                pass
        (place / "hang").touch()
        assert server.stdout.readline() == b"hangs\n"
        heard.setblocking(False)
        drain(heard)
        # Ten times as long as a sign of life may take.
        heard.settimeout(0.02)
        with pytest.raises(TimeoutError):
            heard.recv(4096)
        server.kill()
