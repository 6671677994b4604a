"""pysetuidgid and pyenvuidgid: groups, numbers, HOME, and no way back to root."""

import grp
import os
import pwd

import pytest

STATUS = ("grep", "-E", "^(Uid|Gid|Groups)", "/proc/self/status")


def ids(result):
    """The four user ids, the four group ids and the groups of the program."""
    assert result.returncode == 0, result.stderr
    lines = [line.partition(b":")[2].split() for line in result.stdout.splitlines()]
    return [sorted({int(word) for word in words}) for words in lines]


def member():
    """A member of a group that is not its own: (account, its groups)."""
    for entry in grp.getgrall():
        for name in entry.gr_mem:
            try:
                account = pwd.getpwnam(name)
            except KeyError:
                continue
            return account, sorted(os.getgrouplist(name, account.pw_gid))
    account = pwd.getpwnam("daemon")
    return account, sorted(os.getgrouplist("daemon", account.pw_gid))


@pytest.mark.needs_root
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nobody"], [[65534], [65534], [65534]]),
        (["65534"], [[65534], [65534], [65534]]),
        (["nobody:daemon"], [[65534], [1], [1]]),
        (["nobody:7"], [[65534], [7], [7]]),
        (["nobody:7:daemon:3"], [[65534], [7], [1, 3, 7]]),
        (["4242:7:8"], [[4242], [7], [7, 8]]),
        (["-s", "nobody:7:daemon"], [[65534], [7], [1, 7]]),
        (["1:nogroup"], [[1], [65534], [65534]]),
        (["4242:4343"], [[4242], [4343], [4343]]),
        (["0:4343"], [[0], [4343], [4343]]),
        (["root"], [[0], [0], [0]]),
        (["-s", "4242:4343"], [[4242], [4343], [4343]]),
        (["--", "nobody"], [[65534], [65534], [65534]]),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_becomes(run, words, expected):
    """All four ids of user and group change, and no other group stays."""
    assert ids(run("setpriv", "--groups", "4,5", "pysetuidgid", *words, *STATUS)) == expected


@pytest.mark.needs_root
def test_all_groups(run):
    """-s takes on all groups that the account is a member of."""
    account, groups = member()
    found = ids(run("pysetuidgid", "-s", account.pw_name, *STATUS))
    assert found == [[account.pw_uid], [account.pw_gid], groups]


@pytest.mark.needs_root
def test_home(run):
    """-H sets HOME, USER, LOGNAME and SHELL, as a login would."""
    result = run("pysetuidgid", "-H", "nobody", "env", env={"HOME": "/root", "A": "1"})
    entry = pwd.getpwnam("nobody")
    assert result.stdout.decode().splitlines()[1:] == [
        "A=1",
        f"HOME={entry.pw_dir}",
        "USER=nobody",
        "LOGNAME=nobody",
        f"SHELL={entry.pw_shell}",
    ]


@pytest.mark.needs_root
def test_keeps_home(run):
    """Without -H the environment stays as it is."""
    result = run("pysetuidgid", "nobody", "env", env={"HOME": "/root"})
    assert result.stdout.splitlines()[1:] == [b"HOME=/root"]


@pytest.mark.needs_root
@pytest.mark.usefixtures("ordinary")
def test_no_way_back(run):
    """The program cannot take root back."""
    result = run("pysetuidgid", "nobody", "pysetuidgid", "root", "echo", "no")
    assert result.returncode == 111
    assert b"pysetuidgid: fatal: unable to setgid: permission denied\n" in result.stderr
    assert result.stdout == b""


@pytest.mark.needs_root
def test_refuses_a_way_back(run):
    """Where the change of user leaves the power to undo it, the program is not run."""
    kept = ["setpriv", "--securebits", "+no_setuid_fixup"]
    result = run(*kept, "pysetuidgid", "nobody", "echo", "no")
    assert result.returncode == 111
    assert result.stderr == (
        b"pysetuidgid: fatal: unable to drop root: this process can still take it back\n"
    )
    assert result.stdout == b""


@pytest.mark.needs_root
@pytest.mark.parametrize(
    "chain",
    [
        ["pyenvdir", "d"],
        ["pysetlock", "l"],
        ["pysoftlimit", "-c0"],
        ["pypgrphack"],
        ["pyfghack"],
        ["pyenvuidgid", "-s", "nobody"],
        ["pychain", "-c", "pyenvdir d\npysetlock l\npysoftlimit -m 90000000"],
    ],
    ids=lambda words: words[0],
)
def test_an_installation_that_is_roots_alone(run, place, fill, chain, private):
    """The links after it work where the account cannot read the installation."""
    fill(place / "d", {})
    place.chmod(0o777)
    result = run("pysetuidgid", "nobody", *chain, "id", "-un", path=f"{private}/bin:/usr/bin:/bin")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"nobody\n", b"")


