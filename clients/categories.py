"""Client categories: what a salon calls its clients, and whom it calls so (domain.md §3)."""

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import batched
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, TextField
from django.db.models.functions import Cast, JSONObject
from django.utils.translation import gettext_lazy as _

from clients.cards import lock_client
from clients.labels import CategoryDetails, ChangedCategory, accept_category
from clients.models import CardState, Category, CategoryAssignment, Client
from clients.models.categories import CATEGORY_FIELDS
from salon import keyset
from salon.audit.recording import Change, record, record_many
from salon.errors import FieldError, InvalidInput, NotFound, VersionConflict, refusing
from salon.identity.roles import Actor, Permission
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import new_id

# So many cards are read, changed and recorded at a time.
BATCH = 5_000
_NEWEST_FIRST = keyset.Order(("created_at", "id"), descending=True)


class CategoryGone(NotFound):
    """A category does not exist, or somebody has deleted it."""

    message = _("This category does not exist (any more).")


def create_category(*, actor: Actor, details: CategoryDetails, now: datetime) -> Category:
    """Make a category; one that grants a discount asks for the permission to.

    Raises: NotAllowed, InvalidInput (`duplicate_name` where a category of the salon is called so).
    """
    actor.require(Permission.CLIENTS_WRITE)
    category = Category(id=new_id(), created_at=now)
    category.details = accept_category(details)
    _require_discounts(actor, category.details)
    with transaction.atomic():
        with _refusing_a_second():
            category.save(force_insert=True)
        _record(actor, "category.created", category.pk, _changes(CategoryDetails(), category.details), now)
    return category


def update_category(
    *, actor: Actor, category_id: UUID, changes: ChangedCategory, now: datetime, version: int | None = None
) -> Category:
    """Change some fields of a category; `version` refuses the change if anything of it has changed since.

    Raises: NotAllowed, CategoryGone, VersionConflict, InvalidInput.
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        category = _lock(category_id, version)
        before = category.details
        accepted = accept_category(before.with_changes(**changes))
        _require_discounts(actor, before, accepted)
        if accepted != before:
            category.details = accepted
            category.version += 1
            with _refusing_a_second():
                category.save(update_fields=[*CATEGORY_FIELDS, "version"])
            _record(actor, "category.updated", category.pk, _changes(before, accepted), now)
    return category


def delete_category(*, actor: Actor, category_id: UUID, now: datetime, version: int | None = None) -> Category:
    """Take a category out of use; who has it keeps it unseen, until it is restored.

    Raises: NotAllowed, CategoryGone, VersionConflict.
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        category = _lock(category_id, version)
        _require_discounts(actor, category.details)
        category.deleted_at = now
        category.version += 1
        category.save(update_fields=["deleted_at", "version"])
        _record(actor, "category.deleted", category_id, [Change("name", category.name, None)], now)
    return category


def restore_category(*, actor: Actor, category_id: UUID, now: datetime) -> Category:
    """Bring a deleted category back to the clients who had it; one that is in use stays as it is.

    Raises: NotAllowed, CategoryGone, InvalidInput (`duplicate_name` where another one is called so by now).
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        category = Category.objects.select_for_update(no_key=True).filter(pk=category_id).first()
        if category is None:
            raise CategoryGone
        _require_discounts(actor, category.details)
        if category.deleted_at is not None:
            category.deleted_at = None
            category.version += 1
            with _refusing_a_second():
                category.save(update_fields=["deleted_at", "version"])
            _record(actor, "category.restored", category_id, [Change("name", None, category.name)], now)
    return category


def change_assignments(
    *, actor: Actor, client_id: UUID, added: Collection[UUID] = (), removed: Collection[UUID] = (), now: datetime
) -> bool:
    """Give a client some categories and take others from her; return whether anything changed.

    What she has already, or has not, stays as it is.
    Raises: NotAllowed, MergedAway, NotFound, CategoryGone.
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        client = lock_client(client_id)
        _hold([*added, *removed])
        return _write(actor, [client.pk], added, removed, now) > 0


def assign_to_many(*, actor: Actor, client_ids: Collection[UUID], category_ids: Collection[UUID], now: datetime) -> int:
    """Give many clients some categories; return how many of them had not had all.

    Cards that are not in use are passed over.
    Raises: NotAllowed, CategoryGone.
    """
    return _change_many(actor, client_ids, added=category_ids, now=now)


def unassign_from_many(
    *, actor: Actor, client_ids: Collection[UUID], category_ids: Collection[UUID], now: datetime
) -> int:
    """Take some categories from many clients; return how many of them had any.

    Raises: NotAllowed, CategoryGone.
    """
    return _change_many(actor, client_ids, removed=category_ids, now=now)


