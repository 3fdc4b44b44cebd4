"""What the demo sells, and who does it (domain.md §11)."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from salon.catalogue.models import HolidayRules, Product, Schedule, Service, SpecialOffer, StaffMember, StaffService
from salon.demo import world
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.tenancy.owner import owner_connection
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
SERVICES = """Waschen-Schneiden-Föhnen 60/59 · Föhnen 30/29 · Herrenschnitt 30/32 · Maschinenschnitt 20/22 ·
Bart 20/18 · Nassrasur 30/25 · Kinder 30/22 · Ansatzfarbe 90/62 (30+35+25) · Komplettfarbe 120/85 (45+40+35) ·
Foliensträhnen 90/75 · Balayage 180/169 · Glossing 30/35 · Keratin 150/189 · Pflegekur 15/19 · Hochstecken 60/75 · Facial 60/69 ·
Anti-Aging 90/99 · Brauen zupfen 15/12 · Wimpernlifting 60/59 · Maniküre 45/32 · Shellac 60/42 · Pediküre 50/42 ·
Rückenmassage 30/39"""
PRODUCTS = """Shampoo 19,90 · Conditioner 22,90 · Maske 29,90 · Haaröl 27,50 · Haarspray 16,90 · Bartöl 19,90 ·
Tagescreme 39,00 · Serum 54,00 · Nagelöl 9,90 · Bürste 24,90"""


def _build(now: datetime) -> Salon:
    with owner_connection():
        world.rebuild_demo(now)
    salon = directory.find_salon("sonnenschein")
    assert salon is not None
    return salon


def _parts(service: Service) -> str:
    if not service.processing_minutes:
        return ""
    return f" ({service.apply_minutes}+{service.processing_minutes}+{service.finish_minutes})"


def test_it_sells_what_the_domain_says() -> None:
    salon = _build(NOW)
    with salon_scope(salon.pk):
        services = {
            f"{one.name} {one.duration_minutes}/{one.price:.0f}{_parts(one)}": one for one in Service.objects.all()
        }
        products = {f"{one.name} {one.price:.2f}".replace(".", ",") for one in Product.objects.all()}
        assert not SpecialOffer.objects.exists()
    assert set(services) == set(" ".join(SERVICES.split()).split(" · "))
    assert all(one.price == one.price.quantize(Decimal(1)) for one in services.values())
    assert products == set(" ".join(PRODUCTS.split()).split(" · "))
    assert all(one.online and one.points_override is None and one.counts_as_visit for one in services.values())
    assert all(one.group_id for one in services.values())


def test_everything_is_done_by_somebody() -> None:
    salon = _build(NOW)
    with salon_scope(salon.pk):
        can = {
            (skill.staff.name, skill.service.name): skill.service.duration_minutes
            for skill in StaffService.objects.select_related("staff", "service")
        }
        names = set(Service.objects.values_list("name", flat=True))
        staff = list(StaffMember.objects.in_order())
        region = HolidayRules.objects.get().region
    assert {service for _name, service in can} == names
    assert [one.name for one in staff] == ["Anna", "Bora", "Carla", "Dilara", "Emil"]
    assert [one.name for one in staff if one.user_id] == ["Anna", "Carla"]
    assert region == "BE"
    for name in {who for who, service in can if service == "Ansatzfarbe"}:
        assert min(minutes for (who, _service), minutes in can.items() if who == name) <= 30


@pytest.mark.parametrize("closed_on", [NOW + timedelta(days=1), datetime.fromisoformat("2026-12-25T10:00:00+00:00")])
def test_on_a_closed_day_the_demo_works_all_the_same(closed_on: datetime) -> None:
    """Sunday or Christmas: whoever opens it sees a salon at work, on this day alone."""
    salon = _build(closed_on)
    with salon_scope(salon.pk):
        weeks = {
            schedule.valid_from: {one.weekday for one in schedule.intervals.all()}
            for schedule in Schedule.objects.filter(staff__name="Anna").prefetch_related("intervals")
        }
    today = closed_on.date()
    assert len(weeks) == 3
    assert today.isoweekday() in weeks[today]
    assert weeks[today + timedelta(days=1)] == {1, 2, 3, 4, 5, 6}
