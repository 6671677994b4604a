#!/usr/bin/env python3
"""mydaemon: a daemon to start from. What it does is in run(): make that yours.

In the foreground, to develop it, or below a supervisor; and detached, where there is none:

    python mydaemon.py --debug
    python mydaemon.py -v --daemon --logfile=/path/to/mydaemon.log --pidfile=/path/to/mydaemon.pid
    python mydaemon.py -v --daemon --workdir=/path/to/ --logfile=mydaemon.log --pidfile=mydaemon.pid

TERM and INT end it; HUP opens the log file anew, after it was moved away.
"""

import argparse
import os
import sys
import time
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Thread

from loguru import logger

import pydaemontools.adapters as log
from pydaemontools.daemon import Error, Server, daemonize

PROCNAME = "mydaemon"
INTERVAL = 2.0  # seconds between two runs
LOG_FORMAT = "{time:YYYY-MM-DD HH:mm:ss,SSS} - {level} - {message}"
IDS = """Process id: {}, parent process id: {}, process group id: {}, session id: {}, user id: {}, \
effective user id: {}, real group id: {}, effective group id: {}"""
STARTED = time.monotonic()


def uptime():
    return f"Uptime: {time.monotonic() - STARTED:.0f} seconds"


class MyDaemon(Server):
    """The daemon: run() is called again and again, and a signal calls the method of its name."""

    def __init__(self, options, page):
        super().__init__(PROCNAME, interval=INTERVAL, logger=logger)
        self.options, self.page, self.sink = options, page, None

    def run(self):
        logger.warning(uptime())

    def before_starting(self):
        """What fails here is told to whoever starts it, who fails too."""
        self.open_log("a" if self.options.logappend else "w")
        level = self.options.level
        logger.warning("Starting process with id {}. Log level is {}.", os.getpid(), level)
        logger.warning("Process name is '{}'.", PROCNAME)
        processes = os.getpid(), os.getppid(), os.getpgrp(), os.getsid(0)
        logger.debug(IDS, *processes, os.getuid(), os.geteuid(), os.getgid(), os.getegid())
        if self.page:
            Thread(target=self.page.serve_forever, daemon=True).start()

    def open_log(self, mode):
        before, level = self.sink, self.options.level
        if self.options.logfile:
            self.sink = logger.add(self.options.logfile, mode=mode, format=LOG_FORMAT, level=level)
        if before is not None:
            logger.remove(before)

    def hup(self):
        logger.warning("HUP signal received. Closing and reopening the log file descriptor.")
        self.open_log("a")

    def int(self):
        logger.warning("INT signal received. Exiting.")
        return super().int()

    def term(self):
        logger.warning("TERM signal received. Exiting.")
        return super().term()


class Page(BaseHTTPRequestHandler):
    """The health page is /health; all others have the uptime."""

    timeout = 10  # seconds that a request may take to come

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"ok\n" if self.path == "/health" else f"{uptime()}\n".encode())

    def log_message(self, text, *args):
        logger.debug("{} {}", self.client_address[0], text % args)


def octal(text):
    return int(text, 8)


def parse():
    """The options. What they cannot mean is said on stderr, before anything is done."""
    parser = argparse.ArgumentParser(PROCNAME, description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--version", action="version", version="%(prog)s 1.0")
    add("-d", "--daemon", action="store_true", help="detach, unless a supervisor starts it")
    add("-f", "--foreground", action="store_true", help="stay, whatever --daemon says")
    add("-v", "--verbose", action="store_true", help="log what it does")
    add("-D", "--debug", action="store_true", help="log everything")
    add("-l", "--logfile", metavar="FILE", help="log to FILE, which is emptied first")
    add("-A", "--logappend", action="store_true", help="add to the log file instead")
    add("-P", "--pidfile", metavar="FILE", help="lock FILE, so that no second one runs")
    add("-w", "--workdir", metavar="PATH", help="work in PATH; a daemon does so in / without")
    add("-u", "--umask", metavar="UMSK", type=octal, default=0o022)
    add("-U", "--user", help="become USER, when the pid file and the port are there")
    add("-a", "--address", metavar="ADDR", help="have a health page at ADDR (127.0.0.1)")
    add("-p", "--port", type=int, help="have a health page at PORT (10000)")
    options = parser.parse_args()
    for one, needs in ("logappend", "logfile"), ("pidfile", "daemon"), ("daemon", "logfile"):
        if getattr(options, one) and not getattr(options, needs):
            parser.exit(1, f"Error: --{one} requires --{needs}\n")
    # A relative path counts from --workdir, or from here.
    for name in "logfile", "pidfile":
        if path := getattr(options, name):
            setattr(options, name, os.path.abspath(os.path.join(options.workdir or "", path)))
    if options.logfile and not os.path.isdir(os.path.dirname(options.logfile)):
        parser.exit(1, f"Error: there is no directory for {options.logfile}\n")
    options.level = "DEBUG" if options.debug else "INFO" if options.verbose else "WARNING"
    return options


def main():
    options = parse()
    log.install("loguru", level=options.level.lower(), bridge="loguru")
    with open("/proc/self/comm", "w") as name:
        name.write(PROCNAME[:15])
    away = options.daemon and not options.foreground
    try:
        page, where = None, (options.address or "127.0.0.1", options.port or 10000)
        if options.address or options.port is not None:
            ThreadingTCPServer.allow_reuse_address = ThreadingTCPServer.daemon_threads = True
            page = ThreadingTCPServer(where, Page)
        how = {"directory": options.workdir or ("/" if away else None), "umask": options.umask}
        how |= {"user": options.user, "keep": [page] if page else []}
        daemonize(options.pidfile, name=PROCNAME, detach=None if away else False, **how)
    except (Error, OSError) as error:
        sys.exit(f"{PROCNAME}: {error}")
    MyDaemon(options, page).startup()


if __name__ == "__main__":
    main()
