"""pysv check-config: what is wrong with a service directory, said before anyone starts it."""

import posix

from ..base import cli, errors
from ..base.printable import plain
from ..base.process import environ
from ..base.service_dirs import is_written
from ..base.shared_dir import read_file, read_head
from ..base.write import show
from ..chain import pathexec as chain
from ..supervise.settings import SettingsReader
from .fields import objects, text
from .service_names import services
from .servicefiles import Home, reason
from .services import find, looked, places

SYNOPSIS = b"pysv check-config [-j] {--all | dir ...}"
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"", ()
NOWHERE = b": unable to chdir: "
HEAD = 4096
LONGEST = 1 << 20  # bytes of a script that are looked at
ELF = b"\x7fELF"
# A directory, and a regular file, in the bits of a mode.
KIND, DIRECTORY, REGULAR = 0o170000, 0o040000, 0o100000


def main(who: bytes, given: dict[bytes, bytes], names: list[bytes]) -> int:
    """Say what is wrong with each, a line a finding; 1 if anything is."""
    if not names and b"all" not in given:
        raise cli.usage(who, USAGE, hint=b"say which directory, or --all")
    home = Home(own=True)
    code = 0
    for name in services(names):
        findings, notes = check(name if b"/" in name else find(name))
        home.back()
        if findings and findings[0].startswith(NOWHERE) and b"/" not in name:
            findings[0] += b"; " + looked(places(name))
        code = code or int(bool(findings))
        if b"json" in given:
            texts = [text(finding.lstrip(b": ")) for finding in findings]
            told = [text(note) for note in notes]
            show(objects([{"service": name, "findings": texts, "notes": told}]))
        else:
            show(_lines(name, findings + notes))
    return code


def _lines(name: bytes, findings: list[bytes]) -> bytes:
    head = name.rstrip(b"/")
    # What is wrong with the directory itself begins with the colon.
    texts = (text if text[:1] == b":" else b"/" + text for text in findings)
    return b"".join(plain(head + text) + b"\n" for text in texts)


def check(directory: bytes) -> tuple[list[bytes], list[bytes]]:
    """Go to the service DIRECTORY and look at all of it, its logger included.

    Return what is wrong, and what is good to know.
    """
    try:
        posix.chdir(directory)
    except OSError as error:
        return [NOWHERE + reason(error)], []
    notes: list[bytes] = []
    findings = _service(b"", notes)
    if posix.access(b"logger", posix.F_OK):
        from .check_logger import logger_findings

        findings += logger_findings()
    if posix.access(b"log", posix.F_OK) and not is_written(b"log"):
        # runsv and svscan want a directory, or there is no logger.
        if _kind(b"log") != DIRECTORY:
            findings.append(b"log: it is not a directory, so there will be no logger")
        else:
            findings += _service(b"log/", notes)
    return findings, notes


def _service(at: bytes, notes: list[bytes]) -> list[bytes]:
    """What is wrong with a service or its logger, whose files have AT before their names.

    What is good to know is added to NOTES.
    """
    findings = _program(at + b"run", needed=True)
    for name in (b"finish", b"check", b"notify"):
        findings += _program(at + name, needed=False)
    if not at and _kind(b"control") == DIRECTORY:
        for name in sorted(posix.listdir(b"control")):
            findings += _program(b"control/" + name, needed=False)
    reader = SettingsReader(at or b".")
    rules = reader.rules()
    if not at:
        # This one pysv itself reads.
        reader.words(b"group")
    findings += _borrowed(at, rules.s6, notes)
    findings += _lookalikes(at)
    findings += [at + problem.replace(b" ", b": it ", 1) for problem in reader.problems]
    return findings + _group(at, reader.words(b"control-group"))


def _lookalikes(at: bytes) -> list[bytes]:
    """Which files in AT do nothing, but for their names."""
    from .lookalikes import lookalike

    try:
        names = sorted(posix.listdir(at or b"."))
    except OSError:
        return []
    meant = ((name, lookalike(name, at, names)) for name in names)
    return [at + one + b": nothing reads it; what is read is called " + m for one, m in meant if m]


