"""`manage.py prepare`: everything between an empty database and a first request."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from salon import environment
from salon.demo import world
from salon.tenancy.owner import owner_connection
from salon.web.translations import compile_catalogues


class Command(BaseCommand):
    """Migrate as owner, compile translations, collect assets, and keep the demo world fresh."""

    help = "Migrates, compiles translations, collects static files and builds the demo (unless DEMO=0 or PRODUCTION=1)."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-static", action="store_true", help="leave the static files alone")

    def handle(self, *args: Any, **options: Any) -> None:
        compile_catalogues(settings.BASE_DIR / "locale")
        # As the role that will serve, which the connection refuses if tenancy does not bind it.
        connection.ensure_connection()
        with owner_connection():
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", verbosity=0, interactive=False)
            if environment.flag("DEMO", default=not settings.PRODUCTION):
                self._demo()
        if not options["no_static"]:
            self._collect_static()

    def _collect_static(self) -> None:
        # Hashing and compressing takes seconds: only when an asset or a package has changed.
        sources = sorted(
            f"{path} {storage.path(path)} {(stat := Path(storage.path(path)).stat()).st_size} {stat.st_mtime_ns}"
            for finder in get_finders()
            for path, storage in finder.list([])
        )
        fingerprint = sha256("\n".join(sources).encode()).hexdigest()
        stamp = settings.STATIC_ROOT / "fingerprint.txt"
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != fingerprint:
            call_command("collectstatic", verbosity=0, interactive=False, clear=True)
            stamp.write_text(fingerprint, encoding="utf-8")

    def _demo(self) -> None:
        sign_ins = settings.DATA_DIR / "demo-sign-ins.txt"
        if world.ensure_demo(timezone.now()):
            lines = [f"{email}  ({role.lower()}, {slug})" for slug, email, _name, role in world.TEAM]
            sign_ins.write_text("\n".join([*lines, f"Passwort / password: {world.PASSWORD}", ""]), encoding="utf-8")
        else:
            sign_ins.unlink(missing_ok=True)
