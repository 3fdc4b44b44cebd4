"""What the demo sells, and who does it (domain.md §11)."""

from decimal import Decimal

import pytest

from salon.catalogue.models import HolidayRules, Product, Service, SpecialOffer, StaffMember, StaffService
from salon.demo import offering, team
from salon.demo.offering import write_offering
from salon.demo.team import write_team
from salon.identity.models import User
from salon.tenancy.models import Salon
from tests.conftest import NOW

SERVICES = """Waschen-Schneiden-Föhnen 60/59 · Föhnen 30/29 · Herrenschnitt 30/32 · Maschinenschnitt 20/22 ·
Bart 20/18 · Nassrasur 30/25 · Kinder 30/22 · Ansatzfarbe 90/62 (30+35+25) · Komplettfarbe 120/85 (45+40+35) ·
Foliensträhnen 90/75 · Balayage 180/169 · Glossing 30/35 · Keratin 150/189 · Pflegekur 15/19 · Hochstecken 60/75 ·
Facial 60/69 · Anti-Aging 90/99 · Brauen zupfen 15/12 · Wimpernlifting 60/59 · Maniküre 45/32 · Shellac 60/42 ·
Pediküre 50/42 · Rückenmassage 30/39"""
PRODUCTS = """Shampoo 19,90 · Conditioner 22,90 · Maske 29,90 · Haaröl 27,50 · Haarspray 16,90 · Bartöl 19,90 ·
Tagescreme 39,00 · Serum 54,00 · Nagelöl 9,90 · Bürste 24,90"""


@pytest.fixture
def catalogue(in_sonnenschein: Salon, owner: User, manager: User) -> None:
    services = write_offering(offering.SONNENSCHEIN, now=NOW)
    users = {user.email: user.pk for user in (owner, manager)}
    write_team(
        team.SONNENSCHEIN,
        services=services,
        users=users,
        region="BE",
        first_day=NOW.date(),
        special=None,
        now=NOW,
    )


def _parts(service: Service) -> str:
    if not service.processing_minutes:
        return ""
    return f" ({service.apply_minutes}+{service.processing_minutes}+{service.finish_minutes})"


def test_it_sells_what_the_domain_says(catalogue: None) -> None:
    services = {f"{one.name} {one.duration_minutes}/{one.price:.0f}{_parts(one)}": one for one in Service.objects.all()}
    products = {f"{one.name} {one.price:.2f}".replace(".", ",") for one in Product.objects.all()}
    assert not SpecialOffer.objects.exists()
    assert set(services) == set(" ".join(SERVICES.split()).split(" · "))
    assert all(one.price == one.price.quantize(Decimal(1)) for one in services.values())
    assert products == set(" ".join(PRODUCTS.split()).split(" · "))
    assert all(one.online and one.points_override is None and one.counts_as_visit for one in services.values())
    assert all(one.group_id for one in services.values())


def test_every_product_can_be_scanned(catalogue: None) -> None:
    """With an EAN-13 of the numbers that shops give themselves."""
    codes = {one.name: one.barcode for one in Product.objects.all()}
    assert codes["Shampoo"] == "2000000000015"
    assert len(set(codes.values())) == len(codes) == 10
    for code in codes.values():
        assert len(code) == 13
        assert sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code)) % 10 == 0


def test_everything_is_done_by_somebody(catalogue: None) -> None:
    can = {
        (skill.staff.name, skill.service.name): skill.service.duration_minutes
        for skill in StaffService.objects.select_related("staff", "service")
    }
    names = set(Service.objects.values_list("name", flat=True))
    staff = list(StaffMember.objects.in_order())
    assert {service for _name, service in can} == names
    assert [one.name for one in staff] == ["Anna", "Bora", "Carla", "Dilara", "Emil"]
    assert [one.name for one in staff if one.user_id] == ["Anna", "Carla"]
    assert HolidayRules.objects.get().region == "BE"
    for name in {who for who, service in can if service == "Ansatzfarbe"}:
        assert min(minutes for (who, _service), minutes in can.items() if who == name) <= 30
