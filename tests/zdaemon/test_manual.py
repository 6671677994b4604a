"""What zdaemon's manual has one type, with what it says then, and files of real projects."""

import os
import re
import sys

import pytest

from tests.zdaemon.typing_in import lives, read_pid

NAMES = ("pyzdaemon", "zdaemon")


@pytest.fixture(params=NAMES)
def manual(request, typed, originals):
    """Types the commands of the manual, under either name; gives what is said on both streams."""
    path = request.param if request.param == "pyzdaemon" else f"{originals}/zdaemon"

    def type_in(*words, code=0):
        found, said, error = typed(*words, tool=path)
        assert found == code
        # The manual has dots, and some pid.
        return re.sub(r"pid=\d+", "pid=NNN", said + error).strip("\n")

    type_in.typed = typed
    return type_in


STARTED, STOPPED = "daemon process started, pid=NNN", "daemon process stopped"


def test_options(manual):
    """ZD-40. The first example: a program by -p, in the foreground and as a daemon."""
    assert manual("-p", "echo hello world", "fg") == "echo hello world\nhello world"
    sleep = ("-p", "sleep 100")
    assert manual(*sleep, "start") == STARTED
    assert manual(*sleep, "status") == "program running; pid=NNN"
    assert manual(*sleep, "stop") == STOPPED
    assert manual(*sleep, "status", code=3) == "daemon manager not running"


def test_a_file(manual):
    """A file in the place of options; where the socket is."""
    place = manual.typed.place
    manual.typed.conf(program="sleep 100")
    before = set(os.listdir(place))
    assert manual("-Cconf", "start") == STARTED
    made = {name for name in os.listdir(place) if not name.startswith("zdsock.")} - before
    assert made == {"zdsock"}
    assert manual("-Cconf", "stop") == STOPPED
    manual.typed.conf(program="sleep 100", socket_name=f"{place}/demo.zdsock")
    assert manual("-Cconf", "start") == STARTED
    assert not (place / "zdsock").exists()
    assert (place / "demo.zdsock").exists()
    assert manual("-Cconf", "stop") == STOPPED


def test_words_for_the_program(manual):
    """What stands behind start is for the program."""
    manual.typed.conf(program="sleep", socket_name=f"{manual.typed.place}/demo.zdsock")
    assert manual("-Cconf", "start", "100") == STARTED
    assert manual("-Cconf", "status") == "program running; pid=NNN"
    assert manual("-Cconf", "stop") == STOPPED


def test_variables(manual):
    """<environment> sets variables of the program."""
    manual.typed.conf(
        "<environment>\n  LD_LIBRARY_PATH /home/foo/lib\n  HOME /home/foo\n</environment>",
        program="env",
        socket_name=f"{manual.typed.place}/demo.zdsock",
    )
    first, *said = manual("-Cconf", "fg").splitlines()
    assert first == "env"
    assert {"LD_LIBRARY_PATH=/home/foo/lib", "HOME=/home/foo"} <= set(said)


def test_a_transcript(manual, until):
    """ZD-8. What the program prints is in a file, which may be renamed and opened anew."""
    place = manual.typed.place
    manual.typed.conf(program="tail -f data", transcript="log")
    data = manual.typed.file("data", "rec 1\n")
    log, old = place / "log", place / "log.1"

    def add(text):
        with data.open("a") as file:
            file.write(text)

    assert manual("-Cconf", "start") == STARTED
    until(lambda: log.read_text() == "rec 1\n")
    log.rename(old)
    add("rec 2\n")
    until(lambda: old.read_text() == "rec 1\nrec 2\n")
    assert manual("-Cconf", "reopen_transcript") == ""
    until(log.exists)
    add("rec 3\n")
    until(lambda: log.read_text() == "rec 3\n")
    assert old.read_text() == "rec 1\nrec 2\n"
    assert manual("-Cconf", "stop") == STOPPED


def test_a_start_test(manual):
    """A start test says when it is started; start-timeout how long that may take."""
    place = manual.typed.place
    manual.typed.file("prog", "sleep 0.5\n: >x\nexec sleep 100\n")
    manual.typed.conf(program="sh prog", start_test_program="cat x")
    assert manual("-Cconf", "start") == STARTED
    assert (place / "x").exists()
    assert manual("-Cconf", "stop") == STOPPED


def test_an_event_log(manual, until):
    """The last example: an event log on a file and on standard out."""
    log = manual.typed.place / "foo.log"
    manual.typed.conf(
        "<eventlog>\n  <logfile>\n    path foo.log\n  </logfile>\n\n"
        "  <logfile>\n    path STDOUT\n  </logfile>\n</eventlog>",
        program="sleep 100",
    )
    assert STARTED in manual("-Cconf", "start")
    until(lambda: "INFO root spawned process pid=" in log.read_text())
    assert STOPPED in manual("-Cconf", "stop")
    until(lambda: "INFO root Exiting\n" in log.read_text())


