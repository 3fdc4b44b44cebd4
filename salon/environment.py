"""Typed reading of the process environment, with secrets from files (`NAME_FILE`)."""

import os
from pathlib import Path


class ConfigurationError(Exception):
    """The environment lacks or garbles a setting; the message names it in one sentence."""


def data_directory(root: Path) -> Path:
    """Return where this checkout keeps its data: `SALON_DATA_DIR`, else `.data` in `root`."""
    return Path(os.environ.get("SALON_DATA_DIR") or root / ".data").absolute()


def fill_from_file(path: Path) -> None:
    """Set what `make run` wrote to `path` (`KEY=VALUE` lines) for every variable not set yet."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        key, separator, value = line.partition("=")
        # A variable that is set stands above the file in either form, `NAME` or `NAME_FILE`.
        given = f"{key}_FILE" in os.environ or key.removesuffix("_FILE") in os.environ
        if separator and not key.startswith("#") and not given:
            os.environ.setdefault(key.strip(), value.strip())


def text(name: str, default: str | None = None) -> str:
    """Return a variable, or the content of the file that `NAME_FILE` names.

    Raises: ConfigurationError when neither is set and there is no default.
    """
    if file := os.environ.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(f"{name}_FILE: {file} cannot be read ({error.strerror}).") from error
    value = os.environ.get(name, "") or default
    if value is None:
        raise ConfigurationError(f"{name} is not set (nor {name}_FILE); `make run` sets it.")
    return value


def flag(name: str, default: bool = False) -> bool:
    """Return whether a variable is 1, true, yes or on.

    Raises: ConfigurationError when it is neither that nor its opposite.
    """
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ConfigurationError(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int) -> int:
    """Return a variable as a whole number.

    Raises: ConfigurationError when it is not one.
    """
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ConfigurationError(f"{name} must be a whole number, not {value!r}.") from None


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list without empty parts."""
    return [part.strip() for part in text(name, default or ",").split(",") if part.strip()]
