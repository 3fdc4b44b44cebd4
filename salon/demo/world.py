"""The demo world (domain.md §11): two salons that show what the software does, the same for the same day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, islice
from random import Random
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from clients.categories import add_templates, all_categories
from clients.details import YES, ClientDetails, Gender
from clients.models import CreatedVia
from salon.api.models import ApiKey
from salon.demo import offering, team
from salon.demo.days import is_closed
from salon.demo.models import DemoWorld
from salon.demo.offering import Offering, write_offering
from salon.demo.people import NoteToBe, Person, invent
from salon.demo.team import Colleague, write_team
from salon.demo.writing import write_cards
from salon.identity.models import User
from salon.identity.roles import ActorKind, Role, system_actor
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon

PASSWORD = "treatcard-demo"
STALE_AFTER = timedelta(days=7)
TEAM = (
    ("sonnenschein", "anna@sonnenschein.example", "Anna Krüger", Role.OWNER),
    ("sonnenschein", "carla@sonnenschein.example", "Carla Neumann", Role.MANAGER),
    ("sonnenschein", "empfang@sonnenschein.example", "Empfang", Role.STAFF),
    ("barbier-am-dom", "emre@barbier-am-dom.example", "Emre Aksoy", Role.OWNER),
)


@dataclass(frozen=True, slots=True)
class Shop:
    """One salon of the demo, as it is to be built."""

    slug: str
    name: str
    city: str
    region: str
    clients: int
    offering: Offering
    team: tuple[Colleague, ...]
    weeks_past: int


SALONS = (
    Shop("sonnenschein", "Salon Sonnenschein", "Berlin", "BE", 400, offering.SONNENSCHEIN, team.SONNENSCHEIN, 78),
    Shop("barbier-am-dom", "Barbier am Dom", "Köln", "NW", 120, offering.BARBIER, team.BARBIER, 8),
)
SLUGS = tuple(shop.slug for shop in SALONS)


def ensure_demo(now: datetime) -> bool:
    """Build the demo where no salon exists, or rebuild one that is stale and untouched; return whether it stands.

    Runs on the owner's connection.
    """
    world = DemoWorld.objects.first()
    if world is None:
        if directory.all_salon_ids():
            return False
        build_demo(now)
    elif now - world.built_at > STALE_AFTER and not _touched(world):
        rebuild_demo(now)
    return True


@transaction.atomic
def rebuild_demo(now: datetime) -> None:
    """Put the demo back to how it was built, whatever was done in it; runs on the owner's connection."""
    remove_salons(SLUGS)
    build_demo(now)


@transaction.atomic
def build_demo(now: datetime) -> None:
    """Make both salons with their users and clients; runs on the owner's connection."""
    random = Random("Salon Sonnenschein")
    for shop in SALONS:
        salon = directory.add_salon(name=shop.name, slug=shop.slug, city=shop.city)
        users = {email: _member(salon, email, name, role) for slug, email, name, role in TEAM if slug == shop.slug}
        with salon_scope(salon.pk):
            _fill(salon, shop, users, random, now)
    # The database's clock, which dates the audit entries too: what is recorded later was done by somebody.
    DemoWorld.objects.update_or_create(pk=1, defaults={"built_at": Now()})


def _member(salon: Salon, email: str, name: str, role: Role) -> UUID:
    user, made = User.objects.get_or_create(email=email, defaults={"name": name})
    if made:
        user.set_password(PASSWORD)
        user.save()
    directory.add_membership(salon_id=salon.pk, user_id=user.pk, role=role)
    return user.pk


def _fill(salon: Salon, shop: Shop, users: Mapping[str, UUID], random: Random, now: datetime) -> None:
    """Write what the open salon sells, who works there, and whom they know."""
    today = salon.date_at(now)
    services = write_offering(shop.offering, now=now)
    write_team(
        shop.team,
        services=services,
        users=users,
        region=shop.region,
        first_day=today - timedelta(weeks=shop.weeks_past),
        special=today if is_closed(shop.region, today) else None,
        now=now,
    )
    add_templates(actor=system_actor(str(_("Demo"))), now=now)
    categories = {category.name: category.pk for category in all_categories()}
    known = _known_people(today) if shop.slug == "sonnenschein" else ()
    people = chain(known, invent(random, today=today, city=shop.city))
    write_cards(
        salon.pk,
        _by_day_listed(islice(people, shop.clients)),
        today=today,
        actor_name=str(_("Demo")),
        categories=categories,
    )


def _by_day_listed(people: Iterator[Person]) -> list[Person]:
    return sorted(people, key=lambda person: person.listed_on)


