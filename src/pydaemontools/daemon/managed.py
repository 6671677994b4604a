"""Starting, stopping and asking after a program that becomes a daemon: what a Daemon does."""

import os
import sys
from time import monotonic, sleep

from . import detach, safe_fork
from .command_kinds import from_here, is_server, needs_shell, words_of
from .daemon_options import DaemonOptions
from .end_processes import LOOK
from .failures import AlreadyRunning, Error
from .lock_file import Holder, PidFile
from .plan import Plan
from .rehearsal import rehearse
from .running_as import be, call, execute, run_shutdown
from .seconds import check_seconds
from .starting import Start
from .stdio import Stdio
from .stopping import GRACE, Running, number_of
from .truth import Truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Self


class DaemonStatus:
    """How a daemon is: `running`, and if it is: `pid`, `command`, `age` in seconds, or None."""

    def __init__(self, name: str, holder: Holder | None) -> None:
        self.name = name
        self.running = holder is not None
        self.pid = holder.pid if holder else 0
        self.command = holder.command if holder else ""
        self.age = holder.age if holder else None

    def __str__(self) -> str:
        if not self.running:
            return f"{self.name}: down"
        who = f"pid {self.pid}" if self.pid else "pid not to be seen"
        age = "" if self.age is None else f" {self.age:.0f} seconds"
        return f"{self.name}: up ({who}){age}"


