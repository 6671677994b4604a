#!/usr/bin/env python3
"""hellohttpd: a server that says hello, and starts and stops itself. Start from it for small ones.

    python hellohttpd.py start
    python hellohttpd.py stop

Without a word it runs in the foreground, as below a supervisor. HUP has it begin anew.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer

from pydaemontools.daemon import Daemon, Error, Server

NAME = "hellohttpd"
PORT = int(os.environ.get("PORT", "8000"))
LOCK = os.environ.get("LOCK", f"/tmp/{NAME}.lock")  # noqa: S108 - as the field has it: yours alone
LOG = LOCK + ".log"
USAGE = "Usage: [start|stop]"


class Hello(BaseHTTPRequestHandler):
    timeout = 10  # seconds that a request may take to come

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>Hello, World!</h1>\n")


class HelloServer(Server):
    def before_starting(self):
        ThreadingTCPServer.allow_reuse_address = ThreadingTCPServer.daemon_threads = True
        self.hellos = ThreadingTCPServer(("127.0.0.1", PORT), Hello)
        self.hellos.timeout = 0.5  # seconds until it looks whether it is to stop

    def run(self):
        self.hellos.handle_request()

    def hup(self):
        """Many servers read their configuration again: here would be the place."""
        print("HUP: begins anew", flush=True)

    def after_stopping(self):
        self.hellos.server_close()


def main(argv):
    daemon = Daemon(NAME, server=HelloServer(NAME, pid_file=LOCK), stdout=LOG, stderr=LOG)
    try:
        if argv == ["start"]:
            daemon.startup()
        elif argv == ["stop"]:
            if not daemon.shutdown():
                sys.exit(f"{NAME} is not running")
        elif argv:
            sys.exit(USAGE)
        else:
            daemon.startup_command.startup()
    except Error as error:
        sys.exit(f"{NAME}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
