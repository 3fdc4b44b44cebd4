"""A generated walk over all routes × roles × salons (quality.md §3)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from bookings.feeds import open_feed
from bookings.models import Sale, WaitingEntry
from clients.categories import create_category
from clients.details import ClientDetails
from clients.duplicates import dismiss
from clients.editing import create_client
from clients.labels import CategoryDetails
from clients.models import CreatedVia, ImportBatch, ImportState
from clients.notes import write_note
from loyalty.models import Reward
from marketing.campaigns import create_campaign
from marketing.letters import Frame, Person, sayings
from marketing.models import (
    Automation,
    Message,
    MessagePicture,
    MessageTemplate,
    Occasion,
    Picture,
    Recipient,
    RecipientReason,
    RecipientState,
    Segment,
)
from salon.api.keys import issue_key
from salon.api.models import ApiKey
from salon.api.scopes import ASKED_FOR
from salon.catalogue.models import (
    AbsenceKind,
    CatalogueGroup,
    Closure,
    Product,
    Schedule,
    Service,
    SpecialOffer,
    StaffMember,
)
from salon.desk.exporting import request_export
from salon.desk.merging import merge_cards
from salon.desk.models import FileFormat
from salon.desk.simulation import Draft, keep_simulation
from salon.identity.members import invite
from salon.identity.models import Invitation, Membership, User
from salon.identity.roles import PERMISSIONS, Role, system_actor
from salon.mail.models import ClientMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.web.access import Access
from tests.bookings.salonday import make_absence, make_appointment, make_service
from tests.conftest import NOW
from tests.tenancy.cast import make


def _routes(
    resolver: URLResolver | None = None, namespaces: tuple[str, ...] = (), inherited: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Any, set[str]]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            below = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _routes(entry, below, inherited | set(entry.pattern.converters))
        elif isinstance(entry, URLPattern):
            name = ":".join((*namespaces, entry.name or ""))
            yield name, entry.callback, set(entry.pattern.converters) | inherited


ROUTES = list(_routes())
SALON_ROUTES = [
    (name, view.access.permission, captured)
    for name, view, captured in ROUTES
    if getattr(view, "access", None) and view.access.permission
]


@pytest.mark.parametrize(("name", "view", "captured"), ROUTES, ids=[name for name, _view, _captured in ROUTES])
def test_every_route_declares_what_it_asks(name: str, view: Any, captured: set[str]) -> None:
    access = getattr(view, "access", None) or getattr(getattr(view, "view_class", None), "access", None)
    assert isinstance(access, Access), f"{name} declares nothing"
    assert access.permission or access.reason


def _client(salon: Salon) -> UUID:
    actor = system_actor("test")
    with salon_scope(salon.pk):
        details = ClientDetails("Berta", "Fremd")
        saved = create_client(actor=actor, salon=salon, details=details, created_via=CreatedVia.STAFF, now=NOW)
        return saved.client.pk


def _membership(salon: Salon) -> UUID:
    user = User.objects.create(email=f"{uuid4()}@salon.example", name="Mitglied")
    return Membership.objects.create(salon=salon, user=user, role=Role.STAFF).pk


def _invitation(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        return invite(actor=system_actor("test"), email="neu@salon.example", role=Role.STAFF, now=NOW).invitation.pk


def _key(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        later = timezone.now() + timedelta(days=1)
        return issue_key(
            actor=system_actor("test"), name="Seite", scopes=["clients:read"], expires_at=later, now=NOW
        ).key.pk


def _note(salon: Salon) -> UUID:
    client_id = _client(salon)
    with salon_scope(salon.pk):
        return write_note(actor=system_actor("test"), client_id=client_id, text="Ohne Milch", pinned=False, now=NOW).pk


def _import(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        return ImportBatch.objects.create(
            state=ImportState.MAPPING,
            file_name="kunden.csv",
            header=["Name"],
            targets=["name"],
            actor_kind="USER",
            actor_name="Anna",
            uploaded_at=NOW,
        ).pk


def _category(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        details = CategoryDetails(f"Gäste {uuid4()}")
        return create_category(actor=system_actor("test"), details=details, now=NOW).pk


def _merge(salon: Salon) -> UUID:
    cards = (_client(salon), _client(salon))
    with salon_scope(salon.pk):
        return merge_cards(
            actor=system_actor("test"), salon=salon, survivor_id=cards[0], duplicate_id=cards[1], now=NOW
        ).pk


def _proposal(salon: Salon) -> UUID:
    cards = (_client(salon), _client(salon))
    with salon_scope(salon.pk):
        return dismiss(actor=system_actor("test"), client_ids=cards, now=NOW).pk


def _export(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        actor = system_actor("test")
        return request_export(actor=actor, file_format=FileFormat.XLSX, language="de", now=timezone.now()).pk


def _staff_member(salon: Salon) -> StaffMember:
    return StaffMember.objects.create(name="Emil", name_key=f"emil {uuid4()}", created_at=NOW)


def _absence(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        return make_absence(
            _staff_member(salon), NOW, NOW + timedelta(hours=1), AbsenceKind.BLOCKED, note="Inventur"
        ).pk


def _appointment(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        return make_appointment((make_service(f"Schneiden {uuid4()}"), _staff_member(salon))).pk


def _feed(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        return open_feed(actor=system_actor("test"), staff_id=_staff_member(salon).pk, now=NOW).feed.pk


def _catalogue(model: type[Any]) -> Callable[[Salon], UUID]:
    """Return what makes one row of the catalogue, with all that it refers to."""

    def row(salon: Salon) -> UUID:
        named = {"name_key": str(uuid4())} if hasattr(model, "name_key") else {}
        with salon_scope(salon.pk):
            made: Any = make(model, salon.pk, **named)
        return UUID(str(made.pk))

    return row


def _schedule(salon: Salon) -> UUID:
    staff_id = _catalogue(StaffMember)(salon)
    with salon_scope(salon.pk):
        return UUID(str(make(Schedule, salon.pk, staff_id=staff_id).pk))


def _offer(salon: Salon) -> UUID:
    service_id = _catalogue(Service)(salon)
    with salon_scope(salon.pk):
        return UUID(str(make(SpecialOffer, salon.pk, service_id=service_id, product_id=None).pk))


def _reward(salon: Salon) -> UUID:
    service_id = _catalogue(Service)(salon)
    with salon_scope(salon.pk):
        return UUID(str(make(Reward, salon.pk, service_id=service_id).pk))


def _simulation(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        return keep_simulation(actor=system_actor("test"), salon=salon, draft=Draft(), now=NOW).pk


def _waiting(salon: Salon) -> UUID:
    client_id = _client(salon)
    with salon_scope(salon.pk):
        return WaitingEntry.objects.create(
            client_id=client_id,
            starts_on=NOW.date(),
            ends_on=NOW.date(),
            created_by_name="Anna",
            created_at=NOW,
        ).pk


def _sale(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        return Sale.objects.create(opened_by_name="Anna", created_at=NOW).pk


def _campaign(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        return create_campaign(actor=system_actor("test"), details={"name": "Frühling"}, now=NOW).pk


def _segment(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        rule = {"match": "ALL", "negated": False, "parts": []}
        name = f"alle {uuid4()}"
        return Segment.objects.create(name=name, name_key=name, rule=rule, created_at=NOW, updated_at=NOW).pk


# A captured id nobody makes here fails with a KeyError: add how its row comes to be.
def _mail(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        now = timezone.now()
        return ClientMail.objects.create(
            client_id=uuid4(),
            about_id=uuid4(),
            recipient="anna@mail.example",
            text="Guten Tag",
            created_at=now,
            expires_at=now,
        ).pk


def _recipient(salon: Salon) -> UUID:
    client_id = _client(salon)
    with salon_scope(salon.pk):
        Automation.objects.bulk_create(
            [Automation(occasion=Occasion.BIRTHDAY, days=7, updated_at=NOW)], ignore_conflicts=True
        )
        frame = Frame("Sonnenschein", "Sonnenschein", "Lindenstraße 5", None, "de")
        return Recipient.objects.create(
            automation=Automation.objects.get(occasion=Occasion.BIRTHDAY),
            occasion=NOW.date(),
            client_id=client_id,
            state=RecipientState.SENT,
            reason=RecipientReason.CONSENT,
            sent_at=NOW,
            said={**sayings(Person(), frame, []), "subject": "Alles Gute", "body": "Alles Gute!"},
            created_at=NOW,
        ).pk


def _picture(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        return Picture.objects.create(name=uuid4().hex, shows="Herbst", content=b"", created_at=NOW).pk


def _photo(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        message = Message.objects.create(client_id=_client(salon), direction="IN", actor_kind="SYSTEM", created_at=NOW)
        sizes = {"width": 1, "height": 1}
        return MessagePicture.objects.create(message=message, number=1, kind="jpg", content=b"", **sizes).pk


MAKERS: dict[str, Callable[[Salon], UUID | str]] = {
    "client_id": _client,
    "category_id": _category,
    "merge_id": _merge,
    "proposal_id": _proposal,
    "membership_id": _membership,
    "note_id": _note,
    "invitation_id": _invitation,
    "key_id": _key,
    "import_id": _import,
    "export_id": _export,
    "segment_id": _segment,
    "service_id": _catalogue(Service),
    "product_id": _catalogue(Product),
    "group_id": _catalogue(CatalogueGroup),
    "offer_id": _offer,
    "staff_id": _catalogue(StaffMember),
    "schedule_id": _schedule,
    "closure_id": _catalogue(Closure),
    "feed_id": _feed,
    "entry_id": _waiting,
    "appointment_id": _appointment,
    "absence_id": _absence,
    "sale_id": _sale,
    "reward_id": _reward,
    "simulation_id": _simulation,
    "template_id": _catalogue(MessageTemplate),
    "picture_id": _picture,
    "photo_id": _photo,
    "mail_id": _mail,
    "campaign_id": _campaign,
    "recipient_id": _recipient,
    "occasion": lambda _salon: "birthday",
}


def _path(name: str, captured: set[str], slug: str, owner_of_ids: Salon) -> str:
    values = {key: slug if key == "slug" else MAKERS[key](owner_of_ids) for key in captured}
    return reverse(name, kwargs=values)


def _rows() -> list[Any]:
    """Return what a route with a foreign id could have changed."""
    return [list(model.objects.order_by("pk").values()) for model in (Membership, Invitation, ApiKey)]


# What a path has besides ids: the same words in every salon.
WORDS = {"slug", "occasion"}


@pytest.mark.parametrize(("name", "permission", "captured"), SALON_ROUTES, ids=[route[0] for route in SALON_ROUTES])
def test_roles_and_salons(
    name: str,
    permission: Any,
    captured: set[str],
    sonnenschein: Salon,
    dom: Salon,
    owner: User,
    manager: User,
    stylist: User,
    browser_of: Callable[[User], Browser],
) -> None:
    browsers = {user: browser_of(user) for user in (owner, manager, stylist)}
    # Rows of another salon do not exist here, whatever the role may do with its own.
    foreign_row = _path(name, captured, sonnenschein.slug, dom) if captured - WORDS else None
    path, foreign_path = (_path(name, captured, salon.slug, salon) for salon in (sonnenschein, dom))
    for method in ("get", "post"):
        if foreign_row is not None:
            before = _rows()
            foreign = getattr(browsers[owner], method)(foreign_row, {"role": "MANAGER"}).status_code
            assert foreign in {404, 405}, (method, foreign)
            assert _rows() == before
        for user, role in ((owner, Role.OWNER), (manager, Role.MANAGER), (stylist, Role.STAFF)):
            foreign = getattr(browsers[user], method)(foreign_path).status_code
            assert foreign == 404, (method, role, foreign)
            status = getattr(browsers[user], method)(path).status_code
            if permission in PERMISSIONS[role]:
                assert status in {200, 302, 404, 405, 422}, (method, role, status)
            else:
                assert status == 403, (method, role, status)
        stranger = getattr(Browser(), method)(path)
        assert stranger.status_code == 302
        assert stranger.url.startswith("/sign-in/")


def test_the_page_of_keys_offers_exactly_what_calls_ask_for() -> None:
    asked = {
        one
        for _name, view, _captured in ROUTES
        for one in getattr(view, "cls", object).__dict__.get("scopes", {}).values()
    }
    assert {one for one in asked if one in ASKED_FOR or isinstance(one, str)} == set(ASKED_FOR)
