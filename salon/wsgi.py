"""What the web server serves."""

import os

import structlog
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection

# The web process sends tasks too, so it needs the configured Celery application.
from salon.celery import app as celery_app
from salon.warming import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")

application = get_wsgi_application()

try:
    # Before anybody is served: a role that tenancy does not bind ends the start (salon/tenancy/postgresql).
    connection.ensure_connection()
except OperationalError as error:
    # Away for now; `/readyz` says so.
    structlog.get_logger().warning("database_unreachable", error=str(error))

warm_up()

__all__ = ["application", "celery_app"]
