"""What the night does for marketing (domain.md §9, §10)."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from marketing.automations import lock_automation
from marketing.models import Automation
from marketing.occasions import write_due
from salon.work.steps import Counts, Night, night_step


@night_step(
    _("Automations"),
    words={
        "written": ngettext_lazy(
            "%(count)s mail leaves in the morning", "%(count)s mails leave in the morning", "number"
        ),
    },
)
def write_automations(night: Night) -> Counts:
    """Write down who gets a mail of the automations that are on; their mails leave at nine."""
    with night.batch():
        turned_on = list(Automation.objects.filter(enabled_at__isnull=False).order_by("occasion").values_list("pk"))
    written = 0
    for place, (automation_id,) in enumerate(turned_on, start=1):
        with night.batch():
            automation = lock_automation(automation_id)
            if automation is not None:
                written += write_due(automation, salon=night.salon, today=night.today, now=night.now)
        night.progress(place, len(turned_on), written=written)
    return {"written": written} if turned_on else {}
