"""For a forkserver: multiprocessing.set_forkserver_preload(["pydaemontools.adapters.preload"]).

Its children are forked from it, and log as its parent does then.
"""

from .setup import child

child()
