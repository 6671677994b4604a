"""pysv add and remove, and templates: a service made and ended in one go."""

import fcntl
import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from pydaemontools.control.service_end import ServiceEnd
from tests.conftest import SYSTEM, wait_until, write_script
from tests.supervise.conftest import processes_in

# A scanner that starts pysupervise, as pysvscan keeps what it finds.
SCANNER = """#!/bin/sh
cd "$1" || exit
known=
while :; do
    for run in */run; do
        name=${run%/run}
        case $name in *@ | '*') continue ;; esac
        case " $known " in *" $name "*) continue ;; esac
        known="$known $name"
        pysupervise "$name" &
    done
    sleep 0.05
done
"""
# Says which instance it is, wherever that is asked.
SAYS = '#!/bin/sh\necho "%s:$INSTANCE" >>../seen\n'


def tree(directory):
    """All that is in DIRECTORY, as paths below it."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def lasting(directory):
    """The same, but for what a supervisor writes again and again."""
    return [path for path in tree(directory) if "supervise/" not in path]


@pytest.fixture
def scanned(place, scripts):
    """Have a scanner keep `place`, by its name and with PATH; all of it is killed at the end."""
    started = []

    def scan(name="svscan", path=f"{scripts}:{SYSTEM}", script=SCANNER):
        program = name
        if script:
            program = write_script(place.parent / "bin" / name, script)
        started.append(
            subprocess.Popen(
                [program, place],
                cwd=place,
                env={"PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
        return started[-1]

    yield scan
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    while left := processes_in(place):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def template(place):
    """A template of which every part says which instance it is of."""
    source = place / "web@"
    (source / "log").mkdir(parents=True)
    (source / "env").mkdir()
    (source / "env/PLACE").write_text("here\n")
    write_script(source / "run", SAYS % "run" + "echo out; exec sleep 1000\n")
    for name in "finish", "check":
        write_script(source / name, SAYS % name)
    write_script(source / "log/run", SAYS.replace("..", "../..") % "log" + "exec cat\n")
    return source


class TestAdd:
    """The kind: a command that makes a service and says too early, or nothing, of how it went."""

    def test_up_and_ready(self, run, scanned, place):
        """With a scanner it waits until the service is, and says so as pysv start does."""
        scanned()
        result = run("pysv", "-w30", "add", "web", "--", "sh", "-c", "echo up; exec sleep 1000")
        assert (result.returncode, result.stderr) == (0, b"")
        assert result.stdout.startswith(b"ok: run: web: (pid ")
        wait_until(lambda: b"up\n" in (place / "web/log/main/current").read_bytes())
        assert run("pysv", "status", "web").returncode == 0

    def test_what_does_not_come_up(self, run, scanned):
        """Its last words are said, as pysv start says them."""
        scanned()
        words = "echo cannot open database; exit 7"
        result = run("pysv", "add", "-w30", "web", "--", "sh", "-c", words)
        assert result.returncode == 1
        assert result.stdout.startswith(b"fail: web: exited 7 after ")
        assert result.stdout.endswith(b": cannot open database\n")

    def test_down(self, run, scanned):
        """With -d there is a supervisor, and the service stays down."""
        scanned()
        result = run("pysv", "-w30", "add", "-d", "web", "--", "sleep", "1000")
        assert result.returncode == 0
        assert result.stdout.startswith(b"down: web: ")

    def test_json(self, run, scanned):
        """All that pysv start -j has."""
        scanned()
        found = json.loads(run("pysv", "add", "-j", "-w30", "web", "--", "sleep", "1000").stdout)
        assert (found["service"], found["result"], found["up"]) == ("web", "ok", True)

    def test_with_nobody_there(self, run, place):
        """It is made and not started, which is a failure, and what to type is said."""
        result = run("pysv", "add", "web", "--", "sleep", "9")
        assert (result.returncode, result.stdout) == (1, f"{place}/web\n".encode())
        said = f"pysv: nothing supervises {place}/web: start one with `pysupervise {place}/web`"
        said += f", or all of {place} with `pysvscan {place}`\n"
        assert result.stderr.decode() == said
        assert "web/supervise" not in tree(place)

    def test_a_scanner_elsewhere_is_none(self, run, scanned, place):
        """One that keeps another directory does nothing here."""
        scanned()
        (place.parent / "other").mkdir()
        result = run("pysv", "add", "../other/web", "--", "sleep", "9")
        assert b"nothing supervises ../other/web" in result.stderr

    def test_a_scanner_that_does_nothing(self, run, scanned):
        """It is named, after the time that it had."""
        scanned(script="#!/bin/sh\ncd $1; while :; do sleep 1; done\n")
        result = run("pysv", "add", "-w0.2", "web", "--", "sleep", "9")
        assert result.returncode == 1
        assert b"pysv: svscan has not started a supervisor for " in result.stderr

    def test_a_fifo_that_it_reads(self, run, place):
        """A scanner that can be told to look is told, and not looked for."""
        (place / ".pysvscan").mkdir()
        os.mkfifo(place / ".pysvscan/control")
        fd = os.open(place / ".pysvscan/control", os.O_RDONLY | os.O_NONBLOCK)
        try:
            result = run("pysv", "add", "-w0", "web", "--", "sleep", "9")
            assert os.read(fd, 9) == b"a"
        finally:
            os.close(fd)
        assert b"pysvscan has not started" in result.stderr

    @pytest.mark.needs("svscan", "runsvdir", "supervise", "runsv")
    @pytest.mark.parametrize("name", ["svscan", "runsvdir"])
    def test_the_originals_scanners(self, run, scanned, place, name):
        """They look each five seconds; one is in the directory, the other goes there and back."""
        process = scanned(name, script="", path=SYSTEM)
        wait_until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == name + "\n")
        for _ in range(2):
            result = run("pysv", "-w30", "add", "-c", "web", "--", "sleep", "1000")
            assert (result.returncode, result.stderr) == (0, b"")
            assert run("pysv", "-w30", "remove", "--purge", "web").returncode == 0
            assert not (place / "web").exists()

    @pytest.mark.needs("s6-svscan", "s6-supervise")
    def test_s6_svscan(self, run, scanned, place):
        """It looks when it is told to, and no other time."""
        scanned("s6-svscan", script="", path=SYSTEM)
        wait_until((place / ".s6-svscan/control").exists)
        result = run("pysv", "-w30", "add", "-c", "web", "--", "sleep", "1000")
        assert (result.returncode, result.stderr) == (0, b"")
        assert run("pysv", "-w30", "remove", "web").returncode == 0
        assert not (place / "web").exists()

    @pytest.mark.parametrize("name", ["web@", "@web", "web*", "..", "./.web"])
    @pytest.mark.parametrize("command", ["add", "new"])
    def test_names_that_are_none(self, run, place, command, name):
        """A template is made by new alone; what means a group or several can be none."""
        result = run("pysv", command, name, "--", "true")
        is_made = command == "new" and name in ("web@", "./.web")
        assert result.returncode == (0 if is_made else 100)
        assert is_made or tree(place) == []

    def test_a_name_like_an_option(self, run, place):
        """To its logger it is a name: that starts, as with any other."""
        assert run("pysv", "new", "./-z", "--", "sleep", "1000").returncode == 0
        done = run(str(place / "-z/log/run"), cwd=place / "-z/log", input=b"a line\n")
        assert (done.returncode, done.stderr) == (0, b"")
        assert (place / "-z/log/main/current").read_text().endswith(" a line\n")

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("two\nlines", b"a service cannot be called two?lines\n"),
            ("z" * 255, b": file name too long\n"),
        ],
    )
    def test_a_name_that_cannot_be(self, run, name, said):
        """The last line says why, in one line, and nothing that does not matter."""
        done = run("pysv", "new", f"./{name}", "--", "sleep", "1000")
        assert done.returncode in {100, 111}
        assert done.stderr.endswith(said)

    def test_a_slip(self, run, place):
        """Wrong usage makes nothing: no command, no name, two of one kind."""
        for words in [], ["web"], ["web", "sleep", "9"], ["web", "--"], ["web@1", "-C", "."]:
            assert run("pysv", "add", *words).returncode == 100, words
        assert run("pysv", "add", "web@1").returncode == 111
        assert tree(place) == []

    def test_half_a_directory_is_said(self, run, place):
        """What another left, or is at, is named."""
        (place / ".web.new").mkdir()
        result = run("pysv", "add", "web", "--", "true")
        assert result.returncode == 111
        assert f"{place}/.web.new is there: another pysv makes it now".encode() in result.stderr


class TestTemplates:
    """The kind: many services of one program, each with its own word."""

    def test_every_part_knows_its_instance(self, run, scanned, template):
        """Run, finish, check and the logger; and the variables of the template are there."""
        scanned()
        result = run("pysv", "-w30", "add", "web@8001")
        assert (result.returncode, result.stderr) == (0, b"")
        assert run("pysv", "-w30", "add", "web@a@b").returncode == 0
        seen = template.parent / "seen"
        # Check says that it works before run has come to say anything.
        wait_until(lambda: {"run:8001", "run:a@b"} <= set(seen.read_text().split()))
        assert run("pysv", "-w30", "stop", "web@*").returncode == 0
        parts = ("run", "finish", "check", "log")
        wanted = {f"{part}:{which}" for part in parts for which in ("8001", "a@b")}
        wait_until(lambda: set(seen.read_text().split()) == wanted)

    def test_a_chain_script(self, run, scanned, place):
        """What new makes of $INSTANCE is the instance, in the service and in the log."""
        scanned()
        show = 'echo "$0 $1 $INSTANCE $INSIDE"; exec sleep 1000'
        run("pysv", "new", "web@", "--", "sh", "-c", show, "a:$INSTANCE", "${INSTANCE}b 'c'")
        (place / "web@/env/INSIDE").write_text("inside\n")
        assert run("pysv", "-w30", "add", "web@80").returncode == 0
        log = place / "web@80/log/main/current"
        wait_until(lambda: log.read_bytes().endswith(b" a:80 80b 'c' 80 inside\n"))
        assert not (place / "web@/log/main").exists()
        assert "web@/supervise" not in tree(place)

    def test_a_supervisor_that_knows_no_templates(self, run, supervised, place):
        """The variables have the instance too, where run reads them."""
        run("pysv", "new", "web@", "--", "sh", "-c", "echo $INSTANCE >../seen; exec sleep 9")
        run("pysv", "new", "web@80")
        run_file = os.readlink(place / "web@80/run")
        assert run_file == "../web@/run"
        read = "exec pyenvdir ./env sh -c 'echo $INSTANCE >../seen; exec sleep 1000'"
        write_script(place / "web@/run", f"#!/bin/sh\n{read}\n")
        (place / "web@80/run").unlink()
        supervised(
            "runsv" if (Path("/usr/bin/runsv")).exists() else "pysupervise",
            place / "web@80",
            run=read,
        )
        wait_until(lambda: (place / "seen").read_text() == "80\n")

    def test_what_is_linked_and_what_is_its_own(self, run, place, template):
        """Files by links that stay when all is moved; what is written to is each one's own."""
        (template / "ready").write_text("log out\n")
        (template / "www").mkdir()
        (template / ".hidden").touch()
        (template / "run~").touch()
        (template / "down").touch()
        (template / "event").mkdir(mode=0o711)
        (template / "supervise").mkdir()
        (template / "log/main").mkdir()
        (template / "log/main").chmod(0o750)
        (template / "log/main/config").write_text("s1000\n")
        (template / "log/main/current").write_text("old\n")
        os.mkfifo(template / "fifo")
        assert run("pysv", "new", "web@1").returncode == 0
        made = place / "web@1"
        links = {
            str(one.relative_to(made)): os.readlink(one)
            for one in made.rglob("*")
            if one.is_symlink()
        }
        assert links == {
            "run": "../web@/run",
            "finish": "../web@/finish",
            "check": "../web@/check",
            "ready": "../web@/ready",
            "www": "../web@/www",
            "env/PLACE": "../../web@/env/PLACE",
            "log/run": "../../web@/log/run",
            "log/main/config": "../../../web@/log/main/config",
        }
        own = {".pysv", "down", "event", "env", "env/INSTANCE", "log", "log/main"}
        assert set(tree(made)) == own | set(links)
        assert (made / "log/main/config").read_text() == "s1000\n"
        assert (made / "log/main").stat().st_mode & 0o777 == 0o750
        assert (made / "event").stat().st_mode & 0o777 == 0o711

    def test_it_follows_its_template(self, run, scanned, place, template):
        """The next start is of what the template has then."""
        scanned()
        assert run("pysv", "-w30", "add", "web@1").returncode == 0
        write_script(template / "run", SAYS % "next" + "exec sleep 1000\n")
        assert run("pysv", "-w30", "restart", "web@1").returncode == 0
        wait_until(lambda: "next:1" in (place / "seen").read_text())

    def test_it_is_never_run(self, run, template):
        """Not by pysupervise, and pysv says what it is."""
        for name in "web@", "./web@/", ".":
            result = run("pysupervise", name, cwd=template if name == "." else template.parent)
            assert result.returncode == 111
            assert b"is a template, which is never run" in result.stderr
        result = run("pysv", "start", "web@")
        assert result.returncode == 1
        assert b"web@ is a template, which is never run" in result.stderr
        assert b"web@" not in run("pysv", "ls").stdout
        assert b"a template, which is never run" in run("pysv", "ls", "web@").stdout

    @pytest.mark.parametrize(("kind", "known"), [("pysupervise", b"1\n"), ("supervise", b"\n")])
    def test_only_under_its_own_name(self, supervised, place, originals, kind, known):
        """To an original the name of a directory is a name; . is the directory we are in."""
        (place / "web@1").mkdir()
        run = "env -u PWD sh -c 'echo $INSTANCE >../seen'; exec sleep 1000"
        program = kind if kind[:2] == "py" else str(originals / kind)
        supervised(program, place / "web@1", run=run)
        wait_until(lambda: (place / "seen").read_bytes() == known)

    def test_there_is_none(self, run, place):
        """Nothing is made, and how one is made is said."""
        result = run("pysv", "new", "web@1")
        assert result.returncode == 111
        first, second = result.stderr.decode().splitlines()
        assert first == f"pysv: fatal: unable to make {place}/web@1: there is no {place}/web@"
        assert second.startswith(f"pysv: `pysv new {place}/web@ -- COMMAND` makes one")
        (place / "web@").mkdir()
        assert b"holds no run" in run("pysv", "new", "web@1").stderr
        assert tree(place) == ["web@"]

    def test_daemontools_has_none(self, run, place):
        """Nobody would tell the scripts of -c which instance they are."""
        assert run("pysv", "new", "-c", "web@", "--", "true").returncode == 100
        assert tree(place) == []


