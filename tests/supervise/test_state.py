"""The table of the supervisor: histories go in, actions come out, and no second passes."""

from _signal import (
    SIGABRT,
    SIGALRM,
    SIGCONT,
    SIGHUP,
    SIGINT,
    SIGKILL,
    SIGQUIT,
    SIGSTOP,
    SIGTERM,
    SIGUSR1,
    SIGUSR2,
    SIGWINCH,
)
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydaemontools.supervise.given_times import EXTEND, INTERVAL
from pydaemontools.supervise.rules import FOREVER, RestartBackoff, Rules, plain
from pydaemontools.supervise.state import (
    DOWN,
    FINISHING,
    LEFT,
    PHASES,
    SWEEPING,
    UP,
    WAIT,
    State,
)
from pydaemontools.supervise.table import (
    ADOPTED,
    ALIVE,
    BORN,
    CULL,
    DUE,
    END_FINISH,
    FINISH,
    FOUND,
    GONE,
    HUNG,
    LAST,
    LEAVE,
    MARK,
    MORE,
    PATIENT,
    PERMANENT,
    READY,
    RETRY,
    START,
    STRAY,
    SWEEP,
    SWEPT,
    TABLE,
    UNBORN,
    UNMARK,
    step,
)

TERMINATE = [SIGTERM, SIGCONT]
ASKED = ((b"notify", b""),)  # it is ready when it says so
EVERY = range(len(PHASES))


def rules(**differences):
    """The rules of a program without a directory, but for DIFFERENCES."""
    made = Rules()
    for name, value in differences.items():
        setattr(made, name, value)
    return made


def born(**differences):
    """The event of a start with such rules."""
    return BORN, rules(**differences)


def up(**differences):
    """The beginning of a history: a service that was started at 0 with such rules."""
    return (0, "u", [START]), (0, born(**differences), [])


PLAIN = (BORN, plain())
SIMPLY = (0, "u", [START]), (0, PLAIN, [])
ENDED, FAILED, KILLED = (GONE, 0), (GONE, 1), (GONE, -SIGKILL)
BACKOFF = {"sweep": False, "backoff": RestartBackoff(2, 3, 10, 20, 0)}
TALLY = {"sweep": False, "max_deaths": (3, 10)}

