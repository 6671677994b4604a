"""Two million lines from a pipe to a log directory, beside the C loggers."""

import os
import random
import shutil
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path

from datagrams import HEADS
from sample import ENVIRON, SCRIPTS, Row, in_turns, missing

LEVELS = ["error", "warning", "info", "debug", "notice", "crit"]
TEXT = ": %08d a line of about the length that the lines of most daemons have\n"
OBJECT = '{"level":"%s","id":%d,"msg":"a line of about the length that others have","port":443}\n'
SIZE, KEEP = 16_000_000, 10
WORDS = [
    "timeout",
    "refused",
    "reset",
    "denied",
    "missing",
    "failed",
    "broken",
    "closed",
    "full",
    "late",
]
CHOSEN = ["-*", "+error: *", "+warning: *"]
PATTERNS = [f"-*{word}*" for word in WORDS] + [f"-debug: {i:02}*" for i in range(10)]


def rows(*, quick):
    """Stamped and plain; some lines chosen by their level; twenty patterns; one line."""
    count = 200_000 if quick else 2_000_000
    rounds = 3 if quick else 9
    write_lines(count)
    size, keep = f"s{SIZE}", f"n{KEEP}"
    ours, s6, djb = [str(SCRIPTS / "pymultilog")], ["s6-log", "--"], ["multilog"]
    contests = {
        "stamped": (
            {
                "pymultilog": [*ours, "t", size, keep, "./d"],
                "s6-log": [*s6, size, keep, "t", "./d"],
                "multilog": [*djb, "t", size, keep, "./d"],
                "svlogd": ["svlogd", "-t", "./d"],
            },
            {"s6-log": 0.5, "multilog": 0.29, "svlogd": 0.17},
        ),
        "stamped for eyes, as svlogd": (
            {
                "ours": [as_original("svlogd"), "-tt", "./d"],
                "svlogd": ["svlogd", "-tt", "./d"],
            },
            {"svlogd": 0.33},
        ),
        "as they are": (
            {
                "pymultilog": [*ours, size, keep, "./d"],
                "s6-log": [*s6, size, keep, "./d"],
            },
            {"s6-log": 0.5},
        ),
        "two levels of six": (
            {
                "pymultilog": [*ours, size, keep, *CHOSEN, "./d"],
                "s6-log": [*s6, size, keep, "-.*", "+^error: ", "+^warning: ", "./d"],
            },
            {"s6-log": 0.5},
        ),
        "twenty patterns": (
            {
                "pymultilog": [*ours, size, keep, *PATTERNS, "./d"],
                "multilog": [*djb, size, keep, *PATTERNS, "./d"],
            },
            {"multilog": 1.0},
        ),
    }
    for what, (commands, targets) in (contests | by_route(djb)).items():
        lacking = missing(*list(commands)[1:])
        contenders = {name: timed(argv) for name, argv in commands.items() if name not in lacking}
        wanted = {name: f"at most {most}" for name, most in targets.items()}
        title = f"{count:,} lines from a pipe to a log directory, {what}"
        yield Row(title, "seconds", in_turns(contenders, rounds), wanted, lacking)
    yield by_level(ours, count, rounds)
    yield from copied(ours, count, rounds)
    yield from as_json(ours, djb, count, rounds)
    yield one_line(ours, quick=quick)


