"""Nobody waits for what a web process could have loaded before."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from salon.warming import templates, warm_up
from tests.serving import ROOT

_FIRST_VISIT = """
import sys
from django.conf import settings
# As in all tests: assets by their plain names, as none are collected.
plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
import salon.wsgi
from django.test import Client
loaded = set(sys.modules)
assert Client(SERVER_NAME="127.0.0.1").get("/sign-in/").status_code == 200
own = ("bookings", "clients", "salon", "holidays", "rest_framework", "drf_spectacular")
print(sorted(name for name in set(sys.modules) - loaded if name.startswith(own)))
"""


def test_the_first_visit_loads_no_code() -> None:
    visit = subprocess.run(
        [sys.executable, "-c", _FIRST_VISIT], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert visit.stdout.splitlines()[-1] == "[]"


@pytest.mark.django_db
def test_it_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gc.freeze", lambda: None)
    with CaptureQueriesContext(connection) as captured:
        warm_up()
    assert len(captured) == 0


def test_every_template_is_loaded() -> None:
    found = list(Path(settings.BASE_DIR / "templates").rglob("*.html"))
    assert len(templates()) >= len(found) > 100
    assert "bookings/calendar.html" in templates()
