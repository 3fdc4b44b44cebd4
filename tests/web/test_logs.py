"""What a log line tells, and what it must not (quality.md §4)."""

import io
import logging
import logging.config

import pytest
from django.test import Client as Browser

from salon.logs import logging_settings


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return what the installation's own handler writes."""
    written = io.StringIO()
    configuration = logging_settings(json=True, level="DEBUG")
    formatter = configuration["formatters"]["line"]
    handler = logging.StreamHandler(written)
    made = formatter.pop("()")
    handler.setFormatter(made(**formatter))
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [handler])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    return written


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/invitation/secret-token/", "/invitation/…/"),
        ("/password/reset/MDE5/secret-token/", "/password/reset/MDE5/…/"),
        ("/ical/secret-token.ics", "/ical/…"),
        ("/sign-in/", "/sign-in/"),
    ],
)
def test_tokens_never_stand_in_the_log(db: None, log: io.StringIO, path: str, logged: str) -> None:
    Browser(enforce_csrf_checks=True).post(path)
    Browser().get(path)
    assert '"request"' in log.getvalue()
    assert logged.replace("…", "\\u2026") in log.getvalue()
    assert "secret-token" not in log.getvalue()


def test_each_request_has_an_id(db: None) -> None:
    assert Browser().get("/sign-in/", headers={"X-Request-ID": "from-proxy-1"})["X-Request-ID"] == "from-proxy-1"
    assert len(Browser().get("/sign-in/", headers={"X-Request-ID": "bad id\n"})["X-Request-ID"]) == 32
