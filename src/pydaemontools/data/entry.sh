#!/bin/sh
''':' # For the kernel a shell script that execs the python3 beside it, for Python a string.
case $0 in */*) PYDT_FILE=$0 ;; *) PYDT_FILE=./$0 ;; esac
unset PYDAEMONTOOLS_CALLED PYDAEMONTOOLS_ENVIRON
[ -h "$PYDT_FILE" ] && export PYDAEMONTOOLS_CALLED="$0" &&
    PYDT_FILE=$(PATH=/usr/bin:/bin; readlink -f -- "$PYDT_FILE")
# A shell hands on only variables that could be its own, so the link gets a copy of them all.
PYDT_COPY=$(PATH=/usr/bin:/bin; base64 -w0 "/proc/$$/environ" 2>/dev/null) &&
    [ ${#PYDT_COPY} -lt 100000 ] && export PYDAEMONTOOLS_ENVIRON="$PYDT_COPY"
for PYDT_PYTHON in "${PYDT_FILE%/*}/python3" /usr/bin/python3; do
    [ -x "$PYDT_PYTHON" ] && exec "$PYDT_PYTHON" -IS "$PYDT_FILE" "$@"
done
exec python3 -IS "$PYDT_FILE" "$@"
'''
import sys, posix
home = __file__.rpartition("/")[0]
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
        sys.path.append(place)
        break
else:
    fatal("find the package pydaemontools near " + home)
from pydaemontools.entry import enter
enter("NAME", home)
