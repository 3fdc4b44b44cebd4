"""`python -m salon.embedded run|exec|test|soak|lint`: the commands behind the Makefile."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from salon.embedded.backing import backed, ephemeral
from salon.embedded.place import data_directory
from salon.embedded.trouble import StartError
from salon.embedded.unprivileged import own_footing


def main(arguments: Sequence[str]) -> int:
    """Carry out one command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m salon.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="everything, until Ctrl-C")
    execute = commands.add_parser("exec", help="one command with Postgres and Valkey running")
    execute.add_argument("--ephemeral", action="store_true", help="fast servers in <data>/test, for tests")
    execute.add_argument("--data", type=Path, help="another data directory than SALON_DATA_DIR")
    execute.add_argument("words", nargs="+", metavar="-- COMMAND")
    for name in ("test", "soak", "lint"):
        commands.add_parser(name, help=f"what `make {name}` does").add_argument("words", nargs="*")
    # What follows `--` belongs to pytest or the command, options included.
    own, _, rest = _split(arguments)
    options = parser.parse_args([*own, *(["--", *rest] if rest else [])])
    try:
        if options.command == "run":
            from salon.embedded.supervisor import run  # noqa: PLC0415 - exec starts faster without it

            return run()
        if options.command == "exec":
            return _execute(options.words, options.data, fleeting=options.ephemeral)
        from salon.embedded import testing  # noqa: PLC0415

        if options.command == "lint":
            return testing.lint()
        return testing.soak(options.words) if options.command == "soak" else testing.test(options.words)
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _split(arguments: Sequence[str]) -> tuple[list[str], str, list[str]]:
    words = list(arguments)
    if "--" not in words:
        return words, "", []
    place = words.index("--")
    return words[:place], "--", words[place + 1 :]


def _execute(words: Sequence[str], data: Path | None, *, fleeting: bool) -> int:
    """Run a command with the servers running and return its exit status.

    Raises: StartError when the servers or the command do not start.
    """
    program = shutil.which(words[0])
    if program is None:
        raise StartError(f"There is no command {words[0]}.")
    command = [str(Path(program).absolute()), *words[1:]]
    signal.signal(signal.SIGTERM, _leave)
    folder = (data or data_directory()).absolute()
    if fleeting:
        with ephemeral(folder if data else folder / "test") as (used, variables):
            return _run(command, variables | {"SALON_DATA_DIR": str(used)})
    with backed(folder, durable=True) as variables:
        return _run(command, variables | {"SALON_DATA_DIR": str(folder)})


def _run(command: Sequence[str], variables: dict[str, str]) -> int:
    child = subprocess.Popen(own_footing().command(command, signal.SIGTERM), env={**os.environ, **variables})

    def forward(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    # The terminal's Ctrl-C reaches the command itself; we wait for what it makes of it.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGHUP, forward)
    status = child.wait()
    return status if status >= 0 else 128 - status


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