# A history is a list of (time, event, the actions that it has to bring). An event is a word,
# or a word and the value that comes with it.
HISTORIES = {
    # Pace, and what the letters of the originals do.
    "dies after more than a second and is started the moment it does": [
        *SIMPLY,
        (7, ENDED, [START]),
        (7, PLAIN, []),
    ],
    "dies at once and is started when a second has passed since its start": [
        *SIMPLY,
        (0.25, ENDED, []),
        (0.75, DUE, []),
        (1, DUE, [START]),
        (1, PLAIN, []),
        (1.25, ENDED, []),
        (2, DUE, [START]),
    ],
    "dies after exactly a second and waits for nothing": [
        *SIMPLY,
        (1, ENDED, [START]),
    ],
    "counts the second from the start and not from the order to start": [
        (0, "u", [START]),
        (0.5, PLAIN, []),
        (1, ENDED, []),
        (1, DUE, []),
        (1.5, DUE, [START]),
    ],
    "counts the second from its start though finish took its time": [
        *up(finish=True),
        (0.25, ENDED, [SWEEP]),
        (0.25, SWEPT, [FINISH]),
        (0.75, ENDED, [SWEEP]),
        (0.75, SWEPT, []),
        (1, DUE, [START]),
    ],
    "is started at once when sweeping and finish took longer than its second": [
        *up(finish=True),
        (0.25, ENDED, [SWEEP]),
        (3, SWEPT, [FINISH]),
        (5, ENDED, [SWEEP]),
        (5, SWEPT, [START]),
    ],
    "hears when it dies while it is paused": [
        *SIMPLY,
        (2, "p", [SIGSTOP]),
        (3, KILLED, [START]),
        (3, PLAIN, []),
    ],
    "is told down while it is paused, and woken up to hear it": [
        *SIMPLY,
        (2, "p", [SIGSTOP]),
        (3, "d", TERMINATE),
        (3, ENDED, []),
        (9, DUE, []),
    ],
    "is told down while it is up": [
        *SIMPLY,
        (5, "d", TERMINATE),
        (6, ENDED, []),
        (7, DUE, []),
    ],
    "is told down while it waits for its second": [
        *SIMPLY,
        (0.25, ENDED, []),
        (0.5, "d", []),
        (1, DUE, []),
        (2, DUE, []),
    ],
    "is told down, and up again while it goes down": [
        *SIMPLY,
        (5, "d", TERMINATE),
        (5, "u", []),
        (6, ENDED, [START]),
    ],
    "is told up again too early after it was told down": [
        *SIMPLY,
        (0.25, "d", TERMINATE),
        (0.25, ENDED, []),
        (0.5, "u", []),
        (1, DUE, [START]),
    ],
    "is told up again late after it was told down": [
        *SIMPLY,
        (0.25, "d", TERMINATE),
        (0.25, ENDED, []),
        (9, "u", [START]),
    ],
    "does not hear the first TERM, and gets another": [
        *SIMPLY,
        (5, "d", TERMINATE),
        (6, "d", TERMINATE),
        (7, "k", [SIGKILL]),
        (7, KILLED, []),
    ],
    "is told up while it is up, which it knows": [
        *SIMPLY,
        (5, "u", []),
        (6, ENDED, [START]),
    ],
    "hears nothing of letters that are none": [
        *SIMPLY,
        (1, "?", []),
        (1, "\0", []),
        (1, "", []),
        (1, "X", []),
        (5, ENDED, [START]),
    ],
    "hears nothing of a letter that is for what is up, when it is down": [
        (0, "p", []),
        (0, "t", []),
        (0, "k", []),
        (0, "u", [START]),
    ],
    "meets a fork that is refused, and tries again after a second": [
        (0, "u", [START]),
        (0, UNBORN, []),
        (0.5, DUE, []),
        (1, DUE, [START]),
        (1.25, UNBORN, []),
        (2, DUE, []),
        (2.25, DUE, [START]),
        (2.25, PLAIN, []),
        (9, ENDED, [START]),
    ],
    "is told down while fork is refused": [
        (0, "u", [START]),
        (0, UNBORN, []),
        (0.5, "d", []),
        (1, DUE, []),
    ],
    "is told to exit while fork is refused": [
        (0, "u", [START]),
        (0, UNBORN, []),
        (0.5, "x", [LEAVE]),
        (1, DUE, []),
    ],
    # Once, and once at most.
    "is up once": [
        (0, "o", [START]),
        (0, PLAIN, []),
        (5, ENDED, []),
        (9, DUE, []),
        (9, "o", [START]),
    ],
    "is told once while it is up, and not started again": [
        *SIMPLY,
        (5, "o", []),
        (6, ENDED, []),
    ],
    "is told once while it waits, and started that once": [
        *SIMPLY,
        (0.25, ENDED, []),
        (0.5, "o", []),
        (1, DUE, [START]),
        (1, PLAIN, []),
        (5, ENDED, []),
        (9, DUE, []),
    ],
    "is to be up once, and whose first fork is refused": [
        (0, "o", [START]),
        (0, UNBORN, []),
        (1, DUE, [START]),
        (1, PLAIN, []),
        (5, ENDED, []),
        (9, DUE, []),
    ],
    "is told once at most while it is down, and stays there": [
        (0, "O", []),
        (9, DUE, []),
    ],
    "is told once at most while it waits, and does not come": [
        *SIMPLY,
        (0.25, ENDED, []),
        (0.5, "O", []),
        (1, DUE, []),
        (9, DUE, []),
    ],
    "is told once at most while it is up, and not started again": [
        *up(),
        (5, "O", []),
        (6, ENDED, [SWEEP]),
        (6, SWEPT, []),
        (9, DUE, []),
    ],
    "is told once at most while finish runs, and not started again": [
        *up(finish=True),
        (6, ENDED, [SWEEP]),
        (6, SWEPT, [FINISH]),
        (7, "O", []),
        (8, ENDED, [SWEEP]),
        (8, SWEPT, []),
        (9, DUE, []),
    ],
    "is told once at most and then up, and is started again": [
        *SIMPLY,
        (5, "O", []),
        (6, "u", []),
        (7, ENDED, [START]),
    ],
    # Letters that are remembered by the next supervisor.
    "is told down for good while it is up": [
        *SIMPLY,
        (5, "D", [MARK, *TERMINATE]),
        (6, ENDED, []),
        (9, DUE, []),
    ],
    "is told down for good while it waits": [
        *SIMPLY,
        (0.25, ENDED, []),
        (0.5, "D", [MARK]),
        (1, DUE, []),
    ],
    "is told down for good while it is down": [
        (0, "D", [MARK]),
        (9, DUE, []),
    ],
    "is told up for good while it is down": [
        (0, "U", [UNMARK, START]),
        (0, PLAIN, []),
        (5, ENDED, [START]),
    ],
    "is told up for good while it goes down for good": [
        *SIMPLY,
        (5, "D", [MARK, *TERMINATE]),
        (5, "U", [UNMARK]),
        (6, ENDED, [START]),
    ],
    "is told once at most for good while it is up": [
        *SIMPLY,
        (5, "Q", [MARK]),
        (6, ENDED, []),
        (9, DUE, []),
    ],
    "is told once at most for good while it waits": [
        *SIMPLY,
        (0.25, ENDED, []),
        (0.5, "Q", [MARK]),
        (1, DUE, []),
    ],
    "is told down and up for good while it is swept": [
        *up(),
        (5, ENDED, [SWEEP]),
        (5, "D", [MARK]),
        (6, "U", [UNMARK]),
        (7, SWEPT, [START]),
    ],
    "has left, and hears of nothing that is for good": [
        (0, "x", [LEAVE]),
        (1, "U", []),
        (1, "D", []),
        (1, "Q", []),
    ],
    # Exit.
    "is told to exit while it is up, and is ended": [
        *up(),
        (5, "x", TERMINATE),
        (6, "u", []),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [LEAVE]),
        (8, "u", []),
    ],
    "is told to exit, ignores it, and is killed": [
        *up(kill_after=3),
        (5, "x", TERMINATE),
        (7, DUE, []),
        (8, DUE, [SIGKILL]),
        (8, KILLED, [SWEEP]),
        (8, SWEPT, [LEAVE]),
    ],
    "is told to exit while it is paused": [
        *up(),
        (4, "p", [SIGSTOP]),
        (5, "x", TERMINATE),
        (5, ENDED, [SWEEP]),
        (5, SWEPT, [LEAVE]),
    ],
    "is told down and exit, as TERM says it": [
        *SIMPLY,
        (5, "d", TERMINATE),
        (5, "x", TERMINATE),
        (6, ENDED, [LEAVE]),
        (7, "u", []),
        (7, DUE, []),
        (8, "x", []),
    ],
    "is told to exit after it was told down, and has its time for that": [
        *up(kill_after=3),
        (5, "d", TERMINATE),
        (6, "x", TERMINATE),
        (8, DUE, [SIGKILL]),
        (8, KILLED, [SWEEP]),
        (8, SWEPT, [LEAVE]),
    ],
    "got TERM by hand, and is told to exit by a signal of its own": [
        # It may take TERM for something else: it has not been told to end.
        *up(down_signal=int(SIGINT)),
        (5, "t", [SIGTERM]),
        (6, "x", [SIGINT, SIGCONT]),
    ],
    "is told to exit while it waits": [
        *SIMPLY,
        (0.25, ENDED, []),
        (0.5, "x", [LEAVE]),
        (1, DUE, []),
    ],
    "is told down and exit while it waits": [
        *SIMPLY,
        (0.25, ENDED, []),
        (0.5, "d", []),
        (0.5, "x", [LEAVE]),
        (1, DUE, []),
    ],
    "is told down and exit while there is nothing": [
        (0, "d", []),
        (0, "x", [LEAVE]),
        (1, "x", []),
    ],
    "is told to exit while it is swept, and has its finish first": [
        *up(finish=True),
        (5, ENDED, [SWEEP]),
        (6, "x", []),
        (7, SWEPT, [FINISH]),
        (8, ENDED, [SWEEP]),
        (8, SWEPT, [LEAVE]),
    ],
    "is told to exit while finish runs, and waits for its end": [
        *up(finish=True),
        (5, ENDED, [SWEEP]),
        (5, SWEPT, [FINISH]),
        (6, "x", []),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [LEAVE]),
    ],
    "is told to exit while a finish hangs, which has five seconds from then": [
        *up(finish=True),
        (5, ENDED, [SWEEP]),
        (5, SWEPT, [FINISH]),
        (6, "x", []),
        (10, DUE, []),
        (11, DUE, [END_FINISH]),
        (12, KILLED, [SWEEP]),
        (12, SWEPT, [LEAVE]),
    ],
    "is told to exit while a finish runs that has less than that": [
        *up(finish=True, finish_limit=3),
        (5, ENDED, [SWEEP]),
        (5, SWEPT, [FINISH]),
        (6, "x", []),
        (8, DUE, [END_FINISH]),
        (8, KILLED, [SWEEP]),
        (8, SWEPT, [LEAVE]),
    ],
    "is told to exit while a finish hangs that may, as with runit": [
        *up(finish=True, finish_limit=FOREVER),
        (5, ENDED, [SWEEP]),
        (5, SWEPT, [FINISH]),
        (6, "x", []),
        (1e9, DUE, []),
    ],
    "is told that there is no more after this, and left alone until it ends": [
        *up(),
        (5, LAST, []),
        (9, ENDED, [SWEEP]),
        (9, SWEPT, [LEAVE]),
    ],
    # What does not end when it is told to.
    "ignores TERM, and is killed when its time is over": [
        *up(kill_after=5),
        (10, "d", TERMINATE),
        (14, DUE, []),
        (15, DUE, [SIGKILL]),
        (15, KILLED, [SWEEP]),
        (15, SWEPT, []),
        (99, DUE, []),
    ],
    "is killed once when its time is over, and waited for": [
        *up(kill_after=5),
        (10, "d", TERMINATE),
        (15, DUE, [SIGKILL]),
        (16, DUE, []),
        (99, DUE, []),
        (99, KILLED, [SWEEP]),
    ],
    "is told down twice, and whose time runs from the first": [
        *up(kill_after=5),
        (10, "d", TERMINATE),
        (13, "d", TERMINATE),
        (15, DUE, [SIGKILL]),
    ],
    "is told down again after KILL, and gets its time anew": [
        *up(kill_after=5),
        (10, "d", TERMINATE),
        (15, DUE, [SIGKILL]),
        (20, "d", TERMINATE),
        (24, DUE, []),
        (25, DUE, [SIGKILL]),
    ],
    "may ignore TERM for ever, as with the originals": [
        *SIMPLY,
        (5, "d", TERMINATE),
        (1e9, DUE, []),
    ],
    "ends in time, and whose successor is not killed for it": [
        *up(kill_after=5),
        (10, "d", TERMINATE),
        (11, "u", []),
        (12, ENDED, [SWEEP]),
        (12, SWEPT, [START]),
        (12, born(kill_after=5), []),
        (15, DUE, []),
        (99, DUE, []),
    ],
    "is told up while it does not end, killed all the same, and started": [
        *up(kill_after=5),
        (10, "d", TERMINATE),
        (11, "u", []),
        (15, DUE, [SIGKILL]),
        (15, KILLED, [SWEEP]),
        (15, SWEPT, [START]),
    ],
    "is paused, told down, and does not end": [
        *up(kill_after=5),
        (9, "p", [SIGSTOP]),
        (10, "d", TERMINATE),
        (15, DUE, [SIGKILL]),
        (15, KILLED, [SWEEP]),
        (15, SWEPT, []),
    ],
    "is paused while it goes down, and killed when its time is over": [
        *up(kill_after=5),
        (10, "d", TERMINATE),
        (11, "p", [SIGSTOP]),
        (15, DUE, [SIGKILL]),
    ],
    "is told to end by a signal of its own": [
        *up(down_signal=int(SIGQUIT), kill_after=5),
        (10, "d", [SIGQUIT, SIGCONT]),
        (15, DUE, [SIGKILL]),
        (15, KILLED, [SWEEP]),
        (15, SWEPT, []),
    ],
    "is told to exit by a signal of its own": [
        *up(down_signal=int(SIGINT)),
        (10, "x", [SIGINT, SIGCONT]),
    ],
    "is restarted": [
        *up(),
        (10, "r", TERMINATE),
        (11, ENDED, [SWEEP]),
        (11, SWEPT, [START]),
    ],
    "is restarted, does not end, and is killed": [
        *up(kill_after=5),
        (10, "r", TERMINATE),
        (15, DUE, [SIGKILL]),
        (15, KILLED, [SWEEP]),
        (15, SWEPT, [START]),
    ],
    "gets TERM by hand, and all the time for it that it wants": [
        *up(kill_after=5),
        (10, "t", [SIGTERM]),
        (99, DUE, []),
        (99, ENDED, [SWEEP]),
        (99, SWEPT, [START]),
    ],
    # Sweeping.
    "leaves nothing behind, and is started when that is seen": [
        *up(),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [START]),
    ],
    "leaves something behind, and is started when that has ended": [
        *up(),
        (7, ENDED, [SWEEP]),
        (8, DUE, []),
        (9, SWEPT, [START]),
        (9, born(), []),
        (99, DUE, []),
    ],
    "leaves behind what ignores TERM, and ends by KILL": [
        *up(),
        (7, ENDED, [SWEEP]),
        (11, DUE, []),
        (12, DUE, [CULL]),
        (13, DUE, []),
        (13, SWEPT, [START]),
    ],
    "leaves behind what not even KILL ends, and goes on without it": [
        *up(),
        (7, ENDED, [SWEEP]),
        (12, DUE, [CULL]),
        (16, DUE, []),
        (17, DUE, [START]),
        (17, born(), []),
        (18, SWEPT, []),
    ],
    "leaves something behind, and has little patience": [
        *up(kill_after=2),
        (7, ENDED, [SWEEP]),
        (8, DUE, []),
        (9, DUE, [CULL]),
        (9, SWEPT, [START]),
    ],
    "leaves something behind, and never kills itself, which does not matter here": [
        *up(kill_after=FOREVER),
        (7, ENDED, [SWEEP]),
        (12, DUE, [CULL]),
        (17, DUE, [START]),
    ],
    "leaves something behind that a person kills at once": [
        *up(),
        (7, ENDED, [SWEEP]),
        (8, "k", [CULL]),
        (12, DUE, []),
        (13, DUE, [START]),
    ],
    "leaves behind what starts another, which has its time too": [
        *up(),
        (7, ENDED, [SWEEP]),
        (8, (MORE, 13.0), []),
        (12, DUE, [CULL]),
        (12, (MORE, 13.0), []),
        (13, DUE, [CULL]),
        (14, SWEPT, [START]),
    ],
    "leaves behind what starts others all the time, and all get KILL after three times that": [
        *up(),
        (7, ENDED, [SWEEP]),
        (12, DUE, [CULL]),
        (12, (MORE, 16.0), []),
        (16, DUE, [CULL]),
        (16, (MORE, 21.0), []),
        (21, DUE, [CULL]),
        (21, (MORE, 23.0), []),
        (22, DUE, [CULL]),
        (22, (MORE, 27.0), []),
        (27, DUE, [START]),
    ],
    "leaves behind what starts another, and a person kills both": [
        *up(),
        (7, ENDED, [SWEEP]),
        (8, (MORE, 13.0), []),
        (9, "k", [CULL]),
        (9, (MORE, 14.0), []),
        (14, DUE, [START]),
    ],
    "has a finish that leaves behind what does not hear": [
        *up(finish=True),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (8, "d", []),
        (9, ENDED, [SWEEP]),
        (14, DUE, [CULL]),
        (19, DUE, []),
        (99, DUE, []),
    ],
    "is told down while it is swept": [
        *up(),
        (7, ENDED, [SWEEP]),
        (8, "d", []),
        (9, SWEPT, []),
        (99, DUE, []),
    ],
    "is told down and up while it is swept": [
        *up(),
        (7, ENDED, [SWEEP]),
        (8, "d", []),
        (8, "u", []),
        (9, SWEPT, [START]),
    ],
    "is told down, leaves something behind, and has its finish after that": [
        *up(finish=True),
        (7, "d", TERMINATE),
        (8, ENDED, [SWEEP]),
        (13, DUE, [CULL]),
        (13, SWEPT, [FINISH]),
        (13, ENDED, [SWEEP]),
        (13, SWEPT, []),
        (99, DUE, []),
    ],
    "has nothing swept, as with the originals": [
        *up(sweep=False, finish=True),
        (7, ENDED, [FINISH]),
        (8, ENDED, [START]),
    ],
    # Finish.
    "has a finish, which runs between two starts": [
        *up(finish=True),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (8, ENDED, [SWEEP]),
        (8, SWEPT, [START]),
    ],
    "has no finish after all": [
        *up(finish=True),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (7, UNBORN, [START]),
    ],
    "is told down, and meets a fork that is refused for its finish": [
        *up(finish=True),
        (7, "d", TERMINATE),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (7, UNBORN, []),
        (99, DUE, []),
    ],
    "is told to exit, and has no finish": [
        *up(finish=True),
        (7, "x", TERMINATE),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (7, UNBORN, [LEAVE]),
    ],
    "has a finish that fails, which does not matter": [
        *up(finish=True),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (8, FAILED, [SWEEP]),
        (8, SWEPT, [START]),
    ],
    "has a finish that says that there is no point": [
        *up(finish=True),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (8, (GONE, PERMANENT), [SWEEP]),
        (8, SWEPT, []),
        (99, DUE, []),
        (99, "u", [START]),
    ],
    "says itself what only finish may say, and is started again": [
        *up(),
        (7, (GONE, PERMANENT), [SWEEP]),
        (7, SWEPT, [START]),
    ],
    "has a finish that hangs, which is ended": [
        *up(finish=True, finish_limit=5),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (11, DUE, []),
        (12, DUE, [END_FINISH]),
        (13, DUE, []),
        (13, KILLED, [SWEEP]),
        (13, SWEPT, [START]),
    ],
    "has a finish that hangs and may, as with runit": [
        *up(finish=True, finish_limit=FOREVER),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (1e9, DUE, []),
    ],
    "has a finish that a person kills": [
        *up(finish=True),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (8, "k", [SIGKILL]),
        (8, KILLED, [SWEEP]),
        (8, SWEPT, [START]),
    ],
    "has a finish that is not killed for the time of another": [
        *up(finish=True, finish_limit=5),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (8, ENDED, [SWEEP]),
        (8, SWEPT, [START]),
        (8, born(finish=True, finish_limit=5), []),
        (12, DUE, []),
        (99, DUE, []),
    ],
    "is told down while finish runs, which is left in peace": [
        *up(finish=True),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (8, "d", []),
        (9, ENDED, [SWEEP]),
        (9, SWEPT, []),
        (99, DUE, []),
    ],
    "is told up while finish runs after it was told down": [
        *up(finish=True),
        (7, "d", TERMINATE),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (8, "u", []),
        (9, ENDED, [SWEEP]),
        (9, SWEPT, [START]),
    ],
    "is sent signals while finish runs, which are not for that": [
        *up(finish=True),
        (7, ENDED, [SWEEP]),
        (7, SWEPT, [FINISH]),
        (8, "t", []),
        (8, "p", []),
        (8, "h", []),
        (8, "r", []),
        (9, ENDED, [SWEEP]),
        (9, SWEPT, [START]),
    ],
    # Readiness.
    "says in time that it is ready": [
        *up(ways=ASKED, ready_limit=5),
        (3, READY, []),
        (5, DUE, []),
        (99, DUE, []),
    ],
    "does not get ready in time, is ended, and started again": [
        *up(ways=ASKED, ready_limit=5),
        (4, DUE, []),
        (5, DUE, TERMINATE),
        (6, ENDED, [SWEEP]),
        (6, SWEPT, [START]),
    ],
    "does not get ready in time, and does not end either": [
        *up(notification_fd=3, ready_limit=5, kill_after=2),
        (5, DUE, TERMINATE),
        (7, DUE, [SIGKILL]),
        (7, KILLED, [SWEEP]),
        (7, SWEPT, [START]),
    ],
    "has all the time to get ready": [
        *up(ways=ASKED),
        (1e9, DUE, []),
    ],
    "does not say when it is ready, and is not asked": [
        *up(ready_limit=5),
        (5, DUE, []),
        (99, DUE, []),
    ],
    "gets ready while it is told down, and is killed in time": [
        *up(ways=ASKED, ready_limit=5, kill_after=5, watchdog=1),
        (2, "d", TERMINATE),
        (3, READY, []),
        (5, DUE, []),
        (7, DUE, [SIGKILL]),
    ],
    "is told down before it is ready, and not told a second time for being late": [
        *up(ways=ASKED, ready_limit=5, kill_after=9),
        (4, "d", TERMINATE),
        (5, DUE, []),
        (13, DUE, [SIGKILL]),
    ],
    # Watchdog.
    "gives no sign of life, is ended, and started again": [
        *up(watchdog=5),
        (4, DUE, []),
        (5, DUE, TERMINATE),
        (6, ENDED, [SWEEP]),
        (6, SWEPT, [START]),
    ],
    "gives signs of life, each of which puts it off": [
        *up(watchdog=5),
        (4, ALIVE, []),
        (5, DUE, []),
        (8, ALIVE, []),
        (9, DUE, []),
        (13, DUE, TERMINATE),
    ],
    "gave its last sign of life some time ago": [
        *up(watchdog=5),
        (5, (ALIVE, 3.0), []),
        (7, DUE, []),
        (8, DUE, TERMINATE),
    ],
    "says how often it will show that it is alive": [
        *up(watchdog=5, sign=b"notify"),
        (4, (INTERVAL, 10.0), []),
        (13, DUE, []),
        (13, ALIVE, []),
        (22, DUE, []),
        (22, (INTERVAL, FOREVER), []),
        (99, DUE, []),
        (99, (INTERVAL, 1.0), []),
        (100, DUE, TERMINATE),
    ],
    "says how often, and nobody asked": [*up(), (4, (INTERVAL, 1.0), []), (9, DUE, [])],
    "needs more time to be ready": [
        *up(ways=ASKED, ready_limit=5),
        (4, (EXTEND, 3.0), []),
        (6, DUE, []),
        (6, (EXTEND, 0.5), []),
        (7, DUE, TERMINATE),
    ],
    "needs more time to end": [
        *up(kill_after=5),
        (2, "d", TERMINATE),
        (4, (EXTEND, 6.0), []),
        (7, DUE, []),
        (10, DUE, [SIGKILL]),
    ],
    "needs more time, and has no limit": [
        *up(ways=ASKED),
        (4, (EXTEND, 3.0), []),
        (9, DUE, []),
        (9, READY, []),
        (9, (EXTEND, 3.0), []),
        (99, DUE, []),
    ],
    "need not be alive before it is ready": [
        *up(ways=ASKED, watchdog=5),
        (6, DUE, []),
        (6, ALIVE, []),
        (20, DUE, []),
        (20, READY, []),
        (24, DUE, []),
        (25, DUE, TERMINATE),
    ],
    "is asked for signs of life, and may be silent": [
        *up(watchdog=5, sign=b"check"),
        (99, DUE, []),
        (99, (HUNG, "check failed"), TERMINATE),
    ],
    "says that it hangs": [
        *up(),
        (9, (HUNG, "it asked for it"), TERMINATE),
        (10, ENDED, [SWEEP]),
        (10, SWEPT, [START]),
    ],
    "hangs, and does not end either": [
        *up(watchdog=5, kill_after=3),
        (5, DUE, TERMINATE),
        (7, DUE, []),
        (8, DUE, [SIGKILL]),
        (9, DUE, []),
        (9, KILLED, [SWEEP]),
        (9, SWEPT, [START]),
        (9, born(watchdog=5), []),
        (13, DUE, []),
        (14, DUE, TERMINATE),
    ],
    "hangs, and shows life when it was told to end": [
        *up(watchdog=5, kill_after=5),
        (5, DUE, TERMINATE),
        (6, ALIVE, []),
        (10, DUE, [SIGKILL]),
    ],
    "hangs twice, and is told once": [
        *up(watchdog=5),
        (4, (HUNG, "check failed"), TERMINATE),
        (5, DUE, []),
        (6, (HUNG, "check failed"), []),
    ],
    "is told down, and hangs while it ends": [
        *up(watchdog=5, kill_after=9),
        (4, "d", TERMINATE),
        (5, DUE, []),
        (6, (HUNG, "check failed"), []),
        (13, DUE, [SIGKILL]),
    ],
    "hangs, and is told down while it ends": [
        *up(watchdog=5, kill_after=3),
        (5, DUE, TERMINATE),
        (6, "d", TERMINATE),
        (8, DUE, [SIGKILL]),
        (8, KILLED, [SWEEP]),
        (8, SWEPT, []),
        (99, DUE, []),
    ],
    "is to be up once, hangs, and is not started again": [
        (0, "o", [START]),
        (0, born(watchdog=5), []),
        (5, DUE, TERMINATE),
        (6, ENDED, [SWEEP]),
        (6, SWEPT, []),
        (99, DUE, []),
    ],
    "hangs when it is due to be killed for something else too": [
        *up(ways=ASKED, ready_limit=5, kill_after=1),
        (4, "r", TERMINATE),
        (5, DUE, [SIGKILL]),
        (5, DUE, []),
        (99, DUE, []),
    ],
    "gets TERM by hand, does not end, and hangs": [
        # Nobody set a time for that end: without the watchdog it would hang for ever.
        *up(watchdog=5, kill_after=3),
        (1, "t", [SIGTERM]),
        (6, DUE, TERMINATE),
        (9, DUE, [SIGKILL]),
    ],
    # RestartBackoff.
    "keeps dying, and waits longer each time, up to the cap": [
        *up(**BACKOFF),
        (1, FAILED, []),
        (2, DUE, []),
        (3, DUE, [START]),
        (3, born(**BACKOFF), []),
        (4, FAILED, []),
        (9, DUE, []),
        (10, DUE, [START]),
        (10, born(**BACKOFF), []),
        (11, FAILED, []),
        (20, DUE, []),
        (21, DUE, [START]),
        (21, born(**BACKOFF), []),
        (22, FAILED, []),
        (31, DUE, []),
        (32, DUE, [START]),
    ],
    "runs long enough, and waits for nothing": [
        *up(**BACKOFF),
        (1, FAILED, []),
        (3, DUE, [START]),
        (3, born(**BACKOFF), []),
        (23, FAILED, [START]),
        (23, born(**BACKOFF), []),
        (24, FAILED, []),
        (26, DUE, [START]),
    ],
    "does not run quite long enough": [
        *up(**BACKOFF),
        (1, FAILED, []),
        (3, DUE, [START]),
        (3, born(**BACKOFF), []),
        (22, FAILED, []),
        (27, DUE, []),
        (28, DUE, [START]),
    ],
    "is told to end, which is no failure": [
        *up(**BACKOFF),
        (1, FAILED, []),
        (3, DUE, [START]),
        (3, born(**BACKOFF), []),
        (4, "t", [SIGTERM]),
        (4, ENDED, [START]),
        (4, born(**BACKOFF), []),
        (5, FAILED, []),
        (7, DUE, [START]),
    ],
    "is restarted again and again, none of which is a failure": [
        *up(**BACKOFF),
        (2, "r", TERMINATE),
        (2, ENDED, [START]),
        (2, born(**BACKOFF), []),
        (4, "r", TERMINATE),
        (4, ENDED, [START]),
    ],
    "hangs, which is a failure": [
        *up(watchdog=5, **BACKOFF),
        (5, DUE, TERMINATE),
        (6, ENDED, []),
        (7, DUE, []),
        (8, DUE, [START]),
    ],
    "waits for the pace where that is longer than the backoff": [
        *up(sweep=False, backoff=RestartBackoff(0.25, jitter=0)),
        (0.25, FAILED, []),
        (0.5, DUE, []),
        (1, DUE, [START]),
    ],
    "is told down while it waits long": [
        *up(**BACKOFF),
        (1, FAILED, []),
        (2, "d", []),
        (3, DUE, []),
    ],
    # Giving up.
    "dies too often within the time, and is given up": [
        *up(**TALLY),
        (1, FAILED, [START]),
        (1, born(**TALLY), []),
        (2, FAILED, [START]),
        (2, born(**TALLY), []),
        (3, FAILED, []),
        (99, DUE, []),
    ],
    "dies as often, but not within the time": [
        *up(**TALLY),
        (1, FAILED, [START]),
        (1, born(**TALLY), []),
        (6, FAILED, [START]),
        (6, born(**TALLY), []),
        (11, FAILED, [START]),
        (11, born(**TALLY), []),
        (15, FAILED, []),
    ],
    "is given up, and has its finish all the same": [
        *up(max_deaths=(1, 10), finish=True),
        (1, FAILED, [SWEEP]),
        (1, SWEPT, [FINISH]),
        (2, ENDED, [SWEEP]),
        (2, SWEPT, []),
        (99, DUE, []),
    ],
    "was given up, and gets another chance, and as many deaths as before": [
        *up(**TALLY),
        (1, FAILED, [START]),
        (1, born(**TALLY), []),
        (2, FAILED, [START]),
        (2, born(**TALLY), []),
        (3, FAILED, []),
        (4, "u", [START]),
        (4, born(**TALLY), []),
        (5, FAILED, [START]),
        (5, born(**TALLY), []),
        (6, FAILED, [START]),
        (6, born(**TALLY), []),
        (7, FAILED, []),
        (99, DUE, []),
    ],
    "is given up while it is swept, and told up before that is over": [
        *up(max_deaths=(1, 10)),
        (1, FAILED, [SWEEP]),
        (2, "u", []),
        (3, SWEPT, [START]),
    ],
    "is told to end as often, and not given up": [
        *up(**TALLY),
        (1, "t", [SIGTERM]),
        (1, ENDED, [START]),
        (1, born(**TALLY), []),
        (2, "r", TERMINATE),
        (2, ENDED, [START]),
        (2, born(**TALLY), []),
        (3, "t", [SIGTERM]),
        (3, ENDED, [START]),
    ],
    "hangs too often, and is given up": [
        *up(watchdog=1, sweep=False, max_deaths=(2, 10)),
        (1, DUE, TERMINATE),
        (1, ENDED, [START]),
        (1, born(watchdog=1, sweep=False, max_deaths=(2, 10)), []),
        (2, DUE, TERMINATE),
        (2, ENDED, []),
        (99, DUE, []),
    ],
    "may die as often as it likes where there is no tally": [
        *SIMPLY,
        *[(n, event, do) for n in range(1, 50) for event, do in ((FAILED, [START]), (PLAIN, []))],
    ],
    "is done when it says so": [
        *up(done_codes=frozenset({0, 7})),
        (5, (GONE, 7), [SWEEP]),
        (5, SWEPT, []),
        (99, DUE, []),
        (99, "u", [START]),
    ],
    "is not done when it dies otherwise": [
        *up(done_codes=frozenset({0, 7})),
        (5, FAILED, [SWEEP]),
        (5, SWEPT, [START]),
    ],
    "is told to exit when there is only its giving up to come": [
        *up(max_deaths=(1, 10)),
        (5, FAILED, [SWEEP]),
        (5, "x", []),
        (5, SWEPT, [LEAVE]),
    ],
}

