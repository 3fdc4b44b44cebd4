"""What the night does across the apps (domain.md §10)."""

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from salon.desk.exporting import Attempt, write_night
from salon.work.steps import Counts, Night, night_step


@night_step(
    _("Export of all clients"),
    words={"rows": ngettext_lazy("%(count)s client written", "%(count)s clients written", "number")},
)
def write_export(night: Night) -> Counts:
    """Write the workbook of the night; the last seven are kept."""
    attempt = Attempt(open_batch=night.batch, clock=timezone.now, report=night.progress)
    export = write_night(salon=night.salon, night=night.date, language=settings.LANGUAGE_CODE, attempt=attempt)
    return {"rows": export.rows}
