"""A router that is told to end with more in its spool than the time that it has is enough for.

The kind: what an end cuts short. What is left waits for the next start, and nothing is lost.
"""

import signal

import pytest

from tests.log.conftest import finish, numbered, stream, wait_until, write_all
from tests.log.far import Rsyslogd, check_once
from tests.log.net.test_spool_kills import SENT, stop

pytestmark = pytest.mark.process
MANY = 300_000  # lines: more than any socket has room for


@pytest.mark.parametrize(
    ("scheme", "signum"),
    [("relp", signal.SIGTERM), ("tcp", signal.SIGTERM), ("relp", signal.SIGINT)],
)
def test_a_spool_that_takes_longer_than_the_end(scheme, signum, place, start, pipe):
    """The server is slow: it is there, has taken some, and takes no more before the end."""
    module, most = SENT[scheme]
    far = Rsyslogd(place / "rsyslog", module)
    words = ["--spool", str(place / "spool"), "--to", f"{scheme}://127.0.0.1:{far.port}", "me"]
    process = start("pysissylog", *words, stdin=pipe[0])
    wanted = numbered(0, MANY)
    write_all(pipe[1], stream(wanted[:-10]))
    try:
        far.start()
        wait_until(lambda: far.size() > 1000)
        stop(far.process)
        # What is in the pipe at the end goes into the spool.
        write_all(pipe[1], stream(wanted[-10:]))
        process.send_signal(signum)
        code, said = finish(process)
        assert code == (0 if signum == signal.SIGTERM else -signum)
        assert said.count(b" bytes are left in ") == 1
        assert said.endswith(b", to be sent the next time\n")
        far.process.send_signal(signal.SIGCONT)
        process = start("pysissylog", *words, stdin=pipe[0])
        pipe.end()
        assert finish(process)[0] == 0
        wait_until(lambda: wanted[-1] in far.lines()[-1:])
        check_once(far.lines(), wanted, most)
    finally:
        far.process.send_signal(signal.SIGCONT)
        far.stop()
