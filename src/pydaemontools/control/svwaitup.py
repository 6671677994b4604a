"""Wait until services have been up for a while, as runit's svwaitup did before there was sv."""

from time import sleep, time

from ..base import cli
from .runit_older import Services, options, usage, waited_for

WORDS = b"[-v] [-s 1..600] service ..."
VERSION = b"$Id: e2d6c574c5e56f9931323fbc0e539c7f9b829b73 $"
HERE = b"unable to open current working directory"
BACK = b"unable to switch to starting directory"
SECONDS = 2, 1, 600  # for which it has to be up: unless told, at least, at most


def main(argv: list[bytes]) -> int:
    """Wait for one after the other; one that is down is not waited for."""
    given, names = options(argv, b"s:v", WORDS, VERSION)
    limit, least, most = SECONDS
    if b"s" in given:
        limit = cli.scan_ulong(given[b"s"])
        if not least <= limit <= most:
            raise usage(argv[0], WORDS)
    services = Services(argv[0], 111, HERE, BACK)
    for name in names:
        while services.enter(name):
            status = waited_for(services, name)
            services.back()
            if status is None:
                break
            if not status.pid:
                services.warn(name + b": is down.")
                break
            seconds = status.seconds(int(time()))
            if seconds >= limit:
                if b"v" in given:
                    services.info(name + b": is up (%d seconds)" % seconds)
                break
            sleep(limit - seconds)
    return services.code
