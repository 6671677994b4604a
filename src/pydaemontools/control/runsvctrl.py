"""Tell supervisors a letter, as runit's runsvctrl did before there was sv."""

from _signal import SIG_IGN, SIGPIPE, signal
from errno import ENXIO

from .runit_older import Refused, Services, tell, usage

WORDS = b"u|d|o|p|c|h|a|i|q|1|2|t|k|x|e service ..."
LETTERS = b"udoxpchaitkq12"


def main(argv: list[bytes]) -> int:
    """Tell each service the first letter of the command."""
    letter = argv[1][:1] if len(argv) > 2 else b""
    letter = b"x" if letter == b"e" else letter
    if not letter or letter not in LETTERS:
        raise usage(argv[0], WORDS)
    signal(SIGPIPE, SIG_IGN)
    here = b"unable to open current directory"
    services = Services(argv[0], 111, here, b"unable to change directory")
    for name in argv[2:]:
        if not services.enter(name):
            continue
        try:
            tell(letter)
        except Refused as refused:
            if refused.error.errno == ENXIO:
                services.warn(name + b": runsv not running.")
            else:
                services.warn(name + b": " + refused.doing, refused.error)
        services.back()
    return services.code
