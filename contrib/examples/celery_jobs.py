"""Celery: `celery -A celery_jobs worker`, with the broker that the variable BROKER names.

Celery takes the root logger over, unless somebody is connected to its signal setup_logging.
"""

import logging
import os

import celery
from celery import signals

import pydaemontools.adapters as log

logger = logging.getLogger("jobs")
app = celery.Celery("celery_jobs", broker=os.environ.get("BROKER", "memory://"))


@signals.setup_logging.connect
def set_up(loglevel=None, **_):
    """Log as we do, with the level of `celery worker -l`; its children inherit it."""
    log.install(level=loglevel or "info", env="DEBUG")


@signals.worker_ready.connect
def ready(**_):
    """Tell the supervisor that jobs are taken."""
    log.notify.ready("taking jobs")


@signals.worker_shutting_down.connect
def stopping(**_):
    """Tell it that no more are."""
    log.notify.stopping()


@app.task
def divide(dividend, divisor):
    """A job that may fail: Celery logs the exception, with its traceback."""
    logger.info("dividing %d by %d", dividend, divisor)
    return dividend / divisor
