"""Settings come from the environment; what is wrong there is told in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from salon import environment
from salon.database_url import database_settings
from salon.environment import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "PRODUCTION": "1",
    "SECRET_KEY": "W3q8yTz1pLr5vXn9bKd2fGh6jMs4cQa7eUo0iRw-EtYuIoPlKjHg",
    "ALLOWED_HOSTS": "salon.example",
    "BASE_URL": "https://salon.example",
    "DATABASE_URL": "postgresql://app:secret@nowhere.example/salon",
    "REDIS_URL": "redis://nowhere.example",
    "SMTP_HOST": "smtp.example",
}


def _manage(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing in its environment but these variables."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *words],
        env={"PATH": os.environ["PATH"], "SALON_DATA_DIR": str(folder), **variables},
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )


def test_production_passes_every_check_for_deployment(tmp_path: Path) -> None:
    answer = _manage(tmp_path, "check", "--deploy", "--fail-level", "DEBUG", **PRODUCTION)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == "System check identified no issues (0 silenced).\n"


def test_production_without_a_mail_server_does_not_pass(tmp_path: Path) -> None:
    answer = _manage(tmp_path, "check", "--deploy", **{**PRODUCTION, "SMTP_HOST": ""})
    assert answer.returncode == 1
    assert "(mail.E001)" in answer.stderr


def test_debug_is_never_on_in_production(tmp_path: Path) -> None:
    answer = _manage(tmp_path, "diffsettings", "--output", "unified", **PRODUCTION, DEBUG="1")
    assert answer.returncode == 0, answer.stderr
    assert "+ DEBUG = True" not in answer.stdout
    assert "+ SESSION_COOKIE_SECURE = True" in answer.stdout


def test_without_production_cookies_pass_a_local_network(tmp_path: Path) -> None:
    answer = _manage(tmp_path, "diffsettings", "--output", "unified", **{**PRODUCTION, "PRODUCTION": "0"})
    assert answer.returncode == 0, answer.stderr
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "SECURE_SSL_REDIRECT"):
        assert f"+ {name} = " not in answer.stdout


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_what_is_missing_is_named_in_one_sentence(tmp_path: Path, name: str) -> None:
    given = {key: value for key, value in PRODUCTION.items() if key != name}
    answer = _manage(tmp_path, "check", **given)
    assert answer.returncode == 1
    assert answer.stderr == f"{name} is not set (nor {name}_FILE); `make run` sets it.\n"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PRODUCTION", "maybe", "PRODUCTION must be 1 or 0, not 'maybe'."),
        ("TRUSTED_PROXIES", "one", "TRUSTED_PROXIES must be a whole number, not 'one'."),
        (
            "DATABASE_URL",
            "mysql://app@host/salon",
            "A database URL must read postgresql://user:password@host:port/name.",
        ),
        (
            "SECRET_KEY_FILE",
            "/nonexistent",
            "SECRET_KEY_FILE: /nonexistent cannot be read (No such file or directory).",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    answer = _manage(tmp_path, "check", **{**PRODUCTION, name: value})
    assert (answer.returncode, answer.stdout, answer.stderr) == (1, "", f"{sentence}\n")


def test_secrets_come_from_files_which_win_over_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the file\n", encoding="utf-8")
    monkeypatch.setenv("SMTP_PASSWORD", "from the variable")
    assert environment.text("SMTP_PASSWORD") == "from the variable"
    monkeypatch.setenv("SMTP_PASSWORD_FILE", str(secret))
    assert environment.text("SMTP_PASSWORD") == "from the file"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_HOST", "")
    assert environment.text("SMTP_HOST", "default") == "default"
    with pytest.raises(ConfigurationError, match="SMTP_HOST is not set"):
        environment.text("SMTP_HOST")


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("FALSE", False), ("off", False)]
)
def test_flags(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv("LOG_JSON", text)
    assert environment.flag("LOG_JSON", default=not value) is value


def test_words_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", " salon.example, ,127.0.0.1,")
    assert environment.words("ALLOWED_HOSTS") == ["salon.example", "127.0.0.1"]
    monkeypatch.delenv("ALLOWED_HOSTS")
    assert environment.words("ALLOWED_HOSTS") == []
    assert environment.words("ALLOWED_HOSTS", "*") == ["*"]


def test_the_file_of_make_run_fills_in_what_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "SECRET_KEY_FILE", "BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REDIS_URL", "redis://mine")
    monkeypatch.setenv("DATABASE_URL_FILE", "/run/secrets/database_url")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    file = tmp_path / "environment"
    file.write_text("# comment\nBASE_URL=http://a?b=c\nREDIS_URL=redis://other\nDATABASE_URL=x\n", encoding="utf-8")
    # Undone at the end of the test, unlike what the function itself sets.
    monkeypatch.setenv("BASE_URL", "placeholder")
    monkeypatch.delenv("BASE_URL")
    environment.fill_from_file(file)
    assert os.environ["BASE_URL"] == "http://a?b=c"
    assert os.environ["REDIS_URL"] == "redis://mine"
    assert "DATABASE_URL" not in os.environ


def test_a_database_url_in_full() -> None:
    found = database_settings(
        "postgresql://app:p%40ss%2F@db.example:6432/salon?sslmode=verify-full", prepared_statements=False
    )
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "6432", "salon")
    assert (found["USER"], found["PASSWORD"]) == ("app", "p@ss/")
    # What PgBouncer in transaction mode needs.
    assert found["OPTIONS"] == {"sslmode": "verify-full", "server_side_binding": False, "prepare_threshold": None}
    assert found["CONN_HEALTH_CHECKS"] is True


def test_a_database_url_over_a_socket() -> None:
    found = database_settings("postgresql://app@/salon?host=/run/postgresql", prepared_statements=True)
    assert (found["HOST"], found["PORT"]) == ("/run/postgresql", "")
    assert found["OPTIONS"] == {"server_side_binding": True, "prepare_threshold": 5}


def test_commands_wake_the_configured_worker(tmp_path: Path) -> None:
    ask = "from celery import current_app; print(current_app.conf.broker_url)"
    answer = _manage(tmp_path, "shell", "--no-imports", "-c", ask, **PRODUCTION)
    assert (answer.returncode, answer.stdout) == (0, "redis://nowhere.example\n"), answer.stderr
