"""pysv check-config and pysv new."""

import json
import os
import sys

import pytest

from pydaemontools.chain import words
from pydaemontools.control import new
from pydaemontools.supervise import new_directory

from .conftest import write_script

FINDINGS = {
    "no run": ({"run": None}, b"run: there is none"),
    "a run that is not executable": ({"run": ("#!/bin/sh\n", 0o644)}, b"run: it is not executable"),
    "no interpreter": ({"run": ("#!/nonesuch/sh\n", 0o755)}, b"cannot be run: /nonesuch/sh"),
    "an env that finds none": ({"run": ("#!/usr/bin/env nonesuch\n", 0o755)}, b"of PATH: nonesuch"),
    "an env -S that finds none": (
        {"run": ("#!/usr/bin/env -S A=1 nonesuch -x\n", 0o755)},
        b"of PATH: nonesuch",
    ),
    "Windows line ends": ({"run": ("#!/bin/sh\r\nexit\r\n", 0o755)}, b"Windows line ends"),
    "a bare #!": ({"run": ("#!\n", 0o755)}, b"names no interpreter"),
    "no #!": ({"run": ("exec sleep 1\n", 0o755)}, b"neither a binary nor a script"),
    "an empty run": ({"run": ("", 0o755)}, b"neither a binary nor a script"),
    "finish": ({"finish": ("#!/bin/sh\n", 0o644)}, b"finish: it is not executable"),
    "check": ({"check": ("#!/nonesuch\n", 0o755)}, b"check: its interpreter cannot be run"),
    "control": ({"control/t": ("#!/bin/sh\n", 0o644)}, b"control/t: it is not executable"),
    "a log without run": ({"log/x": ("", 0o644)}, b"log/run: there is none"),
    "a log that is a file": ({"log": ("", 0o644)}, b"log: it is not a directory"),
    "a bad number in log": (
        {"log/run": ("#!/bin/sh\n", 0o755), "log/timeout-kill": ("x", 0o644)},
        b"log/timeout-kill: it does not hold a number",
    ),
    "a chain link that would fail": (
        {"run": ("#!/usr/bin/env pychain\npyenvdir ./nonesuch\nsleep 5\n", 0o755)},
        b"run:2: pyenvdir ./nonesuch: unable to switch to directory ./nonesuch",
    ),
    "a chain that names no program": (
        {"run": ("#!/usr/bin/env pychain\npyfghack\nnonesuch 5\n", 0o755)},
        b"run:3: nonesuch 5: unable to run nonesuch",
    ),
    "a chain with a quote": (
        {"run": ("#!/usr/bin/env pychain\nx 'y\n", 0o755)},
        b"is never closed",
    ),
    "a chain that is a shell script": (
        {"run": ("#!/usr/bin/env pychain\nsleep 5 | cat\n", 0o755)},
        b"no shell",
    ),
}
NUMBERS = [
    "timeout-kill",
    "timeout-finish",
    "timeout-up",
    "max-death-tally",
    "notification-fd",
    "watchdog",
    "backoff",
    "exit-codes",
    "down-signal",
    "down-target",
]


@pytest.fixture
def service(place):
    """Make the service directory `a` with files: what is in them, and their modes."""

    def service(files):
        files = {"run": ("#!/bin/sh\nexec sleep 1000\n", 0o755)} | files
        for name, content in files.items():
            if content:
                path = place / "a" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content[0])
                path.chmod(content[1])
        return place / "a"

    (place / "a").mkdir()
    return service


@pytest.mark.parametrize("case", FINDINGS)
def test_a_finding(run, service, case):
    """What is wrong is said in a line, and the code is 1."""
    files, text = FINDINGS[case]
    service(files)
    result = run("pysv", "check-config", "a")
    assert result.returncode == 1
    assert result.stdout.startswith(b"a/")
    assert text in result.stdout
    assert result.stdout.count(b"\n") == 1


@pytest.mark.parametrize("name", NUMBERS)
def test_a_bad_number(run, service, name):
    """The files that hold numbers are looked at."""
    service({name: ("-x1\n", 0o644)})
    result = run("pysv", "check-config", "./a")
    assert result.returncode == 1
    assert f"./a/{name}: it does not hold ".encode() in result.stdout


