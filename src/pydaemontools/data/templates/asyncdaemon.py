#!/usr/bin/env python3
"""asyncdaemon: a daemon of coroutines to start from. What it does is in run(): make that yours.

    python asyncdaemon.py -v
    python asyncdaemon.py --daemon asyncdaemon.pid asyncdaemon.log

It answers each line that comes at its port with the same line. TERM and INT cancel run(), HUP
and USR1 call coroutines; what is being answered when it stops has 5 seconds to be done.
"""

import argparse
import asyncio
import os
import sys

from loguru import logger

import pydaemontools.adapters as log
from pydaemontools.daemon import Error, Server, daemonize

PROCNAME = "asyncdaemon"
GRACE = 5.0  # seconds that what is in progress has at the end


class AsyncDaemon(Server):
    """The daemon: run() is a coroutine, in asyncio's loop, and so are the hooks and signals."""

    def __init__(self, options):
        super().__init__(PROCNAME, logger=logger)
        self.options, self.busy = options, set()

    async def before_starting(self):
        """Whoever starts it is told that it is ready after this, or why it cannot be."""
        where = self.options.address, self.options.port
        self.listener = await asyncio.start_server(self.answer, *where)
        logger.info("process {} listens at {}:{}", os.getpid(), *where)

    async def run(self):
        """Runs until it is cancelled."""
        async with self.listener:
            await self.listener.serve_forever()

    async def answer(self, reader, writer):
        task = asyncio.current_task()
        self.busy.add(task)
        try:
            while line := await reader.readline():
                writer.write(line)
                await writer.drain()
        except (ConnectionError, ValueError) as error:
            # It is gone, or sent a line without an end.
            logger.debug("{}", error)
        except asyncio.CancelledError:
            logger.info("a connection was still open at the end")
        finally:
            self.busy.discard(task)
            writer.close()

    async def before_stopping(self):
        """No one new is let in, and those that are here have some time."""
        self.listener.close()
        if self.busy:
            _, left = await asyncio.wait(self.busy, timeout=GRACE)
            for task in left:
                task.cancel()

    async def hup(self):
        """Here a configuration would be read again."""
        logger.info("HUP: {} connections", len(self.busy))

    async def usr1(self):
        """More, or less, is logged."""
        log.level.set("info" if log.level.name == "debug" else "debug")


def parse():
    parser = argparse.ArgumentParser(PROCNAME, description=__doc__.partition("\n")[0])
    parser.add_argument("--version", action="version", version="%(prog)s 1.0")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what it does")
    parser.add_argument("-a", "--address", metavar="ADDR", default="127.0.0.1")
    parser.add_argument("-p", "--port", type=int, default=10000)
    how = "detach, unless a supervisor starts it: lock PIDFILE, write to LOGFILE"
    parser.add_argument("--daemon", nargs=2, metavar=("PIDFILE", "LOGFILE"), help=how)
    return parser.parse_args()


def main():
    options = parse()
    log.install("loguru", level="info" if options.verbose else "warning")
    if options.daemon:
        pid_file, log_file = options.daemon
        try:
            # The log is stderr, as below a supervisor: prints and tracebacks are there too.
            daemonize(pid_file, name=PROCNAME, stdout=log_file, stderr=log_file)
        except (Error, OSError) as error:
            sys.exit(f"{PROCNAME}: {error}")
    AsyncDaemon(options).startup()


if __name__ == "__main__":
    main()
