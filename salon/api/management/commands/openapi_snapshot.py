"""`manage.py openapi_snapshot`: renews the committed contract, to be read as a diff."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from salon.api.schema import as_yaml


class Command(BaseCommand):
    """Writes docs/openapi.yaml."""

    help = "Write the API's contract to docs/openapi.yaml."

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / "docs" / "openapi.yaml").write_bytes(as_yaml())
