"""What a command line and its file say, and what is wrong with them."""

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.base.cli import Asked, Quit
from pydaemontools.zdaemon import config_file, datatypes
from pydaemontools.zdaemon.command_line import CommandLine, Wrong
from pydaemontools.zdaemon.configuration import Configuration, show_options
from pydaemontools.zdaemon.runner import NAMES
from pydaemontools.zdaemon.runner_keys import KEYS

RUNNER = "<runner>\n  program sleep 100\n  {}\n</runner>\n"


def line(*words, native=True):
    """What the command line WORDS says."""
    return CommandLine(list(words), native=native)


def runner(*words, native=True):
    """The first runner that WORDS speak of."""
    return Configuration(line(*words, native=native)).runners[0]


@pytest.fixture
def conf(tmp_path, monkeypatch):
    """Write the file `conf`, in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return (tmp_path / "conf").write_text


def test_every_key_is_one_of_a_runner():
    """What a file may say, a manager knows; and every option has a key."""
    assert {key.attribute for key in KEYS} - {"quotes"} <= set(NAMES)


def test_quotes_are_a_shells():
    """B-18. Kind: a word of -p that has a blank in it."""
    assert runner("-p", "sh -c 'echo a b'").program == ("sh", "-c", "echo a b")
    assert runner("-p", r"echo a\ b").program == ("echo", "a b")


@pytest.mark.parametrize("words", [["--words"], ["-p", "echo 'a b'", "--words"]])
def test_words_are_at_blanks_as_before(words):
    """B-18. With --words a quote is a letter, wherever it stands, and so as zdaemon."""
    assert runner("-p", "echo 'a b'", *words).program == ("echo", "'a", "b'")
    assert runner("-p", "echo 'a b'", native=False).program == ("echo", "'a", "b'")


def test_a_quote_without_an_end():
    """Kind: a program that no shell could read is wrong usage, and no traceback."""
    with pytest.raises(Wrong, match='invalid value for -p "echo \'a": No closing quotation'):
        line("-p", "echo 'a")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_words_can_be_quoted(words):
    """Kind: what a shell's quoting can say comes out as it went in."""
    import shlex

    assert datatypes.shell_words(shlex.join(words)) == words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["-b", "3", "-b", "4"], "conflicting command line option '-b'"),
        (["-b3", "--backoff-limit", "4"], "conflicting command line option '--backoff-limit'"),
        (["-C", "a", "--configure=b"], "conflicting command line option '--configure'"),
        (["-u", "a", "-u", "b"], "conflicting command line option '-u'"),
        (["-b", "x"], "invalid value for -b 'x': invalid literal for int() with base 10: 'x'"),
        (["-m", "8"], "invalid value for -m '8': invalid literal for int() with base 8: '8'"),
        (["-q"], "option -q not recognized"),
        (["--nosuch"], "option --nosuch not recognized"),
        (["-p"], "option -p requires argument"),
        (["--s", "x"], "option --s not a unique prefix"),
        (["-z", "/nonexistent/a/b"], "/nonexistent/a/b is not an existing directory"),
        (["-s", "/nonexistent/a/b/c"], "part of the path /nonexistent/a/b/c does not exist."),
    ],
)
def test_what_is_wrong(words, text):
    """ZD-16. Every conflict and every value that is none, in zdaemon's words."""
    with pytest.raises(Wrong) as caught:
        line(*words)
    assert str(caught.value).endswith(text)


@pytest.mark.parametrize(
    ("words", "what"), [(["-h"], b"help"), (["--he"], b"help"), (["--version", "-q"], b"version")]
)
def test_what_is_asked_for(words, what):
    """Help and version come at once, but not before all options are known to be some."""
    if "-q" in words:
        with pytest.raises(Wrong):
            line(*words)
        return
    with pytest.raises(Asked) as asked:
        line(*words)
    assert asked.value.what == what


def test_the_options_of_the_own_name_are_not_zdaemons():
    """Under the original's name -i, --runner, --words and --compat-exit are no options."""
    for option in ("-i", "--runner=a", "--words", "--compat-exit"):
        with pytest.raises(Wrong, match="not recognized"):
            line(option, native=False)


def test_no_program():
    """B-33. Without a file the options alone make a runner; a program is all that it needs."""
    with pytest.raises(Wrong, match="no program specified; use -p or -C"):
        runner("status")
    found = runner("-p", "a b", "-t", "out", "-l", "log", "-x", "", "-b", "3", "-f", "-m", "77")
    assert found.program == ("a", "b")
    assert (found.transcript, found.logfile, found.exit_codes) == ("out", "log", ())
    assert (found.backoff_limit, found.forever, found.umask) == (3, True, 0o77)
    assert found.stop_timeout == 300, "B-12: it is not only the schema's"


