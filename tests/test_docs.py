"""The pages: every tool has one, and what it says of usage is what the code says."""

import inspect
import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from socket import AF_UNIX, SOCK_DGRAM, socket
from threading import Thread

import pytest

from pydaemontools.adapters import choose, setup
from pydaemontools.adapters.level import HEADS, NUMBERS, OTEL
from pydaemontools.base import cli
from pydaemontools.base.tools import OWN, load
from pydaemontools.zdaemon import command_line as zdaemons
from tests.log.far import check_once, free_port, needs_module

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TOOLS = DOCS / "reference/tools"
if not DOCS.exists():
    pytest.skip("the tests are not in a source tree", allow_module_level=True)
EVERY_OWN_NAME = {"-h", "--help", "--version"}


class Asked(Exception):
    """What a tool asks of the parser: its usage, and the options it knows."""


def section(tool, name):
    """The text of the section NAME of the page of TOOL."""
    page = (TOOLS / f"{tool}.md").read_text()
    return re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)[1]


@pytest.fixture
def asked(monkeypatch):
    """Gives the usage of a tool, and the set of its options, as its own code states them."""

    def options(_argv, synopsis, letters=b"", more=b"", words=(), **_):
        letters = (letters + more).decode().replace(":", "")
        long = {"--" + word.decode().rstrip(":") for word in words}
        raise Asked(synopsis[True].decode(), {"-" + letter for letter in letters} | long)

    def ask(tool):
        if tool == "pyzdaemon":
            # Its command line is another's, and has another's parser.
            return zdaemons.SYNOPSIS.decode(), zdaemons.options()
        monkeypatch.setattr(cli, "options", options)
        with pytest.raises(Asked) as asked:
            load(tool)([tool.encode()])
        return asked.value.args

    return ask


def test_every_tool_has_a_page_and_every_page_a_tool():
    """The same word names the tool and its page."""
    assert {page.stem for page in TOOLS.glob("*.md")} == set(OWN)


@pytest.mark.parametrize("tool", OWN)
def test_the_title_says_the_tool_and_its_purpose(tool):
    """--help, the list of the tools and the man page's name section are made from it."""
    title = (TOOLS / f"{tool}.md").read_text().partition("\n")[0]
    purpose = title.removeprefix(f"# {tool} - ")
    assert purpose != title
    assert purpose[0].islower()
    assert len(purpose) < 60


@pytest.mark.parametrize("tool", OWN)
def test_a_page_has_its_sections_in_order(tool):
    """A reader who knows one page knows where to look in the others."""
    wanted = ["Synopsis", "Options", "Exit codes", "Notes", "Under the original's name", "See also"]
    page = (TOOLS / f"{tool}.md").read_text()
    found = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert [name for name in found if name in wanted] == wanted


@pytest.mark.parametrize("tool", OWN)
def test_the_synopsis_is_the_usage_of_the_code(tool, asked):
    """Word for word; only the line breaks are the page's own."""
    usage, _ = asked(tool)
    assert " ".join(usage.split()) in " ".join(section(tool, "Synopsis").split())


@pytest.mark.parametrize("tool", OWN)
def test_the_options_are_those_of_the_code(tool, asked):
    """None is missing, and none is told of that is not there."""
    _, known = asked(tool)
    items = re.findall(r"^- (`.+?`(?:, `.+?`)*):", section(tool, "Options"), re.MULTILINE)
    told = {term.split()[0] for item in items for term in re.findall(r"`(.+?)`", item)}
    assert told | EVERY_OWN_NAME == known | EVERY_OWN_NAME
    assert all(f"`{option}`" in section(tool, "Options") for option in EVERY_OWN_NAME)


