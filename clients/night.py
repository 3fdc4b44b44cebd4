"""What the night does for the client cards (domain.md §10)."""

import structlog
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from clients import duplicates, points, standing
from clients.models import Client
from salon.work.steps import Counts, Night, night_step

log = structlog.get_logger()

# Cards read in one transaction: some tenths of a second.
BATCH = 5000
# Client numbers named in one line of the log.
NAMED = 20


@night_step(
    _("Check of the verdicts"),
    words={
        "read": ngettext_lazy("%(count)s client checked", "%(count)s clients checked", "number"),
        "drifted": ngettext_lazy(
            "%(count)s was wrong and is mended next", "%(count)s were wrong and are mended next", "number"
        ),
    },
    alarms=frozenset({"drifted"}),
)
def check_statuses(night: Night) -> Counts:
    """Compare what is stored of every card with the rule; what time alone has changed since does not count.

    Before the recompute, which would mend a difference unseen: one means that something changed a card's facts and did
    not say so.
    """
    read, drifted, total, last = 0, 0, _number_of_cards(night), None
    while True:
        with night.batch():
            batch = standing.drifted(today=night.today, after=last, limit=BATCH)
        read, drifted, last = read + batch.read, drifted + len(batch.drifted), batch.last
        if batch.drifted:
            numbers = [one.number for one in batch.drifted[:NAMED]]
            log.error("verdicts_drifted", salon=night.salon.slug, cards=len(batch.drifted), numbers=numbers)
        night.progress(read, max(read, total), read=read, drifted=drifted)
        if last is None:
            return {"read": read, "drifted": drifted}


@night_step(
    _("New or returning"),
    words={
        "read": ngettext_lazy("%(count)s client checked", "%(count)s clients checked", "number"),
        "changed": ngettext_lazy("%(count)s changed", "%(count)s changed", "number"),
    },
)
def recompute_statuses(night: Night) -> Counts:
    """Say of every card anew whether its client is new or returning; only rows that change are written."""
    read, changed, total, last = 0, 0, _number_of_cards(night), None
    while True:
        with night.batch():
            batch = standing.recompute(today=night.today, after=last, limit=BATCH)
        read, changed, last = read + batch.read, changed + batch.changed, batch.last
        night.progress(read, max(read, total), read=read, changed=changed)
        if last is None:
            return {"read": read, "changed": changed}


@night_step(
    _("Possible duplicates"),
    words={
        "new": ngettext_lazy("%(count)s new proposal", "%(count)s new proposals", "number"),
        "dropped": ngettext_lazy("%(count)s dropped", "%(count)s dropped", "number"),
    },
)
def propose_duplicates(night: Night) -> Counts:
    """Propose pairs of cards for merging, all in one transaction."""
    with night.batch():
        proposed = duplicates.propose(now=night.now, progress=night.progress)
    return {"new": proposed.new, "dropped": proposed.dropped}


@night_step(
    _("Check of the points"),
    words={
        "read": ngettext_lazy("%(count)s balance checked", "%(count)s balances checked", "number"),
        "drifted": ngettext_lazy(
            "%(count)s balance is not the sum of its entries",
            "%(count)s balances are not the sum of their entries",
            "number",
        ),
    },
    alarms=frozenset({"drifted"}),
)
def check_points(night: Night) -> Counts:
    """Compare the balance on every card with its ledger: the sum of the entries, their numbers, and the last of them.

    A difference is told and nothing else: a balance is never mended unseen.
    """
    read, drifted, total, last = 0, 0, _number_of_cards(night), None
    while True:
        with night.batch():
            batch = points.drifted(after=last, limit=BATCH)
        read, drifted, last = read + batch.read, drifted + len(batch.numbers), batch.last
        if batch.numbers:
            numbers = batch.numbers[:NAMED]
            log.error("points_drifted", salon=night.salon.slug, cards=len(batch.numbers), numbers=numbers)
        night.progress(read, max(read, total), read=read, drifted=drifted)
        if last is None:
            return {"read": read, "drifted": drifted}


def _number_of_cards(night: Night) -> int:
    with night.batch():
        return Client.objects.listed().count()
