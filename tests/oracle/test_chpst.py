"""chpst, by its own name and by those of daemontools' links: what it changes, and what it says."""

import subprocess
import sys

import pytest

from tests.conftest import remove
from tests.oracle.conftest import outcome

NAMES = ("chpst", "envdir", "envuidgid", "pgrphack", "setlock", "setuidgid", "softlimit")
# Where a d is taken off, and where not.
LINKED = ("dsetlock", "dsoftlimit", "denvdir", "other", "dd")
# What ordinary users are not: the powers of root are gone, its files are not.
QUOTE = "'\\''"
UNABLE = "setpriv --bounding-set=-all --inh-caps=-all "
# A root with a shell in it, and what that needs.
ROOT = (
    "mkdir r r/etc r/d; cp /bin/sh r; for f in $(ldd /bin/sh | grep -o '/[^ ]*'); do"
    " mkdir -p r${f%/*}; cp $f r$f; done; echo 'in:x:7:8::/:/sh' >r/etc/passwd;"
    "echo 'g:x:9:' >r/etc/group;"
)
# Start a process that holds the lock l; `echo >go` has it end.
HELD = (
    "mkfifo go held; chpst -l l sh -c ': >held; read x <go' & holder=$!; : <held;"
    'waits() { until grep -q -e "-> FLOCK .* $1 " /proc/locks; do sleep 0.01; done; };'
)
FILES = (
    "mkdir d; echo v >d/A; : >d/LAST; printf '\\n' >d/B; printf 'x\\0y \\t\\nz' >d/C;"
    "echo no >d/.hidden; echo /nonesuch >d/PATH; "
)
MANY = "".join(f":{gid}" for gid in range(1, 61))