ADOPTEE = rules(ways=ASKED, ready_limit=5, watchdog=3, kill_after=2)
HISTORIES |= {
    # What another supervisor left that was killed.
    "is adopted, and started when it dies": [
        (10, (ADOPTED, (rules(), 2, True, False)), []),
        (11, ENDED, [SWEEP]),
        (11, SWEPT, [START]),
    ],
    "is adopted, and waits for its second when it dies at once": [
        (10, (ADOPTED, (rules(sweep=False), 9.5, True, False)), []),
        (10, ENDED, []),
        (10.5, DUE, [START]),
    ],
    "is adopted, not yet ready, and has its time for that anew": [
        (10, (ADOPTED, (ADOPTEE, 2, False, False)), []),
        (14, DUE, []),
        (15, DUE, TERMINATE),
    ],
    "is adopted, not yet ready, and becomes it": [
        (10, (ADOPTED, (ADOPTEE, 2, False, False)), []),
        (14, READY, []),
        (16, DUE, []),
        (17, DUE, TERMINATE),
    ],
    "is adopted, ready, and has its time for a sign of life anew": [
        (10, (ADOPTED, (ADOPTEE, 2, True, False)), []),
        (12, DUE, []),
        (13, DUE, TERMINATE),
        (15, DUE, [SIGKILL]),
    ],
    "is adopted, paused, and expected to show nothing until it goes on": [
        (10, (ADOPTED, (ADOPTEE, 2, True, True)), []),
        (99, DUE, []),
        (100, "c", [SIGCONT]),
        (103, DUE, TERMINATE),
    ],
    "is adopted once": [
        (9, "O", []),
        (10, (ADOPTED, (rules(sweep=False), 2, True, False)), []),
        (11, ENDED, []),
        (99, DUE, []),
    ],
    "was left and is to end, and is started when it has": [
        (10, FOUND, [SWEEP]),
        (11, SWEPT, [START]),
    ],
}

