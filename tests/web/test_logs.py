"""What a log line tells, and what it must not (quality.md §4)."""

import pytest
import structlog
from django.test import Client as Browser


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/invitation/secret-token/", "/invitation/…/"),
        ("/password/reset/MDE5/secret-token/", "/password/reset/MDE5/…/"),
        ("/sign-in/", "/sign-in/"),
    ],
)
def test_tokens_never_stand_in_the_log(db: None, path: str, logged: str) -> None:
    with structlog.testing.capture_logs() as lines:
        Browser().get(path)
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["path"] == logged


def test_each_request_has_an_id(db: None) -> None:
    assert Browser().get("/sign-in/", headers={"X-Request-ID": "from-proxy-1"})["X-Request-ID"] == "from-proxy-1"
    assert len(Browser().get("/sign-in/", headers={"X-Request-ID": "bad id\n"})["X-Request-ID"]) == 32
