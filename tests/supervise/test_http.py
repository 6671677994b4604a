"""`ready http URL`: it answers well, and however it does not, the supervisor goes on."""

import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import suppress

import pytest

from pydaemontools.base.http import ask, parse
from tests.conftest import wait_until

pytestmark = pytest.mark.process

SLEEP = " exec sleep 1000\n"
YES = b"HTTP/1.1 200 OK\r\n\r\n"


class Server:
    """Answers each request with what `answer` is; `requests` are those that came."""

    def __init__(self, family=socket.AF_INET, host="127.0.0.1", context=None):
        self.answer = b"HTTP/1.1 503 Busy\r\n\r\n"
        self.requests, self.kept = [], []
        self.context = context
        self.listener = socket.socket(family)
        self.listener.bind((host, 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with suppress(OSError):
                if self.context:
                    peer = self.context.wrap_socket(peer, server_side=True)
                self.requests.append(peer.recv(65536))
                peer.sendall(self.answer)
            if self.answer:
                peer.close()
            else:
                self.kept.append(peer)

    def close(self):
        """Be gone."""
        # What waits in accept() is not woken by a close alone.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        for one in (self.listener, *self.kept):
            one.close()


@pytest.fixture
def server():
    """A server that says 503 at first."""
    made = Server()
    yield made
    made.close()


@pytest.mark.parametrize("code", [200, 204, 301, 399])
def test_ready(serve, server, code):
    """Ready is a status of 200 to 399; until then it is asked again."""
    kept = serve({"run": SLEEP, "ready": f"http http://localhost:{server.port}/health?a=1#x\n"})
    wait_until(lambda: len(server.requests) > 2)
    assert kept.state_file()["ready"] == "0"
    server.answer = b"HTTP/1.1 %d X\r\n\r\n" % code
    kept.is_(ready="1")
    assert server.requests[0].startswith(b"GET /health?a=1 HTTP/1.1\r\nHost: localhost:")


def test_one_that_hangs(serve, server):
    """A server that accepts and says nothing is asked again, after the limit of a check."""
    server.answer = b""
    kept = serve(
        {"run": SLEEP, "ready": f"http http://127.0.0.1:{server.port}\n", "timeout-check": "100\n"}
    )
    wait_until(lambda: len(server.requests) > 2)
    assert kept.state_file()["ready"] == "0"
    server.answer = YES
    kept.is_(ready="1")
    server.answer = b""
    asked = len(server.requests)
    kept.say("r")
    # It does not wait for the answer.
    wait_until(lambda: len(server.requests) > asked)
    assert kept.stop() == 0


@pytest.mark.parametrize(
    ("answer", "good"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n", False),
        (b"HTTP/1.1 404 No\r\n\r\n", False),
        (b"HTTP/1.1 500 No\r\n\r\n", False),
        (b"HTTP/1.1 \xff00 No\r\n\r\n", False),
        (b"SSH-2.0-OpenSSH\r\n", False),
        (b"HTTP/1.1", False),
        (b"\0" * 100000, False),
    ],
)
def test_what_is_an_answer(server, answer, good):
    """Whatever comes back, it is a yes or a no."""
    server.answer = answer
    assert ask(b"http://127.0.0.1:%d/" % server.port) == (0 if good else 1)


def test_nobody_answers():
    """Who refuses, or has no such name, is a no."""
    made = Server()
    made.close()
    assert ask(b"http://127.0.0.1:%d/" % made.port) == 1
    assert ask(b"http://nonesuch.invalid/") == 1
    assert ask(b"http://" + b"a" * 300 + b"/") == 1


def test_https(tmp_path):
    """With a certificate that nobody vouches for: it answers."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-keyout", key, "-out", certificate, "-subj", "/CN=x"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    made = Server(context=context)
    assert ask(b"https://localhost:%d/" % made.port) == 1
    made.answer = YES
    assert ask(b"https://localhost:%d/" % made.port) == 0
    assert ask(b"http://localhost:%d/" % made.port) == 1
    made.close()


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        (b"http://a", (False, b"a", 80, b"/")),
        (b"HTTPS://a.b:8443/c/d?e", (True, b"a.b", 8443, b"/c/d?e")),
        (b"http://[::1]:81?x", (False, b"::1", 81, b"/?x")),
        (b"https://[::1]", (True, b"::1", 443, b"/")),
        *((bad, None) for bad in (b"http://", b"a/b", b"ftp://a", b"http://a:0", b"http://a:x")),
        *((bad, None) for bad in (b"http://a b", b"http://a\r\nb", b"http://u@a", b"http://[::1")),
    ],
)
def test_urls(url, parts):
    """What is one, and what stands in it."""
    assert parse(url) == parts


def test_a_wrong_one(serve):
    """It is told of."""
    kept = serve({"run": SLEEP, "ready": "http ftp://x\n"})
    wait_until(lambda: "[/PATH] behind http: http ftp://x" in kept.supervisor.err())