# The same where x waits for the service to go down by itself.
PATIENTLY = {
    "is told to exit while it is up, and leaves when that ends by itself": [
        *SIMPLY,
        (5, "x", []),
        (6, "u", []),
        (99, DUE, []),
        (99, ENDED, [LEAVE]),
    ],
    "is told to exit and then down": [
        *SIMPLY,
        (5, "x", []),
        (6, "d", TERMINATE),
        (7, ENDED, [LEAVE]),
        (8, "u", []),
    ],
    "is told down and exit, as TERM says it": [
        *SIMPLY,
        (5, "d", TERMINATE),
        (5, "x", []),
        (6, ENDED, [LEAVE]),
        (7, "u", []),
    ],
    "is told to exit while it is paused, and is left so": [
        *SIMPLY,
        (4, "p", [SIGSTOP]),
        (5, "x", []),
        (6, "c", [SIGCONT]),
        (7, ENDED, [LEAVE]),
    ],
    "is told to exit while it waits": [
        *SIMPLY,
        (0.25, ENDED, []),
        (0.5, "x", [LEAVE]),
        (1, DUE, []),
    ],
    "is told to exit while it is down": [
        (0, "x", [LEAVE]),
        (1, "u", []),
    ],
}


def follow(history, table=None, state=None):
    """The state after HISTORY, every event of which has to bring its actions."""
    state = state or State()
    for now, event, expected in history:
        word, value = event if isinstance(event, tuple) else (event, None)
        state, actions = step(state, word, now, value, table)
        assert (now, word, actions) == (now, word, expected)
    return state


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_a_service_that(history):
    """Every history brings its actions, whatever came before."""
    follow(history)


