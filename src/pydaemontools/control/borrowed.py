"""What scripts that were written for another supervisor expect, and do not get here.

They are looked at as text, without their comments and quoted strings, as far as that can be
told apart without a shell. What is meant to be found is what was seen in real directories.
"""

import posix
import re

from ..base.process import is_dir

# finish looks at what it is told.
ASKS = re.compile(rb"\$\{?[1@*#]|\bargv\b")
S6_KILLED = re.compile(rb"(?<![\w.-])256(?![\w.])|(-gt|>)\s*255\b")
# Only where something is compared with it: -1 is also an option of many programs.
RUNIT_KILLED = re.compile(
    rb"""(=|-eq|-ne)\s*["']?-1\b|(^|[|(\s])["']?-1["']?\s*[|)]""", re.MULTILINE
)
COMMENT = re.compile(rb"(^|\s)#.*")
QUOTED = re.compile(rb"""'[^']*'|"(?:\\.|[^"\\])*\"""")
BOTH = re.compile(rb"(?<![&<>\\])&>(?!&)")
# Which words of a line are a logger's directories: not its options, nor what those take.
LOGGERS = {b"svlogd": b"rRlb", b"multilog": b"", b"pymultilog": b""}
ACCOUNTS = (b"setuidgid", b"chpst", b"su", b"runuser", b"setpriv", b"s6-applyuidgid")
MAKES = re.compile(rb"\b(mkdir|install)\b")


def finish_note(name: bytes, script: bytes, s6: bytes) -> bytes:
    """Say whose arguments the finish NAME gets, and why, if its SCRIPT looks at them.

    S6: what says that the directory is one of s6's.
    """
    if not ASKS.search(script):
        return b""
    why = b"since nothing says that the directory is one of s6's"
    if s6:
        why = b"since there is " + s6
    told = b"s6's arguments (256 for a signal)" if s6 else b"runit's arguments (-1 for a signal)"
    return name + b": it gets " + told + b", " + why


def finish_findings(name: bytes, script: bytes, s6: bytes) -> list[bytes]:
    """What the finish NAME waits for in vain, by its SCRIPT."""
    text = _uncommented(script)
    for_s6, for_runit = S6_KILLED.search(text), RUNIT_KILLED.search(text)
    if not ASKS.search(text) or bool(for_s6) == bool(for_runit) or bool(for_s6) == bool(s6):
        return []
    found, gets, holds = (b"-1", b"256", b"runit") if s6 else (b"256", b"-1", b"s6")
    hint = b" (a file dialect that holds " + holds + b" changes that)"
    return [name + b": it looks for " + found + b", and gets " + gets + b" for a signal" + hint]


def script_findings(name: bytes, script: bytes) -> list[bytes]:
    """What any SCRIPT called NAME may expect of another supervisor, or of another shell."""
    findings = []
    text = _uncommented(script)
    if re.search(rb"\bs6-permafailon\b", text):
        what = b": s6-permafailon finds no deaths here: max-death-tally or exit-codes do its work"
        findings.append(name + what)
    if _is_sh(script) and BOTH.search(QUOTED.sub(b"", text)):
        what = b": &> is bash's: under sh the program goes to the background, and is ended"
        findings.append(name + what)
    return findings + [
        name + b": there is no directory " + directory + b" for " + logger
        for logger, directory in _directories(text)
        if _lacks(logger, directory, name.rpartition(b"/")[0], text)
    ]


def _uncommented(script: bytes) -> bytes:
    return COMMENT.sub(b"", script).replace(b"\\\n", b" ")


def _is_sh(script: bytes) -> bool:
    line = script[2:].partition(b"\n")[0].split()
    if len(line) > 1 and line[0].endswith(b"/env"):
        line = [word for word in line[1:] if word[:1] != b"-"]
    return bool(line) and line[0].rpartition(b"/")[2] in (b"sh", b"dash", b"ash")


def _directories(text: bytes) -> list[tuple[bytes, bytes]]:
    """The log directories that the lines of TEXT name, each with its logger."""
    found = []
    for line in text.split(b"\n"):
        words = [word.strip(b"'\"") for word in line.split()]
        for at, word in enumerate(words):
            logger = word.rpartition(b"/")[2]
            if logger in LOGGERS:
                found += [(logger, one) for one in _operands(words[at + 1 :], logger)]
                break
    return found


def _operands(words: list[bytes], logger: bytes) -> list[bytes]:
    """The directories among the WORDS behind a LOGGER, as far as no shell has to tell."""
    found = []
    skip = False
    for word in words:
        if not word or word[:1] in b";|&<>{}":
            break
        if skip:
            skip = False
        elif LOGGERS[logger] and word[:1] == b"-":
            skip = word[-1:] in LOGGERS[logger] and len(word) == 2
        elif (LOGGERS[logger] or word[:1] in b"./") and not re.search(rb"[$`*?]", word):
            found.append(word.rstrip(b";"))
    return found


def _lacks(logger: bytes, directory: bytes, at: bytes, text: bytes) -> bool:
    """Whether the LOGGER of a script in AT will find no DIRECTORY, nor make it."""
    if re.search(rb"^\s*cd\b", text, re.MULTILINE) or MAKES.search(text):
        return False
    path = directory if directory[:1] == b"/" else (at or b".") + b"/" + directory
    if is_dir(path):
        return False
    above = path.rstrip(b"/").rpartition(b"/")[0] or b"/"
    # multilog makes the last one, if it may: an account of its own seldom may.
    other = any(re.search(rb"\b(py)?" + account + rb"\b", text) for account in ACCOUNTS)
    return logger == b"svlogd" or other or not posix.access(above, posix.W_OK)
