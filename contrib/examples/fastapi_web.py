"""FastAPI under uvicorn: `python3 fastapi_web.py`, or `uvicorn fastapi_web:app`.

Both log through logging, uvicorn with handlers of its own, which install() takes away.
"""

import contextlib
import logging
import sys

import fastapi
import uvicorn

import pydaemontools.adapters as log

logger = logging.getLogger("web")


@contextlib.asynccontextmanager
async def lifespan(_):
    """Tell the supervisor when requests are answered, and when no more."""
    # Here and not at the top: uvicorn's command sets its own handlers up before it imports us,
    # and its workers are other processes.
    log.install(env="DEBUG", signals=("USR1", "USR2"))
    log.notify.ready("answering")
    yield
    log.notify.stopping()


app = fastapi.FastAPI(lifespan=lifespan)


@app.get("/")
async def index():
    """Say hello."""
    logger.info("somebody asked")
    logger.debug("and nobody else did")
    return {"hello": "world"}


@app.get("/fail")
async def fail():
    """Fail: uvicorn logs the exception, with its traceback."""
    return {}["three"]


if __name__ == "__main__":
    log.install(env="DEBUG")
    # Without log_config=None uvicorn would print its first lines itself.
    uvicorn.run(app, port=int(sys.argv[1]) if sys.argv[1:] else 8000, log_config=None)
