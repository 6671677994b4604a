"""How the next program is found: PATH as djb's pathexec walks it, and what execve refuses."""

import itertools

import pytest

# A file that says its name, in the directories that a script names: `put d e` makes d/x, e/x.
PUT = (
    'put() { for d; do mkdir -p "$d"; echo "#!/bin/sh\necho $d" >"$d/x"; chmod +x "$d/x"; done; };'
)
SAME = {
    "PATH is not set": "unset PATH; bin/pgrphack ls -d /",
    "PATH is not set, and nothing is found": "unset PATH; bin/pgrphack nonesuch",
    "PATH is empty": PUT + "put .; PATH= bin/pgrphack x",
    "PATH is empty, and nothing is found": "PATH= bin/pgrphack x",
    "PATH is one colon": PUT + "put .; PATH=: bin/pgrphack x",
    "the first part is empty": PUT + "put . d; PATH=:d bin/pgrphack x",
    "the last part is empty": PUT + "put .; PATH=d: bin/pgrphack x",
    "a part in the middle is empty": PUT + "put . e; PATH=d::e bin/pgrphack x",
    "the first of two counts": PUT + "put d e; PATH=d:e bin/pgrphack x",
    "a missing part is passed over": PUT + "put e; PATH=d:e bin/pgrphack x",
    "a part with a slash at its end": PUT + "put d; PATH=d/ bin/pgrphack x",
    "a part that is a file ends the search": PUT + "put e; : >d; PATH=d:e bin/pgrphack x",
    "a part that is a circle ends the search": PUT + "put e; ln -s d d; PATH=d:e bin/pgrphack x",
    "a part that is too long ends the search": (
        PUT + "put e; PATH=$(printf %0300d 0):e bin/pgrphack x"
    ),
    "a closed part is passed over": PUT + "put d e; chmod 0 d; PATH=$PATH:d:e plain pgrphack x",
    "a closed part makes not found access denied": (
        "mkdir d; chmod 0 d; PATH=$PATH:d:e plain pgrphack x"
    ),
    "a closed part that is the last": "mkdir d; chmod 0 d; PATH=$PATH:d plain pgrphack x",
    "a part that may be entered but not read": PUT
    + "put d; chmod 0311 d; PATH=$PATH:d plain pgrphack x",
    "a file that may not be run is passed over": (
        PUT + "put d e; chmod 644 d/x; PATH=d:e bin/pgrphack x"
    ),
    "a file that may not be run, alone": PUT + "put d; chmod 644 d/x; PATH=d bin/pgrphack x",
    "a file that may be run but not read": (
        "mkdir d; cp /bin/true d/x; chmod 0111 d/x; PATH=$PATH:d; plain pgrphack x; echo $?"
    ),
    "a directory is passed over": PUT + "put e; mkdir -p d/x; PATH=d:e bin/pgrphack x",
    "a directory, alone": "mkdir -p d/x; PATH=d bin/pgrphack x",
    "no #! ends the search": PUT + "put e d; echo echo no >d/x; PATH=d:e bin/pgrphack x",
    "an empty file ends the search": PUT + "put e d; : >d/x; PATH=d:e bin/pgrphack x",
    "a missing interpreter is passed over": (
        PUT + "put e d; echo '#!/nonesuch' >d/x; PATH=d:e bin/pgrphack x"
    ),
    "a missing interpreter, alone": PUT + "put d; echo '#!/nonesuch' >d/x; PATH=d bin/pgrphack x",
    "an interpreter that is a directory": PUT + "put d; echo '#!/' >d/x; PATH=d bin/pgrphack x",
    "an interpreter that may not be run": (
        PUT + "put d; echo '#!/etc/passwd' >d/x; PATH=d bin/pgrphack x"
    ),
    "an interpreter that is itself": PUT + "put d; echo '#!d/x' >d/x; PATH=d bin/pgrphack x",
    "a link to nothing is passed over": (
        PUT + "put e; mkdir d; ln -s nonesuch d/x; PATH=d:e bin/pgrphack x"
    ),
    "a link in a circle ends the search": (
        PUT + "put e; mkdir d; ln -s x d/x; PATH=d:e bin/pgrphack x"
    ),
    "a fifo": "mkdir d; mkfifo -m 777 d/x; PATH=d bin/pgrphack x",
    "a file that is being written": (
        "mkdir d; cp /bin/true d/x; PATH=$PATH:d; pgrphack x 3>>d/x; echo $?"
    ),
    "a name with a slash is not looked for": PUT + "put d/e; PATH=$PATH:d; pgrphack e/x",
    "a name with a slash is run as it is": PUT + "put d; pgrphack d/x",
    "a name with a slash: a directory": "mkdir d; pgrphack ./d",
    "a name with a slash: below a file": ": >f; pgrphack f/x",
    "a name with a slash: not to be run": ": >x; pgrphack ./x",
    "a name with a slash: no #!": ": >x; chmod +x x; pgrphack ./x",
    "the root directory": "pgrphack /",
    "the empty name": "pgrphack ''",
    "the empty name, and PATH is empty": "PATH= bin/pgrphack ''",
    "the empty name, and PATH leads nowhere": "PATH=/nonesuch bin/pgrphack ''",
    "a dot": "pgrphack .",
    "two dots": "pgrphack ..",
    "a name that is too long": "pgrphack $(printf %0300d 0)",
    "a name that is no UTF-8": r"pgrphack $(printf 'x\377')",
    "a program's name with a blank": PUT + "put d; mv d/x 'd/a b'; PATH=$PATH:d; pgrphack 'a b'",
    "the file's name is argv[0] as it was typed": PUT + "PATH=./bin/../bin:$PATH; pgrphack probe",
    "the argument list is too long": (
        "mkdir d; head -c 140000 /dev/zero | tr '\\0' x >d/A; envdir d true; echo $?"
    ),
}
# Each link, in a directory that SETUP made.
SETUP = "here=$PWD; mkdir d; echo v >d/A;"
LINKS = {
    "envdir": "envdir $here/d",
    "envuidgid": "envuidgid root",
    "fghack": "fghack",
    "pgrphack": "pgrphack",
    "setlock": "setlock $here/l",
    "softlimit": "softlimit -c5",
    "setuidgid": "setuidgid root",
}
ENDS = {
    "works": "probe a ''",
    "exits 7": "sh -c 'exit 7'; echo $?",
    "is killed": "sh -c 'kill -9 $$'; echo $?",
    "is missing": "nonesuch a b; echo $?",
    "may not be run": "/etc/passwd; echo $?",
    "is a directory": "/etc; echo $?",
    "has no #!": "./x; echo $?",
    "has no interpreter": "./y; echo $?",
}
FILES = SETUP + "echo echo >x; echo '#!/nonesuch' >y; chmod +x x y;"
EACH = [
    pytest.param(
        f"{FILES} {link} {end}",
        id=f"{name} and a program that {what}",
        marks=[pytest.mark.needs_root] if name == "setuidgid" else [],
    )
    for (name, link), (what, end) in itertools.product(LINKS.items(), ENDS.items())
]


@pytest.mark.parametrize("script", SAME.values(), ids=SAME)
def test_path(compare, script):
    """The next program is the one that the original finds, or it fails with the same words."""
    compare(script)


@pytest.mark.parametrize("script", EACH)
def test_each_link(compare, script):
    """Each link ends as its original does, whatever becomes of the program."""
    compare(script)