def _known_people(today: date) -> Iterator[Person]:
    """The clients that the stories of the domain tell of."""
    yield Person(
        ClientDetails("Frank", "Hofmann", Gender.MALE, "1979-09-14", "+491712345678", "", "frank.hofmann@mail.example"),
        today - timedelta(days=400),
        CreatedVia.STAFF,
        first_visit_on=today - timedelta(days=400),
        last_visit_on=today - timedelta(days=33),
        visits=9,
        treatcard_number="TC35000014",
        points=350,
        email_consent=True,
        categories=("Stammkunden", "Barber"),
        notes=(NoteToBe("Mag ein Glas Wasser zum Facial.", "Anna Krüger"),),
        services=(("Facial", 7), ("Pflegekur", 1), ("Brauen zupfen", 1)),
    )
    yield Person(
        ClientDetails("Sarah", "Smith", Gender.FEMALE, "", "+491605550142", "", "sarahsmith@gmail.com"),
        today - timedelta(days=500),
        CreatedVia.ONLINE_BOOKING,
        first_visit_on=today - timedelta(days=497),
        last_visit_on=today - timedelta(days=61),
        visits=7,
        services=(("Waschen-Schneiden-Föhnen", 7),),
    )
    yield from _at_the_boundary(today)
    yield from _twice_on_file(today)
    yield Person(
        ClientDetails(
            "Bianca",
            "Barmann",
            Gender.FEMALE,
            mobile="+491725550199",
            blocked=YES,
            blocked_reason="Dreimal nicht erschienen",
        ),
        today - timedelta(days=240),
        CreatedVia.ONLINE_BOOKING,
        categories=("Neukunden",),
    )


def _at_the_boundary(today: date) -> Iterator[Person]:
    """The last visit exactly so long ago that one day decides."""
    listed = today - timedelta(days=3 * 365)
    for days, first in ((364, "Greta"), (365, "Gustav"), (366, "Gesine")):
        last = today - timedelta(days=days)
        yield Person(
            ClientDetails(first, "Grenze", email=f"grenze{days}@mail.example"),
            listed,
            CreatedVia.STAFF,
            first_visit_on=listed,
            last_visit_on=last,
            visits=12,
            services=(("Föhnen", 12),),
        )


def _twice_on_file(today: date) -> Iterator[Person]:
    """People whom somebody entered a second time: by phone, by e-mail, by name and birthday."""
    before, lately = today - timedelta(days=700), today - timedelta(days=40)
    petra = ClientDetails("Petra", "Lang", Gender.FEMALE, "1984-05-04", "+491715550318", "", "petra.lang@mail.example")
    jonas = ClientDetails("Jonas", "Öztürk", Gender.MALE, "", "", "", "jonas.oeztuerk@mail.example")
    ines = ClientDetails("Ines", "Großmann", Gender.FEMALE, "1991-02-17", "+491765550007")
    visited: dict[str, Any] = {"first_visit_on": before, "last_visit_on": today - timedelta(days=70), "visits": 11}
    yield Person(
        petra, before, CreatedVia.STAFF, treatcard_number="TC00000318", points=512, categories=("VIP",), **visited
    )
    yield Person(
        ClientDetails("Petra", "Lang-Vogt", mobile="+491715550318", email="petra@lang-vogt.example"),
        lately,
        CreatedVia.ONLINE_BOOKING,
    )
    yield Person(jonas, before, CreatedVia.STAFF, **visited)
    yield Person(jonas.with_changes(last_name="Oeztuerk", mobile="+491605550066"), lately, CreatedVia.STAFF)
    yield Person(ines, before, CreatedVia.IMPORT, **visited)
    yield Person(
        ines.with_changes(last_name="Grossmann", mobile="", email="ines@mail.example"), lately, CreatedVia.STAFF
    )


def _touched(world: DemoWorld) -> bool:
    slugs = [salon for salon in map(directory.find_salon, SLUGS) if salon]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM audit_auditentry "
            "WHERE salon_id = ANY (%s) AND recorded_at > %s AND actor_kind <> %s)",
            # What the night does by itself touches nothing.
            [[salon.pk for salon in slugs], world.built_at, ActorKind.SYSTEM.value],
        )
        return bool(cursor.fetchone()[0])


def remove_salons(slugs: tuple[str, ...]) -> None:
    """Delete the demo's salons with everything in them, and its users unless they work elsewhere too; as owner."""
    salons = list(Salon.objects.filter(slug__in=slugs).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relforcerowsecurity AND relkind = 'r'")
        waiting = [table for (table,) in cursor.fetchall()]
        while waiting:
            waiting = [table for table in waiting if not _emptied(table, salons)]
    ApiKey.objects.filter(salon__in=salons).delete()
    Salon.objects.filter(pk__in=salons).delete()
    User.objects.filter(email__in=[email for _slug, email, _name, _role in TEAM], memberships=None).delete()


def _emptied(table: str, salons: list[UUID]) -> bool:
    """Delete the salons' rows of a table; False while rows of another table refer to them."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'DELETE FROM "{table}" WHERE salon_id = ANY (%s)', [salons])
    except IntegrityError:
        return False
    return True