@pytest.mark.parametrize("history", PATIENTLY.values(), ids=PATIENTLY)
def test_a_service_of_daemontools_that(history):
    """There x only says that this run is the last."""
    follow(history, PATIENT)


# What `why` says at the end of a history.
REASONS = {
    "died 3 times within 10 seconds": HISTORIES["dies too often within the time, and is given up"],
    "exit code 7 says that it is done": HISTORIES["is done when it says so"][:4],
    "finish exited with code 125": HISTORIES["has a finish that says that there is no point"][:6],
    "not ready in time": HISTORIES["does not get ready in time, is ended, and started again"][:5],
    "watchdog": HISTORIES["gives no sign of life, is ended, and started again"][:5],
    "it asked for it": HISTORIES["says that it hangs"][:4],
}


@pytest.mark.parametrize(("reason", "history"), REASONS.items(), ids=REASONS)
def test_a_service_that_the_supervisor_ended_or_gave_up_has_a_reason(reason, history):
    """A person who looks later is told why nobody had to say d."""
    assert follow(history).why == reason


@pytest.mark.parametrize("letter", ["u", "U", "o"])
def test_a_service_that_was_given_up_has_no_reason_when_it_gets_another_chance(letter):
    """It is not failed any more, and its deaths are forgotten."""
    state = follow(REASONS["died 3 times within 10 seconds"])
    assert (state.phase, state.want) == (DOWN, "d")
    state, actions = step(state, letter, 100)
    assert START in actions
    assert (state.why, state.deaths) == ("", ())


def test_a_service_that_is_started_again_has_no_reason():
    """The reason was that of the run before."""
    state = follow([*HISTORIES["says that it hangs"], (10, born(), [])])
    assert (state.phase, state.why) == (UP, "")


def test_a_service_that_a_person_told_to_end_has_no_reason():
    """They know."""
    history = HISTORIES["ignores TERM, and is killed when its time is over"]
    assert all(not follow(history[:length]).why for length in range(len(history)))


# The matrix.


def in_phase(phase):
    """A state in PHASE at the time 10, half a second after the last start, as rules() were."""
    state = State()
    state.phase = phase
    state.started = 9.5
    state.rules = rules(finish=True)
    state.due = 10.5 if phase == WAIT else FOREVER
    state.kill_at = 12 if phase == SWEEPING else FOREVER
    state.limit = 70 if phase == FINISHING else FOREVER
    return state


SAME = None  # stays in its phase and asks for nothing


def only_up(*actions, down=SAME):
    """The row of an event that brings ACTIONS when it is up, which it stays; DOWN otherwise."""
    return down, down, (UP, [*actions]), down, down, down


