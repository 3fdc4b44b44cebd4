#!/usr/bin/env python
"""Commands of the salon software; `manage.py help` lists them."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
    from django.core.management import execute_from_command_line

    from salon.environment import ConfigurationError

    try:
        # Commands wake workers too, so they need the configured Celery application.
        import salon.celery  # noqa: F401

        execute_from_command_line(sys.argv)
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
