"""What clients had before the salon's own history (domain.md §7.1)."""

from uuid import uuid4

import pytest

from clients.models import CarriedService
from loyalty.eligibility import Had
from loyalty.models import PriorUse
from loyalty.prior_use import note_prior_use, noted_uses_of, prior_uses_of, withdraw_prior_use
from salon.audit.models import AuditEntry
from salon.catalogue.models import ItemKind
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client, make_service
from tests.concurrency.hands import at_once
from tests.conftest import NOW
from tests.loyalty.shelf import make_product

SERVICE, PRODUCT = ItemKind.SERVICE, ItemKind.PRODUCT


def test_the_team_notes_what_she_had(in_sonnenschein: Salon, front_desk: Actor) -> None:
    lena, shave, oil = make_client(), make_service("Nassrasur"), make_product()
    assert prior_uses_of(lena.pk) == Had()
    assert note_prior_use(actor=front_desk, client_id=lena.pk, kind=SERVICE, item_id=shave.pk, now=NOW)
    assert note_prior_use(actor=front_desk, client_id=lena.pk, kind=PRODUCT, item_id=oil.pk, now=NOW)
    assert prior_uses_of(lena.pk) == Had(frozenset({shave.pk}), frozenset({oil.pk}))
    assert {(one.noted_by_name, one.noted_at) for one in noted_uses_of(lena.pk)} == {("Empfang", NOW)}
    told = AuditEntry.objects.filter(action="client.prior_use_noted", subject_id=lena.pk)
    assert [entry.changes for entry in told.order_by("id")] == [
        [{"field": "item", "old": None, "new": "Nassrasur"}],
        [{"field": "item", "old": None, "new": "Haaröl"}],
    ]


def test_noted_twice_is_noted_once(in_sonnenschein: Salon, front_desk: Actor) -> None:
    lena, shave = make_client(), make_service("Nassrasur")
    assert note_prior_use(actor=front_desk, client_id=lena.pk, kind=SERVICE, item_id=shave.pk, now=NOW)
    assert not note_prior_use(actor=front_desk, client_id=lena.pk, kind=SERVICE, item_id=shave.pk, now=NOW)
    assert (PriorUse.objects.count(), AuditEntry.objects.count()) == (1, 1)


def test_a_note_is_taken_back(in_sonnenschein: Salon, front_desk: Actor) -> None:
    lena, shave, oil = make_client(), make_service("Nassrasur"), make_product()
    note_prior_use(actor=front_desk, client_id=lena.pk, kind=SERVICE, item_id=shave.pk, now=NOW)
    note_prior_use(actor=front_desk, client_id=lena.pk, kind=PRODUCT, item_id=oil.pk, now=NOW)
    assert withdraw_prior_use(actor=front_desk, client_id=lena.pk, kind=PRODUCT, item_id=oil.pk, now=NOW)
    assert not withdraw_prior_use(actor=front_desk, client_id=lena.pk, kind=PRODUCT, item_id=oil.pk, now=NOW)
    assert prior_uses_of(lena.pk) == Had(services=frozenset({shave.pk}))
    [told] = AuditEntry.objects.filter(action="client.prior_use_withdrawn")
    assert told.changes == [{"field": "item", "old": "Haaröl", "new": None}]


def test_what_an_import_says_is_found_by_its_name(in_sonnenschein: Salon) -> None:
    lena, mara = make_client(), make_client("Mara")
    facial, archived = make_service("Gesichtsbehandlung"), make_service("Dauerwelle", archived_at=NOW)
    nails = make_service("Maniküre")
    for name in ("GESICHTSBEHANDLUNG", "Dauerwelle", "Manikuere", "Haarverlängerung"):
        CarriedService.objects.create(client=lena, name=name)
    CarriedService.objects.create(client=mara, name="Mani")
    assert prior_uses_of(lena.pk) == Had(services=frozenset({facial.pk, archived.pk, nails.pk}))
    assert prior_uses_of(mara.pk) == Had()


def test_of_what_nobody_sells_nothing_is_noted(in_sonnenschein: Salon, front_desk: Actor) -> None:
    lena, oil = make_client(), make_product()
    for kind, item_id in ((SERVICE, uuid4()), (SERVICE, oil.pk)):
        with pytest.raises(InvalidInput) as refused:
            note_prior_use(actor=front_desk, client_id=lena.pk, kind=kind, item_id=item_id, now=NOW)
        assert [(one.field, one.code) for one in refused.value.errors] == [("item", "not_found")]
    with pytest.raises(NotFound):
        note_prior_use(actor=front_desk, client_id=uuid4(), kind=PRODUCT, item_id=oil.pk, now=NOW)
    assert PriorUse.objects.count() == 0


def test_whoever_may_not_write_clients_notes_nothing(in_sonnenschein: Salon, front_desk: Actor) -> None:
    lena, oil = make_client(), make_product()
    reader = Actor(front_desk.kind, None, "Kasse", frozenset())
    with pytest.raises(NotAllowed):
        note_prior_use(actor=reader, client_id=lena.pk, kind=PRODUCT, item_id=oil.pk, now=NOW)
    with pytest.raises(NotAllowed):
        withdraw_prior_use(actor=reader, client_id=lena.pk, kind=PRODUCT, item_id=oil.pk, now=NOW)
    assert PriorUse.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_note_the_same_at_once_one_does(sonnenschein: Salon, front_desk: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        lena, oil = make_client(), make_product()

    def note(_index: int) -> bool:
        with salon_scope(sonnenschein.pk):
            return note_prior_use(actor=front_desk, client_id=lena.pk, kind=PRODUCT, item_id=oil.pk, now=NOW)

    assert sorted(at_once(note, 8)) == [False] * 7 + [True]  # type: ignore[type-var]
