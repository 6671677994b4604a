"""pyenvdir: its own options, and env directories of any content against the written rules."""

import grp
import os
import pwd
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

ANYWHERE = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def variables(result):
    """What `env -0` printed, in order."""
    assert result.returncode == 0, result.stderr
    return dict(entry.split(b"=", 1) for entry in result.stdout.split(b"\0")[:-1])


@pytest.fixture
def env(run, place, fill):
    """Run pyenvdir with these options and variables; what the program then sees, less PATH."""

    def env(*options, files, **start):
        for name, content in files.items():
            fill(place / name, content)
        found = variables(run("pyenvdir", *options, "env", "-0", env=start))
        found.pop(b"PATH", None)
        return found

    return env


def test_sets_and_removes(env):
    """As the original does: a file sets a variable, an empty one removes it."""
    files = {"d": {"A": b"1\n", "B": b""}}
    assert env("d", files=files, A="0", B="0", C="0") == {b"A": b"1", b"C": b"0"}


def test_clear(env):
    """-c starts from an environment in which there is nothing but PATH."""
    assert env("-c", "d", files={"d": {"A": b"1"}}, A="0", B="0") == {b"A": b"1"}


def test_clear_keeps_path(run, place, fill):
    """-c keeps PATH, in its first place."""
    fill(place / "d", {"A": b"1"})
    result = run("pyenvdir", "-c", "d", "env", env={"B": "0"})
    path, a = result.stdout.splitlines()
    assert path.startswith(b"PATH=")
    assert a == b"A=1"


def test_clear_without_path(run, scripts, place, fill):
    """-c where there is no PATH leaves nothing."""
    fill(place / "d", {})
    result = run("/usr/bin/env", "-", "A=1", scripts / "pyenvdir", "-c", "d", "/usr/bin/env")
    assert (result.returncode, result.stdout) == (0, b"")


def test_keep(env):
    """-k leaves alone what is set already, to a value or to nothing, and does not remove it."""
    files = {"d": {"A": b"1", "B": b"1", "C": b"", "D": b"1"}}
    found = env("-k", "d", files=files, A="0", B="", C="0")
    assert found == {b"A": b"0", b"B": b"", b"C": b"0", b"D": b"1"}


def test_clear_and_keep(env):
    """With both, nothing but PATH is set already: the rest comes from the directory."""
    files = {"d": {"A": b"1", "B": b"1"}}
    assert env("-ck", "d", files=files, A="0", C="0") == {b"A": b"1", b"B": b"1"}


@pytest.mark.parametrize("end", [[], ["--"]], ids=["without --", "with --"])
def test_several_directories(env, end):
    """-d takes one directory each; of two values the later counts."""
    files = {"d": {"A": b"1", "B": b"1"}, "e": {"B": b"2", "C": b"2", "A": b""}}
    assert env("-d", "d", "-de", *end, files=files) == {b"B": b"2", b"C": b"2"}


def test_directory_after_options(env):
    """After -- a directory may be called what it likes."""
    assert env("--", "-c", files={"-c": {"A": b"1"}}, B="0") == {b"A": b"1", b"B": b"0"}


def test_dangling_link(env, place, fill):
    """A link to nothing is skipped: the variable keeps its value."""
    fill(place / "d", {"B": b"1"})
    (place / "d/A").symlink_to("nowhere")
    assert env("d", files={}, A="0") == {b"A": b"0", b"B": b"1"}


def test_all_or_nothing(run, place, fill):
    """One file that cannot be read, and the program does not run."""
    fill(place / "d", {"A": b"1"})
    (place / "d/B").mkdir()
    result = run("pyenvdir", "d", "touch", "ran")
    assert result.returncode == 111
    assert result.stderr == b"pyenvdir: fatal: unable to read d/B: is a directory\n"
    assert not (place / "ran").exists()