def test_all_keys(manual):
    """ZD-22. The reference of the manual: all keys in one file, with their defaults or others."""
    place = manual.typed.place
    manual.typed.conf(
        program="sleep 100",
        socket_name=f"{place}/zdsock",
        daemon="True",
        directory=f"{place}",
        backoff_limit="10",
        forever="True",
        exit_codes="0,2",
        umask="022",
        default_to_interactive="True",
        hang_around="False",
        logfile=f"{place}/log",
        transcript=f"{place}/log",
        prompt="demo>",
        start_timeout="300",
        stop_timeout="300",
    )
    assert manual("-Cconf", "start") == STARTED
    assert manual("-Cconf", "stop") == STOPPED


# The shapes of files that are in use, for a program that stands in for theirs. What is not
# zdaemon's own is read by a schema that stands in for the project's.
ZEO = """
%define INSTANCE {place}

<zeo>
  address $INSTANCE/zeo.sock
  read-only false
  invalidation-queue-size 100
</zeo>

<filestorage 1>
  path $INSTANCE/Data.fs
</filestorage>

<eventlog>
  level info
  <logfile>
    path $INSTANCE/zeo.log
    format %(asctime)s %(message)s
  </logfile>
</eventlog>

<runner>
  program {place}/bin/stand-in
  socket-name $INSTANCE/zeo.zdsock
  daemon true
  forever false
  backoff-limit 10
  exit-codes 0, 2
  directory $INSTANCE
  default-to-interactive true
  # user zope
  python {python}
  zdrun {place}/nowhere/zdaemon/zdrun.py
  logfile $INSTANCE/zeo.log
</runner>
"""
ZOPE = """
%define INSTANCE {place}
instancehome $INSTANCE

<eventlog>
  level BLATHER
  <logfile>
    path $INSTANCE/event.log
    level INFO
  </logfile>
</eventlog>

<zoperunner>
  program $INSTANCE/bin/stand-in
  socket-name $INSTANCE/zopectlsock
</zoperunner>
"""
RELSTORAGE = """
<runner>
  program {place}/bin/stand-in -X debug-mode=off
  directory {place}
  socket-name {place}/cache.zdsock
  transcript {place}/cache.log
  backoff-limit 2
  forever on
  exit-codes
  umask 027
</runner>

<environment>
  PGHOST /run/postgresql
  RELSTORAGE_DSN dbname='zodb' user='zope'
</environment>

<eventlog>
  <logfile>
    path STDERR
  </logfile>
</eventlog>
"""
INDICO = """
<runner>
  program {place}/bin/stand-in -C {place}/zodb.conf
  socket-name {place}/zdsock
  daemon true
  forever true
  backoff-limit 10
  exit-codes 2
  directory {place}
  default-to-interactive true
  transcript {place}/zodb.out
  umask 022
  hang-around False
</runner>
"""
PLONE = """
%define VAR {place}
<runner>
  program $VAR/bin/stand-in
  socket-name $VAR/zeoserver.sock
  daemon true
  forever false
  backoff-limit 10
  exit-codes 0, 2
  directory $VAR
  default-to-interactive true
  logfile $VAR/zeoserver.log
  start-test-program test -e $VAR/up
  start-timeout 60
</runner>
<eventlog>
  level info
  <logfile>
    path $VAR/zeoserver.log
    max-size 5MB
    old-files 5
  </logfile>
</eventlog>
"""
SCHEMA = """
<schema>
  <import package="ZConfig.components.logger"/>
  <import package="zdaemon"/>
  <sectiontype name="zeo">
    <key name="address"/>
    <key name="read-only" datatype="boolean"/>
    <key name="invalidation-queue-size" datatype="integer"/>
  </sectiontype>
  <sectiontype name="filestorage"><key name="path"/></sectiontype>
  <sectiontype name="zoperunner">
    <key name="program" datatype="string-list"/>
    <key name="socket-name" datatype="existing-dirpath"/>
  </sectiontype>
  <key name="instancehome" datatype="existing-directory"/>
  <section name="*" type="zeo" attribute="zeo"/>
  <multisection name="+" type="filestorage" attribute="storages"/>
  <section name="*" type="{runner}" attribute="runner" required="yes"/>
  <section name="*" type="eventlog" attribute="eventlog"/>
</schema>
"""
FILES = {
    "zeo": (ZEO, "runner"),
    "zope": (ZOPE, "zoperunner"),
    "relstorage": (RELSTORAGE, ""),
    "indico": (INDICO, ""),
    "plone": (PLONE, ""),
}


@pytest.mark.parametrize("project", FILES)
def test_files_of_real_projects(typed, script, project):
    """ZD-41. Kind: a file that zdaemon has read for years. It is read, and keeps a program."""
    text, runner = FILES[project]
    place = typed.place
    script(place / "bin/stand-in", f"#!/bin/sh\n: >{place}/up\nexec sleep 100\n")
    typed.file("conf", text.format(place=place, python=sys.executable))
    words = ["-C", "conf"]
    if runner:
        words += ["-S", str(typed.file("schema.xml", SCHEMA.format(runner=runner)))]
    code, said, error = typed(*words, "start")
    assert code == 0
    # One has its event log there.
    assert "rror" not in error
    pid = read_pid(said)
    assert lives(pid)
    assert typed(*words, "status") == (0, f"program running; pid={pid}\n", "")
    assert typed(*words, "show")[0] == 0
    assert typed(*words, "stop")[0] == 0
    assert not lives(pid)
