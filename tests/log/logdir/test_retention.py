"""Files that are kept by their age.

The kinds: lines that have to go though nobody prints any; and lines that must not go, because the
clock was wrong for a moment, a name says nothing, or a kill came in between.
"""

import os
import shutil
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.base.tai64 import stamp
from pydaemontools.log.logdir.finished import Finished
from pydaemontools.log.logdir.folder import Folder
from pydaemontools.log.logdir.retention import HOUR, Retention
from pydaemontools.log.pipe import background

DAY = 86400
NOW = 1_800_000_000.0
WRONG = -NOW, 365 * 12 * DAY  # how far off a clock is that begins anew, or says 2038


class World:
    """A clock that may be wrong by `off`, and another that counts from the boot."""

    def __init__(self):
        self.true = NOW
        self.off = 0.0

    def wall(self):
        """What the machine believes."""
        return self.true + self.off

    def boot(self):
        """What nobody sets."""
        return self.true - NOW + 100

    def retention(self, age, newest=NOW):
        """Lines that are kept for AGE seconds in this world."""
        return Retention(age, newest, self.wall, self.boot)


def same(*times):
    """Files that were finished when their newest line was written, at TIMES."""
    return [(one, one) for one in times]


def test_a_file_goes_when_its_newest_line_is_too_old():
    """And those before it; neither one that is a second younger, nor what is behind that."""
    world = World()
    kept = world.retention(DAY)
    files = same(NOW - 3 * DAY, NOW - DAY - 1, NOW - DAY + 1, NOW - 5)
    assert kept.expired(files) == 2
    world.true += 2
    assert kept.expired(files[2:]) == 1
    assert kept.expired([]) == 0


@pytest.mark.parametrize("pair", [(0, 1), (1, 0)])
def test_the_earlier_of_name_and_mtime_counts(pair):
    """A file that was copied is not younger for that, nor one that was finished late."""
    times = NOW - 2 * DAY, NOW - 10
    assert World().retention(DAY).expired([(times[pair[0]], times[pair[1]])]) == 1


@pytest.mark.parametrize("off", WRONG)
def test_a_clock_that_is_wrong_for_a_moment(off):
    """Nothing goes that is young; and what is really old still goes afterwards."""
    world = World()
    kept = world.retention(30 * DAY)
    files = same(*(NOW - day * DAY for day in range(40, 0, -1)))
    assert kept.expired(files) == 11
    del files[:11]
    for _ in range(5):
        world.off, world.true = off, world.true + 600
        assert kept.expired(files) == 0
    world.off = 0.0
    assert kept.expired(files) == 0
    world.true += DAY + HOUR
    assert kept.expired(files) <= 1
    world.true += HOUR
    assert kept.expired(files) == 1


@pytest.mark.parametrize("off", WRONG)
def test_lines_that_were_written_with_a_wrong_clock(off):
    """They go with those that follow them, not before, and not never."""
    world = World()
    kept = world.retention(DAY)
    # A name is never earlier than the one before, and so goes on from one that is ahead.
    ahead = max(NOW, NOW + off)
    files = [(NOW - 20, NOW - 20), (ahead, NOW + off), (max(ahead + 1e-6, NOW + 20), NOW + 20)]
    assert kept.expired(files) == 0
    world.true += DAY - 40
    assert kept.expired(files) == 0
    world.true += 50
    assert kept.expired(files) == 1
    world.true += 40
    assert kept.expired(files) == 3


def test_a_log_that_was_begun_before_the_clock_was_set():
    """All its files say 1970, and then it is 2027: they are as young as the log is."""
    world = World()
    world.off = -NOW
    kept = world.retention(30 * DAY, 0.0)
    files = same(10.0, 20.0, 30.0)
    assert kept.expired(files) == 0
    world.off, world.true = 0.0, world.true + 60
    assert kept.expired(files) == 0
    world.true += 2 * HOUR
    assert kept.expired([*files, (NOW + 60, NOW + 60)]) == 0
    world.true += 31 * DAY
    # The first look after so long may be one after a jump, for all that we know.
    kept.expired([])
    world.true += HOUR
    assert kept.expired([*files, (NOW + 60, NOW + 60)]) == 4