# For each event what it brings in each phase: the phase after it, and the actions. Nothing
# is left out: what is not here is not in the table.
MATRIX = {
    # event DOWN  WAIT  UP  SWEEPING  FINISHING  LEFT
    "u": ((WAIT, []), SAME, SAME, SAME, SAME, SAME),
    "d": (SAME, (DOWN, []), (UP, TERMINATE), SAME, SAME, SAME),
    "o": ((WAIT, []), SAME, SAME, SAME, SAME, SAME),
    "O": (SAME, (DOWN, []), SAME, SAME, SAME, SAME),
    "U": (
        (WAIT, [UNMARK]),
        (WAIT, [UNMARK]),
        (UP, [UNMARK]),
        (SWEEPING, [UNMARK]),
        (FINISHING, [UNMARK]),
        SAME,
    ),
    "D": (
        (DOWN, [MARK]),
        (DOWN, [MARK]),
        (UP, [MARK, *TERMINATE]),
        (SWEEPING, [MARK]),
        (FINISHING, [MARK]),
        SAME,
    ),
    "Q": (
        (DOWN, [MARK]),
        (DOWN, [MARK]),
        (UP, [MARK]),
        (SWEEPING, [MARK]),
        (FINISHING, [MARK]),
        SAME,
    ),
    "x": ((LEFT, [LEAVE]), (LEFT, [LEAVE]), (UP, TERMINATE), SAME, SAME, SAME),
    "p": only_up(SIGSTOP),
    "c": only_up(SIGCONT),
    "h": only_up(SIGHUP),
    "a": only_up(SIGALRM),
    "b": only_up(SIGABRT),
    "i": only_up(SIGINT),
    "t": only_up(SIGTERM),
    "r": only_up(*TERMINATE),
    "k": (SAME, SAME, (UP, [SIGKILL]), (SWEEPING, [CULL]), (FINISHING, [SIGKILL]), SAME),
    "q": only_up(SIGQUIT),
    "1": only_up(SIGUSR1),
    "2": only_up(SIGUSR2),
    "w": only_up(SIGWINCH),
    "y": only_up(SIGWINCH),
    DUE: (SAME, SAME, SAME, SAME, SAME, SAME),
    BORN: (SAME, (UP, []), SAME, SAME, SAME, SAME),
    UNBORN: (SAME, SAME, SAME, SAME, (WAIT, []), SAME),
    GONE: (SAME, SAME, (SWEEPING, [SWEEP]), SAME, (SWEEPING, [SWEEP]), SAME),
    SWEPT: (SAME, SAME, SAME, (FINISHING, [FINISH]), SAME, SAME),
    MORE: (SAME, SAME, SAME, SAME, SAME, SAME),
    READY: only_up(),
    ALIVE: only_up(),
    HUNG: only_up(*TERMINATE),
    EXTEND: only_up(),
    INTERVAL: only_up(),
    LAST: ((LEFT, [LEAVE]), (LEFT, [LEAVE]), SAME, SAME, SAME, SAME),
    FOUND: ((SWEEPING, [SWEEP]), SAME, SAME, SAME, SAME, SAME),
    ADOPTED: ((UP, []), SAME, SAME, SAME, SAME, SAME),
}
WAITING = MATRIX | {"x": ((LEFT, [LEAVE]), (LEFT, [LEAVE]), SAME, SAME, SAME, SAME)}
TABLES = {"ours": (TABLE, MATRIX), "daemontools": (PATIENT, WAITING)}
CELLS = [(name, event, phase) for name in TABLES for event in MATRIX for phase in EVERY]
# When everything is late: the deadlines of each phase have passed.
LATE = {
    DOWN: (DOWN, []),
    WAIT: (WAIT, [START]),
    UP: (UP, [SIGKILL]),
    SWEEPING: (FINISHING, [FINISH]),
    FINISHING: (FINISHING, [END_FINISH]),
    LEFT: (LEFT, []),
}
VALUES = {BORN: rules(), GONE: 0, HUNG: "check failed", EXTEND: 0.01, INTERVAL: 0.5}
VALUES |= {ADOPTED: (rules(), 8, True, False)}


@pytest.mark.parametrize(("table", "matrix"), TABLES.values(), ids=TABLES)
def test_the_matrix_has_every_event_of_the_table(table, matrix):
    """So that no event can be added without saying what it means in each phase."""
    assert set(matrix) == set(table)
    assert {len(row) for row in matrix.values()} == {len(PHASES)}
    # After LEAVE no row says anything.
    assert all(row.keys() <= set(EVERY) - {LEFT} for row in table.values())


@pytest.mark.parametrize(("name", "event", "phase"), CELLS)
def test_each_event_means_what_the_matrix_says_in_each_phase(name, event, phase):
    """After LEAVE nothing means anything; all else is written down."""
    table, matrix = TABLES[name]
    state, actions = step(in_phase(phase), event, 10, VALUES.get(event), table)
    assert (state.phase, actions) == (matrix[event][phase] or (phase, []))


@pytest.mark.parametrize("phase", EVERY)
def test_what_is_late_is_done_at_once(phase):
    """All deadlines have passed, and DUE comes for the first time."""
    late = in_phase(phase)
    late.due = late.kill_at = late.limit = late.watchdog_deadline = 10
    state, actions = step(late, DUE, 10)
    assert (state.phase, actions) == LATE[phase]


@pytest.mark.parametrize("event", TABLE)
def test_after_leave_nothing_changes_anything(event):
    """Nobody is there to be asked, and nothing is remembered."""
    before = in_phase(LEFT)
    after, actions = step(before, event, 10, VALUES.get(event))
    assert actions == []
    assert everything(after) == everything(before) | {"now": 10, "value": VALUES.get(event)}


@pytest.mark.parametrize("phase", EVERY)
def test_a_letter_that_is_none_changes_nothing(phase):
    """Whatever byte comes in through a fifo."""
    for letter in {chr(i) for i in range(256)} - set(TABLE):
        before = in_phase(phase)
        after, actions = step(before, letter, 10)
        assert actions == []
        assert everything(after) == everything(before) | {"now": 10}


WANTS = {"u": "u", "U": "u", "d": "d", "D": "d", "o": "o", "O": "o", "Q": "o"}


@pytest.mark.parametrize("letter", TABLE)
@pytest.mark.parametrize("phase", [DOWN, WAIT, UP, SWEEPING, FINISHING])
def test_what_is_wanted_is_remembered(letter, phase):
    """A status file shows it; what is no wish does not change it."""
    assert step(in_phase(phase), letter, 10, VALUES.get(letter))[0].want == WANTS.get(letter, "u")


def test_paused_is_true_from_stop_to_whatever_ends_it():
    """Continue, being told to end, and the process's end do; a status file shows it."""
    paused = step(in_phase(UP), "p", 10)[0]
    assert paused.paused
    assert step(paused, "t", 11)[0].paused
    for event in "c", "d", "x", "r", GONE:
        assert not step(paused, event, 11)[0].paused


def test_who_is_paused_is_not_hung():
    """It cannot give a sign of life; nor does its time run before it goes on."""
    state = step(in_phase(WAIT), BORN, 10, rules(watchdog=5))[0]
    paused = step(state, "p", 11)[0]
    assert paused.deadline() == FOREVER
    assert step(paused, HUNG, 12, "check failed")[1] == []
    assert step(paused, "c", 13)[0].watchdog_deadline == 18


@pytest.mark.parametrize("phase", [DOWN, WAIT, SWEEPING, FINISHING])
def test_a_process_that_is_not_there_is_not_paused(phase):
    """There is nobody to be; and finish is nobody's to stop."""
    assert not step(in_phase(phase), "p", 10)[0].paused


@pytest.mark.parametrize("letters", ["pt", "tp", "dp", "rp", "xp"])
def test_one_that_is_paused_is_woken_up_to_hear_that_it_has_to_end(letters):
    """Also if it was told before: with no limit it would be there, stopped, for ever."""
    for letter in "d", "r", "x":
        state = follow(SIMPLY)
        for now, before in enumerate(letters):
            state = step(state, before, now)[0]
        assert state.paused
        state, actions = step(state, letter, 9)
        assert (letter, SIGCONT in actions, state.paused) == (letter, True, False)


def test_told_to_end_is_true_until_the_end():
    """A status file shows it."""
    for letter in "t", "d", "r", "x":
        state = step(in_phase(UP), letter, 10)[0]
        assert state.term
        assert not step(state, GONE, 11, 0)[0].term


def test_ready_is_true_from_the_start_or_when_it_says_so_until_the_end():
    """Where nothing is to be waited for it is ready when it is there."""
    assert step(in_phase(WAIT), BORN, 10, rules())[0].ready
    for waits in {"ways": ASKED}, {"notification_fd": 3}:
        state = step(in_phase(WAIT), BORN, 10, rules(**waits))[0]
        assert not state.ready
        state = step(state, READY, 11)[0]
        assert state.ready
        assert not step(state, GONE, 12, 0)[0].ready


