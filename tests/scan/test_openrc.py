"""The script for OpenRC, below a real one.

As a package that would start what it finds on this machine: contrib/check unpacks it without
installing it, and says where in PYDAEMONTOOLS_OPENRC. It has its own /etc, /run and library here,
in a namespace that ends with the test.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pydaemontools import __file__ as package
from tests.supervise.conftest import make_service

SCRIPT = Path(package).parent / "data/openrc/pysvscan"
STATES = (
    "starting started stopping inactive wasinactive failed hotplugged daemons options exclusive"
    " scheduled init.d tmp"
)
# The mounts first: whoever may not make them skips. What OpenRC would have done at boot is next.
MACHINE = """
set -e
mount --make-rprivate /
mount -t tmpfs none work
mkdir work/etc work/etc.work
for part in lib sbin; do mount -t overlay none -o lowerdir="$1/$part:/usr/$part" /usr/$part; done
mount -t overlay none -o lowerdir="$1/etc:/etc",upperdir=work/etc,workdir=work/etc.work /etc
mount -t tmpfs none /run
echo mounted
for state in STATES; do mkdir -p /run/openrc/$state; done
touch /run/openrc/softlevel /etc/insserv.conf
ldconfig
cp pysvscan /etc/init.d/pysvscan
printf '#!/sbin/openrc-run\nstart() { :; }\n' >/etc/init.d/localmount
chmod +x /etc/init.d/pysvscan /etc/init.d/localmount
exec 2>&1
rc-service localmount start
set +e
"""
# Each line that it prints of a deed begins with a sign.
DEEDS = """
deed() { echo "= $*"; "$@"; echo "= $?"; }
waits() { for i in $(seq 600); do "$@" && return; sleep 0.1; done; return 1; }
deed rc-service pysvscan start
deed rc-service pysvscan status
deed waits pysv status web
mv sv/.new sv/new
deed rc-service pysvscan reload
deed waits pysv status new
deed rc-service pysvscan restart
deed waits pysv status new
deed rc-service pysvscan stop
deed rc-service pysvscan status
deed pysv status web
"""


def openrc():
    """Where OpenRC is; skips aloud where it is not."""
    place = Path(os.environ.get("PYDAEMONTOOLS_OPENRC") or "/nonexistent")
    if (place / "sbin/openrc-run").exists():
        return place
    lacking = pytest.fail if os.environ.get("PYDAEMONTOOLS_STRICT") else pytest.skip
    return lacking("comparison skipped: OpenRC is not on this machine")


@pytest.mark.needs_root
@pytest.mark.process
def test_openrc_starts_reloads_and_stops_it(place, scripts):
    """Its states are those of pysvscan, whose services come with it and go with it."""
    root = openrc()
    if not Path("/lib").is_symlink() or not shutil.which("unshare"):
        pytest.skip("needs a merged /usr, and unshare")
    (place / "work").mkdir()
    (place / "sv").mkdir()
    for name in "web", ".new":
        make_service(place / "sv" / name, {"run": " exec sleep 1000\n"})
    text = SCRIPT.read_text().replace("/opt/pydaemontools/bin", str(scripts))
    (place / "pysvscan").write_text(text.replace("/etc/service", str(place / "sv")))
    machine = MACHINE.replace("STATES", STATES) + DEEDS
    alone = ["unshare", "-mpf", "--kill-child", "--mount-proc"]
    done = subprocess.run(
        [*alone, "sh", "-c", machine, "-", root],
        cwd=place,
        env={"PATH": f"/usr/sbin:/usr/bin:/sbin:/bin:{scripts}", "SVDIR": str(place / "sv")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "mounted" not in done.stdout:
        pytest.skip("needs to mount file systems: " + done.stderr[-200:])
    codes = re.findall(r"^= (\d+)$", done.stdout, re.MULTILINE)
    assert codes == ["0"] * 8 + ["3", "4"], done.stdout + done.stderr