def test_a_file_that_includes_itself(conf):
    """A circle is one line, and no traceback."""
    conf("%include conf\n")
    with pytest.raises(Wrong, match="unable to read conf: it includes itself, or a file that does"):
        runner("-C", "conf")


@pytest.mark.parametrize(
    "name",
    ["backoff-limit", "start-timeout", "stop-timeout", "transcript-size", "transcript-keep"],
)
def test_numbers_below_0(conf, name):
    """A number that means nothing is refused; as zdaemon its keys take what they took."""
    conf(RUNNER.format(f"{name} -1"))
    with pytest.raises(Wrong, match=f"{name} is a number from 0 on, not -1"):
        runner("-C", "conf")
    if not name.startswith("transcript-"):
        assert getattr(runner("-C", "conf", native=False), name.replace("-", "_")) == -1


def test_the_command_line_is_above_the_file(conf):
    """ZD-17. The command line is above the file, and the file above the defaults."""
    conf(RUNNER.format("backoff-limit 5\n  umask 077"))
    found = runner("-C", "conf", "-b", "7", "-p", "other")
    assert (found.backoff_limit, found.umask, found.program) == (7, 0o77, ("other",))
    assert found.exit_codes == (0, 2)


def test_overrides(conf):
    """ZD-18. -X is as if the file said it; without a file it is wrong."""
    conf(RUNNER.format(""))
    assert runner("-C", "conf", "-X", "runner/backoff-limit=3").backoff_limit == 3
    with pytest.raises(Wrong, match=r"\(-X\) cannot be used without a configuration file"):
        runner("-p", "a", "-X", "runner/backoff-limit=3")
    # ZConfig itself would end with a TypeError.
    with pytest.raises(Wrong, match=r"unable to read conf: invalid literal for int\(\).*'x'"):
        runner("-C", "conf", "-X", "runner/backoff-limit=x")


@pytest.mark.parametrize(
    "text",
    [
        "<runner>\nprogram a\nnosuch 1\n</runner>\n",
        "<runner>\nprogram a\n",
        "<runner/>\n",
        "",
        RUNNER.format("") + "<eventlog>\n<logfile>\npath l\nformat %(no)s\n</logfile>\n</eventlog>",
        RUNNER.format("") + "<eventlog>\n<logfile>\npath l\nformatter no.such\n</logfile>\n"
        "</eventlog>",
        RUNNER.format("") + "<eventlog>\n<logfile>\npath l\nwhen D\n</logfile>\n</eventlog>",
        RUNNER.format("") + "%include nosuch\n",
        RUNNER.format("") + "%import no.such\n",
        RUNNER.format("") + "%import os\n",
        "%define a b\n%define a c\n",
        RUNNER.format("umask 9"),
        RUNNER.format("") + "<environment>\nA=B c\n</environment>\n",
        RUNNER.format("program $nosuch"),
        "\0",
    ],
)
def test_a_file_that_is_wrong(conf, text):
    """Kind: whatever is wrong in a file is an error of one line or two, and never a traceback."""
    conf(text)
    with pytest.raises(Wrong):
        runner("-C", "conf")


def test_a_file_that_is_no_text(tmp_path, monkeypatch):
    """Kind: a file of bytes that are no text; a directory; what may not be read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").write_bytes(b"\xff\xfe<runner>")
    (tmp_path / "dir").mkdir()
    for name in ("conf", "dir", "nosuch", "gopher://nowhere/"):
        with pytest.raises(Wrong):
            runner("-C", name)


def test_defines_includes_and_imports(conf, tmp_path):
    """ZD-20. %define, %include and %import are ZConfig's; so is zdaemon's component."""
    (tmp_path / "more").write_text("program $what ${what}b $$c\n")
    conf("%define what sleep\n%import zdaemon\n<runner>\n%include more\n</runner>\n")
    assert runner("-C", "conf").program == ("sleep", "sleepb", "$c")
    conf("%define what sleep\n<RUNNER>\nProgram $what ${what}b $$c\n</Runner>\n")
    assert runner("-C", "conf").program == ("sleep", "sleepb", "$c")


def test_a_schema_of_ones_own(conf, tmp_path):
    """ZD-19. -S reads the file by another schema, which may name zdaemon's types."""
    (tmp_path / "own.xml").write_text(
        """<schema>
          <import package="ZConfig.components.logger"/>
          <import package="zdaemon"/>
          <sectiontype name="server">
            <key name="place" datatype="zdaemon.zdoptions.existing_parent_dirpath"/>
          </sectiontype>
          <section name="*" type="server" attribute="server"/>
          <section name="*" type="runner" attribute="runner" required="yes"/>
          <section name="*" type="eventlog" attribute="eventlog"/>
        </schema>"""
    )
    conf("<server>\nplace /tmp/x\n</server>\n" + RUNNER.format("backoff-limit 4"))
    assert runner("-C", "conf", "-S", str(tmp_path / "own.xml")).backoff_limit == 4
    with pytest.raises(Wrong):
        runner("-C", "conf")
    with pytest.raises(Wrong):
        runner("-C", "conf", "-S", str(tmp_path / "nosuch.xml"))