def test_a_start_goes_by_the_clock_if_it_may_be_right():
    """A year without a line is more likely to be a wrong clock; after an hour it is believed."""
    world = World()
    files = same(NOW - 431 * DAY, NOW - 401 * DAY, NOW - 364 * DAY)
    assert world.retention(30 * DAY, NOW - 364 * DAY).expired(files) == 3
    kept = world.retention(30 * DAY, NOW - 400 * DAY)
    assert kept.expired(files) == 1
    world.true += HOUR + 1
    assert kept.expired(files) == 3


def test_looks_are_rare():
    """Nobody is woken more often than once in a hundredth of the age, nor rarer than each hour."""
    for age, files, rest in (
        (30 * DAY, same(NOW - DAY), HOUR),
        (30 * DAY, same(NOW - 30 * DAY + 5), HOUR),
        (30 * DAY, [], HOUR),
        (1000, same(NOW - 500), 500),
        (1000, same(NOW - 999), 10),
        (2, same(NOW - 1.9), 1),
    ):
        kept = World().retention(age)
        assert kept.due() == 0
        assert kept.expired(files) == 0
        assert kept.due() == pytest.approx(rest)


def test_a_name_that_follows_that_of_an_old_file():
    """While the clock says 1970 a name is that of the file before and a nanosecond more."""
    world = World()
    kept = world.retention(DAY)
    files = [(NOW, NOW), (NOW + 1e-6, 0.0)]
    world.true += DAY + 1
    assert kept.expired(files) == 1


STEPS = st.one_of(
    st.tuples(st.just("pass"), st.floats(1, 3 * DAY)),
    st.tuples(st.just("file"), st.just(0)),
    st.tuples(st.just("start"), st.just(0)),
    st.tuples(
        st.just("wrong"), st.tuples(st.sampled_from(WRONG), st.booleans(), st.floats(0, HOUR - 1))
    ),
)


@given(st.integers(60, 40 * DAY), st.lists(STEPS, max_size=60))
def test_whatever_happens_no_young_line_goes_and_no_old_one_stays(age, steps):
    """Files, restarts, and clocks that say 1970 or 2038 for up to an hour, in any order.

    What is the last time that was written outside such an hour, `current` has.
    """
    world = World()
    files = []  # the time in the name, the mtime, and the true time of the newest line
    kept = world.retention(age)

    def look():
        gone = kept.expired([one[:2] for one in files])
        assert all(true + age < world.true + 1e-3 for *_, true in files[:gone])
        del files[:gone]

    def file():
        label = max(world.wall(), files[-1][0] + 1e-6 if files else 0.0)
        files.append((label, world.wall(), world.true))
        look()

    current = world.wall()
    for what, more in steps:
        if what == "pass":
            world.true += more
            look()
        elif what == "file":
            file()
        elif what == "start":
            kept = world.retention(age, current)
            look()
        else:
            world.off, restarted, length = more
            if restarted:
                kept = world.retention(age, current)
            file()
            world.true += length
            look()
            world.off = 0.0
            look()
        current = world.wall()
    file()
    for _ in range(3):
        world.true += age + 2 * HOUR
        look()
        assert kept.due() <= HOUR
    assert files == []


# Real directories.


def finish(path, name, age, label=None):
    """Make the finished file NAME of a log, AGE seconds old; its name says so too, or LABEL."""
    path.mkdir(exist_ok=True)
    made = int(time.time()) - age
    label = label or stamp(made * 10**9).decode()
    file = path / name.replace("@", label)
    file.write_text(f"{age}\n")
    file.chmod(0o744)
    os.utime(file, (made, made))
    return file


def ages(path):
    """How old the files are that are left in PATH, as they say."""
    texts = [file.read_text() for file in sorted(path.glob("@*"))]
    return [int(text) for text in texts if text]  # a kill leaves one that has no line


DIALECTS = "@.s", "@.u", "@.s.gz", "@.s.zst", "@"


@pytest.mark.parametrize("name", DIALECTS)
def test_names_of_all_dialects(name, run, place):
    """Those of multilog, svlogd, s6-log and packed ones; the name alone is enough, or the mtime."""
    log = place / "d"
    for age in (50 * DAY, 31 * DAY, 29 * DAY, 60):
        finish(log, name, age)
    assert run("pymultilog", "k30d", "./d", input=b"x\n").returncode == 0
    assert ages(log) == [29 * DAY, 60]
    for file in log.glob("@*"):
        os.utime(file)
    assert run("pymultilog", "k1d", "./d", input=b"x\n").returncode == 0
    assert ages(log) == [60]


