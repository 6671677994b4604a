"""A journal of our own: it reads what systemd's page about its native protocol describes."""

import array
import fcntl
import os
import socket
import struct
import threading

F_GET_SEALS = 1034


class Journal:
    """A socket as journald has it; keeps the fields of each entry, and the seals of files."""

    def __init__(self, path):
        self.entries = []
        self.seals = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o777)
        self._thread = threading.Thread(target=self._loop)
        self._thread.start()

    def close(self, path):
        """Be gone."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.sendto(b"end", str(path))
        self._thread.join()
        self._socket.close()

    def _loop(self):
        while True:
            data, rights, _, _ = self._socket.recvmsg(1 << 20, socket.CMSG_SPACE(4))
            if data == b"end":
                return
            for _, _, fds in rights:
                file = array.array("i", fds)[0]
                self.seals.append(fcntl.fcntl(file, F_GET_SEALS))
                assert data == b""
                data = os.pread(file, os.fstat(file).st_size, 0)
                os.close(file)
            self.entries.append(parse(data))


def parse(data):
    """The fields of an entry, as systemd's page about its native protocol has them."""
    found = {}
    while data:
        line, _, rest = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = struct.unpack("<Q", rest[:8])[0]
            value, rest = rest[8 : 8 + length], rest[8 + length :]
            assert rest[:1] == b"\n"
            rest = rest[1:]
        found[name.decode()] = value
        data = rest
    return found