def test_an_environment(conf):
    """ZD-21. 2.0a2. Names keep their case and values their blanks; $$ is a dollar."""
    conf(RUNNER.format("") + "<environment>\n  Some_Name  one  two  \n  cost $$5\n</environment>\n")
    assert dict(runner("-C", "conf").environment) == {"Some_Name": "one  two", "cost": "$5"}


def test_several_runners(conf):
    """B-32. Runners have names, and perhaps an <environment> and a log of their own."""
    conf(
        "<runner Web>\nprogram a\n<environment>\nX web\n</environment>\n</runner>\n"
        "<runner mail>\nprogram b\n<eventlog>\nlevel debug\n</eventlog>\n</runner>\n"
        "<environment>\nX all\nY all\n</environment>\n<eventlog>\n</eventlog>\n"
    )
    web, mail = Configuration(line("-C", "conf")).runners
    assert (web.name, mail.name) == ("web", "mail")
    assert dict(web.environment) == {"X": "web", "Y": "all"}
    assert dict(mail.environment) == {"X": "all", "Y": "all"}
    assert (web.eventlog["level"], mail.eventlog["level"]) == (20, 10)
    assert runner("-C", "conf", "--runner", "MAIL").name == "mail"
    with pytest.raises(Wrong, match="there is no runner 'nosuch'; there is web, mail"):
        runner("-C", "conf", "--runner", "nosuch")


def test_several_runners_need_names(conf):
    """Kind: two runners that nobody can tell apart. Under zdaemon's name one is all."""
    conf(RUNNER.format("") * 2)
    with pytest.raises(Wrong, match="several runners need a name each"):
        runner("-C", "conf")
    with pytest.raises(Wrong):
        runner("-C", "conf", native=False)


def test_the_file_has_quotes_if_it_says_so(conf):
    """B-18. A file that was written for zdaemon means what it meant; `quotes on` is a shell's."""
    conf(RUNNER.format("").replace("sleep 100", "sh -c 'a b'"))
    assert runner("-C", "conf").program == ("sh", "-c", "'a", "b'")
    conf(RUNNER.format("quotes on").replace("sleep 100", "sh -c 'a b'"))
    assert runner("-C", "conf").program == ("sh", "-c", "a b")
    conf(RUNNER.format("quotes on").replace("sleep 100", "sh -c 'a b"))
    with pytest.raises(Wrong, match="No closing quotation"):
        runner("-C", "conf")


def test_keys_of_ours_are_no_keys_of_zdaemons(conf):
    """Under the original's name a file has the original's keys, and no others."""
    conf(RUNNER.format("transcript-size 1MB"))
    assert runner("-C", "conf").transcript_size == 1 << 20
    with pytest.raises(Wrong, match="transcript-size"):
        runner("-C", "conf", native=False)


def test_a_transcript_counts_from_the_directory(conf, tmp_path):
    """A file counts from there, as in zdaemon; a place of pysissylog's does not."""
    conf(RUNNER.format(f"directory {tmp_path}\n  transcript out"))
    assert runner("-C", "conf").transcript == str(tmp_path / "out")
    conf(RUNNER.format(f"directory {tmp_path}\n  transcript journald:"))
    assert runner("-C", "conf").transcript == "journald:"
    conf(RUNNER.format("transcript /nonexistent/out"))
    with pytest.raises(Wrong):
        runner("-C", "conf")
    conf(RUNNER.format("transcript /dev/null"))
    assert runner("-C", "conf").transcript is None


def test_zconfig_is_asked_for_in_one_sentence(monkeypatch, tmp_path):
    """B-33. A file needs ZConfig, and says so; nothing else does."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "ZConfig"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ZConfig", None)
    monkeypatch.setattr(config_file, "add_library", lambda: None)
    with pytest.raises(Quit) as end:
        runner("-C", str(tmp_path / "conf"))
    assert end.value.code == 111
    assert end.value.lines[0].endswith(b"conf: ZConfig is not installed")
    assert b"pydaemontools[zdaemon]" in end.value.hint
    assert runner("-p", "a", "-t", "out", "-l", "log").transcript == "out"


def test_show_shows_what_holds(conf, tmp_path):
    """ZD-10. `show` has zdaemon's lines, and the umask that we have where none is asked for."""
    conf(RUNNER.format("umask 0"))
    before = os.umask(0o37)
    try:
        shown = show_options(Configuration(line("-C", "conf")))
    finally:
        os.umask(before)
    rows = dict(row.split(":", 1) for row in shown.splitlines()[1:])
    assert rows["umask"].strip() == "0o37"
    assert rows["program"].strip() == "['sleep', '100']"
    assert len(rows) == 15
    assert str(tmp_path) not in shown