class TestRemove:
    """The kind: a removal that takes too much with it, or stops halfway."""

    @pytest.fixture
    def added(self, run, scanned):
        """A service that runs below a scanner, called web."""
        scanned()
        words = "sh", "-c", "echo a line; exec sleep 1000"
        assert run("pysv", "-w30", "add", "web", "--", *words).returncode == 0

    def test_all_is_gone(self, run, scanned, place):
        """A service that wrote nothing leaves nothing: no file and no process."""
        scanned()
        assert run("pysv", "-w30", "add", "web", "--", "sleep", "1000").returncode == 0
        result = run("pysv", "-w30", "remove", "web")
        assert (result.returncode, result.stdout) == (0, b"ok: web: removed\n"), result
        assert result.stderr == b""
        assert [path for path in tree(place) if "web" in path] == []
        assert processes_in(place / "web") == []

    @pytest.mark.usefixtures("added")
    def test_its_log_is_kept(self, run, place):
        """Where no scanner looks, read by its name; the next service of that name has it again."""
        log = place / "web/log/main/current"
        wait_until(lambda: log.read_bytes().endswith(b"a line\n"))
        result = run("pysv", "-w30", "remove", "web")
        said = f"ok: web: removed; its log is kept in {place}/.web/log/main\n"
        assert (result.returncode, result.stdout.decode()) == (0, said)
        assert [path.name for path in place.glob("*web*")] == [".web"]
        left = {path for path in tree(place / ".web") if "main/" not in path}
        assert left == {".pysv", "log", "log/main"}
        assert run("pysv", "logs", "web").stdout.endswith(b"a line\n")
        assert run("pysv", "new", "web", "--", "sleep", "9").returncode == 0
        assert log.read_bytes().endswith(b"a line\n")
        assert [path.name for path in place.glob("*web*")] == ["web"]

    @pytest.mark.usefixtures("added")
    def test_purge(self, run, place):
        """With --purge the log goes too, and what a person has put there."""
        (place / "web/env/TOKEN").write_text("secret\n")
        (place / "web/data/deep").mkdir(parents=True)
        (place / "web/data/deep/file").touch()
        (place.parent / "elsewhere").mkdir()
        (place.parent / "elsewhere/file").touch()
        (place / "web/link").symlink_to(place.parent / "elsewhere")
        result = run("pysv", "-w30", "remove", "--purge", "web")
        assert (result.returncode, result.stdout) == (0, b"ok: web: removed\n")
        assert not (place / "web").exists()
        assert (place.parent / "elsewhere/file").exists()

    def test_the_log_alone(self, run, place):
        """What remove has kept, remove --purge removes."""
        run("pysv", "new", "web", "--", "true")
        (place / "web/log/main").mkdir()
        (place / "web/log/main/current").write_text("a line\n")
        assert run("pysv", "remove", "web").returncode == 0
        result = run("pysv", "remove", "web")
        assert result.returncode == 1
        assert f"only its log is left, in {place}/.web; --purge" in result.stdout.decode()
        assert (place / ".web/log/main/current").exists()
        assert run("pysv", "remove", "--purge", "web").returncode == 0
        assert tree(place) == []

    def test_a_log_that_was_kept_before(self, run, place):
        """Nothing is put in the place of what is there, and nothing is done."""
        run("pysv", "new", "web", "--", "true")
        (place / "web/log/main").mkdir()
        (place / "web/log/main/current").write_text("a line\n")
        (place / ".web").mkdir()
        before = tree(place)
        result = run("pysv", "remove", "web")
        assert result.returncode == 1
        assert f"would be kept in {place}/.web, which is there" in result.stdout.decode()
        assert tree(place) == before

    @pytest.mark.usefixtures("added")
    @pytest.mark.parametrize("what", ["env/TOKEN", "finish", "data/", "log/finish", "run", "link"])
    def test_what_is_somebody_elses(self, run, place, what):
        """A file that was added or changed is named, and nothing is done: it runs on."""
        path = place / "web" / what
        if what[-1] == "/":
            path.mkdir()
        elif what == "link":
            path.symlink_to("run")
        else:
            path.write_text("#!/bin/sh\n# mine\n")
        before, status = lasting(place), run("pysvstat", "-o", "pid", "web").stdout
        result = run("pysv", "-w30", "remove", "web")
        assert result.returncode == 1
        named = what + " (changed)" if what == "run" else what
        assert f"what pysv has not made: {named}; --purge" in result.stdout.decode()
        assert lasting(place) == before
        assert run("pysvstat", "-o", "pid", "web").stdout == status

    def test_what_pysv_has_not_made(self, run, supervised, place):
        """A directory of somebody else is neither ended nor removed, purged or not."""
        supervised("pysupervise", place / "web")
        before, status = lasting(place), run("pysvstat", "-o", "pid", "web").stdout
        for options in [], ["--purge"], ["-f"]:
            result = run("pysv", "remove", *options, "web")
            assert result.returncode == 1
            assert result.stdout.startswith(b"fail: web: pysv has not made it, so ")
        assert lasting(place) == before
        assert run("pysvstat", "-o", "pid", "web").stdout == status

    def test_one_that_does_not_end(self, run, scanned, place):
        """It is told, waited for, and stays as it is with all its files; with -f it is killed."""
        scanned()
        words = "sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"
        assert run("pysv", "-w30", "add", "web", "--", *words).returncode == 0
        wait_until(lambda: b"up\n" in (place / "web/log/main/current").read_bytes())
        before = lasting(place)
        result = run("pysv", "-w0.3", "remove", "web")
        assert result.returncode == 1
        assert result.stdout.startswith(b"fail: web: still runs after 0.3 seconds; it was told to ")
        assert lasting(place) == before
        result = run("pysv", "-w1", "remove", "-f", "--purge", "web")
        assert (result.returncode, result.stdout) == (0, b"ok: web: removed\n")

    def test_a_logger_that_does_not_end(self, run, scanned, place):
        """As its service: it has its time, and with -f it is killed."""
        run("pysv", "new", "web", "--", "sleep", "1000")
        write_script(place / "web/log/run", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n")
        scanned("pysvscan", script="")
        wait_until(lambda: run("pysv", "check", "web", "web/log").returncode == 0)
        result = run("pysv", "-w0.3", "remove", "--purge", "web")
        assert result.returncode == 1
        assert b"its supervisor has not ended in 0.3 seconds; nothing is removed (-f kills" in (
            result.stdout
        )
        assert (place / "web/run").exists()
        result = run("pysv", "-w1", "remove", "-f", "--purge", "web")
        assert (result.returncode, result.stdout) == (0, b"ok: web: removed\n")
        assert processes_in(place / "web") == []

    def test_a_link(self, run, supervised, place):
        """It is removed, when the service has ended; where it leads is somebody's."""
        there = place.parent / "there"
        supervised("pysupervise", there)
        (place / "web").symlink_to(there)
        result = run("pysv", "-w30", "remove", "web")
        said = f"ok: web: removed; it was a link, and {there} is kept\n"
        assert (result.returncode, result.stdout.decode()) == (0, said)
        assert not (place / "web").is_symlink()
        assert (there / "run").exists()
        assert run("pysvok", str(there)).returncode == 100

    def test_a_link_to_nothing(self, run, place):
        """Nobody can say what ran there, nor where it is looked for: what to do is said."""
        (place / "web").symlink_to("gone")
        result = run("pysv", "remove", "web")
        assert (result.returncode, result.stderr) == (1, b"")
        assert result.stdout.startswith(b"fail: web: not removed, as it is a link to nothing, gone")
        assert b": rm removes it, and `pysvscanctl -n` ends " in result.stdout
        assert (place / "web").is_symlink()

    @pytest.mark.parametrize("kind", ["supervise", "runsv", "pysupervise"])
    def test_whoever_supervises(self, run, supervised, place, needs, kind):
        """The originals' supervisors end too."""
        if kind != "pysupervise":
            needs(kind)
        run("pysv", "new", "-c", "web", "--", "sleep", "1000")
        supervised(kind, place / "web", run=(place / "web/run").read_text().partition("\n")[2][:-1])
        assert run("pysv", "-w30", "remove", "web").returncode == 0
        assert tree(place) == []

    def test_instances_and_their_template(self, run, scanned, place, template):
        """Links are removed, never what they lead to; a template that is in use stays."""
        scanned()
        (template / ".pysv").write_text("# made\n")
        for which in "1", "2":
            assert run("pysv", "-w30", "add", f"web@{which}").returncode == 0
        before = tree(template)
        result = run("pysv", "remove", "--purge", "web@")
        assert result.returncode == 1
        assert b"it is the template of web@1 web@2: remove that first" in result.stdout
        assert run("pysv", "-w30", "remove", "web@*").returncode == 0
        assert tree(template) == before
        assert [path.name for path in place.glob("web@?*")] == []
        assert run("pysv", "remove", "--purge", "web@").returncode == 0
        assert not template.exists()

    def test_down_is_nobodys(self, run, place):
        """What pysv disable has made is none of a person's."""
        run("pysv", "new", "web", "--", "true")
        run("pysv", "disable", "web")
        assert run("pysv", "remove", "web").returncode == 0
        assert tree(place) == []

    def test_what_a_list_may_not_name(self, run, place):
        """The list in the directory is no way out of it: a hostile one names what is elsewhere."""
        run("pysv", "new", "web", "--", "true")
        victim = place.parent / "victim"
        (victim / "main").mkdir(parents=True)
        (victim / "main/file").write_text("dear\n")
        listed = (place / "web/.pysv").read_text()
        more = "00000000 ../../victim/main/file\ndirectory ../../victim\ndirectory log/main\n"
        (place / "web/.pysv").write_text(listed + more)
        (place / "web/log/main").symlink_to(victim / "main")
        result = run("pysv", "remove", "web")
        assert result.returncode == 1
        assert b"what pysv has not made: log/main (changed)" in result.stdout
        assert run("pysv", "remove", "--purge", "web").returncode == 0
        assert (victim / "main/file").read_text() == "dear\n"

    @pytest.mark.needs_root
    def test_another_file_system(self, run, place):
        """What is mounted there is not walked into, and nothing is removed."""
        run("pysv", "new", "web", "--", "true")
        (place / "web/mounted").mkdir()
        script = "mount -t tmpfs none web/mounted && touch web/mounted/dear || exit\n"
        script += 'pysv remove --purge web; echo "$?"; ls web/mounted'
        result = run("unshare", "-m", "sh", "-c", script)
        if not result.stdout:
            pytest.skip("needs leave to mount a file system")
        assert b"cross-device link" in result.stdout
        assert result.stdout.endswith(b"1\ndear\n")

    def test_a_closed_directory(self, run, place, ordinary):
        """One that may not be written to is refused before anything is told."""
        if not ordinary:
            run("pysv", "new", "web", "--", "true")
            place.chmod(0o555)
        else:
            run("pysv", "new", "web", "--", "true")
        result = run(*ordinary, "pysv", "remove", "web")
        place.chmod(0o755)
        assert result.returncode == 1
        assert b"may not be written to" in result.stdout
        assert (place / "web/run").exists()

    def test_what_is_nowhere(self, run):
        """It is said where it was looked for, and each failure counts."""
        result = run("pysv", "remove", "wbe", "wbx")
        assert result.returncode == 2
        assert b"looked for " in result.stderr
        assert run("pysv", "remove").returncode == 100
        assert run("pysv", "remove", "--all").returncode == 100

    def test_where_we_are(self, run, place):
        """Neither . nor .. is renamed: what is there is not even ended."""
        run("pysv", "new", "web", "--", "true")
        for name in ".", "..", "./", "../web/.":
            result = run("pysv", "remove", name, cwd=place / "web")
            assert result.returncode == 1
            assert b"that is no name" in result.stdout
        for name in "/", "///", "":
            result = run("pysv", "remove", name)
            assert (result.returncode, result.stderr) == (1, b"")
            assert b": not removed, as that is no name: " in result.stdout
        assert run("pysv", "remove", "../web", cwd=place / "web").returncode == 0
        assert tree(place) == []

    def test_one_that_was_killed(self, run, place):
        """What it had put aside is removed by the next; not while it is still at it."""
        run("pysv", "new", "web", "--", "true")
        (place / "web").rename(place / ".web.removed")
        with (place / ".web.removed/.pysv").open() as made:
            fcntl.flock(made, fcntl.LOCK_EX)
            result = run("pysv", "remove", "web")
            assert (result.returncode, result.stderr) == (1, b"")
            assert result.stdout == b"fail: web: another pysv is removing it\n"
            (place / ".web.removed").rename(place / "web")
            again = run("pysv", "remove", "web")
            assert (again.stdout, again.stderr) == (result.stdout, b"")
        assert run("pysv", "remove", "web").stdout == b"ok: web: removed\n"
        assert tree(place) == []

    def test_killed_at_any_moment(self, run, start, place):
        """It can be repeated until nothing is left."""
        for delay in range(12):
            run("pysv", "new", "web", "--", "true")
            process = start("pysv", "remove", "web")
            until = time.monotonic() + delay * 0.02
            while time.monotonic() < until and process.poll() is None:
                pass
            process.kill()
            process.communicate()
            result = run("pysv", "remove", "web")
            assert [path for path in tree(place) if "web" in path] == [], (delay, result)

    def test_not_what_a_killed_supervisor_left(self, run, start, place):
        """It goes on, and with its directory gone nobody would ever end it."""
        run("pysv", "new", "web", "--", "sleep", "1000")
        supervisor = start("pysupervise", place / "web")
        pid = wait_until(lambda: int((place / "web/supervise/pid").read_text()))
        try:
            supervisor.kill()
            supervisor.wait()
            result = run("pysv", "remove", "--purge", "web")
        finally:
            os.kill(pid, signal.SIGKILL)
        assert result.returncode == 1
        said = b"not removed, as its supervisor was killed and process %d goes on" % pid
        assert said in result.stdout
        assert (place / "web/run").exists()
        wait_until(lambda: run("pysv", "remove", "web").stdout == b"ok: web: removed\n")

    @pytest.mark.parametrize("lock", [".", "supervise/lock"])
    def test_what_is_just_being_started(self, run, place, lock):
        """Whoever has the lock is about to start it, in the place that we would remove."""
        run("pysv", "new", "web", "--", "sleep", "1000")
        (place / "link").symlink_to("web")
        if lock != ".":
            (place / "web/supervise").mkdir()
            (place / "web" / lock).touch()
        fd = os.open(place / "web" / lock, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        for name in "web", "link":
            result = run("pysv", "-w0", "remove", name)
            assert result.returncode == 1, result
            said = f"fail: {name}: nothing is removed, as it is just being started (-w waits "
            assert result.stdout.decode().startswith(said)
            assert f" is held by process {os.getpid()}" in result.stdout.decode()
            assert (place / name / "run").exists()
        os.close(fd)
        assert run("pysv", "-w0", "remove", "link").returncode == 0
        assert run("pysv", "-w0", "remove", "web").returncode == 0
        assert lasting(place) == []

    def test_what_has_just_begun(self, run, start, place):
        """A supervisor that has not yet said how its service is will say it."""
        run("pysv", "new", "web", "--", "sleep", "1000")
        supervisor = start("pysupervise", "web", cwd=place)
        wait_until(lambda: run("pysv", "check", "web").returncode == 0)
        (place / "web/supervise/status").rename(place / "status")
        result = run("pysv", "-w0", "remove", "web")
        assert b": its supervisor has not yet said how it is\n" in result.stdout
        # Nor does any other command speak of a supervisor that has never been there.
        assert run("pysv", "status", "web").stderr == b""
        remover = start("pysv", "-w30", "remove", "web", stdout=subprocess.PIPE)
        (place / "status").rename(place / "web/supervise/status")
        assert remover.communicate(timeout=30)[0] == b"ok: web: removed\n"
        supervisor.wait(timeout=30)
        assert tree(place) == []

    def test_nobody_starts_it_meanwhile(self, run, place):
        """Between the look for who supervises it and its end there is no place for another."""
        run("pysv", "new", "web", "--", "sleep", "1000")
        ending = ServiceEnd(0, force=False)
        ending.service(os.fsencode(place / "web"))
        result = run("pysupervise", "web", cwd=place)
        assert result.returncode == 111
        assert f" is held by process {os.getpid()}" in result.stderr.decode()
        ending.close()
        assert run("pysv", "remove", "web").returncode == 0

    def test_json(self, run):
        """An object a service, with what is kept."""
        run("pysv", "new", "web", "--", "true")
        lines = run("pysv", "remove", "-j", "web", "wbe").stdout.splitlines()
        found = [json.loads(line) for line in lines]
        assert [(one["service"], one["result"]) for one in found] == [
            ("web", "ok"),
            ("wbe", "fail"),
        ]
