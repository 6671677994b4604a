#!/bin/sh
''':' # For the kernel a shell script that execs the python3 beside it, for Python a string.
case $0 in */*) PYDT_FILE=$0 ;; *) PYDT_FILE=./$0 ;; esac
unset PYDAEMONTOOLS_CALLED PYDAEMONTOOLS_ENVIRON PYDAEMONTOOLS_LOST PYDAEMONTOOLS_TEXT
# Where no process can be started, what wants one fails: `command` keeps the shell from ending.
[ -h "$PYDT_FILE" ] && export PYDAEMONTOOLS_CALLED="$0" &&
    command eval 'PYDT_COPY=$(PATH=/usr/bin:/bin; readlink -f -- "$PYDT_FILE")' 2>/dev/null &&
    PYDT_FILE=$PYDT_COPY
# A shell hands on only variables that could be its own, so the link gets a copy of them all; of
# many only those that are not, and those that shells set. Without a process it gets the text.
# What starts no program needs none.
case "NAME ${1-}" in
    "pysv status" | "pysv ls" | "pysvstat "* | "pysvok "* | "pysvc "*) PYDT_STARTS= ;;
    *) PYDT_STARTS=1 ;;
esac
if [ -z "$PYDT_STARTS" ]; then
    :
elif command eval 'PYDT_COPY=$(PATH=/usr/bin:/bin; base64 -w0 "/proc/$$/environ")' 2>/dev/null; then
    if [ ${#PYDT_COPY} -lt 100000 ]; then
        export PYDAEMONTOOLS_ENVIRON="$PYDT_COPY"
    else
        PYDT_LOST='^([^=]*[^A-Za-z0-9_=]|[0-9]|(LC_CTYPE|PWD|OLDPWD|SHLVL|_|IFS|OPTIND|PPID)=)'
        PYDT_COPY=$(
            export PATH=/usr/bin:/bin LC_ALL=C
            { grep -azE "$PYDT_LOST" "/proc/$$/environ" || [ $? = 1 ] || echo !; } | base64 -w0
        )
        [ ${#PYDT_COPY} -lt 120000 ] || PYDT_COPY=IQ== # an exclamation mark
        export PYDAEMONTOOLS_LOST="$PYDT_COPY"
    fi
else
    PYDT_COPY=
    while IFS= read -r PYDT_LINE || [ -n "$PYDT_LINE" ]; do
        PYDT_COPY="$PYDT_COPY$PYDT_LINE"
    done 2>/dev/null <"/proc/$$/environ"
    [ ${#PYDT_COPY} -lt 100000 ] || PYDT_COPY=!
    [ -n "$PYDT_COPY" ] && export PYDAEMONTOOLS_TEXT="$PYDT_COPY"
fi
# Beside a link that could not be followed may stand anything.
PYDT_BESIDE=${PYDT_FILE%/*}/python3
[ -h "$PYDT_FILE" ] && PYDT_BESIDE=
for PYDT_PYTHON in "$PYDT_BESIDE" /usr/bin/python3; do
    [ -x "$PYDT_PYTHON" ] && exec "$PYDT_PYTHON" -IS "$PYDT_FILE" "$@"
done
exec python3 -IS "$PYDT_FILE" "$@"
'''
import sys, posix
home = __file__.rpartition("/")[0]
place = "/lib/python%d.%d/site-packages" % sys.version_info[:2]
place = home.rpartition("/")[0] + place
# To compile what is seldom needed takes longer than all else here: so it is a text.
SEARCH = r"""
try:
    posix.readlink(__file__)
except OSError:
    pass
else:
    # The shell could not follow the link: the interpreter beside its end is the one.
    import os.path
    script = os.path.realpath(__file__)
    home = script.rpartition("/")[0]
    if posix.access(home + "/python3", posix.X_OK):
        posix.execv(home + "/python3", [home + "/python3", "-IS", script, *sys.argv[1:]])
if "/./" in home + "/" or "/../" in home + "/":
    import os.path
    home = os.path.realpath(home)
def places(root):
    lib = root + "/lib/python%d.%d/" % sys.version_info[:2]
    yield lib + "site-packages"
    try:
        with open(lib + "site-packages/pydaemontools.pth") as editable:
            yield editable.read().strip()
    except OSError:
        pass
    yield root
    for lib in root + "/lib/", root + "/local/lib/":
        for name in sorted(posix.listdir(lib) if posix.access(lib, 4) else [], reverse=True):
            yield lib + name + "/site-packages"
            yield lib + name + "/dist-packages"
def fatal(text):
    sys.stderr.write("NAME: fatal: unable to " + text + "\n")
    sys.exit(111)
if sys.version_info < (3, 11):
    fatal("run with " + sys.executable + ": it is older than Python 3.11")
for place in places(home.rpartition("/")[0]):
    if posix.access(place + "/pydaemontools/entry.py", 0):
        break
else:
    fatal("find the package pydaemontools near " + home)
"""
is_link = posix.lstat(__file__).st_mode & 0o170000 == 0o120000
odd = "/./" in home + "/" or "/../" in home + "/"
if is_link or odd or not posix.access(place + "/pydaemontools/entry.py", 0):
    exec(SEARCH)
# First, for a moment: what is there is not looked for in other places before.
sys.path.insert(0, place)
import pydaemontools
sys.path.append(sys.path.pop(0))
from pydaemontools.entry import enter
enter("NAME", home)
