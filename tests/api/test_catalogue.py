"""`/api/v1/services`, `products` and `staff` (api.md)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from salon.api.scopes import Scope
from salon.catalogue.details import ProductDetails, ServiceDetails
from salon.catalogue.groups import create_group, shift_group
from salon.catalogue.models import ItemKind
from salon.catalogue.offering import archive_service, create_product, create_service, update_service
from salon.catalogue.ordering import Direction
from salon.catalogue.team import StaffDetails, archive_staff_member, create_staff_member, set_skills
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
ACTOR = system_actor("test")


def _service(name: str, **given: Any) -> Any:
    new_group = given.pop("group", "")
    usual: dict[str, Any] = {"apply_minutes": 30, "price": Decimal("32.00"), **given}
    details = ServiceDetails(name=name, **usual)
    return create_service(actor=ACTOR, details=details, new_group=new_group, now=NOW)


@pytest.fixture
def catalogue(sonnenschein: Salon) -> dict[str, Any]:
    """Two groups in an order that is not that of their names, and something in none."""
    with salon_scope(sonnenschein.pk):
        found = {
            "Zopf": _service("Zopf", group="Haare", apply_minutes=60, price=Decimal("75.00")),
            "Ansatz": _service("Ansatz", group="Farbe", apply_minutes=30, processing_minutes=35, finish_minutes=25),
            "Bart": _service("Bart", group="Haare", online=False, points_override=0),
            "Beratung": _service("Beratung", price=Decimal("0.00")),
        }
        anna = create_staff_member(
            actor=ACTOR, details=StaffDetails(name="Anna"), skills=[found["Zopf"].pk, found["Ansatz"].pk], now=NOW
        )
        bora = create_staff_member(actor=ACTOR, details=StaffDetails(name="Bora"), skills=[found["Zopf"].pk], now=NOW)
    return {**found, "Anna": anna, "Bora": bora}


def _names(api: Caller, path: str) -> list[str]:
    answer = api.get(path)
    assert answer.status_code == 200
    return [one["name"] for one in answer.json()["results"]]


def test_services_in_the_order_of_the_catalogue(api: Caller, catalogue: dict[str, Any], sonnenschein: Salon) -> None:
    assert _names(api, "services") == ["Zopf", "Bart", "Ansatz", "Beratung"]
    with salon_scope(sonnenschein.pk):
        shift_group(actor=ACTOR, group_id=catalogue["Ansatz"].group_id, direction=Direction.UP, now=NOW)
    assert _names(api, "services") == ["Ansatz", "Zopf", "Bart", "Beratung"]
    assert _names(api, "services?online=true") == ["Ansatz", "Zopf", "Beratung"]
    assert _names(api, "services?online=false") == ["Bart"]
    first = api.get("services?limit=3").json()
    assert [one["name"] for one in first["results"]] == ["Ansatz", "Zopf", "Bart"]
    second = api.get(first["next"]).json()
    assert ([one["name"] for one in second["results"]], second["next"]) == (["Beratung"], None)
    back = api.get(second["previous"]).json()
    assert back["results"] == first["results"]
    assert api.get("services?limit=1&online=true").json()["next"] is not None


def test_a_service(api: Caller, catalogue: dict[str, Any], sonnenschein: Salon) -> None:
    ansatz = catalogue["Ansatz"]
    answer = api.get(f"services/{ansatz.pk}")
    assert answer.json() == {
        "id": str(ansatz.pk),
        "name": "Ansatz",
        "group": "Farbe",
        "duration_minutes": 90,
        "price": "32.00",
        "online": True,
        "points_override": None,
        "staff": [str(catalogue["Anna"].pk)],
        "version": 2,
    }
    assert answer["ETag"] == '"2"'
    with salon_scope(sonnenschein.pk):
        set_skills(actor=ACTOR, staff_id=catalogue["Bora"].pk, service_ids=[ansatz.pk], now=NOW)
    changed = api.get(f"services/{ansatz.pk}")
    assert (changed.json()["staff"], changed["ETag"]) == (
        [str(catalogue["Anna"].pk), str(catalogue["Bora"].pk)],
        '"3"',
    )
    with salon_scope(sonnenschein.pk):
        archive_staff_member(actor=ACTOR, staff_id=catalogue["Anna"].pk, now=NOW)
    changed = api.get(f"services/{ansatz.pk}")
    assert (changed.json()["staff"], changed["ETag"]) == ([str(catalogue["Bora"].pk)], '"4"')
    listed = next(one for one in api.get("services").json()["results"] if one["name"] == "Ansatz")
    assert listed == changed.json()
    assert api.get(f"services/{catalogue['Bart'].pk}").json()["points_override"] == 0
    assert api.get(f"services/{catalogue['Beratung'].pk}").json()["group"] is None


def test_archived_foreign_and_unknown_services_are_not_there(
    api: Caller, catalogue: dict[str, Any], sonnenschein: Salon, dom: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        archive_service(actor=ACTOR, service_id=catalogue["Bart"].pk, now=NOW)
    with salon_scope(dom.pk):
        foreign = _service("Rasur")
    assert _names(api, "services") == ["Zopf", "Ansatz", "Beratung"]
    for service_id in (catalogue["Bart"].pk, foreign.pk, NOBODY):
        assert problem(api.get(f"services/{service_id}"), 404, "not_found")


def test_products_and_staff(api: Caller, catalogue: dict[str, Any], sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        care = create_group(actor=ACTOR, kind=ItemKind.PRODUCT, name="Pflege", now=NOW)
        details = ProductDetails(name="Haaröl", group_id=care.pk, price=Decimal("27.50"), points_override=20)
        oil = create_product(actor=ACTOR, details=details, now=NOW)
    assert api.get("products").json() == {
        "results": [{"id": str(oil.pk), "name": "Haaröl", "group": "Pflege", "price": "27.50", "points_override": 20}],
        "next": None,
        "previous": None,
    }
    staff = api.get("staff").json()["results"]
    assert staff == [
        {
            "id": str(catalogue["Anna"].pk),
            "name": "Anna",
            "services": [str(catalogue["Ansatz"].pk), str(catalogue["Zopf"].pk)],
        },
        {"id": str(catalogue["Bora"].pk), "name": "Bora", "services": [str(catalogue["Zopf"].pk)]},
    ]


@pytest.mark.parametrize(
    "path",
    [
        "services?online=maybe",
        "services?online=",
        "services?limit=0",
        "services?cursor=x",
        "services?name=a",
        "products?online=true",
        "staff?cursor=bm8",
    ],
)
def test_what_cannot_be_asked_for(api: Caller, path: str) -> None:
    assert wrong(api.get(path))


def test_a_cursor_of_another_list_is_refused(api: Caller, catalogue: dict[str, Any]) -> None:
    cursor = api.get("staff?limit=1").json()["next"].partition("cursor=")[2]
    assert wrong(api.get(f"services?cursor={cursor}")) == {"cursor": "invalid"}


def test_the_catalogue_needs_its_scope(sonnenschein: Salon, api_key: IssueKey) -> None:
    other = Caller(api_key(sonnenschein, Scope.CLIENTS_READ))
    for path in ("services", f"services/{NOBODY}", "products", "staff"):
        assert problem(other.get(path), 403, "missing_scope")
    assert Caller(api_key(sonnenschein, Scope.CATALOGUE_READ)).get("services").status_code == 200


@pytest.mark.parametrize("path", ["services", "products", "staff"])
def test_as_many_queries_for_many_as_for_few(api: Caller, sonnenschein: Salon, path: str) -> None:
    counts = []
    for many in (2, 18):
        with salon_scope(sonnenschein.pk):
            for number in range(many):
                made = _service(f"Schnitt {many}-{number}", group=f"Gruppe {number}")
                create_product(actor=ACTOR, details=ProductDetails(name=f"Öl {many}-{number}"), now=NOW)
                details = StaffDetails(name=f"Anna {many}-{number}")
                create_staff_member(actor=ACTOR, details=details, skills=[made.pk], now=NOW)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert api.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_change_of_the_price_is_a_new_version(api: Caller, catalogue: dict[str, Any], sonnenschein: Salon) -> None:
    before = api.get(f"services/{catalogue['Zopf'].pk}")
    with salon_scope(sonnenschein.pk):
        update_service(actor=ACTOR, service_id=catalogue["Zopf"].pk, changes={"price": Decimal("79.90")}, now=NOW)
    after = api.get(f"services/{catalogue['Zopf'].pk}")
    assert (after.json()["price"], after.json()["version"]) == ("79.90", before.json()["version"] + 1)
