"""Writing a salon of the demo, as the owner of the tables."""

from collections.abc import Mapping
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from clients.categories import add_templates
from clients.models import Category, Client, ConsentPurpose
from clients.wordings import default_wording
from salon.demo.absences import write_absences
from salon.demo.booking import Ledger
from salon.demo.campaigning import write_campaigns
from salon.demo.cashing import CashBook
from salon.demo.messaging import write_messages
from salon.demo.offering import write_offering
from salon.demo.shops import Shop, plot
from salon.demo.team import write_team
from salon.demo.waiting import write_waiting
from salon.demo.writing import write_cards
from salon.identity.roles import system_actor
from salon.tenancy.models import Salon


def fill(salon: Salon, shop: Shop, users: Mapping[str, UUID], names: Mapping[str, UUID], now: datetime) -> None:
    """Write everything there is in the open salon; `users` are its users by e-mail, `names` the same by name."""
    zone = ZoneInfo(salon.timezone)
    plotted = plot(shop, desk=tuple(names), now=now, zone=zone)
    services = write_offering(shop.offering, now=now)
    staff = write_team(
        shop.team,
        services=services,
        users=users,
        region=shop.region,
        first_day=plotted.first_day,
        special=plotted.special,
        now=now,
    )
    write_absences(plotted.absences, staff=staff, zone=zone, now=now)
    add_templates(actor=system_actor(_("Demo")), now=now)
    write_cards(
        salon.pk,
        [life.person for life in plotted.lives],
        today=plotted.today,
        actor_name=_("Demo"),
        # The owner sees the categories of all salons.
        categories=dict(Category.objects.filter(salon=salon).values_list("name", "pk")),
        staff=staff,
        wording=default_wording(ConsentPurpose.EMAIL_MARKETING, salon),
        since=datetime.combine(plotted.first_day, time(8), zone),
    )
    book = CashBook(salon, names, plotted.takings)
    book.write_redemptions()
    booked = Ledger(salon, names).write(plotted.visits, plotted.lives, book.redemptions)
    book.write(booked)
    regulars = [number for number, life in enumerate(plotted.lives, 1) if life.habits and not life.comes_until]
    chosen = regulars[:: len(regulars) // len(shop.waiting)]
    cards = dict(Client.objects.filter(salon=salon, number__in=chosen).values_list("number", "pk"))
    write_waiting(
        shop.waiting,
        [cards[number] for number in chosen],
        services=services,
        staff=staff,
        today=plotted.today,
        desk=next(iter(names)),
        now=now,
    )
    write_campaigns(salon, shop, names, now)
    write_messages(salon, names, now=now)
