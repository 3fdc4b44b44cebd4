"""Builders of a till: goods, clients with categories and Treatcards, sales. To be called in a salon's scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bookings.checkout.reading import SaleView, get_sale
from bookings.checkout.sales import LineKind, LineWish, open_sale, pay, remove_line
from bookings.models import Appointment, Method, Sale, SaleLine
from bookings.states import State
from clients.labels import DiscountOn
from clients.models import Category, CategoryAssignment, Cause, Client
from clients.points import post
from loyalty.models import Matrix, Reward
from salon.audit.models import AuditEntry
from salon.catalogue.models import ItemKind, Product, Service, SpecialOffer
from salon.folding import fold
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_appointment
from tests.conftest import NOW

# When the appointments of these tests are over: Tuesday at two.
AFTER = at(14)
MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])


def money(text: str) -> Decimal:
    """Return an amount."""
    return Decimal(text)


def make_product(name: str = "Haaröl", price: str = "27.50", **given: Any) -> Product:
    """Put a product into the catalogue."""
    return Product.objects.create(name=name, name_key=fold(name), price=money(price), created_at=NOW, **given)


def make_offer(item: Service | Product, price: str, **given: Any) -> SpecialOffer:
    """Offer something for another price on the day of these tests."""
    which = {"service": item} if isinstance(item, Service) else {"product": item}
    days = {"starts_on": DAY, "ends_on": DAY}
    return SpecialOffer.objects.create(price=money(price), created_at=NOW, **which, **{**days, **given})


def make_reward(item: Service | Product, points: int = 100, matrix: Matrix = Matrix.FIRST_TIME) -> Reward:
    """Give something for points."""
    service, product = (item, None) if isinstance(item, Service) else (None, item)
    return Reward.objects.create(
        kind=ItemKind.SERVICE if service else ItemKind.PRODUCT,
        service=service,
        product=product,
        points=points,
        list_price=item.price,
        matrix=matrix,
        created_at=NOW,
    )


def give_treatcard(client: Client, points: int = 0, number: str = "") -> Client:
    """Give a client a Treatcard with so many points on it, as an opening balance."""
    Client.objects.filter(pk=client.pk).update(treatcard_number=number or f"T{client.number:06}")
    client.refresh_from_db()
    actor = system_actor("Eröffnung")
    post(client=client, points=points, cause=Cause.OPENING, cause_id=new_id(), actor=actor, now=NOW)
    return client


def give_discount(client: Client, percent: str, on: DiscountOn = DiscountOn.BOTH, *, offers: bool = False) -> Category:
    """Put a client into a category that grants so much."""
    name = f"Rabatt {percent} {on}"
    category = Category.objects.create(
        name=name,
        name_key=fold(name),
        discount_percent=money(percent),
        discount_on=on,
        discount_special_offers=offers,
        created_at=NOW,
    )
    CategoryAssignment.objects.create(category=category, client=client, assigned_at=NOW)
    return category


def service(item: Service, quantity: int = 1, price: str = "") -> LineWish:
    """Wish for a service."""
    return LineWish(LineKind.SERVICE, service_id=item.pk, quantity=quantity, price=money(price) if price else None)


def product(item: Product, quantity: int = 1, price: str = "") -> LineWish:
    """Wish for a product."""
    return LineWish(LineKind.PRODUCT, product_id=item.pk, quantity=quantity, price=money(price) if price else None)


def tip(amount: str) -> LineWish:
    """Wish to give a tip."""
    return LineWish(LineKind.TIP, price=money(amount))


def voucher(amount: str, quantity: int = 1) -> LineWish:
    """Wish for vouchers."""
    return LineWish(LineKind.VOUCHER, price=money(amount), quantity=quantity)


@dataclass(frozen=True, slots=True)
class Till:
    """Somebody at the till of a small salon, which sells three services (`day`), oil (27.50) and shampoo (19.90)."""

    actor: Actor
    salon: Salon
    day: SalonDay
    oil: Product
    shampoo: Product

    @property
    def given(self) -> dict[str, Any]:
        """What every operation is given."""
        return {"actor": self.actor, "salon": self.salon, "now": AFTER}

    def visit(self, *services: Service, state: State = State.ARRIVED, **given: Any) -> Appointment:
        """Let Lena have an appointment with Anna on Tuesday at ten, for a cut if not said otherwise."""
        done = [(one, self.day.anna) for one in services or (self.day.cut,)]
        return make_appointment(*done, state=state, **{"client": self.day.lena, **given})

    def open(self, *lines: LineWish, **given: Any) -> Sale:
        """Open a sale of these for Lena, if not said otherwise."""
        whose = {} if "appointment_id" in given else {"client_id": self.day.lena.pk}
        return open_sale(**{**self.given, **whose, "lines": lines, **given})

    def empty(self, **given: Any) -> Sale:
        """Open a sale of which everything was taken off again."""
        sale = self.open(tip("1.00"), **given)
        return remove_line(**self.given, sale_id=sale.pk, line_id=sale.lines.get().pk).sale

    def charge(self, appointment: Appointment, *lines: LineWish, **given: Any) -> Sale:
        """Open the sale of an appointment, or go on with it."""
        return self.open(*lines, appointment_id=appointment.pk, **given)

    def pay(self, sale: Sale, amount: str = "", method: Method = Method.CARD, **given: Any) -> Sale:
        """Pay all that is due by card, if not said otherwise."""
        due = money(amount) if amount else get_sale(sale.pk).due
        return pay(**{**self.given, "sale_id": sale.pk, "method": method, "amount": due, **given})

    def sold(self, *lines: LineWish, **given: Any) -> Sale:
        """Sell these to Lena, paid by card, if not said otherwise."""
        return self.pay(self.open(*lines, **given))


def a_till(actor: Actor, salon: Salon) -> Till:
    """Return a small salon with an empty calendar and nothing sold yet."""
    return Till(actor, salon, a_salon_day(), make_product(), make_product("Shampoo", "19.90"))


def shown(sale: Sale) -> list[tuple[str, str, int, str, str]]:
    """Return kind, name, quantity, discount and price of each line of a sale as it is stored."""
    return [
        (str(line.kind), line.name, line.quantity, str(line.discount), str(line.final_price))
        for line in SaleLine.objects.filter(sale=sale).order_by("position")
    ]


def amounts(sale: Sale) -> tuple[str, str, str]:
    """Return total, paid and due of a sale as they are stored."""
    view: SaleView = get_sale(sale.pk)
    return str(view.sale.total), str(view.sale.paid), str(view.due)


def told(subject_id: UUID) -> list[tuple[str, list[tuple[str, str | None, str | None]]]]:
    """Return what is on record of a sale, oldest first."""
    return [
        (entry.action, [(one["field"], one["old"], one["new"]) for one in entry.changes])
        for entry in AuditEntry.objects.filter(subject_id=subject_id).order_by("recorded_at", "id")
    ]


def later(hours: int, moment: datetime = AFTER) -> datetime:
    """Return an instant some hours later."""
    return moment.replace(hour=moment.hour + hours)


def points_of(client: Client) -> int:
    """Return what a client's card says she has."""
    return Client.objects.get(pk=client.pk).points


def names(lines: Sequence[SaleLine]) -> list[str]:
    """Return what lines are called."""
    return [line.label for line in lines]