def as_original(name):
    """Ours under the NAME of an original, in a directory that is made for that here."""
    made = [sys.executable, "-m", "pydaemontools", "originals", "originals"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    return str(Path("originals").resolve() / name)


def by_route(djb):
    """What pysissylog's own line is beside multilog's: all of it, by level, and both."""
    files = f"s{SIZE}", f"n{KEEP}"
    theirs = [*djb, "t", *files, "./d"]

    def routed(*targets):
        words = [("--to", f"dir:./{name}?{'&'.join(files)}{more}") for name, more in targets]
        return [str(SCRIPTS / "pysissylog"), *chain.from_iterable(words)]

    return {
        what: ({name: argv, "multilog": theirs}, {"multilog": most})
        for what, name, argv, most in (
            ("routed", "pysissylog", routed(("d", "")), 0.33),
            ("at least a warning", "pysissylog, p=", routed(("d", ",p=warning")), 0.33),
            (
                "two by level",
                "pysissylog, two directories",
                routed(("d", ""), ("d/important", ",p=warning")),
                0.5,
            ),
        )
    }


def copied(ours, count, rounds):
    """Beside what does nothing but copy: lines as they are, and stamped.

    What a logger has written is on the disk when it ends, what cat has is not.
    """
    kept = f"s{SIZE}", f"n{KEEP}", "./d"
    copy = "exec cat >d/current"
    cats = {
        "cat": ["sh", "-c", copy],
        "cat, sync": ["sh", "-c", f"({copy}) && exec sync d/current"],
    }
    contenders = {
        "": ({"pymultilog": [*ours, *kept]}, {"cat": "at most 1.4", "cat, sync": "at most 1"}),
        "stamped, ": ({"pymultilog t": [*ours, "t", *kept]}, {"cat": "at most 1.8"}),
    }
    for how, (argvs, wanted) in contenders.items():
        yield Row(
            f"{count:,} lines from a pipe to a log directory, {how}beside a copy",
            "seconds",
            in_turns({name: timed(argv) for name, argv in (argvs | cats).items()}, rounds),
            wanted,
        )


def as_json(ours, djb, count, rounds):
    """JSON of plain lines, and of lines that are JSON already."""
    files = f"s{SIZE}", f"n{KEEP}"
    lacking = missing("multilog")
    for what, most in (("plain lines", 2), ("lines of JSON", 5)):
        contenders = {
            "pysissylog": timed([str(SCRIPTS / "pysissylog"), "--to", "json:-"], "objects"),
            "pymultilog J": timed([*ours, "J", *files, "./d"]),
        }
        if not lacking:
            contenders["multilog"] = timed([*djb, "t", *files, "./d"])
        yield Row(
            f"{count:,} {what} from a pipe to JSON",
            "seconds",
            in_turns(contenders, rounds),
            {"multilog": f"at most {most}"},
            lacking,
        )
        write_lines(count, OBJECT)


def by_level(ours, count, rounds):
    """What is at least an error of what nginx, gunicorn and Python's logging print."""
    kinds = [HEADS[name] for name in ("nginx", "gunicorn", "Python's logging")]
    with Path("lines").open("w") as file:
        file.writelines(kinds[i % 3](i) + TEXT[2:] % i for i in range(count))
    words = "error|ERROR|crit|CRIT|alert|ALERT|emerg|EMERG"
    pattern = rf"^[^ ]+ [^ ]+ (\+0000\] )?([^ ]+ )?(- )?([^ ]+ - )?\[?({words})"
    grep = f"exec env LC_ALL=%s grep -E '{pattern}' >d/current"
    return Row(
        f"{count:,} lines in three formats, what is at least an error to a log directory",
        "seconds",
        in_turns(
            {
                "pymultilog L": timed([*ours, "Lerr", f"s{SIZE}", f"n{KEEP}", "./d"]),
                "grep -E": timed(["sh", "-c", grep % ENVIRON["LANG"]]),
                # There it compares bytes.
                "grep -E, LC_ALL=C": timed(["sh", "-c", grep % "C"]),
            },
            rounds,
        ),
        {"grep -E": "at most 2.5"},
    )


def write_lines(count, form="%s" + TEXT):
    """COUNT lines in the file `lines`, of the FORM in which a level and a number have a place."""
    chance = random.Random(1)  # noqa: S311 - which level a line has
    with Path("lines").open("w") as file:
        file.writelines(form % (chance.choice(LEVELS), i) for i in range(count))


def timed(argv, output=None):
    """A function that sends the file `lines` through ARGV and gives the seconds that took.

    What ARGV prints is in the file OUTPUT, if one is named.
    """

    def take():
        furnish()
        reader, writer = os.pipe()
        cat = subprocess.Popen(["cat", "lines"], stdout=writer)
        os.close(writer)
        with Path(output or os.devnull).open("wb") as file:
            before = time.perf_counter()
            code = subprocess.call(argv, stdin=reader, stdout=output and file, env=ENVIRON)
            took = time.perf_counter() - before
        os.close(reader)
        if cat.wait() or code:
            sys.exit(f"{argv} ended with code {code}")
        return took

    return take


def furnish():
    """Make the directory d anew; svlogd makes none, and reads what it is to do there."""
    shutil.rmtree("d", ignore_errors=True)
    Path("d").mkdir()
    Path("d/config").write_text(f"s{SIZE}\nn{KEEP}\n")
    # Nobody waits for a disk that is busy with what the one before wrote.
    os.sync()


def one_line(ours, *, quick):
    """How long a line takes from the pipe to `current`, when nothing else comes."""
    furnish()
    logger = subprocess.Popen([*ours, "t", "./d"], stdin=subprocess.PIPE, env=ENVIRON, bufsize=0)
    current = Path("d/current")
    took = []
    for i in range(20 if quick else 200):
        line = b"line %d\n" % i
        before = time.perf_counter()
        logger.stdin.write(line)
        while not (current.exists() and current.read_bytes().endswith(line)):
            pass
        took.append((time.perf_counter() - before) * 1000)
        time.sleep(0.01)
    logger.stdin.close()
    logger.wait()
    # The first one waits for the start of the program.
    return Row(
        "One line, until it is in `current`",
        "milliseconds (5 wanted at most)",
        {"pymultilog": took[1:]},
        {},
    )