@pytest.mark.parametrize(
    ("closed", "text"),
    [
        ("d/A", "unable to read d/A: access denied\npyenvdir: A belongs to {me}, group {group}"),
        ("d", "unable to switch to directory d: access denied\npyenvdir: d belongs to {me}"),
    ],
)
def test_refused(run, ordinary, place, closed, text):
    """A refusal is followed by who owns the file, with which mode, and who asks."""
    (place / "d").mkdir()
    (place / "d/A").touch()
    (place / closed).chmod(0)
    result = run(*ordinary, "sh", "-c", "exec pyenvdir d env")
    me = os.geteuid()
    lines = text.format(me=user(me), group=group(os.getegid()))
    assert result.returncode == 111
    assert result.stderr.decode().startswith(f"pyenvdir: fatal: {lines}")
    assert f"mode 0000; this is {user(me or 65534)}\n" in result.stderr.decode()


def user(uid):
    """The name of a user, or the number where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def group(gid):
    """The name of a group, or the number where there is none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return f"gid {gid}"


NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda name: not set(name) & set(b"/\0") and name[:1] not in (b".", b"=")
)
CONTENTS = st.binary(max_size=40) | st.lists(
    st.sampled_from([b" ", b"\t", b"\n", b"\0", b"\r", b"a", b"=", b"\xff", b"#", b"\\"])
).map(b"".join)


def model(before, directory):
    """What the page of pyenvdir says becomes of the variables BEFORE."""
    after = dict(before)
    for name in os.listdir(directory):
        content = (Path(os.fsdecode(directory)) / os.fsdecode(name)).read_bytes()
        line = content.split(b"\n")[0].rstrip(b" \t").replace(b"\0", b"\n")
        entry = name + b"=" + line if content else name
        variable, equals, value = entry.partition(b"=")
        after.pop(variable, None)
        if equals:
            after[variable] = value
    return after


@ANYWHERE
@given(files=st.dictionaries(NAMES, CONTENTS, max_size=8))
@example(files={b"A": b"", b"LC_CTYPE": b"C", b"LC_ALL": b"C.UTF-8"})
@example(files={b"LC_CTYPE": b"", b"A\n": b"\n", b"\xff": b"\0 \0"})
def test_any_directory(scripts, run, needs, files):
    """Whatever the files hold, the variables are what the page says, and the original's."""
    before = {b"A": b"0", b"LC_CTYPE": b"C.UTF-8"}
    with tempfile.TemporaryDirectory() as directory:
        for name, content in files.items():
            Path(directory, os.fsdecode(name)).write_bytes(content)
        start = ["/usr/bin/env", "-", "A=0", "LC_CTYPE=C.UTF-8"]
        ours = run(*start, scripts / "pyenvdir", directory, "/usr/bin/env", "-0")
        assert variables(ours) == model(before, os.fsencode(directory))
        original = run(*start, needs("envdir"), directory, "/usr/bin/env", "-0")
        assert ours.stdout == original.stdout


ENDLESS = {
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a file of 5 GB": lambda path: (path.touch(), os.truncate(path, 5 << 30)),
    "a long line": lambda path: path.write_bytes(b"x" * (1 << 21)),
}


@pytest.mark.parametrize("thing", ENDLESS.values(), ids=ENDLESS)
def test_no_more_is_read_than_a_variable_can_have(run, place, fill, originals, thing):
    """Kind: reading without bound."""
    fill(place / "env", {})
    thing(place / "env/A")
    for name in "pyenvdir", originals / "envdir":
        result = run("prlimit", "--as=500000000", name, "env", "true")
        assert result.returncode == 111
        assert b"env/A: its first line is longer than the 1048576 bytes" in result.stderr


def test_of_a_long_file_the_first_line_counts(run, place, fill):
    """What stands behind it is nobody's concern, however much that is."""
    fill(place / "env", {"A": b"first\nsecond"})
    os.truncate(place / "env/A", 5 << 30)
    assert run("pyenvdir", "env", "printenv", "A").stdout == b"first\n"