@pytest.mark.needs_root
def test_errors_of_an_installation_that_is_roots_alone(run, private):
    """And so does what explains an error."""
    path = f"{private}/bin:/usr/bin:/bin"
    result = run("pysetuidgid", "nobody", "pysetlock", "l", "true", path=path)
    assert result.returncode == 111
    assert result.stderr.startswith(b"pysetlock: fatal: unable to open l: access denied\n")


@pytest.mark.needs_root
def test_a_script_after_the_account(run, place, script, private):
    """Nor does a chain script, that is a file, need what the account cannot read."""
    script(place / "run", "#!/usr/bin/env pychain\npypgrphack\nid -un")
    result = run("pysetuidgid", "nobody", "./run", path=f"{private}/bin:/usr/bin:/bin")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"nobody\n", b"")


@pytest.mark.parametrize("tool", ["pysetuidgid", "pyenvuidgid"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no-such-account", "unknown account no-such-account"),
        ("", "unknown account "),
        ("no-such-account:root", "unknown account no-such-account"),
        ("root:no-such-group", "unknown group no-such-group"),
        ("root:", "unknown group "),
        (":root", "unknown account "),
        ("root:root:no-such-group", "unknown group no-such-group"),
        ("root:root:", "unknown group "),
        ("4242", "unknown account 4242\n{tool}: a number without an account needs its group too"),
        ("-1", None),
        ("٣", "unknown account ٣"),
    ],
)
def test_unknown(run, tool, name, text):
    """An account or group that is not there is an error, and nothing is run."""
    result = run(tool, name, "echo", "no")
    assert result.stdout == b""
    if text is None:
        assert result.returncode == 100
    else:
        assert result.returncode == 111
        assert result.stderr.decode().startswith(f"{tool}: fatal: {text.format(tool=tool)}")


@pytest.mark.needs_root
@pytest.mark.parametrize("name", ["4294967295:1", "1:4294967295", "9999999999:1", "1:9999999999"])
def test_number_out_of_range(run, name):
    """A number that no account can have is refused, and the program not run."""
    result = run("pysetuidgid", name, "echo", "no")
    assert (result.returncode, result.stdout) == (100, b"")
    assert b"at most 4294967294, not " in result.stderr


def test_ordinary_user(run, ordinary):
    """An ordinary user is told that only root may change its account."""
    result = run(*ordinary, "sh", "-c", "exec pysetuidgid nobody true")
    assert result.returncode == 111
    assert result.stderr.decode().splitlines() == [
        "pysetuidgid: fatal: unable to setgid: permission denied",
        "pysetuidgid: only root may change its account",
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["root"], ["GID=0", "UID=0"]),
        (["0"], ["GID=0", "UID=0"]),
        (["root:7"], ["GID=7", "UID=0"]),
        (["4242:4343"], ["GID=4343", "UID=4242"]),
        (["-s", "4242:4343"], ["GID=4343", "UID=4242", "GIDLIST=4343"]),
        (["-s", "4242:43:44:43"], ["GID=43", "UID=4242", "GIDLIST=43,44"]),
        (["-H", "root"], ["GID=0", "UID=0", "HOME=/root", "USER=root", "LOGNAME=root"]),
    ],
    ids=" ".join,
)
def test_envuidgid(run, words, expected):
    """The numbers are set in the environment, and nothing else changes."""
    result = run("pyenvuidgid", *words, "env")
    lines = result.stdout.decode().splitlines()[1:]
    assert [line for line in lines if not line.startswith("SHELL=")] == expected


def test_gidlist(run):
    """-s lists all groups of the account, its own first."""
    account, groups = member()
    result = run("pyenvuidgid", "-s", account.pw_name, "sh", "-c", "echo $GIDLIST")
    listed = [int(word) for word in result.stdout.split(b",")]
    assert listed[0] == account.pw_gid
    assert sorted(listed) == groups


def test_home_of_a_number(run):
    """-H needs an account that has a home."""
    result = run("pyenvuidgid", "-H", "4242:4343", "env")
    assert result.returncode == 111
    assert result.stderr == b"pyenvuidgid: fatal: unable to find the home directory of uid 4242\n"