def categories_of(client_ids: Collection[UUID]) -> dict[UUID, list[Category]]:
    """Return the categories of each of these cards, by name."""
    found: dict[UUID, list[Category]] = {client_id: [] for client_id in client_ids}
    assignments = CategoryAssignment.objects.filter(client_id__in=client_ids, category__deleted_at=None)
    for assignment in assignments.select_related("category").order_by("category__name_key", "category_id"):
        found[assignment.client_id].append(assignment.category)
    return found


def discounts_on(card: str) -> ArraySubquery:
    """Return what the categories of a card take off, for a statement that reads something of it; `card` is what that
    calls its key."""
    granting = CategoryAssignment.objects.filter(
        client_id=OuterRef(card), category__deleted_at=None, category__discount_percent__isnull=False
    )
    told = JSONObject(
        name=F("category__name"),
        # A number in JSON would come back as a float.
        percent=Cast("category__discount_percent", TextField()),
        on=F("category__discount_on"),
        special_offers=F("category__discount_special_offers"),
    )
    return ArraySubquery(granting.order_by("category__name_key", "category_id").values(told=told))


def all_categories() -> list[Category]:
    """Return the categories of the open salon, by name."""
    return list(Category.objects.live().order_by("name_key", "id"))


def list_categories(*, limit: int, cursor: str | None = None) -> keyset.Page[Category]:
    """Return one page of the categories of the open salon, the newest first.

    Raises: keyset.InvalidCursor.
    """
    return keyset.page(Category.objects.live(), _NEWEST_FIRST, limit=limit, cursor=cursor)


def ids_in_use(category_ids: Iterable[UUID]) -> list[UUID]:
    """Return those of these ids that are of categories in use."""
    return list(Category.objects.live().filter(pk__in=list(category_ids)).values_list("pk", flat=True))


def category_with_id(category_id: UUID) -> Category:
    """Return a category of the open salon that is in use.

    Raises: CategoryGone.
    """
    category = Category.objects.live().filter(pk=category_id).first()
    if category is None:
        raise CategoryGone
    return category


@dataclass(frozen=True, slots=True)
class Counted:
    """A category and how many clients have it."""

    category: Category
    clients: int


def counted_categories() -> list[Counted]:
    """Return the categories of the open salon by name, each with its clients; deleted ones behind, the latest first."""
    listed = CategoryAssignment.objects.filter(client__state=CardState.LISTED)
    clients = dict(listed.values_list("category_id").annotate(Count("client_id")))
    live = [Counted(one, clients.get(one.pk, 0)) for one in all_categories()]
    deleted = Category.objects.exclude(deleted_at=None).order_by("-deleted_at", "id")
    return [*live, *(Counted(one, clients.get(one.pk, 0)) for one in deleted)]


def _lock(category_id: UUID, version: int | None) -> Category:
    category = Category.objects.live().select_for_update(no_key=True).filter(pk=category_id).first()
    if category is None:
        raise CategoryGone
    if version is not None and version != category.version:
        raise VersionConflict
    return category


def _require_discounts(actor: Actor, *details: CategoryDetails) -> None:
    if any(one.discount_percent for one in details):
        actor.require(Permission.DISCOUNTS)


def _refusing_a_second() -> AbstractContextManager[None]:
    message = _("There is a category with this name already.")
    return refusing({"clients_category_name": InvalidInput([FieldError("name", "duplicate_name", message)])})


def _changes(before: CategoryDetails, after: CategoryDetails) -> list[Change]:
    old, new = asdict(before), asdict(after)
    return [Change(name, _recorded(old[name]), _recorded(new[name])) for name in new if old[name] != new[name]]


def _recorded(value: str | bool) -> str | None:
    return ("yes" if value is True else value) or None


def _record(actor: Actor, action: str, category_id: UUID, changes: list[Change], now: datetime) -> None:
    record(actor=actor, action=action, subject_kind="category", subject_id=category_id, changes=changes, now=now)