@pytest.mark.parametrize("tool", OWN)
def test_help_fits_a_terminal(tool):
    """What --help prints of a page is not wider than 80 columns."""
    page = (TOOLS / f"{tool}.md").read_text()
    assert [line for line in page.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("tool", OWN)
def test_every_tool_is_in_the_list_of_exit_codes(tool):
    """The list is closed: what is not in it does not happen."""
    assert f"\n| {tool} |" in (DOCS / "reference/exit-codes.md").read_text()


@pytest.mark.parametrize(
    "page",
    sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")]),
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_link_to_a_file_finds_it(page):
    """Links into the tree; those to other hosts are not looked at."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    near = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in near if not (page.parent / link).exists()] == []


def tried(page):
    """What PAGE has one type, one block after the other."""
    text = (DOCS / page).read_text()
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_what_the_page_about_a_central_server_has_one_try(run, place):
    """Typed as it stands there, one block after the other: 3000 lines, in order."""
    needs_module("imrelp")
    blocks = tried("howto/central-server.md")
    assert len(blocks) == 3
    port = free_port()
    typed = "".join(blocks).replace("25140", str(port))
    result = run("sh", "-e", "-c", typed, timeout=100)
    assert result.stdout.split()[-1] == b"3000"
    said = [line for line in result.stderr.splitlines() if line.startswith(b"pysissylog")]
    assert len(said) == 2
    assert b"unable to reach relps://localhost" in said[0]
    assert said[1] == b"pysissylog: info: reached relps://localhost:%d again" % port
    texts = re.findall(r" try (\d+)$", (place / "got").read_text(), re.MULTILINE)
    wanted = [b"%d" % at for at in range(1, 3001)]
    check_once([text.encode() for text in texts], wanted, 1025)


def test_what_the_page_about_zdaemon_has_one_try(run):
    """Typed as it stands there: a runner, and the service directory that is made of it."""
    kept, left = tried("howto/from-zdaemon.md")
    result = run("sh", "-e", "-c", kept)
    assert result.stderr == b""
    assert b"daemon process started" in result.stdout
    assert b"program running; pid=" in result.stdout
    assert b"signal SIGCONT sent to process " in result.stdout
    assert b"daemon process stopped\nhello\n" in result.stdout
    result = run("sh", "-c", left)
    assert b"/service/sh\n" in result.stdout
    assert b"ok: run: ./service/sh: (pid " in result.stdout
    assert b"ok: down: ./service/sh: " in result.stdout


def test_what_the_page_about_log_directories_has_one_try(run, place):
    """Typed as it stands there: a logger that is killed three times, and packed files."""
    for tool in "pgrep", "gzip":
        if not shutil.which(tool):
            pytest.skip(f"needs {tool}")
    blocks = tried("howto/log-directories.md")
    assert len(blocks) == 3
    result = run("sh", "-e", "-c", "".join(blocks), timeout=100)
    assert result.returncode == 0, result.stderr
    whole, error, *last, named, packed, size = result.stdout.splitlines()
    assert whole == b"all there, once, in order"
    assert error[30:] == b"error: nothing more to say"
    assert [line[33:] for line in last] == [b"info: line 19999", b"info: line 20000", error[30:]]
    assert named.endswith(b".s.gz")
    assert packed[30:].isdigit()
    assert int(size) <= 40 * 1024
    assert not list((place / "log").glob("@*.u"))


def test_what_the_page_from_print_to_syslog_has_one_try(run, place):
    """Typed as it stands there, but for the socket: each place has what its threshold says."""
    blocks = tried("howto/from-print-to-syslog.md")
    assert len(blocks) == 3
    typed = "".join(blocks).replace("syslog:", "syslog:./socket")
    got = []
    with socket(AF_UNIX, SOCK_DGRAM) as server:
        server.bind(str(place / "socket"))
        reader = Thread(target=lambda: got.extend(iter(lambda: server.recv(9000), b"end")))
        reader.start()
        try:
            result = run("sh", "-e", "-c", typed)
        finally:
            server.connect(str(place / "socket"))
            server.send(b"end")
            reader.join()
    assert result.returncode == 0, result.stderr
    assert result.stderr == b""
    traceback = [b"Traceback", b'  File "', b'    {}["three"]', b"KeyError: 'three'"]
    worst = [b"error: there is no job three", b"crit: ended by an exception", *traceback]
    notices = [b"notice: did job one", b"notice: did job two"]
    shown = [line[33:] for line in result.stdout.splitlines()]
    everything = [b"started", b"debug: two jobs", *notices, *worst]
    assert begin([line for line in shown if b"~^" not in line], [*everything, b"", *worst])
    # The facility is daemon, 3. A fourth life may have begun.
    sent = [message.partition(b": ")[::2] for message in got if b"~^" not in message]
    assert begin([text for _, text in sent[:26]], [*notices, *worst * 4])
    levels = [int(head[1 : head.index(b">")]) - 24 for head, _ in sent[:26]]
    assert levels == [5, 5, *[3, 2, 2, 2, 2, 2] * 4]


def test_what_the_page_about_levels_has_one_try(run):
    """Typed as it stands there: what is read of seven lines, and what else may be asked for."""
    blocks = tried("howto/levels.md")
    assert len(blocks) == 6
    result = run("sh", "-e", "-c", "".join(blocks))
    assert (result.returncode, result.stderr) == (0, b"")
    _, first, second, third, fourth = result.stdout.split(b"  LINE  ")
    told = [row[8:30].split() for row in first.splitlines()[1:] if row[5:6].strip()]
    assert [b" ".join(words) for words in told] == [
        *(b"nginx err", b"head err", b"goes on err", b"json warning", b"docker crit"),
        *(b"none info", b"none info"),
    ]
    assert b"  pattern        err           5  cache dropped\n" in second
    assert b"  access         err           6  ::1 - - [29" in third
    rows = [row[8:30].split()[-1] for row in fourth.splitlines()[1:5]]
    assert rows == [b"err", b"info", b"err", b"err"]
    assert b"\nerror: disk gone\n" in fourth
    assert fourth.endswith(b"\nerror: disk gone\n10%?20%?warning: slow\n")


def test_what_the_page_about_logging_has_one_try(run):
    """Typed as it stands there: four libraries' lines, and one record of all of a traceback."""
    pytest.importorskip("structlog")
    blocks = tried("howto/logging.md")
    assert len(blocks) == 2
    result = run("sh", "-e", "-c", "".join(blocks))
    assert result.returncode == 0, result.stderr
    said = [b"warning: disk sda hot", b"info: started port=8000", b"notice: a visitor"]
    ended = [b"critical: ended by an uncaught exception", b"critical: Traceback"]
    lines = [line for line in result.stderr.splitlines() if b"~^" not in line]
    inside = [b'critical:   File "', b'critical:     {}["three"]', b"critical: KeyError"]
    assert begin(lines, [*said, *ended, *inside])
    record = json.loads(result.stdout)
    assert (record["level"], record["exception.type"]) == ("crit", "KeyError")
    assert record["message"].startswith("critical: ended by an uncaught exception\nTraceback")


def test_what_the_page_about_libraries_has_one_try(run, place):
    """Typed as it stands there: a daemon of each kind is started, and stopped."""
    blocks = tried("howto/from-daemon-libraries.md")
    assert len(blocks) == 5
    result = run("sh", "-e", "-c", "".join(blocks), timeout=100)
    assert (result.returncode, result.stderr) == (0, b"")
    said = [re.sub(rb"pid \d+\) \d+", b"pid N) S", line) for line in result.stdout.splitlines()]
    bad = b"unable to run /usr/bin/no-command-by-this-name: file does not exist"
    assert said == [
        b"app: up (pid N) S seconds",
        b"app: down",
        b"serve: up (pid N) S seconds",
        b"serve: down",
        b"started",
        b"both: down",
        b"unable to start Bad Example: " + bad,
        b"True",
        b"False",
        b"hello: down",
    ]
    assert re.match(r"\w{3} \w{3} ", (place / "stamps.txt").read_text())


def test_each_row_of_the_comparison_has_a_test():
    """One that is there, and names it."""
    check = runpy.run_path(str(ROOT / "contrib/rows"))["main"]
    assert check([]) == 0


def test_what_the_page_about_servers_has_one_try(run, place):
    """Typed as it stands there, but for the port: each runs, is told things, and ends."""
    blocks = tried("howto/server.md")
    assert len(blocks) == 5
    typed = "".join(blocks).replace("28123", str(free_port()))
    result = run("sh", "-e", "-c", typed, timeout=100)
    assert result.returncode == 0, result.stderr
    said = [re.sub(rb"pid \d+\) \d+", b"pid N) S", line) for line in result.stdout.splitlines()]
    assert said == [
        b"./web",
        b"two cannot run",
        b"web: down",
        b"Stamp: down",
        b"hello",
        b"begun",
        b"True 15",
        b"./hello",
        b"b'<h1>Hello, World!</h1>\\n'",
    ]
    (told,) = result.stderr.splitlines()
    assert b"mydaemon: unable to lock" in told or b"web: unable to lock" in told
    assert (place / "hups.txt").read_text() == "again\n"
    assert b"HUP signal received" in (place / "my.log.1").read_bytes()


def test_the_page_about_logging_names_what_there_is():
    """Every format, preset and argument of install(), and the table of the levels."""
    page = (DOCS / "howto/logging.md").read_text()
    arguments = set(inspect.signature(setup.install).parameters) - {"kind"}
    for name in (*choose.FORMATS, *choose.PRESETS, *arguments):
        assert re.search(rf"`{name}\b|[(, ]{name}=", page), name
    rows = re.findall(r"^\| \d? ?\| `(\w+):` \| (\w+) (\d+) \|.* (\d+) \|$", page, re.MULTILINE)
    assert [row[0] for row in rows] == list(HEADS)
    assert [int(row[2]) for row in rows] == list(NUMBERS)
    assert [int(row[3]) for row in rows] == list(OTEL)


def begin(lines, heads):
    """Whether LINES are as many as HEADS, and each begins with its head."""
    pairs = zip(lines, heads, strict=True)
    return all(line.startswith(head) for line, head in pairs)


@pytest.mark.process
def test_the_picture_of_the_states_is_that_of_the_table(tmp_path):
    """Made again it is the same; contrib/diagram makes it."""
    made = tmp_path / "states.svg"
    subprocess.run([sys.executable, ROOT / "contrib/diagram", made], check=True)
    assert (DOCS / "reference/states.svg").read_text() == made.read_text()


@pytest.mark.process
def test_the_picture_of_the_benchmarks_is_that_of_their_tables(tmp_path):
    """Made again it is the same; contrib/bench/run makes both, contrib/bench/chart.py the one."""
    made = tmp_path / "benchmarks.svg"
    subprocess.run([sys.executable, ROOT / "contrib/bench/chart.py", made], check=True)
    assert (DOCS / "reference/benchmarks.svg").read_text() == made.read_text()
    assert "](benchmarks.svg)" in (DOCS / "reference/benchmarks.md").read_text()


def test_a_bar_is_how_many_times_as_good_we_are():
    """Where less is better and where more is; what is ours too has no bar, nor what has no peer."""
    page = """\
## Rest

| seconds (5 wanted at most) | median | least | most | samples | ratio | wanted |
| --- | --- | --- | --- | --- | --- | --- |
| ours | 0.5 | 0 | 1 | 3 |  |  |

## Times

| seconds | median | least | most | samples | ratio | wanted |
| --- | --- | --- | --- | --- | --- | --- |
| ours, so | 1,000 | 1 | 2 | 3 |  |  |
| ours, otherwise | 1,200 | 1 | 2 | 3 | 0.83 |  |
| fast | 50 | 1 | 2 | 3 | 20.00 | at most 32 |
| `slow` | 3e+03 | 1 | 2 | 3 | 0.33 | at most 0.25 |

## Rates

| lines a second | median | least | most | samples | ratio | wanted |
| --- | --- | --- | --- | --- | --- | --- |
| ours | 30 | 1 | 2 | 3 |  |  |
| slow | 20 | 1 | 2 | 3 | 1.50 | at least 1.0 |
"""
    chart = runpy.run_path(str(ROOT / "contrib/bench/chart.py"))
    shown = {}
    for kind, text in re.findall(r'class="([\w-]+)[^>]*>([^<]*)', chart["draw"](page)):
        shown.setdefault(kind, []).append(text)
    assert shown["name"] == ["Times", "Rates"]
    assert shown["peer-name"] == ["fast", "slow", "slow"]
    assert shown["figure"] == ["0.050", "3.00", "1.50"]
    assert [len(shown[kind]) for kind in ("more", "less", "want", "miss")] == [2, 1, 2, 1]
    assert "Rest: 0.5 seconds (5 wanted at most)" in shown["soft"]