def test_a_start_goes_by_its_own_rules():
    """What was the rule before is none any more."""
    state = follow(up(kill_after=5, watchdog=5, ways=ASKED, ready_limit=5))
    state = follow([(1, ENDED, [SWEEP]), (1, SWEPT, [START]), (1, PLAIN, [])], state=state)
    assert state.deadline() == FOREVER
    assert follow([(2, "d", TERMINATE)], state=state).deadline() == FOREVER


def test_what_nobody_counts_is_not_kept():
    """Or a service that dies each second for a year would fill the memory with its deaths."""
    for many in 0, 1, 3:
        asked = rules(sweep=False, max_deaths=(many, FOREVER if not many else 0.5))
        state = State()
        state = step(state, "u", 0)[0]
        for now in range(100):
            state = step(state, BORN, now, asked)[0]
            state = step(state, GONE, now + 1, 1)[0]
        assert len(state.deaths) <= many


def test_a_second_kill_by_a_person_does_not_give_strays_more_time():
    """Or one who keeps saying k would keep it from going on."""
    state = follow([*up(), (7, ENDED, [SWEEP]), (8, "k", [CULL]), (12, "k", [CULL])])
    assert state.deadline() <= 8 + STRAY


def test_the_state_before_an_event_stays_what_it_was():
    """It is a function: a history may branch."""
    for name, event, phase in CELLS:
        before = in_phase(phase)
        seen = everything(before)
        step(before, event, 10, VALUES.get(event), TABLES[name][0])
        assert everything(before) == seen


def test_a_step_that_means_nothing_leaves_all_that_a_state_says():
    """But for the time, and what came with the event."""
    for phase in EVERY:
        before = in_phase(phase)
        after, actions = step(before, "?", 10)
        assert (after is before, actions) == (False, [])
        assert everything(after) == everything(before) | {"now": 10}


def everything(state):
    """All that STATE says; of its rules, that they are the same."""
    said = {name: getattr(state, name) for name in State.__slots__}
    asked = said["rules"]
    return said | {"rules": [getattr(asked, name) for name in Rules.__slots__]}


# Any number of histories.


class World:
    """A process table beside the table: does what it is told, and objects to nonsense.

    ASKED are the rules of the starts, in turn. `fate` says how what is started or left behind
    now will behave.
    """

    def __init__(self, asked, table=TABLE):
        self.asked = asked
        self.table = table
        self.state = State()
        self.now = 0.0
        self.run = self.finish = self.strays = None
        self.left = False
        self.starts = []
        self.fate = EASY

    def succeed(self, left):
        """Go on with what another supervisor LEFT, which was killed; if it left something."""
        if left == FOUND:
            self.state.rules = self.asked[0]
            self.feed(FOUND)
        elif left:
            ready, paused = left
            self.run = Process(self.fate["stubborn"])
            self.run.stopped = paused
            self.starts.append(self.now - 0.25)
            self.feed(ADOPTED, (self.asked[0], self.now - 0.25, ready, paused))

    def feed(self, event, value=None):
        """Let EVENT happen; check all that must always hold."""
        if event == DUE and self.state.phase == SWEEPING and self.state.limit <= self.now:
            # They are the kernel's from now on.
            self.strays = None
        self.state, actions = step(self.state, event, self.now, value, self.table)
        assert not (self.left and actions)
        for action in actions:
            if isinstance(action, str):
                getattr(self, "do_" + action)()
            else:
                self.signal(action)
        self.check()

    def check(self):
        """The state has to know what there is, and what may never come has a deadline."""
        state = self.state
        assert (state.phase == UP) == bool(self.run)
        assert (state.phase == FINISHING) == bool(self.finish)
        assert (state.phase == SWEEPING) == bool(self.strays)
        assert (state.phase == LEFT) == self.left
        assert (state.phase == WAIT) == (state.due < FOREVER)
        assert state.paused == bool(self.run and self.run.stopped)
        assert state.phase == UP or not (
            state.paused or state.ready or state.watchdog_deadline < FOREVER
        )
        assert state.phase in (UP, SWEEPING) or state.kill_at == FOREVER
        if state.phase in (DOWN, LEFT):
            assert state.deadline() == FOREVER
        if state.phase == WAIT:
            backoff = state.rules.backoff
            longest = backoff.cap * (1 + backoff.jitter) if backoff else 0
            assert state.due <= max(self.now + max(longest, RETRY), self.now + state.rules.pace)
        if state.phase == SWEEPING:
            assert state.deadline() <= self.now + STRAY
        if state.phase == FINISHING and not self.finish.dying:
            assert state.deadline() <= self.now + state.rules.finish_limit
        if state.phase == UP and self.run.ending and not self.run.dying:
            assert state.deadline() <= self.now + state.rules.kill_after
        if state.phase == UP and state.ready and not (state.stopping or state.paused):
            assert state.deadline() <= state.rules.silent_until(self.now)
        if state.phase == UP and not (state.ready or state.stopping or state.paused):
            assert state.deadline() <= self.now + state.rules.ready_limit

    def alone(self):
        """Nothing is there, but for strays that KILL did not end."""
        return not (self.run or self.finish or self.strays)

    def do_start(self):
        """Fork, or be refused."""
        assert self.alone()
        if self.starts:
            assert self.now >= self.starts[-1] + self.state.rules.pace
        if self.fate["refuse"]:
            self.feed(UNBORN)
            return
        self.run = Process(self.fate["stubborn"])
        self.starts.append(self.now)
        self.feed(BORN, self.asked[len(self.starts) % len(self.asked)])

    def do_sweep(self):
        """Have what is left behind, if there is any: as long as it is born, it is told."""
        assert self.alone()
        assert self.state.kill_at <= self.state.kill_by
        self.strays = Process(stubborn=True, immortal=self.fate["strays"] == "immortal")
        if not self.fate["strays"]:
            self.swept()

    def do_end_finish(self):
        """End finish: what does not hear TERM hears KILL."""
        self.finish.hear(SIGKILL)

    def do_cull(self):
        """Kill what is left behind, which need not die at once."""
        assert self.strays
        if self.fate["strays"] == "breeding" and self.now < self.state.kill_by:
            self.feed(MORE, self.now + STRAY)
        else:
            self.strays.hear(SIGKILL)

    def do_finish(self):
        """Fork, or be refused; or there is none."""
        assert self.alone()
        self.finish = Process(stubborn=True)
        if self.fate["no finish"]:
            self.finish = None
            self.feed(UNBORN)

    def do_leave(self):
        """Nothing more will happen."""
        assert self.alone()
        self.left = True

    def do_mark(self):
        """A file: nothing to object to."""

    do_unmark = do_mark

    def signal(self, signum):
        """There has to be one who hears it, and it may die of it."""
        target = self.run or self.finish
        assert target
        if target is self.finish:
            assert signum == SIGKILL
        target.hear(signum)
        if signum == self.state.rules.down_signal and self.state.kill_at < FOREVER:
            target.ending = True

    def swept(self):
        """What was left behind has ended."""
        self.strays = None
        self.feed(SWEPT)

    def die(self):
        """Whatever is there ends by itself, or because it was told to."""
        if self.run:
            self.run = None
            self.feed(GONE, self.fate["code"])
        elif self.finish:
            self.finish = None
            self.feed(GONE, self.fate["code"])
        elif self.strays:
            self.swept()

    def dying(self):
        """Whether something is there that will end now."""
        return any(one and one.dying for one in (self.run, self.finish, self.strays))

    def due(self):
        """Say DUE until nothing is due: it must not be due for ever."""
        for _ in range(6):
            if self.state.deadline() > self.now:
                return
            self.feed(DUE)
        raise AssertionError("always due")

    def go_on(self, pause=0):
        """Let PAUSE pass, and happen what has to."""
        self.now += pause
        while self.dying():
            self.die()
        self.due()

    def live(self, steps):
        """Go through STEPS: pauses, events, and what fate brings with them."""
        for pause, event, self.fate in steps:
            self.now += pause
            if event == "die":
                self.die()
            elif event == "what is told to ends":
                self.go_on()
            else:
                self.feed(event, self.now - 1 if event == ALIVE else VALUES.get(event))
            self.due()

    def next_deadline(self):
        """Let the time pass until the next deadline, or half a second, and what is to end, end."""
        deadline = self.state.deadline()
        self.go_on(0.5 if deadline == FOREVER else max(0, deadline - self.now))


class Process:
    """One that may ignore what it is told; KILL ends it, unless it is immortal."""

    def __init__(self, stubborn, *, immortal=False):
        self.stubborn = stubborn
        self.immortal = immortal
        self.stopped = False
        self.pending = False
        self.dying = False
        self.ending = False

    def hear(self, signum):
        """As the kernel has it: one that is stopped hears when it goes on."""
        if signum in (SIGSTOP, SIGCONT):
            self.stopped = signum == SIGSTOP
        elif signum == SIGKILL:
            self.dying = not self.immortal
        else:
            self.pending = True
        if self.pending and not self.stopped and not self.stubborn:
            self.dying = True


