"""What a web process loads before it answers: otherwise its first visitors wait a second or two for it."""

import gc
from datetime import date
from pathlib import Path

from django.conf import settings
from django.template import Engine
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, override

from salon.catalogue.public_holidays import public_holidays


def warm_up() -> None:
    """Load all routes, with all code behind them, texts and formats of each language, templates, and holidays."""
    today = date.today()  # noqa: DTZ011 - any day would do
    for language, _name in settings.LANGUAGES:
        with override(language):
            reverse("home")
            gettext("Today")
            date_format(today, "DATE_FORMAT")
    engine = Engine.get_default()
    _imported = engine.template_context_processors
    for template in templates():
        engine.get_template(template)
    # The library loads all of its countries with the first one.
    public_holidays("DE", "", today.year)
    # What is there now stays: nobody needs to look through it for garbage again and again.
    gc.collect()
    gc.freeze()


def templates() -> list[str]:
    """Return the names of all templates of our own."""
    return sorted(
        path.relative_to(directory).as_posix()
        for directory in map(Path, Engine.get_default().dirs)
        for path in directory.rglob("*")
        if path.is_file()
    )
