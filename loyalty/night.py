"""What the night does for the Treatcard (domain.md §7, §10)."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from clients.models import Client
from loyalty.expiry import expire, oldest_moment
from loyalty.rules import rules_now
from salon.identity.roles import system_actor
from salon.work.steps import Counts, Night, night_step

# Cards read in one transaction: some tenths of a second.
CARDS = 2000


@night_step(
    _("Points that expire"),
    words={
        "read": ngettext_lazy("%(count)s card with points", "%(count)s cards with points", "number"),
        "cards": ngettext_lazy("points of %(count)s client expired", "points of %(count)s clients expired", "number"),
        "points": ngettext_lazy("%(count)s point in all", "%(count)s points in all", "number"),
    },
)
def expire_points(night: Night) -> Counts:
    """Let points lapse that are older than the salon wants, where it wants that."""
    with night.batch():
        months = rules_now().expire_after_months
        total = Client.objects.listed().filter(points__gt=0).count() if months else 0
    if not months:
        return {}
    before = oldest_moment(today=night.today, months=months, salon=night.salon)
    actor = system_actor("")
    read, cards, points, last = 0, 0, 0, None
    while True:
        with night.batch():
            batch = expire(actor=actor, night=night.today, before=before, now=night.now, after=last, limit=CARDS)
        read, cards, points, last = read + batch.read, cards + batch.cards, points + batch.points, batch.last
        night.progress(read, max(read, total), read=read, cards=cards, points=points)
        if last is None:
            return {"read": read, "cards": cards, "points": points}
