"""A place that answers is no proof: ready is a service that listens there itself."""

import os
import socket
import sys

import pytest

from tests.conftest import wait_until

SLEEP = " exec sleep 1000\n"
# Listens where it is told, when there is a file `go`; it may have been given the socket.
LISTENS = f"""#!{sys.executable} -IS
import os, socket, time
def go():
    while not os.path.exists("go"):
        time.sleep(0.01)
BODY
open("listening", "w").close()
time.sleep(1000)
"""
TCP = LISTENS.replace(
    "BODY",
    "go()\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
    "s.bind(('127.0.0.1', PORT))\ns.listen()",
)
UNIX = LISTENS.replace(
    "BODY",
    "go()\ns = socket.socket(socket.AF_UNIX)\n"
    "os.path.exists('sock') and os.unlink('sock')\ns.bind('sock')\ns.listen()",
)
# No list of the kernel's is to be had.
BLIND = """
from pydaemontools.base import unix_diag
from pydaemontools.base import listening
listening.TABLES = ()
unix_diag.PROC = "/nonesuch"
unix_diag.NETLINK_SOCK_DIAG = 99
"""
# As where the kernel has no unix_diag.
NO_DIAG = "from pydaemontools.base import unix_diag\nunix_diag.NETLINK_SOCK_DIAG = 99\n"


def other(family, place):
    """Somebody else's socket, bound; and how the file `ready` calls its place."""
    if family == "unix":
        (place / "s").mkdir(exist_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{place}/s/sock")
        return listener, "unix sock"
    listener = socket.socket(socket.AF_INET6 if "6" in family else socket.AF_INET)
    try:
        listener.bind(("::" if family == "tcp6" else "127.0.0.1", 0))
    except OSError:
        pytest.skip("needs IPv6")
    return listener, f"tcp {listener.getsockname()[1]}"


def asked(kept):
    """Wait until it was asked a few times whether it is ready: it is as it says then."""
    # The pauses between two times of asking are known: 50 ms, 100 ms.
    check = kept.path / "asked"
    wait_until(lambda: check.exists() and len(check.read_text()) > 3)
    return kept.state_file()["ready"]


@pytest.mark.parametrize("family", ["tcp", "tcp6", "unix"])
def test_somebody_else_listens(serve, place, family):
    """Another program has the place from before the start: the service is not ready."""
    listener, way = other(family, place)
    with listener:
        listener.listen()
        listener.setblocking(False)
        no = " printf x >>asked; exit 1\n"
        kept = serve({"run": SLEEP, "check": no, "ready": f"{way}\ncheck\n"})
        kept.is_(state="run")
        assert asked(kept) == "0"
        # The same holds for the next start.
        (kept.path / "asked").unlink()
        kept.say("r")
        kept.up(kept.pid())
        assert asked(kept) == "0"
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("family", ["tcp", "unix"])
@pytest.mark.parametrize("how", ["", NO_DIAG])
def test_the_service_comes_to_listen(serve, place, faulty, family, how):
    """When the place has come to be the service's own, it is ready; nobody connects."""
    listener, way = other(family, place)
    text = UNIX if family == "unix" else TCP.replace("PORT", str(listener.getsockname()[1]))
    listener.listen()
    command = (faulty(how),) if how else ("pysupervise",)
    kept = serve({"run": text, "ready": way + "\n"}, command=command)
    kept.is_(state="run", ready="0")
    listener.close()
    (kept.path / "go").touch()
    kept.is_(ready="1")


def test_a_socket_that_was_handed_on(place, serve):
    """A socket that listened before the start is the service's if a process of it has it."""
    listener, way = other("tcp", place)
    with listener:
        listener.listen()
        # The service gets it as its stdin, from the supervisor.
        kept = serve({"run": SLEEP, "ready": way + "\n"}, stdin=listener)
        kept.is_(ready="1")


@pytest.mark.parametrize("family", ["tcp", "unix"])
def test_without_a_list(serve, place, faulty, family):
    """Where the kernel lists nothing it takes a connection; of a socket, who has it is known."""
    listener, way = other(family, place)
    port = "0" if family == "unix" else str(listener.getsockname()[1])
    text = UNIX if family == "unix" else TCP.replace("PORT", port)
    kept = serve({"run": text, "ready": way + "\n"}, command=(faulty(BLIND),))
    kept.is_(state="run", ready="0")
    listener.close()
    (kept.path / "go").touch()
    kept.is_(ready="1")


def test_without_a_list_somebody_else(serve, place, faulty):
    """SO_PEERCRED says whose process listens at a socket."""
    listener, way = other("unix", place)
    with listener:
        listener.listen()
        kept = serve({"run": UNIX, "ready": way + "\n"}, command=(faulty(BLIND),))
        listener.settimeout(50)
        for _ in range(3):
            listener.accept()[0].close()
        assert kept.state_file()["ready"] == "0"
        (kept.path / "go").touch()
        kept.is_(ready="1")


def test_a_name_that_others_use_too(serve, place):
    """A socket of the same name in another directory is another place."""
    (place / "elsewhere").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        before = os.getcwd()
        os.chdir(place / "elsewhere")
        try:
            listener.bind("sock")
        finally:
            os.chdir(before)
        listener.listen()
        no = " printf x >>asked; exit 1\n"
        kept = serve({"run": UNIX, "check": no, "ready": "unix sock\ncheck\n"})
        kept.is_(state="run")
        assert asked(kept) == "0"
        (kept.path / "go").touch()
        kept.is_(ready="1")
