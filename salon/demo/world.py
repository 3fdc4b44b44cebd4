"""The demo world (domain.md §11): two salons that show what the software does, the same for the same day."""

from datetime import datetime, timedelta
from uuid import UUID

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from salon.api.models import ApiKey
from salon.demo.filling import fill
from salon.demo.models import DemoWorld
from salon.demo.shops import SHOPS
from salon.identity.models import User
from salon.identity.roles import ActorKind, Role
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, SalonOwned

PASSWORD = "treatcard-demo"
STALE_AFTER = timedelta(days=7)
TEAM = (
    ("sonnenschein", "anna@sonnenschein.example", "Anna Krüger", Role.OWNER),
    ("sonnenschein", "carla@sonnenschein.example", "Carla Neumann", Role.MANAGER),
    ("sonnenschein", "empfang@sonnenschein.example", "Empfang", Role.STAFF),
    ("barbier-am-dom", "emre@barbier-am-dom.example", "Emre Aksoy", Role.OWNER),
)
SLUGS = tuple(shop.slug for shop in SHOPS)


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
    # Slow on purpose, so once for all.
    password = make_password(PASSWORD)
    for shop in SHOPS:
        salon = directory.add_salon(
            name=shop.name,
            slug=shop.slug,
            street=shop.street,
            postal_code=shop.postal_code,
            city=shop.city,
            phone=shop.phone,
            website=shop.website,
        )
        team = [one for one in TEAM if one[0] == shop.slug]
        users = {email: _member(salon, email, name, role, password) for _slug, email, name, role in team}
        names = {name: users[email] for _slug, email, name, _role in team}
        with salon_scope(salon.pk):
            fill(salon, shop, users, names, now)
    # The database's clock, which dates the audit entries too: what is recorded later was done by somebody.
    DemoWorld.objects.update_or_create(pk=1, defaults={"built_at": Now()})
    _count_rows()


def _count_rows() -> None:
    """Tell the planner how much there is now; until it counts by itself it takes tables just filled for empty ones."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if issubclass(model, SalonOwned):
                cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _member(salon: Salon, email: str, name: str, role: Role, password: str) -> UUID:
    user, _made = User.objects.get_or_create(email=email, defaults={"name": name, "password": password})
    directory.add_membership(salon_id=salon.pk, user_id=user.pk, role=role)
    return user.pk


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


@transaction.atomic
def remove_salons(slugs: tuple[str, ...]) -> None:
    """Delete the demo's salons with everything in them, and its users unless they work elsewhere too; as owner."""
    # Whatever a running night would add waits, and finds the salon gone.
    salons = list(Salon.objects.select_for_update().filter(slug__in=slugs).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relforcerowsecurity AND relkind = 'r' ORDER BY oid DESC")
        # The newest first: what refers to others came later, mostly.
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
