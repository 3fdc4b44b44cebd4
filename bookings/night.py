"""What the night does for the appointments, and for points, whose age sales tell (domain.md §5, §7, §10)."""

import structlog
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from bookings import completing, visits
from bookings.checkout.reading import refunds_of_sales_before
from bookings.models import BookingRules
from clients.models import Client
from loyalty.expiry import expire, oldest_moment
from loyalty.rules import rules_now
from salon.identity.roles import system_actor
from salon.work.steps import Counts, Night, night_step

log = structlog.get_logger()

# Read in one transaction: some tenths of a second.
APPOINTMENTS = 1000
CARDS = 5000
EXPIRING = 2000
# Client numbers named in one line of the log.
NAMED = 20


@night_step(
    _("Appointments that have ended"),
    words={"completed": ngettext_lazy("%(count)s completed", "%(count)s completed", "number")},
)
def complete_ended(night: Night) -> Counts:
    """Complete what ended before today and was neither cancelled nor missed, where the salon wants that."""
    with night.batch():
        wanted = (BookingRules.objects.first() or BookingRules()).complete_by_itself
        total = completing.count_ended(salon=night.salon, today=night.today) if wanted else 0
    completed, found = 0, total
    while found:
        with night.batch():
            batch = completing.complete_ended(salon=night.salon, today=night.today, now=night.now, limit=APPOINTMENTS)
        completed, found = completed + batch.completed, batch.found
        night.progress(completed, max(completed, total), completed=completed)
    return {"completed": completed}


@night_step(
    _("Visits"),
    words={
        "read": ngettext_lazy("%(count)s client checked", "%(count)s clients checked", "number"),
        "drifted": ngettext_lazy("%(count)s was wrong and is mended", "%(count)s were wrong and are mended", "number"),
    },
    alarms=frozenset({"drifted"}),
)
def count_visits(night: Night) -> Counts:
    """Compare the visits that stand on every card with the appointments, and count anew where they differ.

    A difference means that something changed appointments and did not count: it is told, and then mended.
    """
    read, drifted, last = 0, 0, None
    with night.batch():
        total = Client.objects.listed().count()
    while True:
        with night.batch():
            batch = visits.miscounted(after=last, limit=CARDS)
            if batch.cards:
                visits.lock_cards(batch.cards)
                visits.recount(batch.cards, today=night.today)
        read, drifted, last = read + batch.read, drifted + len(batch.cards), batch.last
        if batch.cards:
            numbers = list(batch.cards.values())[:NAMED]
            log.error("visits_drifted", salon=night.salon.slug, cards=len(batch.cards), numbers=numbers)
        night.progress(read, max(read, total), read=read, drifted=drifted)
        if last is None:
            return {"read": read, "drifted": drifted}


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
            batch = expire(
                actor=actor,
                night=night.today,
                before=before,
                of_old_sales=refunds_of_sales_before,
                now=night.now,
                after=last,
                limit=EXPIRING,
            )
        read, cards, points, last = read + batch.read, cards + batch.cards, points + batch.points, batch.last
        night.progress(read, max(read, total), read=read, cards=cards, points=points)
        if last is None:
            return {"read": read, "cards": cards, "points": points}
