"""What the web server serves."""

import os

from django.core.wsgi import get_wsgi_application

# The web process sends tasks too, so it needs the configured Celery application.
from salon.celery import app as celery_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")

application = get_wsgi_application()

__all__ = ["application", "celery_app"]
