"""Long structured lines: one is whole where the pipe has room for it, and no piece is lost."""

import fcntl
import json
import os

import pytest

from pydaemontools.log.pipe import source as blocks
from tests.conftest import wait_until
from tests.log.conftest import capacity, stream, write_all

LIMIT = 1 << 20


def line(size, at=0, **more):
    """A structured line of SIZE bytes, which is critical."""
    begin = json.dumps({"level": "critical", "at": at, **more, "blob": ""}).encode()
    return begin[:-2] + b"y" * (size - len(begin)) + b'"}'


def grown(fd):
    """Whether the pipe FD may be as large as a record needs."""
    try:
        return fcntl.fcntl(fd, blocks.F_SETPIPE_SZ, LIMIT) >= LIMIT
    except OSError:
        return False


@pytest.mark.parametrize("size", [70_000, 300_000, 900_000])
@pytest.mark.parametrize("piece", [66_000, 4096])
def test_whole(size, piece, start, pipe, place):
    """However it is written, it is one object with its level and its fields."""
    if not grown(pipe[0]):
        pytest.skip("this account may have no larger pipe")
    with (place / "out").open("wb") as out:
        process = start("pysissylog", "-p", "err", "--to", "json:-", stdin=pipe[0], stdout=out)
        data = line(size) + b"\ninfo: no\nerror: last\n"
        for at in range(0, len(data), piece):
            write_all(pipe[1], data[at : at + piece])
        pipe.end()
        assert process.wait(60) == 0
    first, last = map(json.loads, (place / "out").read_bytes().splitlines())
    assert (first["level"], first["at"]) == ("crit", 0)
    assert first["blob"].strip("y") == ""
    assert last["message"] == "error: last"


def test_pieces_where_it_does_not_end(start, pipe, place):
    """The beginning is passed on when nothing more comes, with level and fields; then the rest."""
    data = line(100_000)
    with (place / "out").open("wb") as out:
        process = start(
            "pysissylog", *("--to", "json:-,p=err"), stdin=pipe[0], stdout=out, stderr=None
        )
        write_all(pipe[1], data[:90_000])
        wait_until(lambda: (place / "out").stat().st_size > 90_000)
        write_all(pipe[1], data[90_000:] + b"\ninfo: x\n")
        pipe.end()
        assert process.wait(60) == 0
    found = [json.loads(one) for one in (place / "out").read_bytes().splitlines()]
    assert [one["level"] for one in found] == ["crit", "crit"]
    assert found[0]["at"] == 0
    assert (found[0]["message"] + found[1]["message"][1:]).encode() == data


def test_pieces_where_the_pipe_is_small(start, pipe, server, to):
    """Each piece has the level, and none is lost; the next line has its own."""
    data = line(200_000)
    # Who has used up what an account may have cannot have more.
    assert capacity(pipe[0]) >= 65536
    process = start("pysissylog", *to, "-p", "err", stdin=pipe[0])
    write_all(pipe[1], data + b"\ninfo: x\nerror: last\n")
    pipe.end()
    assert process.wait(60) == 0
    found = server.rest()
    assert {level for level, _ in found[:-1]} == {2}
    assert b"".join(text.removeprefix(b"+") for _, text in found[:-1]) == data
    assert found[-1] == (3, b"error: last")


@pytest.mark.parametrize("actions", [["J", "Lerr", "s16m"], ["Lerr", "s16m"], ["m", "s16m"]])
def test_in_a_log_directory(actions, run, place):
    """What pymultilog selects by its level is whole, and with J one object."""
    lines = [line(size, at) for at, size in enumerate((70_000, 500_000, 80_000))]
    result = run("pymultilog", *actions, "./d", input=stream([*lines, b"error: last"]))
    assert (result.returncode, result.stderr) == (0, b"")
    found = (place / "d/current").read_bytes().splitlines()
    if "J" in actions:
        assert [json.loads(one)["level"] for one in found] == ["crit"] * 3 + ["err"]
    else:
        assert found == [*lines, b"error: last"]


@pytest.mark.kill
@pytest.mark.parametrize(
    ("command", "stamp"),
    [
        (("pymultilog", "J", "Lerr", "s16m", "n99", "./d"), None),
        (("pymultilog", "m", "s300k", "n999", "./d"), 0),
        (("pysissylog", "--to", "dir:d?s16m&n99"), 26),
    ],
    ids=["J", "small files", "pysissylog"],
)
def test_killed_all_the_time(command, stamp, start, place, pipe):
    """Nothing of long lines is lost or doubled, however often the logger is killed."""
    lines = [line(1000 + at * 70_001 % 700_000, at) for at in range(40)]
    process = start(*command, stdin=pipe[0])
    data, kills = memoryview(stream(lines)), 0
    os.set_blocking(pipe[1], False)
    while data:
        try:
            data = data[os.write(pipe[1], data[:250_007]) :]
        except BlockingIOError:
            wait_until(lambda: room(pipe))
        process.kill()
        process.wait()
        kills += 1
        process = start(*command, stdin=pipe[0])
        if kills % 4 == 0:
            wait_until(lambda: room(pipe))
    pipe.end()
    assert process.wait(60) == 0
    logged = b"".join(
        file.read_bytes() for file in [*sorted(place.glob("d/@*")), place / "d/current"]
    )
    if stamp is None:
        found = [json.loads(one) for one in logged.splitlines()]
        assert {one["level"] for one in found} == {"crit"}
        assert pieces(found, lines)
    else:
        joined = b"".join(one[stamp:] for one in logged.splitlines())
        assert joined == b"".join(lines)
    assert kills > 10


def room(pipe):
    """Whether the pipe is less than half full."""
    import termios

    held = bytearray(4)
    fcntl.ioctl(pipe[0], termios.FIONREAD, held)
    return int.from_bytes(held, "little") < capacity(pipe[0]) // 2


def pieces(found, lines):
    """Whether the objects FOUND are LINES, each whole or in pieces that follow one another."""
    for wanted in lines:
        text = b""
        while text != wanted:
            one = found.pop(0)
            if "blob" in one:
                return_value = json.dumps(
                    {"level": "critical", "at": one["at"], "blob": one["blob"]}
                ).encode()
                text = return_value
                assert text == wanted
            else:
                piece = one["message"].encode()
                assert text == b"" or piece[:1] == b"+"
                text += piece.removeprefix(b"+") if text else piece
                assert wanted.startswith(text)
    return not found