def test_it_holds_beside_the_number_and_the_size(run, place):
    """Whichever says that a file is too much; with neither said, there is no number of 10."""
    for name, words, left in (
        ("age", ["k20h"], 19),
        ("number", ["k20h", "n5"], 4),
        ("size", ["k20h", "n100", "S100032", "s99999"], 5),
        ("days", ["k1d", "n100"], 23),
    ):
        for hour in range(30, 0, -1):
            finish(place / name, "@.s", hour * 3600)
        assert run("pymultilog", *words, f"./{name}", input=b"x\n").returncode == 0
        assert len(ages(place / name)) == left, name


def test_each_directory_has_its_own(run, place):
    """What is said before one holds for it, and not for others."""
    for name in ("one", "two", "three"):
        for age in (9 * DAY, 5 * DAY, DAY, 60):
            finish(place / name, "@.s", age)
    words = ["n9", "./one", "k3d", "./two", "k7d", "./three"]
    assert run("pymultilog", *words, input=b"x\n").returncode == 0
    assert [len(ages(place / name)) for name in ("one", "two", "three")] == [4, 2, 3]
    to = ["--to", "dir:./one?k4d", "--to", "./two/", "--to", "dir:./three?n5&k2d", "--keep", "6h"]
    assert run("pysissylog", *to, input=b"x\n").returncode == 0
    assert [len(ages(place / name)) for name in ("one", "two", "three")] == [2, 1, 2]


def test_no_default_fills_the_disk(run, place):
    """Where neither a number nor a size of all is said, there is one, of the files together."""
    big = finish(place / "d", "@.s", 7200)
    os.truncate(big, 3 << 30)
    finish(place / "d", "@.s", 3600)
    assert run("pymultilog", "k30d", "./d", input=b"x\n").returncode == 0
    # A change of files looks at that, as it does without an age.
    assert run("pymultilog", "s4096", "k30d", "./d", input=b"x" * 4000 + b"\n").returncode == 0
    assert not big.exists()


def test_current_is_never_removed(run, place):
    """However old it is; nor what is no log file."""
    assert run("pymultilog", "./d", input=b"old\n").returncode == 0
    (place / "d/notes").write_text("mine\n")
    for name in ("current", "notes"):
        os.utime(place / "d" / name, (NOW / 2, NOW / 2))
    assert run("pymultilog", "k1s", "./d", input=b"new\n").returncode == 0
    assert (place / "d/current").read_text() == "old\nnew\n"
    assert (place / "d/notes").read_text() == "mine\n"


@pytest.mark.process
@pytest.mark.parametrize("tool", ["pymultilog", "pysissylog"])
def test_files_of_a_silent_program_go(tool, scripts, place, until):
    """Nobody prints anything, and the file goes when it is time."""
    finish(place / "d", "@.s", 1)
    argv = [scripts / tool, *(["k4s", "./d"] if tool == "pymultilog" else ["--to", "d/"])]
    argv += ["--keep", "4s"] * (tool == "pysissylog")
    with subprocess.Popen(argv, cwd=place, stdin=subprocess.PIPE) as process:
        until((place / "d/current").exists)
        assert len(ages(place / "d")) == 1
        until(lambda: ages(place / "d") == [])
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.process
def test_a_kill_between_two_files_loses_no_other(scripts, place, until):
    """The oldest go first, and the next look goes on."""
    for hour in range(3000, 100, -1):
        finish(place / "d", "@.s", hour * 3600)
    argv = [scripts / "pymultilog", "n9999", "k200h", "./d"]
    with subprocess.Popen(argv, cwd=place, stdin=subprocess.PIPE) as process:
        until(lambda: len(ages(place / "d")) < 2900)
        process.kill()
    left = ages(place / "d")
    assert left == [hour * 3600 for hour in range(100 + len(left), 100, -1)]
    assert subprocess.run(argv, cwd=place, input=b"x\n", check=False).returncode == 0
    assert len(ages(place / "d")) == 99


