"""tai64n, tai64nlocal and readproctitle: the same input through the originals and through ours."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydaemontools.base.tai64 import EPOCH
from tests.conftest import DEADLINE, wait_until
from tests.log.test_tai64nlocal import LABEL, STREAMS

CRASH = -11  # by SIGSEGV


def at(second, nanosecond=123456789):
    """A line with the label of SECOND."""
    return b"@%016x%08x a line\n" % (EPOCH + second, nanosecond)


def hours(start, step):
    """Lines with times STEP seconds apart, some hours before and after START."""
    return b"".join(at(second) for second in range(start - 10_000, start + 10_000, step))


# When the clocks were changed, in seconds of Unix time.
CHANGES = {
    "America/New_York": [1710054000, 1730613600, -1633280400, 1104534000],
    "Australia/Lord_Howe": [1712415600, 1728142200, 372745800],
    "Asia/Kathmandu": [504901800, 1700000000],
    "Europe/Amsterdam": [-1025745572, -1017883772, 1711846800],
    "Africa/Monrovia": [63593070],
    "Pacific/Apia": [1325239200],
    "right/UTC": [1483228800 + 26],
    "UTC": [0, 1700000000, 2**31, 2**32 - 10],
    "nonesuch": [0],
    "ABC-3:17:05DEF,M3.2.0/1:00:07,M11.1.0": [1710054000],
}
LINES = {
    "nothing": b"",
    "a line": LABEL + b" text\n",
    "a label": LABEL + b"\n",
    "a label at the end": LABEL,
    "part of a label at the end": LABEL[:9],
    "an @ at the end": b"text\n@",
    "a label without an end, but a blank": LABEL + b" ",
    "no newline": b"text",
    "no label": b"text\n\n \n",
    "a label that is not at the head": b" " + LABEL + b"\n",
    "a second label": LABEL + b" " + LABEL + b"\n",
    "a label behind a label": LABEL + LABEL + b"\n",
    "a newline between labels": (LABEL + b"\n") * 3,
    "capitals end the digits": LABEL + b"ABC\n",
    "more digits": LABEL[:1] + b"0123456789abcdef" + LABEL[1:] + b"\n",
    "very many digits": b"@" + b"123456789abcdef0" * 10_000 + LABEL[1:] + b" x\n",
    "NULs": b"\0\n" + LABEL + b"\0\0\n\0" + LABEL,
    "bytes above 127": LABEL + b"\xff\n\xe9" + LABEL + b"\n",
    "ends that are no blank": b"".join(LABEL + end + b"x\n" for end in (b":", b"\t", b"\r", b"g")),
    "too many nanoseconds": at(0, 2**32 - 1) + at(5, 10**9),
    "before 1970": at(-1) + at(-(10**9)) + at(-(10**10)),
    "before the year 1000": at(-(4 * 10**10)),
    "before the year 0": at(-(10**11)),
    "after 2106": at(2**32) + at(2**33),
    "after the year 10000": at(10**12) + at(10**15),
    "the last second of all": at(67768036191676799),
    "near the first second of all": at(-67768040609700000),
    "labels and other lines": (at(7) + b"text\n\n") * 1000,
    "each line in another second": b"".join(map(at, range(10**9, 10**9 + 5000))),
    "each line in another day": b"".join(map(at, range(0, 2 * 10**9, 10**6))),
    "few seconds": b"".join(at(10**9 + i // 1000, i) for i in range(5000)),
    "long lines": (LABEL + b" " + b"x" * 50_000 + b"\n") * 5,
}


@pytest.fixture(scope="module")
def both(needs, originals):
    """Run a tool as the original and as ours; give (code, stdout, stderr) of each."""

    def both(tool, data, *argv, tz="UTC", files=""):
        def outcome(program):
            script = f'exec "$@" {files}'
            argv_ = ["/bin/sh", "-c", script, "sh", program, *argv]
            env = {"TZ": tz, "PATH": "/usr/bin:/bin"}
            result = subprocess.run(
                argv_, input=data, env=env, capture_output=True, timeout=DEADLINE, check=False
            )
            return result.returncode, result.stdout, result.stderr

        return outcome(needs(tool)), outcome(Path(originals) / tool)

    return both


@pytest.mark.parametrize("what", LINES)
def test_local_lines(both, what):
    """All that may stand in a line, where there is a year for it."""
    theirs, ours = both("tai64nlocal", LINES[what])
    assert theirs == ours
    assert theirs[0] == 0


@pytest.mark.parametrize("step", [7, 61, 899])
@pytest.mark.parametrize("zone", CHANGES)
def test_local_zones(both, zone, step):
    """Before and after each change of the clocks; also zones that are none, or odd."""
    data = b"".join(hours(start, step) for start in CHANGES[zone])
    theirs, ours = both("tai64nlocal", data, tz=zone)
    assert theirs == ours


@pytest.mark.parametrize("digits", [b"", b"4", b"home", b"3b4a39c2", b"40f0c2b88a6ff40a00000000"])
def test_local_crash(both, digits):
    """Where there is no year the original crashes, and loses what it has; ours copies the line."""
    data = b"before\n@" + digits + b" x\nafter\n"
    assert both("tai64nlocal", data) == ((CRASH, b"", b""), (0, data, b""))


@settings(deadline=None, suppress_health_check=[*HealthCheck], max_examples=60)
@given(data=STREAMS, zone=st.sampled_from([*CHANGES]))
def test_local_anything(both, data, zone):
    """Whatever comes in: the same, or the original crashes."""
    theirs, ours = both("tai64nlocal", data, tz=zone)
    assert theirs == ours or (theirs[0], ours[0]) == (CRASH, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"a",
        b"a\n",
        b"a\nb",
        b"\n\n\n",
        b"@\0\xff\r\n@" + LABEL,
        b"x" * 20_000,
        b"y\n" * 9999,
    ],
    ids=lambda data: repr(data[:20]),
)
def test_stamps(both, data):
    """The same but for the time."""
    theirs, ours = both("tai64n", data)
    blank = [re.sub(rb"(?m)^@[0-9a-f]{24} ", b"@ ", said) for _, said, _ in (theirs, ours)]
    assert blank[0] == blank[1]
    assert (theirs[0], theirs[2]) == (ours[0], ours[2]) == (0, b"")
    assert len(theirs[1]) == len(ours[1])


def test_stamps_are_the_same_time(both):
    """Read one after the other, they are not a minute apart."""
    theirs, ours = (int(said[1:17], 16) for _, said, _ in both("tai64n", b"\n"))
    assert 0 <= ours - theirs < 60


@pytest.mark.parametrize("tool", ["tai64n", "tai64nlocal"])
@pytest.mark.parametrize("argv", [["x"], ["-l"], ["--help"], ["--"], ["-", "y"]], ids=" ".join)
def test_arguments(both, tool, argv):
    """Nobody looks at them."""
    theirs, ours = both(tool, b"", *argv)
    assert theirs == ours == (0, b"", b"")


@pytest.mark.parametrize("tool", ["tai64n", "tai64nlocal"])
@pytest.mark.parametrize("data", [b"", b"text\n"], ids=repr)
@pytest.mark.parametrize("files", ["<&-", ">&-", ">/dev/full", "0>/dev/null", "<&- >&- 2>&-"])
def test_files(both, tool, data, files):
    """111 and not a word."""
    theirs, ours = both(tool, data, files=files)
    assert theirs == ours


@pytest.mark.parametrize("tool", ["tai64n", "tai64nlocal"])
def test_a_file_that_may_not_grow(needs, originals, place, tool):
    """SIGXFSZ ends both, with as much in the file."""
    data = b"x" * 200_000 + b"\n"
    found = []
    for program in (needs(tool), Path(originals) / tool):
        script = 'ulimit -f 8; "$1" >out; echo $?; wc -c <out'
        argv = ["/bin/sh", "-c", script, "sh", program]
        found.append(subprocess.run(argv, input=data, cwd=place, capture_output=True, check=True))
    assert found[0].stdout == found[1].stdout


@pytest.mark.parametrize(
    "argv",
    [[], ["abcd"], ["a", "abcd"], ["abcde", ""], ["-", "--help"], ["abcde"], ["-x", "....."]],
)
@pytest.mark.parametrize("files", ["", "<&-", "0>/dev/null"])
def test_title_codes(both, argv, files):
    """100 for an argument that is too short, 111 for a stdin that cannot be read."""
    theirs, ours = both("readproctitle", b"some text\n", *argv, files=files)
    assert theirs == ours


@pytest.mark.parametrize("word", ["." * 40, "what it was", "12345"])
def test_title(needs, originals, word):
    """After each piece both show the same."""
    programs = [needs("readproctitle"), Path(originals) / "readproctitle"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    both = [subprocess.Popen([program, "a label", word], **pipes) for program in programs]
    try:
        seen = b"." * len(word)
        for piece in (b"", b"a", b"bc\n\0d", bytes(range(256)), b"long " * 5000 + b"end"):
            seen = b"..." + (seen + piece.replace(b"\0", b""))[3 - len(word) :]
            for process in both:
                os.write(process.stdin.fileno(), piece)
            wait_until(lambda seen=seen: all(shown(process) == seen + b"\0" for process in both))
        assert [process.communicate(timeout=DEADLINE) for process in both] == [(b"", b"")] * 2
        assert [process.returncode for process in both] == [0, 0]
    finally:
        for process in both:
            process.kill()
            process.communicate()


def shown(process):
    """The arguments of PROCESS behind the label."""
    return Path(f"/proc/{process.pid}/cmdline").read_bytes().partition(b"\0a label\0")[2]