@pytest.mark.parametrize("name", ["backoff", "group", "log/backoff"])
def test_a_directory_where_a_file_is_read(run, service, place, name):
    """The line begins with the name of that file, as all do."""
    service({"log/run": ("#!/bin/sh\n", 0o755)})
    (place / "a" / name).mkdir()
    result = run("pysv", "check-config", "a")
    assert result.stdout == b"a/%b: it cannot be read: is a directory\n" % name.encode()


def test_nothing_is_wrong(run, service, place):
    """A good directory has no findings; a file that is none of ours is nobody's business."""
    service(
        {
            "log/run": ("#!/bin/sh\ncat\n", 0o755),
            "finish": ("#!/usr/bin/env pychain\ntrue\n", 0o755),
            "README": ("x", 0o644),
            "timeout-kill": ("5000\n", 0o644),
            "notification-fd": ("3\n", 0o644),
            "down-signal": ("SIGINT\n", 0o644),
            "down-target": ("# all\nsession\n", 0o644),
            "down": ("", 0o644),
        }
    )
    result = run("pysv", "check-config", "a", f"{place}/a/")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


LOOKALIKES = {
    "Ready": "ready",
    "timeout_kill": "timeout-kill",
    "timeoutkill": "timeout-kill",
    "Control-Group": "control-group",
    "finsh": "finish",
    "notfiy": "notify",
    "wachdog": "watchdog",
    "finish.sh": "finish",
    "log/Settle": "settle",
}


@pytest.mark.parametrize("name", LOOKALIKES)
def test_a_file_that_only_looks_like_ours(run, service, name):
    """The kind: nothing reads it, and nobody would say so."""
    service({"log/run": ("#!/bin/sh\ncat\n", 0o755), name: ("5\n", 0o644)})
    result = run("pysv", "check-config", "a")
    wanted = f"a/{name}: nothing reads it; what is read is called {LOOKALIKES[name]}\n"
    assert (result.returncode, result.stdout.decode()) == (1, wanted)


def test_a_run_of_another_name(run, service):
    """Both are said: what is missing, and what was meant."""
    service({"run": None, "run.sh": ("#!/bin/sh\n", 0o755)})
    text = run("pysv", "check-config", "a").stdout
    assert b"a/run: there is none\n" in text
    assert b"a/run.sh: nothing reads it; what is read is called run\n" in text


def test_names_that_nobody_could_mean(run, service):
    """Other files, copies beside what is read, and hidden ones."""
    names = [
        "README",
        "rules",
        "types",
        "events.d",
        "checks/x",
        "app.py",
        ".ready.swp",
        "env/Ready",
    ]
    names += ["finish.sh", "check.py", "watchdogs", "conf", "instance", "runner", "logs", "lock"]
    files = dict.fromkeys(names, ("", 420))
    for name in "finish", "check":
        files[name] = ("#!/bin/sh\n", 0o755)
    service(files | {"watchdog": ("5 check\n", 0o644)})
    assert run("pysv", "check-config", "a").stdout == b""


