"""What a link does not change: the program sees all that the link was started with."""

import itertools

import pytest

from .test_path import LINKS, SETUP

STARTS = {
    "without stdin": "{link} probe <&-",
    "without stdout": ": >state; {link} probe >&-",
    "without stderr": "{link} probe 2>&-",
    "without all three": ": >state; {link} probe <&- >&- 2>&-",
    "with other fds open": "{link} probe 5</etc/passwd 7>>f 9<>f",
    "with a umask": "umask 027; {link} probe",
    "with signals ignored": "env --ignore-signal=HUP,INT,QUIT,TERM,USR1,TSTP {link} probe",
    "with SIGCHLD ignored": "env --ignore-signal=CHLD {link} grep Sig[BI] /proc/self/status",
    "with signals blocked": "env --block-signal=HUP,INT,TERM,USR1,CHLD,ALRM {link} probe",
    "with limits": "ulimit -S -c 0; ulimit -n 200; ulimit -s 4000; {link} probe",
    "with an environment of nothing": "env - {bare} bin/probe",
    "in a locale": "env - LC_ALL=C.UTF-8 LANG=de_DE {bare} bin/probe",
    "in the C locale": "env - LC_ALL=C A=1 {bare} bin/probe",
    "with LC_CTYPE": "env - A=1 LC_CTYPE=C.UTF-8 B=2 {bare} bin/probe",
    "with an odd LC_CTYPE": "env - A=1 LC_CTYPE=xx B=2 {bare} bin/probe",
    "with PYTHON variables": (
        "env - PYTHONHOME=/nonesuch PYTHONPATH=. PYTHONINSPECT=1 PYTHONSTARTUP=f PYTHONUTF8=0"
        " PYTHONVERBOSE=1 PYTHONCOERCECLOCALE=warn {bare} bin/probe"
    ),
    "with odd names in the environment": "env - a.b=1 'a b=2' ä=3 1=4 %=5 {bare} bin/probe",
    "with bytes that are no UTF-8": (
        r"""env - "$(printf 'A=\377')" "$(printf '\376=1')" {bare} bin/probe "$(printf '\375')" """
    ),
    "with 2000 variables": ("for i in $(seq 2000); do export V$i=$i; done; {link} env | md5sum"),
    "niced": "nice -n 5 {link} nice",
    "in a directory that is gone": "mkdir x; cd x; rmdir ../x; {link} readlink /proc/self/cwd",
    "as the leader of its session": "exec {link} probe",
}


# What differs under a link's own name: closed fds are opened on /dev/null, and a shell comes
# first. Where that is dash, an ignored SIGCHLD gets its default action again, and it says so
# if the current directory is gone.
OPENED = ("without stdin", "without stdout", "without stderr", "without all three")
OTHER = (*OPENED, "with SIGCHLD ignored", "in a directory that is gone")


def cases(*without, fghack):
    """A case for each link and each start, less those WITHOUT."""
    return [
        pytest.param(
            SETUP + start.format(link=link, bare="bin/" + link),
            id=f"{name} {what}",
            marks=[pytest.mark.needs_root] if name == "setuidgid" else [],
        )
        for (name, link), (what, start) in itertools.product(LINKS.items(), STARTS.items())
        # Where SIGCHLD is ignored a parent has nothing to wait for: see test_fghack.
        if what not in without and (name, what) != ("fghack", "with SIGCHLD ignored")
        if fghack or name != "fghack"
    ]


@pytest.mark.parametrize("script", cases(fghack=True))
def test_start(compare, script):
    """The program sees what it would see behind the original."""
    compare(script)


@pytest.mark.parametrize("script", cases(*OTHER, fghack=False))
def test_own_name(compare, script):
    """So it is under our own names: neither Python nor the shell before it leaves a trace."""
    compare(script, own=True)