# Whoever runs them, with the powers of root or without.
ANYBODY = {
    # Usage.
    "no arguments": "chpst",
    "options alone": "chpst -v",
    "an unknown option": "chpst -q probe",
    "an unknown option in a cluster": "chpst -vqP probe",
    "a colon": "chpst -: probe",
    "a question mark": "chpst '-?' probe",
    "-h": "chpst -h",
    "--help is none": "chpst --help",
    "-- ends the options": "chpst -v -- probe -v",
    "- is a program": "chpst - x",
    "an option without its word": "for o in u U b e / n l L m d o p f c r t; do chpst -$o; done",
    "-V": "chpst -V; echo $?; chpst -vV probe; echo $?; chpst -V -q; echo $?",
    "the first fault is told": "chpst -o x -q; chpst -q -o x; chpst -n x -V",
    "bundled and attached": "chpst -vPo50 -c0 probe",
    "options end at the program": "chpst -v echo -v -P",
    "the program is missing": "chpst nonesuch; echo $?; chpst ./nonesuch; echo $?",
    "a program without a name": "chpst ''; echo $?; chpst -b x ''; echo $?",
    "a directory": "chpst /; echo $?; chpst ./bin; echo $?",
    "not executable": ": >f; chpst ./f; echo $?; PATH=$PWD:$PATH; chpst f; echo $?",
    "no format": "echo x >f; chmod 755 f; chpst ./f",
    "exit code": "chpst sh -c 'exit 7'",
    "arguments are handed on": "chpst probe '' 'a b' -n --",
    "nothing to change": "chpst probe",
    "an empty PATH": "ln -s bin/probe p; PATH= bin/chpst p | head -n 3",
    "no PATH": "exec env -u PATH bin/chpst probe",
    "an environment of nothing": "exec env - bin/chpst bin/probe",
    # argv0.
    "argv0": 'chpst -b other sh -c \'tr "\\0" " " </proc/$$/cmdline\'',
    "argv0 with a dash": 'chpst -b -sh sh -c \'tr "\\0" " " </proc/$$/cmdline\'',
    "argv0 is empty": "chpst -b '' sh -c 'tr \"\\0\" \" \" </proc/$$/cmdline'",
    "argv0 twice": 'chpst -b one -b two sh -c \'tr "\\0" " " </proc/$$/cmdline\'',
    "argv0 of a program that is missing": "chpst -b other nonesuch",
    "argv0 of a script": "chpst -b other probe",
    "argv0 is not for the one after": 'chpst -b a chpst sh -c \'tr "\\0" " " </proc/$$/cmdline\'',
    "argv0 makes it another": "chpst -b envdir chpst; chpst -b /x/dsetlock chpst -q",
    # The environment.
    "an environment": FILES + "chpst -e d probe",
    "the old PATH counts": FILES + "chpst -e d chpst probe; chpst -e d nonesuch",
    "twice: the last": FILES + "mkdir e; echo w >e/A; chpst -e d -e e probe",
    "one that is not there": "chpst -e d probe",
    "the empty name of one": "chpst -e '' probe",
    "a file for a directory": ": >d; chpst -e d probe",
    "a directory in it": FILES + "mkdir d/sub; chpst -e d probe",
    "a directory in it, and -v": FILES + "mkdir d/sub; chpst -v -e d probe",
    "-v after it": FILES + "mkdir d/sub; chpst -e d -v probe",
    "one that may not be entered": "mkdir -m 0 d; plain chpst -e d true",
    "one that may not be listed": "mkdir -m 111 d; plain chpst -e d true",
    "a file in it that may not be read": FILES + "chmod 0 d/A; plain chpst -e d true",
    "a file with an equals sign": "mkdir d; echo v >d/A=B; chpst -e d env",
    "a long value": "mkdir d; printf %05000d 0 >d/A; chpst -e d env",
    # The working directory stays, the session.
    "a session": "chpst -P probe",
    "a session twice": "chpst -P chpst -P probe",
    # Nice.
    "nicer": "chpst -n 3 probe",
    "nicer with a plus": "chpst -n +4 nice",
    "nothing": "chpst -n 0 nice; chpst -n + nice; chpst -n - nice; chpst -n -0 nice",
    "more than the most": "chpst -n 100 nice",
    "no number": "for n in '' x 5x --5 +-5 ++5 ' 5' -; do chpst -n \"$n\" nice; echo $?; done",
    "a number that wraps": "chpst -n 4294967299 nice",
    "attached": "chpst -n5 nice; chpst -vn5 nice; chpst -n+5 nice",
    "the last counts": "chpst -n 3 -n 5 nice",
    "less nice": "chpst -n -1 nice",
    # Locks.
    "a lock": "chpst -l l probe",
    "a lock that is not waited for": "chpst -L l probe",
    "the file is made 0600": "chpst -L l true; stat -c '%a %s' l",
    "the file stays": "echo x >l; chpst -l l true; cat l",
    "it is held": "chpst -L l sh -c 'chpst -L l echo no; echo $?'",
    "it waits": HELD + "chpst -l l echo got it & waits $!; echo >go; wait $!; echo $?",
    "two locks": "chpst -l a -l b true; chpst -L a -L b true; chpst -l a -L b true; ls",
    "a lock twice": "chpst -l a chpst -L b chpst -L a echo no",
    "a lock in no directory": "chpst -l d/l true; chpst -L d/l true",
    "a directory for a lock": "mkdir d; chpst -l d true; chpst -L d true",
    "the empty name for a lock": "chpst -l '' true; chpst -L '' true",
    "a lock that may not be made": "mkdir -m 555 d; plain chpst -L d/l true",
    "a lock that may not be written": ": >l; chmod 0 l; plain chpst -L l true",
    # Streams.
    "without stdin": "chpst -0 probe",
    "without stdout": ": >state; chpst -1 probe",
    "without stderr": "chpst -2 probe",
    "without any": ": >state; chpst -012 probe",
    "without stderr, and an error": "chpst -2 nonesuch; echo $?",
    "closed before": "chpst -0 true <&-; chpst -1 true >&-; chpst -12 true >&-; echo $?",
    "stdout closed and the lock": ": >state; chpst -l l -1 probe",
    "stdin closed, then a lock": "chpst -0 chpst -l l probe",
    # Limits.
    "each limit": "chpst -d 900000000 -o 50 -p 5000 -f 5000000 -c 0 -r 99999 -t 100 probe",
    "memory": "chpst -m 500000000 probe",
    "memory, then less data": "chpst -m 500000000 -d 400000000 probe",
    "data, then memory": "chpst -d 400000000 -m 500000000 probe",
    "memory that is too little": "chpst -m 10000 true 2>&1 | wc -l",
    "above the hard limit": "ulimit -Hn 100; chpst -o 5000 probe",
    "no number of a limit": "for o in m d o p f c r t; do chpst -$o 5x a; chpst -$o -1 a; done",
    "= is no limit": "chpst -o = true",
    "no digits are 0": "chpst -c '' probe",
    "the largest": "chpst -c 18446744073709551615 probe",
    "what is below 0 to C": "chpst -c 9223372036854775808 -f 18446744073709551614 probe",
    "what wraps": "chpst -c 18446744073709551716 probe",
    "larger than any": "chpst -c 999999999999999999999999999999 probe",
    "no files": "chpst -o 0 nonesuch; echo $?; chpst -o 3 nonesuch; echo $?",
    "a file that may not grow": "chpst -f 0 nonesuch; chpst -f 0 sh -c 'ulimit -f; : >x'",
    # An account in the environment.
    "-U": "chpst -U nobody probe",
    "-U of one with another group": "chpst -U sync probe",
    "-U with a group": "chpst -U nobody:daemon probe",
    "-U with groups": "chpst -U nobody:daemon:bin probe",
    "-U by numbers": "chpst -U :1000:100:5 probe",
    "-U twice": "chpst -U nobody -U root env",
    "-U over a file": "mkdir d; echo 5 >d/UID; echo 6 >d/GID; chpst -e d -U nobody probe",
    "-U of nobody there": "chpst -U no-such-account probe",
    "-U of no group there": "chpst -U root:no-such-group probe; chpst -U root:bin:nope true",
    "-U of empty names": "for u in '' : root: :1: ::1 root::bin; do chpst -U \"$u\" env; done",
    "-U of no numbers": "for u in :1 :a :1:a :1:2:b :-1:1 ' :1'; do chpst -U \"$u\" env; done",
    "-U of a number": "chpst -U 65534 probe; chpst -U 0:0 probe",
    "-U of numbers that wrap": "chpst -U :4294967296:4294967301 env",
    "-U of the largest numbers": "chpst -U :4294967295:4294967295 env",
    "-U of a name that is no UTF-8": r"chpst -U $(printf 'r\377') env",
    "-U of many groups": f"chpst -U :1{MANY} env; chpst -U :1{MANY}:61 env",
    # An account, before anything is changed.
    "-u of nobody there": "chpst -u no-such-account probe; chpst -u 65534 probe",
    "-u of no numbers": 'for u in :1 :a : :1:a; do chpst -u "$u" env; done',
    # By the other names.
    "envdir": FILES + "envdir d probe; envdir; envdir d; envdir nonesuch probe; envdir -q x",
    "envdir and a directory in it": FILES + "mkdir d/sub; envdir d probe",
    "envdir and a missing program": FILES + "envdir d nonesuch",
    "envuidgid": "envuidgid nobody probe; envuidgid sync env",
    "envuidgid, wrong": "envuidgid; envuidgid root; envuidgid nope env; envuidgid -- x",
    "envuidgid takes a name alone": "envuidgid root:bin env; envuidgid :1:1 env; envuidgid '' env",
    "pgrphack": "pgrphack probe; pgrphack; pgrphack -q; pgrphack nonesuch",
    "pgrphack twice": "pgrphack pgrphack probe",
    "setlock": "setlock l probe",
    "setlock does not wait": "setlock l sh -c 'setlock l echo no; echo $?'",
    "setlock -N does not wait": "setlock l sh -c 'setlock -nN l echo no; echo $?'",
    "setlock -n waits": HELD + "setlock -n l echo got it & waits $!; echo >go; wait $!; echo $?",
    "setlock -x says nothing": "setlock l sh -c 'setlock -x l echo no; echo $?'",
    "setlock -xX does": "setlock l sh -c 'setlock -xX l echo no; echo $?'; setlock -x d/l true",
    "setlock -x of a missing program": "setlock -x l nonesuch; echo $?; setlock l nonesuch",
    "setlock -x of a link that fails": "setlock -x l setlock d/l true; echo $?",
    "setlock -x of a program": "setlock -x l probe",
    "setlock, wrong": "setlock; setlock l; setlock -q l true; setlock -nxq; setlock -t 5 l true",
    "softlimit": "softlimit -a 900000000 -c 0 -d 800000000 -f 5000000 -l 4096 -o 50 probe",
    "softlimit, the rest": "softlimit -p 5000 -r 99999 -s 4000000 -t 100 probe",
    "softlimit -m": "softlimit -m 500000000 probe; softlimit -c 5 -c = probe",
    "softlimit, wrong": "softlimit; softlimit -q x; softlimit -o 5x true; softlimit -o",
    "softlimit =5": "softlimit -o =5 true; softlimit -o '' true 2>&1 | wc -l",
    "a name with a d": "dsetlock -q; dsetlock l probe; denvdir; dsoftlimit -o x",
    "any other name": "other; other -q; other nonesuch; other -o x y; other -n 3 nice; dd; dd -q",
    "a path": 'cd /; "$OLDPWD/bin/chpst" -q; "$OLDPWD/bin/setlock"',
    # Chains.
    "a chain of them": "chpst -n 1 setlock l softlimit -c 0 chpst -P pgrphack chpst -o 99 probe",
    "chpst many times": "chpst -n 1 " * 12 + "probe",
    "a program between": "chpst -n 1 nice -n 2 chpst -l l env A=1 chpst -o 99 probe",
    "a failure in the middle": "chpst -n 1 chpst -l d/l probe; echo $?",
    "wrong usage in the middle": "chpst -l l chpst -q probe; echo $?; ls",
}
POWERLESS = {
    "-u of oneself": "chpst -u root probe",
    "-u of another": "chpst -u nobody probe; chpst -u :5:6 probe; chpst -u nobody:daemon probe",
    "setuidgid": "setuidgid nobody probe; setuidgid root probe",
    "another root": "mkdir r; chpst -/ r probe; chpst -/ nonesuch probe; chpst -/ '' probe",
    "less nice": "chpst -n -5 probe",
    "the group first": "chpst -u root -n -5 -/ / -l d/l true",
}
ROOTS = {
    "-u": "chpst -u nobody probe",
    "-u root": "chpst -u root probe",
    "-u of one with another group": "chpst -u sync probe",
    "-u with a group": "chpst -u nobody:daemon probe",
    "-u with groups": "chpst -u nobody:root:daemon:bin probe",
    "-u by numbers": "chpst -u :1000:100 probe; chpst -u :1000:100:5:7 id",
    "-u in one word": "chpst -unobody:bin id; chpst -vPu:5:6 id",
    "-u of many groups": f"chpst -u :1{MANY} id -G; chpst -u :1{MANY}:61 id -G",
    "-u of one group many times": "chpst -u root:bin" + ":sys" * 61 + " id -G",
    "-u of nobody's numbers": "chpst -u :4294967295:4 id; chpst -u :1:4294967295 id",
    "-u of a group that is missing": "chpst -u nobody:nope probe",
    "-u and -U": "chpst -u nobody -U sync probe",
    "other groups go": "setpriv --groups 4,5,6 chpst -u nobody probe",
    "the environment is root's": FILES + "chmod 700 d; chpst -u nobody -e d probe",
    "the lock is the account's": "chpst -u nobody -l l id; mkdir -m 777 d; chpst -unobody -Ld/l id",
    "-u then all": "chpst -u :5:6 -n -3 -c 0 -o 40 -P -0 probe",
    "-u and no program": "chpst -u nobody nonesuch; chpst -u nobody /nonesuch",
    "-u and one it may not run": "chmod 700 bin/probe; chpst -u nobody probe; chpst -u :5:6 ./bin",
    "no way back": "chpst -u nobody chpst -u root probe",
    "argv0 of nobody": "chpst -u nobody -b '' sh -c 'tr \"\\0\" \" \" </proc/$$/cmdline'",
    "less nice": "chpst -n -5 probe; chpst -n-7 nice",
    "setuidgid": "setuidgid nobody probe",
    "setuidgid, wrong": "setuidgid; setuidgid root; setuidgid root:bin id; setuidgid :1:1 id",
    "setuidgid of nobody there": "setuidgid nope id; setuidgid 65534 id; setuidgid nobody nope",
    "without the power to change the group": "setpriv --bounding-set=-setgid chpst -u nobody id",
    "without the power to change the user": "setpriv --bounding-set=-setuid chpst -u nobody id",
    "the same root": "chpst -/ / probe",
    "another root": ROOT + "chpst -/ r /sh -c 'pwd; echo *'; chpst -/ r sh -c pwd",
    "a program that is in no root": ROOT
    + "chpst -/ r /bin/nope; chpst -/ r nope; chpst -/ r bin/x",
    "a root that is missing": "chpst -/ r true; : >f; chpst -/ f true",
    "an environment from without": ROOT + FILES + "chpst -e d -/ r /sh -c 'echo $A'",
    "accounts are looked for within": ROOT + "chpst -/ r -U in:g /sh -c 'echo $UID $GID'",
    "and not without": ROOT + "chpst -/ r -u nobody /sh -c pwd; chpst -/ r -U in:bin /sh -c pwd",
    "a root without accounts": ROOT + "rm r/etc/passwd; chpst -/ r -u in /sh -c pwd",
    "a root without groups": ROOT + "rm r/etc/group; chpst -/ r -u in:g /sh -c pwd",
    "numbers in a root": ROOT + "chpst -/ r -u :5:6 /sh -c 'pwd; echo *'",
    "a lock in a root": ROOT + "chpst -/ r -l /d/l /sh -c 'echo d/*'; ls r/d",
    "all in a root": ROOT + "chpst -/ r -u in:g -n 5 -c0 -o 30 -b x -P /sh -c 'echo $0; ulimit -n'",
    "all of it": FILES + ROOT + "chpst -vPe d -U in -u :5:6:7 -/ / -n 3 -L l2 -0 -o 50 -b x true",
}