def _hold(category_ids: Iterable[UUID]) -> None:
    """Keep categories from being deleted until the open transaction ends; many may hold one at the same time.

    Raises: CategoryGone.
    """
    wanted = sorted(set(category_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM clients_category WHERE salon_id = %s AND id = ANY (%s) AND deleted_at IS NULL "
            "ORDER BY id FOR SHARE",
            [current_salon_id(), wanted],
        )
        if len(cursor.fetchall()) < len(wanted):
            raise CategoryGone


def _change_many(
    actor: Actor,
    client_ids: Collection[UUID],
    *,
    added: Collection[UUID] = (),
    removed: Collection[UUID] = (),
    now: datetime,
) -> int:
    actor.require(Permission.CLIENTS_WRITE)
    changed = 0
    with transaction.atomic():
        _hold([*added, *removed])
        # In key order, as everybody who locks several cards takes them.
        for batch in batched(sorted(set(client_ids)), BATCH):
            cards = Client.objects.listed().select_for_update(no_key=True).filter(pk__in=batch).order_by("pk")
            changed += _write(actor, list(cards.values_list("pk", flat=True)), added, removed, now)
    return changed


def _write(
    actor: Actor, client_ids: list[UUID], added: Collection[UUID], removed: Collection[UUID], now: datetime
) -> int:
    """Change the categories of cards whose rows are locked, and record it; return how many cards changed."""
    given = _insert(client_ids, added, now) if added else {}
    taken = _delete(client_ids, removed) if removed else {}
    names = {category.pk: category.name for category in all_categories()} if given or taken else {}
    new = {client_id: [Change("categories", None, _names(ids, names))] for client_id, ids in given.items()}
    old = {client_id: [Change("categories", _names(ids, names), None)] for client_id, ids in taken.items()}
    for action, changes in (("client.categories_added", new), ("client.categories_removed", old)):
        record_many(actor=actor, action=action, subject_kind="client", changes=changes, now=now)
    return len(given.keys() | taken.keys())


def _insert(client_ids: list[UUID], category_ids: Collection[UUID], now: datetime) -> dict[UUID, set[UUID]]:
    sql = (
        "INSERT INTO clients_categoryassignment (salon_id, client_id, category_id, assigned_at) "
        "SELECT %s, card, category, %s FROM unnest(%s::uuid[]) AS card CROSS JOIN unnest(%s::uuid[]) AS category "
        "ORDER BY card, category ON CONFLICT DO NOTHING RETURNING client_id, category_id"
    )
    return _written(sql, [current_salon_id(), now, client_ids, list(category_ids)])


def _delete(client_ids: list[UUID], category_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    sql = (
        "DELETE FROM clients_categoryassignment WHERE salon_id = %s AND client_id = ANY (%s::uuid[]) "
        "AND category_id = ANY (%s::uuid[]) RETURNING client_id, category_id"
    )
    return _written(sql, [current_salon_id(), client_ids, list(category_ids)])


def _written(sql: str, values: list[UUID | datetime | list[UUID]]) -> dict[UUID, set[UUID]]:
    """Return by card the categories whose rows a statement has written."""
    found: dict[UUID, set[UUID]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for client_id, category_id in cursor.fetchall():
            found.setdefault(client_id, set()).add(category_id)
    return found


def _names(category_ids: set[UUID], names: dict[UUID, str]) -> str:
    """Return the names of those in use, in the order of `names`."""
    return ", ".join(name for category_id, name in names.items() if category_id in category_ids)


# What every new salon starts with: name, description, whether it grants the discount of domain.md §3.
_TEMPLATES = (
    ("Stammkunden", "Kommen regelmäßig", ""),
    ("Neukunden", "Waren noch nicht oft hier", ""),
    ("VIP", "Werden bevorzugt behandelt", ""),
    ("Rentner −10 %", "Im Ruhestand", "10.00"),
    ("Studenten −10 %", "Mit Studierendenausweis", "10.00"),
    ("Azubi −10 %", "In Ausbildung", "10.00"),
    ("Farbkundin", "Kommt vor allem für Farbe", ""),
    ("Barber", "Kommt für Bart und Rasur", ""),
    ("Kosmetik", "Bucht kosmetische Behandlungen", ""),
    ("Nägel", "Bucht Maniküre und Pediküre", ""),
    ("Kinder", "Unter 14 Jahren", ""),
    ("Produktkäufer", "Kauft regelmäßig Artikel", ""),
    ("Vormittag", "Hat am Vormittag Zeit", ""),
    ("Abend/Samstag", "Hat abends oder samstags Zeit", ""),
    ("Inaktiv", "War lange nicht hier", ""),
)


def add_templates(*, actor: Actor, now: datetime) -> None:
    """Give the open salon the template categories of domain.md §3, but for names it has already.

    Raises: NotAllowed.
    """
    for name, description, percent in _TEMPLATES:
        details = CategoryDetails(name=name, description=description, discount_percent=percent)
        with suppress(InvalidInput):
            create_category(actor=actor, details=details, now=now)
