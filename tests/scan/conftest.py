"""What the tests of many services share: a tree of them, and the one process that keeps it."""

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import (  # noqa: F401 - fixtures
    NOTE_IN,
    Kept,
    faulty,
    make_service,
    supervise,
)

# Behind what a test has go wrong in a pysvscan.
BEGIN = (
    '\nsys.argv[0] = "pysvscan"\nfrom pydaemontools.entry import enter\nenter("pysvscan", BIN)\n'
)


class Tree:
    """The services below PATH, and the pysvscan that keeps them."""

    def __init__(self, scanner, path):
        self.scanner = scanner
        self.path = path

    def __getitem__(self, name):
        return Kept(self.scanner, self.path / name)

    def add(self, name, files=None):
        """Have a service NAME, complete at once: as it is to be seen by then."""
        make_service(self.path / f".{name}", files or {"run": NOTE_IN})
        (self.path / f".{name}").rename(self.path / name)
        return self[name]

    def runs(self, *names):
        """Wait until the programs of the services NAMES need their files no more: their pids."""

        def sleeps(pid):
            with open(f"/proc/{pid}/cmdline", "rb") as words:
                return b"sleep" in words.read()

        for name in names:
            wait_until(lambda name=name: sleeps(self[name].up()))
        return [self[name].pid() for name in names]

    def pids(self):
        """The pid of each service, and of each logger."""
        found = sorted(self.path.glob("*/supervise/pid")) + sorted(
            self.path.glob("*/log/supervise/pid")
        )
        return {str(file.relative_to(self.path)): file.read_text() for file in found}

    def says(self, text):
        """Wait until it has said TEXT on stderr."""
        wait_until(lambda: text.encode() in (self.scanner.place / "err").read_bytes())


@pytest.fixture
def scan(supervise, place):  # noqa: F811
    """Make services in `sv`, by name and files, and start a pysvscan there."""

    def scan(services=None, *argv, directory="sv", command=("pysvscan",), **more):
        path = place / directory
        path.mkdir(exist_ok=True)
        for name, files in (services or {}).items():
            make_service(path / name, files or {"run": NOTE_IN})
        return Tree(supervise(directory, *argv, command=command, **more), path)

    return scan


@pytest.fixture
def with_fault(scan, faulty, scripts, place):  # noqa: F811
    """Start a pysvscan with a FAULT, some lines of Python that run before it."""

    def start(fault, services=None):
        text = (fault + BEGIN).replace("BIN", repr(str(scripts))).replace("/PLACE", str(place))
        return scan(services, command=(faulty(text),))

    return start