@pytest.mark.process
def test_one_that_cannot_be_removed_stops_nothing(scripts, place, until, capfd):
    """It is said once, and lines go on; when it can be, it goes."""
    label = stamp(int((time.time() - 9 * DAY) * 1e9)).decode()
    finish(place / "d", "@.s", 10 * DAY).unlink()
    (place / "d" / f"{label}.s").mkdir()
    finish(place / "d", "@.s", 8 * DAY)
    argv = [scripts / "pymultilog", "k100s", "./d"]
    with subprocess.Popen(argv, cwd=place, stdin=subprocess.PIPE) as process:
        process.stdin.write(b"one\n")
        process.stdin.flush()
        until(lambda: (place / "d/current").exists() and (place / "d/current").read_bytes())
        process.stdin.write(b"two\n")
        process.stdin.close()
        assert process.wait() == 0
    assert (place / "d/current").read_bytes() == b"one\ntwo\n"
    said = capfd.readouterr().err
    assert said.count("pymultilog: warning: unable to remove ./d/@") == 1
    assert said.count("\n") == 1
    shutil.rmtree(place / "d" / f"{label}.s")


@pytest.mark.process
def test_what_stays_does_not_stop_the_others(scripts, place, capfd):
    """Kind: something among the files that nobody can remove, when there are more than are kept:
    it is said once, lines go on without a pause each time, and the other files are removed.
    """
    labels = [stamp(int((time.time() - days * DAY) * 1e9)).decode() for days in (9, 8)]
    finish(place / "d", "@.s", 10 * DAY).unlink()
    for label in labels:
        (place / "d" / f"{label}.s").mkdir()
    lines = b"".join(b"%090d\n" % number for number in range(1000))
    argv = [scripts / "pymultilog", "s4096", "n3", "./d"]
    assert subprocess.run(argv, cwd=place, input=lines, check=False).returncode == 0
    files = sorted(one for one in (place / "d").glob("@*") if one.is_file())
    assert len(files) == 2
    kept = b"".join(one.read_bytes() for one in [*files, place / "d/current"])
    assert kept
    assert lines.endswith(kept)
    said = capfd.readouterr().err
    assert 1 <= said.count("unable to remove ./d/@") == said.count("\n") <= 2
    for label in labels:
        assert said.count(label) <= 1
        shutil.rmtree(place / "d" / f"{label}.s")


def test_what_stays_where_a_thread_removes(place, monkeypatch):
    """It is said once there too, with its name, at the next look."""

    class Host:
        def submit(self, what):
            job = background.Job(what)
            job.run()
            return job

    monkeypatch.setattr(background, "host", Host())
    labels = [stamp(int((time.time() - days * DAY) * 1e9)).decode() for days in (9, 8, 7)]
    folder = Folder(str(place / "d").encode())
    folder.acquire(patient=False)
    (place / "d" / f"{labels[0]}.s").mkdir()
    for label in labels[1:]:
        (place / "d" / f"{label}.s").touch()
    finished = Finished(folder, 2, 0, 4096)
    finished.prune()
    with pytest.raises(IsADirectoryError):
        finished.prune()
    assert folder.doing.endswith(labels[0].encode() + b".s")
    finished.prune()
    assert sorted(path.name[:25] for path in (place / "d").glob("@*")) == [labels[0], labels[2]]
    folder.release()


def test_under_the_originals_name_it_is_no_action(run, originals, place):
    """The word is ignored there, as any other that is none."""
    finish(place / "d", "@.s", 90 * DAY)
    assert run(str(originals / "multilog"), "k1s", "./d", input=b"x\n").returncode == 0
    assert ages(place / "d") == [90 * DAY]


def test_names_that_are_no_time(place):
    """They go by their mtime, in the order in which they are removed by their number, too."""
    path = place / "d"
    for name in ("@" + "z" * 24 + ".s", "@" + "f" * 24 + ".s"):
        finish(path, name.replace("@", "%"), 5 * DAY).rename(path / name)
    folder = Folder(os.fsencode(path))
    folder.acquire(patient=False)
    finished = Finished(folder, 10, 0, 0)
    finished.retention = Retention(DAY, finished.newest_line())
    finished.prune()
    assert list(path.glob("@*")) == []
    folder.release()