SH = "#!/bin/sh\n"
BORROWED = {
    "256 in a finish that gets -1": (
        {"finish": (SH + '[ "$1" -ne 256 ] || exit 125\n', 0o755)},
        b"a/finish: it looks for 256, and gets -1 for a signal (a file dialect that holds s6",
    ),
    "-1 in a finish that gets 256": (
        {
            "finish": (SH + "case $1 in -1) echo killed ;; esac\n", 0o755),
            "timeout-kill": ("5000\n", 0o644),
        },
        b"a/finish: it looks for -1, and gets 256 for a signal (a file dialect that holds runit",
    ),
    "execline's finish": (
        {"finish": ("#!/usr/bin/env sh\nif { eltest ${1} -eq 256 } true\n", 0o755)},
        b"a/finish: it looks for 256",
    ),
    "more than 255": (
        {"finish": ("#!/usr/bin/env sh\n[ $1 -gt 255 ] && halt\n", 0o755)},
        b"a/finish: it looks for 256",
    ),
    "s6-permafailon": (
        {"finish": (SH + "exec s6-permafailon 60 5 1-255 true\n", 0o755)},
        b"a/finish: s6-permafailon finds no deaths here",
    ),
    "a oneshot": (
        {"type": ("oneshot\n", 0o644)},
        b"a/type: it does not hold longrun, but oneshot: run is kept running",
    ),
    "an empty type": ({"type": ("", 0o644)}, b"a/type: it does not hold longrun, but nothing"),
    "a bash redirection under sh": (
        {"run": (SH + "exec sleep 9 &>/dev/null\n", 0o755)},
        b"a/run: &> is bash's",
    ),
    "a bash redirection under env sh": (
        {"check": ("#!/usr/bin/env sh\ncurl x &>>log\n", 0o755)},
        b"a/check: &> is bash's",
    ),
    "no directory for svlogd": (
        {"log/run": (SH + "exec svlogd -tt -r _ ./main\n", 0o755)},
        b"a/log/run: there is no directory ./main for svlogd",
    ),
    "no directory for another account's multilog": (
        {"log/run": (SH + "exec setuidgid log multilog t s1000000 ./main\n", 0o755)},
        b"a/log/run: there is no directory ./main for multilog",
    ),
    "no directory for another account's logger, by our names": (
        {"log/run": (SH + "exec pysetuidgid log pymultilog t s1000000 ./main\n", 0o755)},
        b"a/log/run: there is no directory ./main for pymultilog",
    ),
    "no directory for the logger of an account that chpst becomes": (
        {"log/run": (SH + "exec pychpst -u log multilog t ./main\n", 0o755)},
        b"a/log/run: there is no directory ./main for multilog",
    ),
    "no place for multilog": (
        {"log/run": (SH + "exec multilog t /nonesuch/web \\\n  n10\n", 0o755)},
        b"a/log/run: there is no directory /nonesuch/web for multilog",
    ),
}
# What looks like one of these and is none.
FINE = {
    "a finish for both": {"finish": (SH + "case $1 in 256|-1) ;; esac\n", 0o755)},
    "-1 as an option": {
        "finish": (SH + "ls -1 $1 | head -1\n", 0o755),
        "timeout-kill": ("1\n", 0o644),
    },
    "256 of s6": {
        "finish": (SH + "[ $1 = 256 ]\n", 0o755),
        "notification-fd": ("3\n", 0o644),
    },
    "256 that the file dialect asks for": {
        "finish": (SH + "[ $1 = 256 ]\n", 0o755),
        "dialect": ("s6\n", 0o644),
    },
    "256 in a comment": {"finish": (SH + "# $1 is 256 there\necho $1\n", 0o755)},
    "a longrun": {"type": ("longrun\n", 0o644)},
    "&> in bash": {"run": ("#!/bin/bash\nexec sleep 9 &>/dev/null\n", 0o755)},
    "other redirections": {"run": (SH + "exec 2>&1 >x; a && b >&2; c 2>&1>y\n", 0o755)},
    "&> that is said": {"run": (SH + "echo '&>' \"a &> b\" # &>x\n", 0o755)},
    "a directory that multilog makes": {"log/run": (SH + "exec multilog t ./main\n", 0o755)},
    "a directory that the script makes": {
        "log/run": (SH + "mkdir -p main\nexec svlogd ./main\n", 0o755)
    },
    "a directory that is there": {
        "log/run": (SH + "exec chpst -u log svlogd -tt ./main\n", 0o755),
        "log/main/current": ("", 0o644),
    },
    "a directory that only the shell knows": {"log/run": (SH + 'exec svlogd "$LOGS"\n', 0o755)},
}


@pytest.mark.parametrize("case", BORROWED)
def test_what_was_written_for_another_supervisor(run, service, case):
    """Kind: what works elsewhere, does nothing or harm here, and nobody says so."""
    files, text = BORROWED[case]
    service(files)
    result = run("pysv", "check-config", "a")
    assert result.returncode == 1
    assert text in result.stdout


@pytest.mark.parametrize("case", FINE)
def test_what_only_looks_like_it(run, service, case):
    """Kind: a warning for what is right, after which no warning is read."""
    service(FINE[case])
    result = run("pysv", "check-config", "a")
    assert result.returncode == 0, result.stdout
    assert b"\n" not in result.stdout.replace(_note(result.stdout), b"")


def _note(said):
    """The line about finish in what was SAID."""
    return b"".join(line for line in said.splitlines(keepends=True) if b": it gets " in line)


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({}, b"it gets runit's arguments (-1 for a signal), since nothing says"),
        ({"timeout-up": "1", "type": "longrun"}, b"it gets s6's arguments (256 for a signal), "),
        ({"timeout-up": "1", "type": "longrun"}, b"since there is timeout-up, type\n"),
        ({"dialect": "s6"}, b"since there is dialect\n"),
    ],
)
def test_whose_arguments_finish_gets(run, service, files, text):
    """That is said, with its reason, and nothing is wrong."""
    service({"finish": (SH + "echo $1\n", 0o755)} | {n: (t, 0o644) for n, t in files.items()})
    result = run("pysv", "check-config", "a")
    assert (result.returncode, result.stdout.count(b"\n")) == (0, 1)
    assert text in result.stdout
    found = json.loads(run("pysv", "check-config", "-j", "a").stdout)
    assert (found["findings"], len(found["notes"])) == ([], 1)


