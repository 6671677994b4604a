"""Django, a site in one file: `python3 django_site.py runserver`, or `gunicorn django_site`.

Django's own configuration of logging is switched off with LOGGING_CONFIG = None, as it would be
in a settings.py, and install() stands where LOGGING did.
"""

import logging
import os
import sys

from django import urls
from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse

import pydaemontools.adapters as log

log.install(
    env="DEBUG",
    text="%(name)s: %(message)s",
    # It says what it watches, all of it.
    categories={"django.utils.autoreload": "warning"},
)
settings.configure(
    ALLOWED_HOSTS=["*"],
    DEBUG=False,
    LOGGING_CONFIG=None,
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("SECRET_KEY", "for the example"),
)
logger = logging.getLogger("site")


def index(_):
    """Say hello."""
    logger.info("somebody asked")
    return HttpResponse("hello\n")


def fail(_):
    """Fail: Django logs the exception, with its traceback."""
    return {}["three"]


urlpatterns = [urls.path("", index), urls.path("fail", fail)]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
