"""TLS over a connection: text in, what goes over the wire out. It never touches the socket.

The certificate of the server is verified, by the system's CAs or those of ca=FILE, and has to
be for the host's name, or the one of name=HOST, unless somebody wrote `insecure`.
"""

import ssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..lines.targets import Target

PIECE = 65536  # bytes that are decrypted at once


def configure(target: "Target") -> "Callable[[], Tls]":
    """Return what makes the TLS of each connection to TARGET. Raises OSError for files that
    cannot be used; its filename says in words what could not be done.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    given = target.options
    if b"insecure" in given:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif b"ca" in given:
        _use(b"ca=" + given[b"ca"], lambda: made.load_verify_locations(given[b"ca"]))
    else:
        made.load_default_certs()
    if b"cert" in given:
        cert, key = given[b"cert"], given.get(b"key")
        what = b"cert=" + cert + (b" with key=" + key if key else b"")
        # A key with a password would have a daemon ask for it at some terminal.
        _use(what, lambda: made.load_cert_chain(cert, key, password=""))
    name = given.get(b"name", target.host).decode()
    return lambda: Tls(made, name)


def _use(what: bytes, load: "Callable[[], None]") -> None:
    """LOAD what is called WHAT."""
    try:
        load()
    except OSError as error:
        if isinstance(error, ssl.SSLError) and not error.reason:
            error.reason = "no certificate and key in it, or one with a password"
        error.filename = b"use " + what
        raise


class Tls:
    """One connection's part of TLS, to the server that goes by NAME."""

    def __init__(self, made: ssl.SSLContext, name: str) -> None:
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._tls = made.wrap_bio(self._in, self._out, server_hostname=name)
        self.established = False

    @property
    def early(self) -> bool:
        """Whether the server may refuse our certificate after it is established: in TLS 1.3."""
        return self._tls.version() == "TLSv1.3"

    def handshake(self, came: bytes) -> bytes:
        """Return what to send, now that CAME came. Raises OSError if the server is not trusted."""
        self._in.write(came)
        try:
            self._tls.do_handshake()
            self.established = True
        except ssl.SSLWantReadError:
            pass
        return self._out.read()

    def alert(self) -> bytes:
        """Return what the server has to be told of why we go."""
        return self._out.read()

    def encrypt(self, text: bytes) -> bytes:
        """Return what to send for TEXT."""
        self._tls.write(text)
        return self._out.read()

    def decrypt(self, came: bytes) -> bytes | None:
        """Return what the server said, now that CAME came; nothing at its end, None while no
        record is complete. Raises OSError where there is nothing before what is no TLS.
        """
        self._in.write(came)
        said = b""
        try:
            while piece := self._tls.read(PIECE):
                said += piece
        except ssl.SSLWantReadError:
            return said or None
        except ssl.SSLZeroReturnError:
            pass
        except OSError:
            # It is met again, by the next call.
            if not said:
                raise
        return said

    def farewell(self) -> bytes:
        """Return what says to the server that nothing more comes."""
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            # It has not answered yet, and need not.
            pass
        return self._out.read()