def test_a_binary(run, service):
    """A run may be one."""
    (service({}) / "run").unlink()
    os.symlink("/bin/sleep", service({"run": None}) / "run")
    assert run("pysv", "check-config", "a").returncode == 0


def test_one_service_is_not_judged_by_another(run, service, place):
    """What a chain script would set is forgotten when the next is looked at."""
    service({"run": ("#!/usr/bin/env pychain\npyenvdir ./env\n$PROGRAM\n", 0o755)})
    (place / "a/env").mkdir()
    (place / "a/env/PROGRAM").write_text("true\n")
    (place / "b").mkdir()
    write_script(place / "b/run", "#!/usr/bin/env pychain\n$PROGRAM\n")
    result = run("pysv", "check-config", "a", "b")
    assert result.stdout.startswith(b"b/run:2: ")


def test_no_directory(run):
    """That is a finding too."""
    result = run("pysv", "check-config", "nonesuch")
    assert (result.returncode, result.stdout[:9]) == (1, b"nonesuch:")


def test_json(run, service):
    """An object a service, with a list of findings."""
    service({"run": ("", 0o755), "timeout-kill": ("x", 0o644)})
    found = json.loads(run("pysv", "check-config", "-j", "a").stdout)
    assert (found["service"], len(found["findings"])) == ("a", 2)