def _borrowed(at: bytes, s6: bytes, notes: list[bytes]) -> list[bytes]:
    """What the scripts in AT expect of another supervisor. S6: what says that it is s6's."""
    from . import borrowed

    findings = []
    for name in (b"run", b"finish", b"check", b"data/check"):
        script = _script(at + name)
        findings += borrowed.script_findings(at + name, script)
        if name == b"finish" and script:
            findings += borrowed.finish_findings(at + name, script, s6)
            notes += filter(None, [borrowed.finish_note(at + name, script, s6)])
    return findings


def _script(file: bytes) -> bytes:
    """The text of FILE, if it is a script that can be run; of a long one the beginning."""
    if _kind(file) != REGULAR or not posix.access(file, posix.X_OK):
        return b""
    try:
        head = read_head(file, LONGEST)
    except OSError:
        return b""
    return head if head.startswith(b"#!") else b""


def _group(at: bytes, words: list[bytes]) -> list[bytes]:
    """What is wrong with the group that the file control-group names in WORDS."""
    if not words or (len(words) == 1 and words[0].isdigit()):
        return []
    from grp import getgrnam

    try:
        getgrnam(text(b" ".join(words)))
    except KeyError:
        return [at + b"control-group: there is no group " + b" ".join(words)]
    return []


def _kind(file: bytes) -> int:
    try:
        return posix.stat(file).st_mode & KIND
    except OSError:
        return 0


def _program(file: bytes, *, needed: bool) -> list[bytes]:
    """What keeps FILE from being run. If it is not NEEDED it need not be there."""
    try:
        found = posix.stat(file)
    except FileNotFoundError:
        return [file + b": there is none"] if needed else []
    except OSError as error:
        return [file + b": " + reason(error)]
    if found.st_mode & KIND != REGULAR:
        return [file + b": it is not a regular file"]
    if not posix.access(file, posix.X_OK):
        return [file + b": it is not executable: " + errors.owned(file)]
    return _interpreter(file)


def _interpreter(file: bytes) -> list[bytes]:
    """What is wrong with the beginning of FILE, or with what it would have run it."""
    try:
        head = read_head(file, HEAD)
    except OSError as error:
        return [file + b": a script has to be readable: " + reason(error)]
    if head.startswith(ELF):
        return []
    if not head.startswith(b"#!"):
        return [file + b": it is neither a binary nor a script that begins with #!"]
    line = head[2:].partition(b"\n")[0]
    if line.endswith(b"\r"):
        return [file + b": it has Windows line ends, so its interpreter cannot be found"]
    words = line.split(None, 1)
    if not words:
        return [file + b": its first line names no interpreter"]
    return _named(file, words)


def _named(file: bytes, words: list[bytes]) -> list[bytes]:
    """What is wrong with the interpreter of FILE, which its first line calls so."""
    if not posix.access(words[0], posix.X_OK):
        return [file + b": its interpreter cannot be run: " + words[0]]
    called = words[0]
    if called.rpartition(b"/")[2] == b"env" and len(words) == 2:
        called = _of_env(words[1])
        path = environ.get(b"PATH")
        if called and not any(posix.access(f, posix.X_OK) for f in chain.search(called, path)):
            return [file + b": its interpreter is in no directory of PATH: " + called]
    return _chain(file) if called.rpartition(b"/")[2] == b"pychain" else []


def _of_env(rest: bytes) -> bytes:
    """The program that env is to run: the kernel gives it all of REST as one word."""
    if rest.startswith(b"-S"):
        words = [word for word in rest[2:].split() if b"=" not in word and word[:1] != b"-"]
        return words[0] if words else b""
    return rest.strip()


def _chain(file: bytes) -> list[bytes]:
    """What is wrong with the lines of the chain script FILE, seen from where it would run."""
    from ..chain.check import verdicts
    from ..chain.script import parse

    above = file.rpartition(b"/")[0]
    here = posix.open(b".", posix.O_PATH | posix.O_CLOEXEC)
    before = dict(environ)
    try:
        lines = parse(read_file(file, LONGEST, follow=True), file)
        posix.chdir(above or b".")
        found = verdicts(lines, [])
        return [b"%s:%d: %s: %s" % (file, *one[:3]) for one in found if one[3]]
    except cli.Quit as end:
        return [line.removeprefix(b"fatal: ") for line in end.lines]
    finally:
        posix.fchdir(here)
        posix.close(here)
        # The check sets what the script would set; the next one starts afresh.
        environ.clear()
        environ.update(before)