# In order of trouble: a fork is refused, TERM is ignored, there are strays, there is no finish
# after all, what ends has such a code.
FATES = [
    {"code": code, "no finish": none, "strays": strays, "stubborn": stubborn, "refuse": refuse}
    for refuse in (False, False, False, True)
    for stubborn in (False, True)
    for strays in ("", "late", "immortal", "breeding")
    for none in (False, True)
    for code in (0, 0, 1, 1, -SIGKILL, -SIGTERM, 7, PERMANENT)
]
EASY = FATES[0]
FATE = st.sampled_from(FATES)


def limits(*, finite):
    """Times in seconds, and FOREVER unless they are to be FINITE."""
    return st.sampled_from([0.5, 2.0, 60.0] + [FOREVER] * (not finite))


def some_rules(*, finite):
    """Lists of rules; those of the ends are FINITE."""
    backoffs = st.builds(
        RestartBackoff,
        st.sampled_from([0.25, 1.0, 8.0]),
        st.sampled_from([1.0, 2.0, 1e6]),
        st.sampled_from([1.0, 10.0]),
        st.sampled_from([0.0, 5.0]),
        st.sampled_from([0.0, 0.5]),
    )
    one = st.fixed_dictionaries(
        {
            "pace": st.sampled_from([0.5, 1.0, 2.0]),
            "backoff": st.none() | backoffs,
            "finish": st.booleans(),
            "finish_limit": limits(finite=finite),
            "kill_after": limits(finite=finite),
            "sweep": st.booleans(),
            "ready_limit": limits(finite=False),
            "ways": st.sampled_from([(), ASKED]),
            "down_signal": st.sampled_from([int(SIGTERM), int(SIGINT)]),
            "done_codes": st.sampled_from([frozenset(), frozenset(), frozenset({7})]),
            "max_deaths": st.sampled_from([(0, FOREVER), (3, 10.0), (0, FOREVER), (1, 60.0)]),
            "watchdog": limits(finite=False),
        }
    )
    return st.lists(one.map(lambda found: rules(**found)), min_size=1, max_size=3)


# Eighths of a second: sums of them are exact, so that a second is one.
TICKS = st.integers(0, 24).map(lambda eighths: eighths / 8)
NOT_SAID = BORN, UNBORN, GONE, SWEPT, MORE, FOUND, ADOPTED
SAID = [event for event in TABLE if event not in NOT_SAID]
OFTEN = ["?", "u", "u", "u", "u", "u", "u", "die", "die", "die", "what is told to ends"]
OFTEN += ["what is told to ends", DUE, "p", "d", "t", "o", "k", READY]
ANYTHING = st.sampled_from([*OFTEN, *SAID])
STEPS = st.lists(st.tuples(TICKS, ANYTHING, FATE), max_size=40)
# One that goes on for longer: nothing makes it leave.
STAYING = st.sampled_from([*OFTEN, *(event for event in SAID if event not in ("x", LAST))])
LONG = st.lists(st.tuples(TICKS, STAYING, FATE), min_size=15, max_size=40)
BOTH = st.sampled_from([TABLE, PATIENT])
# What a supervisor left that was killed: nothing, what is to end, one that is ready, or paused.
LEFT_BEHIND = st.sampled_from([None, None, FOUND, *product((False, True), repeat=2)])


@settings(max_examples=150, deadline=None)
@given(some_rules(finite=False), BOTH, LEFT_BEHIND, STEPS | LONG)
def test_whatever_happens_a_few_things_always_hold(asked, table, left, steps):
    """Nothing is there twice, starts are apart, nobody else is signalled, nothing is due for ever.

    The world objects by itself.
    """
    world = World(asked, table)
    world.succeed(left)
    world.live(steps)


@settings(max_examples=150, deadline=None)
@given(some_rules(finite=True), BOTH, LEFT_BEHIND, STEPS | LONG)
def test_whatever_happened_a_service_that_is_wanted_comes_up(asked, table, left, steps):
    """Unless it was told to leave, or is given up for a death after that: it is never stuck."""
    world = World(asked, table)
    world.succeed(left)
    world.live(steps)
    world.fate = EASY
    # What ends now ended before anybody said so.
    world.go_on()
    world.feed("u")
    for _ in range(30):
        ending = world.dying() or world.state.kill_at < FOREVER
        if world.left or (world.run and not ending):
            break
        world.next_deadline()
    assert world.left or world.state.failed or (world.run and world.state.want == "u")


@settings(max_examples=150, deadline=None)
@given(
    some_rules(finite=True),
    BOTH,
    st.tuples(LEFT_BEHIND, STEPS | LONG),
    st.sampled_from(["d", "pd", "D", "px"]),
    FATE,
)
def test_whatever_happened_a_service_that_is_not_wanted_goes_down(
    asked, table, life, letters, fate
):
    """Whatever it ignores, left behind or hangs in: one deadline after the other ends it."""
    world = World(asked, table)
    world.succeed(life[0])
    world.live(life[1])
    world.fate = fate | {"code": 0}
    for letter in letters:
        if letter == "x" and table is PATIENT:
            # There that waits: down has to be said too.
            world.feed("d")
        world.feed(letter)
    for _ in range(24):
        if world.state.phase in (DOWN, LEFT):
            break
        world.next_deadline()
    assert world.state.phase in ((LEFT,) if "x" in letters else (DOWN, LEFT))
    assert world.alone()


@settings(max_examples=100, deadline=None)
@given(some_rules(finite=False), STEPS)
def test_the_same_history_has_the_same_end(asked, steps):
    """No clock and no chance in the table."""
    ends = []
    for _ in range(2):
        world = World(asked)
        world.live(steps)
        ends.append((everything(world.state), world.starts, world.left))
    assert ends[0] == ends[1]


# RestartBackoff.

TIMES = st.floats(0.001, 1e6)
PARTS = st.floats(0, 1)
BACKOFFS = st.builds(
    RestartBackoff, TIMES, st.floats(1.5, 1e300) | st.just(1.0), TIMES, st.just(10.0), PARTS
)
MANY = st.integers(0, 200) | st.sampled_from([10**6, 10**12, 10**100])


@settings(max_examples=100)
@given(BACKOFFS, MANY, PARTS)
def test_a_wait_is_never_longer_than_the_cap_and_its_jitter(backoff, many, luck):
    """However often it failed, and however fast the wait grows: no number gets too large."""
    assert 0 <= backoff.delay(many, luck) <= backoff.cap * (1 + backoff.jitter)


@settings(max_examples=100)
@given(BACKOFFS, st.integers(0, 200), PARTS)
def test_a_wait_is_never_shorter_than_the_one_before(backoff, many, luck):
    """With the same luck it grows until the cap, and stays there."""
    assert backoff.delay(many, luck) <= backoff.delay(many + 1, luck)


@settings(max_examples=100)
@given(BACKOFFS, st.integers(1, 200), PARTS)
def test_jitter_makes_a_wait_longer_by_no_more_than_it_says(backoff, many, luck):
    """Never shorter; and with no luck there is none."""
    bare = backoff.delay(many, 0)
    assert bare <= backoff.delay(many, luck) <= bare * (1 + backoff.jitter)
    assert backoff.delay(1, 0) == min(backoff.first, backoff.cap)


def test_what_has_not_failed_does_not_wait():
    """However the backoff is."""
    assert RestartBackoff(5).delay(0, 1) == 0


@settings(max_examples=100)
@given(st.floats(1, 1e6), PARTS)
def test_the_table_waits_as_long_as_the_backoff_says(now, jitter):
    """Not shorter, and not longer than its jitter: whenever it dies."""
    asked = rules(sweep=False, backoff=RestartBackoff(2, jitter=jitter))
    state = follow([(now, "u", [START]), (now, (BORN, asked), []), (now, FAILED, [])])
    assert state.phase == WAIT
    assert now + 2 <= state.deadline() <= now + 2 * (1 + jitter)


def test_those_who_died_together_do_not_wait_as_long():
    """Not on the same fraction of a second: they would march."""
    asked = rules(sweep=False, backoff=RestartBackoff(2, jitter=0.5))
    waits = set()
    for many in range(20):
        now = 5 + many * 0.00007
        waits.add(follow([(0, "u", [START]), (0, (BORN, asked), []), (now, FAILED, [])]).due - now)
    assert len(waits) > 10