@pytest.fixture(scope="session")
def runit(tmp_path_factory):
    """A directory in which the names of runit's suite are ours."""
    place = tmp_path_factory.mktemp("runit")
    for one in place, *list(place.parents)[:2]:
        one.chmod(0o755)
    made = [sys.executable, "-m", "pydaemontools", "originals", place, "--suite", "runit"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    yield place
    remove(place)


@pytest.fixture
def compare(runit, needs, place):
    """Run a script with Debian's chpst and with ours, and compare everything that comes out."""
    theirs = dict.fromkeys((*NAMES, *LINKED), needs("chpst"))
    ours = {name: runit / name for name in NAMES} | dict.fromkeys(LINKED, runit / "chpst")

    def compare(script):
        expected = outcome(place, theirs, script)
        assert b"Syntax error" not in b"".join(expected[2])
        assert outcome(place, ours, script) == expected

    return compare


@pytest.mark.parametrize("script", ANYBODY.values(), ids=ANYBODY)
def test_chpst(compare, script):
    """Called by the original's names it does what the original does."""
    compare(script)


# What asks the system for nothing is the same whoever asks.
ASKING = {
    name: script
    for name, script in (ANYBODY | POWERLESS).items()
    if "probe" in script and not script.endswith(("-q", "-V")) and "nobody there" not in name
}


@pytest.mark.parametrize("script", ASKING.values(), ids=ASKING)
def test_without_power(compare, script):
    """And where the system refuses what only root may do."""
    compare(f"exec {UNABLE} sh -c '{script.replace(chr(39), QUOTE)}'")


@pytest.mark.needs_root
@pytest.mark.parametrize("script", ROOTS.values(), ids=ROOTS)
def test_root(compare, script):
    """What only root may do."""
    compare(script)
