"""What the two salons of the demo sell (domain.md §11)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from bookings.busy import Minutes
from loyalty.models import Reward
from loyalty.rewards import standard_points
from salon.catalogue.models import CatalogueGroup, ItemKind, Product, Service
from salon.folding import fold
from salon.tenancy.models import new_id


@dataclass(frozen=True, slots=True)
class Sold:
    """One service to be."""

    name: str
    minutes: Minutes
    price: Decimal


@dataclass(frozen=True, slots=True)
class Offering:
    """Services and products of one salon, by the name of their group, everything in the order it is listed in, and the
    names of those that are given for points."""

    services: dict[str, tuple[Sold, ...]]
    products: dict[str, tuple[tuple[str, Decimal], ...]]
    rewards: tuple[str, ...] = ()

    @property
    def by_name(self) -> dict[str, Sold]:
        """Every service by its name."""
        return {one.name: one for group in self.services.values() for one in group}

    @property
    def prices(self) -> dict[str, Decimal]:
        """What every product costs, by its name."""
        return dict(one for group in self.products.values() for one in group)


def _sold(name: str, price: str, apply: int, processing: int = 0, finish: int = 0) -> Sold:
    return Sold(name, Minutes(apply, processing, finish), Decimal(price))


SONNENSCHEIN = Offering(
    services={
        "Haare": (
            _sold("Waschen-Schneiden-Föhnen", "59.00", 60),
            _sold("Föhnen", "29.00", 30),
            _sold("Hochstecken", "75.00", 60),
            _sold("Kinder", "22.00", 30),
        ),
        "Herren": (
            _sold("Herrenschnitt", "32.00", 30),
            _sold("Maschinenschnitt", "22.00", 20),
            _sold("Bart", "18.00", 20),
            _sold("Nassrasur", "25.00", 30),
        ),
        "Farbe": (
            _sold("Ansatzfarbe", "62.00", 30, 35, 25),
            _sold("Komplettfarbe", "85.00", 45, 40, 35),
            _sold("Foliensträhnen", "75.00", 90),
            _sold("Balayage", "169.00", 180),
            _sold("Glossing", "35.00", 30),
        ),
        "Pflege": (
            _sold("Keratin", "189.00", 150),
            _sold("Pflegekur", "19.00", 15),
        ),
        "Kosmetik": (
            _sold("Facial", "69.00", 60),
            _sold("Anti-Aging", "99.00", 90),
            _sold("Brauen zupfen", "12.00", 15),
            _sold("Wimpernlifting", "59.00", 60),
        ),
        "Nägel": (
            _sold("Maniküre", "32.00", 45),
            _sold("Shellac", "42.00", 60),
            _sold("Pediküre", "42.00", 50),
        ),
        "Wellness": (_sold("Rückenmassage", "39.00", 30),),
    },
    products={
        "Haarpflege": (
            ("Shampoo", Decimal("19.90")),
            ("Conditioner", Decimal("22.90")),
            ("Maske", Decimal("29.90")),
            ("Haaröl", Decimal("27.50")),
            ("Haarspray", Decimal("16.90")),
            ("Bürste", Decimal("24.90")),
        ),
        "Bartpflege": (("Bartöl", Decimal("19.90")),),
        "Gesichtspflege": (("Tagescreme", Decimal("39.00")), ("Serum", Decimal("54.00"))),
        "Nagelpflege": (("Nagelöl", Decimal("9.90")),),
    },
    rewards=("Nassrasur", "Pflegekur", "Glossing", "Brauen zupfen", "Haaröl"),
)
BARBIER = Offering(
    services={
        "Haare": (
            _sold("Herrenschnitt", "28.00", 30),
            _sold("Maschinenschnitt", "19.00", 20),
            _sold("Haare & Bart", "42.00", 45),
            _sold("Kinder", "20.00", 30),
        ),
        "Bart": (
            _sold("Bart", "16.00", 20),
            _sold("Nassrasur", "24.00", 30),
            _sold("Kopfrasur", "26.00", 30),
        ),
        "Pflege": (
            _sold("Pflegekur", "15.00", 15),
            _sold("Grauhaarkaschierung", "25.00", 15, 10, 10),
        ),
    },
    products={
        "Bart": (("Bartöl", Decimal("18.90")), ("Bartbalsam", Decimal("16.90"))),
        "Haare": (("Pomade", Decimal("17.50")), ("Shampoo", Decimal("14.90"))),
    },
    rewards=("Kopfrasur", "Pflegekur", "Bartöl"),
)


def write_offering(offering: Offering, *, now: datetime) -> dict[str, UUID]:
    """Write what the open salon sells; return its services by name."""
    groups, services = [], []
    products: list[Product] = []
    for position, (name, sold) in enumerate(offering.services.items(), 1):
        groups.append(_group(ItemKind.SERVICE, name, position))
        services += [
            Service(
                id=new_id(),
                group_id=groups[-1].pk,
                name=one.name,
                name_key=fold(one.name),
                position=place,
                price=one.price,
                apply_minutes=one.minutes.apply,
                processing_minutes=one.minutes.processing,
                finish_minutes=one.minutes.finish,
                created_at=now,
            )
            for place, one in enumerate(sold, 1)
        ]
    for position, (name, goods) in enumerate(offering.products.items(), 1):
        groups.append(_group(ItemKind.PRODUCT, name, position))
        products += [
            Product(
                id=new_id(),
                group_id=groups[-1].pk,
                name=title,
                name_key=fold(title),
                position=place,
                price=price,
                barcode=_barcode(len(products) + place),
                created_at=now,
            )
            for place, (title, price) in enumerate(goods, 1)
        ]
    CatalogueGroup.objects.bulk_create(groups)
    Service.objects.bulk_create(services)
    Product.objects.bulk_create(products)
    Reward.objects.bulk_create(
        Reward(
            id=new_id(),
            kind=ItemKind.SERVICE if isinstance(one, Service) else ItemKind.PRODUCT,
            service=one if isinstance(one, Service) else None,
            product=one if isinstance(one, Product) else None,
            points=standard_points(one.price),
            list_price=one.price,
            created_at=now,
        )
        for one in (*services, *products)
        if one.name in offering.rewards
    )
    return {service.name: service.pk for service in services}


def _barcode(number: int) -> str:
    """Return an EAN-13 of those that a shop gives itself."""
    digits = f"2{number:011}"
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10
    return f"{digits}{check}"


def _group(kind: ItemKind, name: str, position: int) -> CatalogueGroup:
    return CatalogueGroup(id=new_id(), kind=kind, name=name, name_key=fold(name), position=position)
