"""A transcript that is a plain file: what comes in is appended to it, each line once."""

from _signal import SIG_UNBLOCK, SIGALRM, pthread_sigmask, signal

from ..base import cli, shared_dir
from ..log.lines.batch import Batch
from ..log.lines.transform import Transform
from ..log.pipe.ending import Ending
from ..log.pipe.intent_log import open_intent_log
from ..log.pipe.pump import Pump
from ..log.pipe.pump_loop import PumpLoop, Waker
from ..log.pipe.splitter import BlockSplitter
from ..log.run_pump import open_stdin, run_pump
from ..log.sinks.file import FileSink

WHO = b"pyzdaemon"


class AsItIs(Transform):
    """What was printed, and nothing else."""

    def batch(self, body: bytes, *, continued: bool, unfinished: bool) -> Batch:
        """BODY as it is."""
        return Batch([], text=body, continued=continued, unfinished=unfinished)


def append(path: bytes, size: int, keep: int, place: bytes = b".") -> int:
    """Append stdin to the file PATH until its end, or until TERM; return the exit code.

    At SIZE bytes the file is renamed, and so many are KEPT; ALRM opens it anew. What a kill may
    leave in doubt is noted in the directory PLACE. Raises Quit.
    """
    try:
        sink = FileSink(WHO, path, size, keep)
    except OSError as error:
        raise cli.fatal(b"unable to open the transcript " + path, error) from None
    source, ending = open_stdin(WHO), Ending()
    intent_log = open_intent_log(source, BlockSplitter(0))
    try:
        if intent_log:
            sink.join(intent_log, shared_dir.open_directory(place))
    except OSError:
        # Without a note what was just written may come again after a kill.
        intent_log = None
    pump = Pump(source, ending, [sink], AsItIs(), who=WHO, intent_log=intent_log)
    # Who asks for another file so early is heard.
    signal(SIGALRM, lambda signum, _frame: pump.alarms.append(signum))
    pthread_sigmask(SIG_UNBLOCK, [SIGALRM])
    return run_pump(pump, Waker(PumpLoop(), source, ending))
