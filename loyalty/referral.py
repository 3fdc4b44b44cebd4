"""Points for whoever brought a new client along, where a salon wants that (domain.md §7)."""

from datetime import datetime

from clients.models import CardState, Cause, Client, PointsEntry
from clients.points import post
from loyalty.rules import rules_now
from salon.identity.roles import Actor


def thank_referrer(*, actor: Actor, client: Client, now: datetime) -> PointsEntry | None:
    """Give whoever referred a client her points; for one client once, whoever is named as the referrer later.

    To be called when a client has paid for the first time; her card and the referrer's are locked by then. Without a
    Treatcard nobody earns, and nothing is made up for later.
    Raises: TooManyPoints.
    """
    if client.referred_by_id is None:
        return None
    rules = rules_now()
    if not rules.referral_points:
        return None
    referrer = Client.objects.filter(pk=client.referred_by_id, state=CardState.LISTED).first()
    thanked = PointsEntry.objects.filter(cause=Cause.REFERRAL, cause_id=client.pk)
    if referrer is None or not referrer.treatcard_number or thanked.exists():
        return None
    return post(
        client=referrer,
        points=rules.referral_points,
        cause=Cause.REFERRAL,
        cause_id=client.pk,
        actor=actor,
        now=now,
        rules_version=rules.version,
    )