class Managed(DaemonOptions):
    """A daemon of these options. Whether it runs is known by its pid file, which it has locked."""

    _begun: Start | None = None
    _plan: Plan | None = None
    pid = 0
    words: list[bytes] | None = None  # of the program, as it is to be run

    def startup(self, do_exit: bool = True, *, wait: bool = True) -> "Self":  # noqa: FBT001, FBT002
        """Start it; exit with 0 when it is ready, or without DO_EXIT return self.

        Without WAIT it returns at once, and `await wait_ready()` does the rest. Raises
        StartupError, AlreadyRunning, Timeout, after which nothing is left of it; Error for
        options that mean nothing. Under a supervisor that started this program it does not
        detach, and runs here.
        """
        plan = self._plan = self._prepared()
        if not detach.must_detach(self.detach):
            self._run_here(plan)
            return self
        self._say("debug", "About to fork ...")
        name = self.name or ""
        condition, logs, hook = self.condition(), self.logs(), self.after_fork
        begun = detach.launch(
            name,
            plan,
            condition,
            timeout=self.timeout,
            logs=logs,
            after_fork=hook,
            leaves=do_exit and wait,
        )
        if isinstance(begun, Truth):
            return self._be(begun, plan)
        if not wait:
            self._begun = begun
            return self
        self._say("debug", f"Waiting for {name!r} to startup.")
        detach.finish(begun, plan)
        self._started(begun)
        if do_exit:
            os._exit(0)
        return self

    def _prepared(self) -> Plan:
        """What a start is to do. Raises Error for all that can be refused before it."""
        self.check()
        plan = self.plan()
        words = words_of(self.startup_command)
        stays = self.nochdir or self.chroot is not None
        self.words = words if words is None or stays else from_here(words)
        plan.goes_on = words is None
        if not detach.must_detach(self.detach):
            # Then these stay, as they are.
            plan.stdio = Stdio(keep=True)
        elif plan.goes_on:
            safe_fork.check(3)
        return plan

    async def wait_ready(self) -> "Self":
        """Wait until what startup(wait=False) began is ready. Raises as that does."""
        # Whoever awaits this has it.
        asyncio = sys.modules["asyncio"]
        begun, self._begun = self._begun, None
        if begun is None:
            raise Error(f"{self.name} is not being started by this process")
        loop, seen, fd = asyncio.get_running_loop(), asyncio.Event(), begun.fileno()
        loop.add_reader(fd, seen.set)
        try:
            while not begun.look():
                seen.clear()
                try:
                    await asyncio.wait_for(seen.wait(), begun.rest() + 0.001)
                except TimeoutError:
                    continue
        except BaseException:
            begun.end()
            if self._plan:
                detach.hand_over(self._plan, ready=False)
            raise
        finally:
            loop.remove_reader(fd)
        if self._plan:
            detach.hand_over(self._plan, ready=True)
        self._started(begun)
        return self

    def _started(self, begun: Start) -> None:
        self.pid = begun.pid
        self._say("info", "Server has daemonized.")

    def _run_here(self, plan: Plan) -> None:
        """Be it in this process, which a supervisor started. Raises StartupError."""
        if self.words is None:
            detach.do_here(self.name or "", plan)
            self._yield_pid_file()
            call(self.startup_command)
        else:
            detach.do_here(self.name or "", plan, lambda truth: execute(self, truth, plan.lock))

    def _be(self, truth: Truth, plan: Plan) -> "NoReturn":
        """Be it, in the daemon."""
        self._yield_pid_file()
        be(self, truth, plan.lock)

    def _yield_pid_file(self) -> None:
        """Have the Server that is started leave to us the pid file, which we hold already."""
        if is_server(self.startup_command) and hasattr(self.startup_command, "pid_file"):
            setattr(self.startup_command, "pid_file", None)  # noqa: B010 - of whatever it is

    # Stopping.

    def shutdown(self) -> "Self | None":
        """Stop it: by its shutdown_command, or its stop_signal; return self, None if it is down.

        A command is run, and waited for. What has not ended in time is killed, unless it is not
        to escalate: then that raises Timeout. Raises Error where it cannot be told, or where a
        process that it left holds the pid file.
        """
        limit = self.stop_limit
        check_seconds(stop_timeout=limit)
        running = self._running()
        if running is None:
            return None
        command = self.shutdown_command
        if command is None or isinstance(command, int):
            signum = number_of(self.stop_signal if command is None else command)
            group = self.stop_group
            if group is None:
                group = needs_shell(self.startup_command)
            self._say("info", f"Killing PID {running.pid} with {signum}")
            running.stop(signum, limit, group=group, escalate=self.escalate)
        else:
            left = run_shutdown(self.name or "", command, limit)
            running.see_it_end(left, limit, escalate=self.escalate)
        self._see_let_go()
        if isinstance(self.lock, PidFile):
            self.lock.remove_stale()
        return self

    def _see_let_go(self) -> None:
        """Raise Error where somebody has the lock still: a child that inherited it, or the next."""
        end = monotonic() + GRACE
        while holder := self.lock.holder():
            if monotonic() >= end:
                # It may be a new one by now: that is not to be ended too.
                who = AlreadyRunning(self.lock.path, holder.pid, holder.command, holder.age)
                raise Error(f"unable to stop all of {self.name}: {who}")
            sleep(LOOK)

    def restart(self, do_exit: bool = True) -> "Self":  # noqa: FBT001, FBT002
        """Stop it if it runs, and start it. Raises as these do.

        A start that cannot succeed is seen beforehand, and leaves it running.
        """
        plan = self._prepared()
        self.condition().close()
        # A hook may make what is missing.
        if self.alive() and not self.after_fork:
            words = None if self.before_exec else self.words
            rehearse(self.name or "", plan, words, self.timeout)
        self.shutdown()
        return self.startup(do_exit)

    def kill(self, signum: int | str | None = None) -> "Self":
        """Send it SIGNUM, a number or a name, or its stop_signal. Raises Error, also if down."""
        number = number_of(self.stop_signal if signum is None else signum)
        running = self._running()
        if running is None:
            raise Error(f"unable to signal {self.name}: it is not running")
        self._say("info", f"Killing PID {running.pid} with {number}")
        running.signal(number)
        return self

    def reload(self) -> "Self":
        """Send it its reload_signal. Raises Error, also if down."""
        return self.kill(self.reload_signal)

    # Asking.

    def alive(self) -> bool:
        """Whether it runs, whoever's process it is."""
        return self.lock.holder() is not None

    def status(self) -> DaemonStatus:
        """How it is."""
        return DaemonStatus(self.name or "", self.lock.holder())

    def _running(self) -> Running | None:
        holder = self.lock.holder()
        if holder is None:
            return None
        if not holder.pid:
            who = AlreadyRunning(self.lock.path)
            raise Error(f"unable to reach {self.name}: {who}")
        return Running(self.name or "", holder)

    def _say(self, level: str, text: str) -> None:
        if self.logger is not None:
            getattr(self.logger, level)(text)
