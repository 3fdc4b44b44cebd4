"""`manage.py messages`: bring the translation files up to date with code and templates."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from salon.web.translations import catalogue_path, compile_catalogues, find_messages, update_catalogue


class Command(BaseCommand):
    """Add new texts, drop those that went, compile; English is the language of the source and needs no file."""

    help = "Updates and compiles locale/de."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        locale = settings.BASE_DIR / "locale"
        waiting, gone = update_catalogue(catalogue_path(locale, "de"), find_messages(settings.BASE_DIR))
        compile_catalogues(locale)
        self.stdout.write(f"{waiting} to translate, {gone} removed.")