class TestNew:
    """The command pysv new."""

    def test_what_is_made(self, run, place):
        """What is made is a service with a logger, and nothing is wrong with it."""
        result = run(
            "pysv", "new", "-c", "web", "--", "sh", "-c", "echo 'it''s' >&2; exec sleep 1000"
        )
        assert (result.returncode, result.stdout) == (0, f"{place}/web\n".encode())
        assert run("pysv", "check-config", "web").returncode == 0
        assert sorted(os.listdir(place)) == ["web"]
        assert sorted(os.listdir(place / "web")) == [".pysv", "env", "log", "run"]

    def test_a_chain(self, run, place):
        """By default it is a chain script, each word of the command quoted as it has to be."""
        argv = ["sh", "-c", "exit $0", "a b", "it's", "", "x\ny", "$HOME"]
        assert run("pysv", "new", "web", "--", *argv).returncode == 0
        found = words.split((place / "web/run").read_bytes())[-1]
        # A shell that sends stderr to the log too, and becomes the command.
        assert words.expand(found, {})[3:] == [word.encode() for word in argv]
        assert run("pysv", "check-config", "web").returncode == 0

    def test_down(self, run, place):
        """-d leaves it down."""
        run("pysv", "new", "-d", "web", "--", "true")
        assert (place / "web/down").exists()

    def test_a_path(self, run, place):
        """A name with a slash in it is one."""
        assert run("pysv", "new", "x/web", "--", "true").returncode == 111
        (place / "x").mkdir()
        assert run("pysv", "new", "x/web", "--", "true").stdout == b"x/web\n"

    @pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o777])
    def test_modes(self, run, place, umask):
        """Kind: what is made has what the umask left of its mode."""
        assert run("pysv", "new", "-d", "web", "--", "true", umask=umask).returncode == 0
        web = place / "web"
        modes = {
            str(path.relative_to(place)): path.stat().st_mode & 0o7777
            for path in (web, *web.rglob("*"))
        }
        files = {"web/run": 0o755, "web/log/run": 0o755, "web/down": 0o644, "web/.pysv": 0o644}
        assert modes == {"web": 0o755, "web/env": 0o755, "web/log": 0o755} | files

    def test_a_relative_program(self, run, place):
        """It is found from where the service will run."""
        write_script(place / "prog", "#!/bin/sh\n")
        assert run("pysv", "new", "web", "--", "./prog").returncode == 0
        assert f"{place}/prog\n".encode() in (place / "web/run").read_bytes()

    def test_relative_words(self, run, place):
        """The kind: a path that was typed here means the same where the service runs."""
        (place / "conf").mkdir()
        for name in "server.py", "conf/a.toml":
            (place / name).touch()
        words = "server.py --conf=conf/a.toml ./new.sock conf/b 8000 text/html a=b -x ../y /z"
        assert run("pysv", "new", "web", "--", "sh", *words.split()).returncode == 0
        wanted = f"sh {place}/server.py --conf={place}/conf/a.toml {place}/new.sock {place}/conf/b"
        wanted += f" 8000 text/html a=b -x {place}/../y /z\n"
        assert wanted.encode() in (place / "web/run").read_bytes()

    @pytest.mark.parametrize(
        "argv", [["public"], ["--dir=public"], ["app:main"], ["-m", "app"], ["pkg.app:main"]]
    )
    def test_words_that_may_be_relative(self, run, place, argv):
        """A directory or a module that is here is refused, with what says it without doubt."""
        for name in "public", "pkg":
            (place / name).mkdir()
        for name in "app.py", "pkg/app.py":
            (place / name).touch()
        result = run("pysv", "new", "web", "--", "sh", *argv)
        assert result.returncode == 100
        assert b"here" in result.stderr
        assert f"give -C {place} and it runs here".encode() in result.stderr
        assert not (place / "web").exists()
        assert run("pysv", "new", "-C", ".", "web", "--", "sh", *argv).returncode == 0

    @pytest.mark.parametrize("before", [["-C", "work", "web"], ["web", "-C", "work"]])
    @pytest.mark.parametrize("options", [[], ["-c"]])
    def test_a_working_directory(self, run, place, before, options, fill):
        """-C: the command runs there, and its words are as they were typed; stderr is logged."""
        fill(place / "work", {"x": b""})
        write_script(place / "work/prog", "#!/bin/sh\npwd; ls x; echo $A $1\n")
        assert run("pysv", "new", *options, *before, "--", "./prog", "a b").returncode == 0
        (place / "web/env/A").write_text("1\n")
        if options:
            write_script(place / "web/envdir", '#!/bin/sh\nA=1; export A; shift; exec "$@"\n')
        path = f"{sys.prefix}/bin:{place}/web:/usr/bin:/bin"
        result = run("./run", cwd=place / "web", path=path)
        assert result.stdout.decode() == f"{place}/work\nx\n1 a b\n"
        assert run("pysv", "check-config", "web", path=path).stdout == b""

    def test_a_working_directory_that_is_none(self, run, place):
        """Nor a program that is not there is known at once."""
        (place / "work").mkdir()
        for argv in (["-C", "no", "web", "--", "true"], ["-C", "work", "web", "--", "./no"]):
            assert run("pysv", "new", *argv).returncode == 111
        assert os.listdir(place) == ["work"]

    @pytest.mark.parametrize("there", ["file", "directory", "link"])
    def test_nothing_is_overwritten(self, run, place, there):
        """What has the name already stays as it is, and nothing else is made."""
        path = place / "web"
        {"file": path.touch, "directory": path.mkdir, "link": lambda: path.symlink_to("x")}[there]()
        result = run("pysv", "new", "web", "--", "true")
        assert result.returncode == 111
        assert b"file already exists" in result.stderr
        assert os.listdir(place) == ["web"]

    def test_no_program(self, run, place):
        """A command that cannot be run makes no service."""
        result = run("pysv", "new", "web", "--", "nonesuch")
        assert result.returncode == 111
        assert b"unable to run nonesuch" in result.stderr
        assert os.listdir(place) == []

    @pytest.mark.parametrize("argv", [["web"], ["web", "true"], ["web", "--"], ["--", "true"], []])
    def test_wrong_usage(self, run, argv):
        """A name, two dashes, a command."""
        assert run("pysv", "new", *argv).returncode == 100

    @pytest.mark.parametrize("name", [".", "..", "/", "./"])
    def test_no_name(self, run, name):
        """That is no name for a service."""
        assert run("pysv", "new", name, "--", "true").returncode == 100

    def test_it_fails_halfway(self, place, monkeypatch):
        """Then nothing of it is left."""

        def full(file, data):
            if file.endswith(b"log/run"):
                raise OSError(28, "")
            written(file, data)

        written = new_directory._write
        monkeypatch.setattr(new_directory, "_write", full)
        with pytest.raises(new.cli.Quit):
            new_directory.make(os.fsencode(place / "web"), new.files(b"web", [b"true"], set()))
        assert os.listdir(place) == []

    def test_json(self, run, place):
        """The path, for a program."""
        found = json.loads(run("pysv", "new", "-j", "web", "--", "true").stdout)
        assert found == {"service": "web", "path": f"{place}/web"}
