"""Services, products, groups and special offers: what is accepted, what stands once, what comes back (domain.md §5)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from salon.audit.models import AuditEntry
from salon.catalogue.details import OfferDetails, ProductDetails, ServiceDetails
from salon.catalogue.groups import (
    GroupNotEmpty,
    create_group,
    delete_group,
    rename_group,
    shift_group,
)
from salon.catalogue.listing import all_products, groups_of, offers_on
from salon.catalogue.models import CatalogueGroup, ItemKind, Service, SpecialOffer
from salon.catalogue.offering import (
    NotOffered,
    archive_product,
    archive_service,
    create_product,
    create_service,
    restore_product,
    restore_service,
    shift_service,
    update_product,
    update_service,
)
from salon.catalogue.offers import NoSuchOffer, create_offer, remove_offer, restore_offer, update_offer
from salon.catalogue.ordering import Direction
from salon.catalogue.reading import all_services
from salon.errors import InvalidInput, NotAllowed, VersionConflict
from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("in_sonnenschein")


def details(name: str = "Ansatzfarbe", **given: Any) -> ServiceDetails:
    usual: dict[str, Any] = {"apply_minutes": 30, "price": Decimal("62.00"), **given}
    return ServiceDetails(name=name, **usual)


def refused_fields(refused: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refused.value.errors]


def test_a_service_with_processing_time(carla: Actor) -> None:
    made = create_service(
        actor=carla,
        details=details(processing_minutes=35, finish_minutes=25, buffer_minutes=5),
        new_group="Farbe",
        now=NOW,
    )
    assert (made.duration_minutes, made.buffer_minutes, made.position, made.version) == (90, 5, 0, 1)
    assert made.group is not None
    assert made.group.name == "Farbe"
    again = create_service(actor=carla, details=details("Glossing"), new_group="FARBE", now=NOW)
    assert (again.group_id, again.position) == (made.group_id, 1)
    entry = AuditEntry.objects.get(action="service.created", subject_id=made.pk)
    assert {"field": "processing_minutes", "old": None, "new": "35"} in entry.changes
    assert {"field": "group", "old": None, "new": "Farbe"} in entry.changes


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"name": "  "}, [("name", "required")]),
        ({"name": "x" * 81}, [("name", "max_length")]),
        ({"name": "a\x00b"}, [("name", "invalid")]),
        ({"price": Decimal("-0.01")}, [("price", "range")]),
        ({"price": Decimal("1.005")}, [("price", "invalid")]),
        ({"price": Decimal("10000000.00")}, [("price", "range")]),
        ({"vat_rate": Decimal(100)}, [("vat_rate", "range")]),
        ({"points_override": -1}, [("points_override", "range")]),
        ({"apply_minutes": 0}, [("apply_minutes", "required")]),
        ({"apply_minutes": 32}, [("apply_minutes", "step")]),
        ({"apply_minutes": 725}, [("apply_minutes", "range")]),
        ({"buffer_minutes": -5}, [("buffer_minutes", "range")]),
        ({"processing_minutes": 35}, [("finish_minutes", "required")]),
        ({"finish_minutes": 35}, [("processing_minutes", "required")]),
        ({"apply_minutes": 300, "processing_minutes": 300, "finish_minutes": 125}, [("apply_minutes", "range")]),
        (
            {"name": "", "apply_minutes": 7, "price": Decimal(-1)},
            [("name", "required"), ("price", "range"), ("apply_minutes", "step")],
        ),
    ],
)
def test_what_no_service_can_be(carla: Actor, given: dict[str, Any], wrong: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidInput) as refused:
        create_service(actor=carla, details=details(**given), now=NOW)
    assert refused_fields(refused) == wrong
    assert not Service.objects.exists()


def test_a_day_of_twelve_hours_is_the_longest_service(carla: Actor) -> None:
    assert create_service(actor=carla, details=details(apply_minutes=720), now=NOW).duration_minutes == 720


def test_a_name_stands_once_among_what_is_offered(carla: Actor) -> None:
    made = create_service(actor=carla, details=details("Föhnen"), now=NOW)
    for name in ("foehnen", "FÖHNEN "):
        with pytest.raises(InvalidInput) as refused:
            create_service(actor=carla, details=details(name), now=NOW)
        assert refused_fields(refused) == [("name", "duplicate_name")]
    archive_service(actor=carla, service_id=made.pk, now=NOW)
    assert all_services() == []
    assert Service.objects.filter(pk=made.pk).exists()
    create_service(actor=carla, details=details("Föhnen"), now=NOW)
    with pytest.raises(InvalidInput) as refused:
        restore_service(actor=carla, service_id=made.pk, now=NOW)
    assert refused_fields(refused) == [("name", "duplicate_name")]
    with pytest.raises(NotOffered):
        update_service(actor=carla, service_id=made.pk, changes={"name": "Anders"}, now=NOW)


def test_a_change_behind_somebody_else_is_refused(carla: Actor) -> None:
    made = create_service(actor=carla, details=details(), now=NOW)
    changed = update_service(actor=carla, service_id=made.pk, changes={"price": Decimal("65.00")}, version=1, now=NOW)
    assert (changed.price, changed.version, changed.name) == (Decimal("65.00"), 2, "Ansatzfarbe")
    with pytest.raises(VersionConflict):
        update_service(actor=carla, service_id=made.pk, changes={"price": Decimal("1.00")}, version=1, now=NOW)
    same = update_service(actor=carla, service_id=made.pk, changes={"price": Decimal("65.00")}, now=NOW)
    assert same.version == 2
    assert AuditEntry.objects.filter(action="service.updated").count() == 1


def test_the_order_is_moved_step_by_step(carla: Actor) -> None:
    for name in ("Ah", "Beh", "Zeh"):
        create_service(actor=carla, details=details(name), new_group="Haare", now=NOW)
    last = all_services()[-1]
    shift_service(actor=carla, service_id=last.pk, direction=Direction.UP, now=NOW)
    assert [one.name for one in all_services()] == ["Ah", "Zeh", "Beh"]
    for _again in range(2):
        shift_service(actor=carla, service_id=last.pk, direction=Direction.UP, now=NOW)
    assert [one.name for one in all_services()] == ["Zeh", "Ah", "Beh"]
    shift_service(actor=carla, service_id=last.pk, direction=Direction.DOWN, now=NOW)
    assert [one.name for one in all_services()] == ["Ah", "Zeh", "Beh"]


def test_groups(carla: Actor) -> None:
    hair = create_group(actor=carla, kind=ItemKind.SERVICE, name="Haare", now=NOW)
    nails = create_group(actor=carla, kind=ItemKind.SERVICE, name="Nägel", now=NOW)
    create_group(actor=carla, kind=ItemKind.PRODUCT, name="Nägel", now=NOW)
    with pytest.raises(InvalidInput) as refused:
        rename_group(actor=carla, group_id=nails.pk, name="HAARE", now=NOW)
    assert refused_fields(refused) == [("name", "duplicate_name")]
    cut = create_service(actor=carla, details=details(group_id=hair.pk), now=NOW)
    shift_group(actor=carla, group_id=nails.pk, direction=Direction.UP, now=NOW)
    assert [one.name for one in groups_of(ItemKind.SERVICE)] == ["Nägel", "Haare"]
    with pytest.raises(GroupNotEmpty):
        delete_group(actor=carla, group_id=hair.pk, now=NOW)
    rename_group(actor=carla, group_id=hair.pk, name="Schneiden", now=NOW)
    cut.refresh_from_db()
    assert cut.version == 2
    archive_service(actor=carla, service_id=cut.pk, now=NOW)
    delete_group(actor=carla, group_id=hair.pk, now=NOW)
    assert restore_service(actor=carla, service_id=cut.pk, now=NOW).group_id is None
    assert CatalogueGroup.objects.count() == 2
    with pytest.raises(InvalidInput) as refused:
        create_product(actor=carla, details=ProductDetails(name="Öl", group_id=nails.pk), now=NOW)
    assert refused_fields(refused) == [("group_id", "not_found")]


def test_a_barcode_stands_once_among_what_is_sold(carla: Actor) -> None:
    oil = create_product(
        actor=carla, details=ProductDetails(name="Haaröl", price=Decimal("27.50"), barcode=" 4012 345 "), now=NOW
    )
    assert oil.barcode == "4012345"
    with pytest.raises(InvalidInput) as refused:
        create_product(actor=carla, details=ProductDetails(name="Bartöl", barcode="4012345"), now=NOW)
    assert refused_fields(refused) == [("barcode", "duplicate_barcode")]
    create_product(actor=carla, details=ProductDetails(name="Bartöl"), now=NOW)
    create_product(actor=carla, details=ProductDetails(name="Nagelöl"), now=NOW)
    archive_product(actor=carla, product_id=oil.pk, now=NOW)
    [beard, _nails] = all_products()
    update_product(actor=carla, product_id=beard.pk, changes={"barcode": "4012345"}, now=NOW)
    with pytest.raises(InvalidInput) as refused:
        restore_product(actor=carla, product_id=oil.pk, now=NOW)
    assert refused_fields(refused) == [("barcode", "duplicate_barcode")]


def test_a_special_offer_holds_from_its_first_to_its_last_day(carla: Actor) -> None:
    cut = create_service(actor=carla, details=details(), now=NOW)
    offer = create_offer(
        actor=carla,
        details=OfferDetails(
            service_id=cut.pk, price=Decimal("50.00"), starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 24)
        ),
        now=NOW,
    )
    priced = {
        day: found.price if (found := offers_on(day).get(cut.pk)) else cut.price
        for day in (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 24), date(2026, 12, 25))
    }
    assert list(priced.values()) == [Decimal("62.00"), Decimal("50.00"), Decimal("50.00"), Decimal("62.00")]
    second = OfferDetails(
        service_id=cut.pk, price=Decimal("40.00"), starts_on=date(2026, 12, 24), ends_on=date(2027, 1, 6)
    )
    with pytest.raises(InvalidInput) as refused:
        create_offer(actor=carla, details=second, now=NOW)
    assert refused_fields(refused) == [("starts_on", "offer_overlap")]
    remove_offer(actor=carla, offer_id=offer.pk, now=NOW)
    assert offers_on(date(2026, 12, 1)) == {}
    back = restore_offer(actor=carla, offer_id=offer.pk, now=NOW)
    assert (back.pk, back.price, back.service_id, back.ends_on) == (
        offer.pk,
        Decimal("50.00"),
        cut.pk,
        date(2026, 12, 24),
    )
    remove_offer(actor=carla, offer_id=offer.pk, now=NOW)
    create_offer(actor=carla, details=second, now=NOW)
    with pytest.raises(InvalidInput) as refused:
        restore_offer(actor=carla, offer_id=offer.pk, now=NOW)
    assert refused_fields(refused) == [("starts_on", "offer_overlap")]
    with pytest.raises(NoSuchOffer):
        restore_offer(actor=carla, offer_id=cut.pk, now=NOW)
    only = SpecialOffer.objects.get()
    changed = OfferDetails(service_id=cut.pk, price=Decimal("45.00"), starts_on=only.starts_on, ends_on=only.ends_on)
    assert update_offer(actor=carla, offer_id=only.pk, details=changed, now=NOW).price == Decimal("45.00")


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"ends_on": date(2026, 11, 30)}, [("ends_on", "range")]),
        ({"ends_on": date(2029, 11, 30)}, [("ends_on", "range")]),
        ({"price": Decimal(-1)}, [("price", "range")]),
        ({"service_id": None}, [("item", "required")]),
    ],
)
def test_what_no_offer_can_be(carla: Actor, given: dict[str, Any], wrong: list[tuple[str, str]]) -> None:
    cut = create_service(actor=carla, details=details(), now=NOW)
    told: dict[str, Any] = {
        "service_id": cut.pk,
        "price": Decimal("50.00"),
        "starts_on": date(2026, 12, 1),
        "ends_on": date(2026, 12, 24),
    }
    with pytest.raises(InvalidInput) as refused:
        create_offer(actor=carla, details=OfferDetails(**(told | given)), now=NOW)
    assert refused_fields(refused) == wrong
    assert not SpecialOffer.objects.exists()


def test_the_catalogue_is_the_owner_s_and_the_managers(front_desk: Actor, carla: Actor) -> None:
    made = create_service(actor=carla, details=details(), now=NOW)
    with pytest.raises(NotAllowed):
        create_service(actor=front_desk, details=details("Neu"), now=NOW)
    with pytest.raises(NotAllowed):
        update_service(actor=front_desk, service_id=made.pk, changes={"price": Decimal(1)}, now=NOW)
    with pytest.raises(NotAllowed):
        archive_service(actor=front_desk, service_id=made.pk, now=NOW)


def test_nothing_of_another_salon_is_known(carla: Actor, dom: Salon) -> None:
    with pytest.raises(NotOffered):
        archive_service(actor=carla, service_id=dom.pk, now=NOW)
