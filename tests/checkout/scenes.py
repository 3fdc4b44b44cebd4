"""Sales in every state that a till can be asked to do something with: what each holds is named for forms and calls.

To be called in a salon's scope.
"""

from collections.abc import Callable
from typing import Any

from bookings.checkout.changing import change_line, redeem_at_checkout
from bookings.checkout.refunding import refund
from bookings.checkout.voiding import void
from bookings.models import Method, Payment, Sale, SaleLine
from bookings.rewarding import append_reward
from bookings.states import State
from loyalty.models import Matrix, Reward
from salon.catalogue.models import Product
from tests.api.conftest import NOBODY
from tests.bookings.salonday import make_client
from tests.checkout.till import AFTER, Till, give_treatcard, make_product, make_reward, product, tip

type Ids = dict[str, Any]
type Scene = Callable[[Till], Ids]


def _of(sale: Sale, place: int = 0, **more: Any) -> Ids:
    """Return what the forms and calls about a sale name: itself, its version, and one of its lines."""
    lines = list(SaleLine.objects.filter(sale=sale).order_by("position"))
    sale.refresh_from_db()
    return {"sale": sale.pk, "version": sale.version, "line": lines[place].pk if lines else NOBODY, **more}


def begun(till: Till) -> Ids:
    return _of(till.open(product(till.oil)))


def empty(till: Till) -> Ids:
    return _of(till.empty())


def tipped(till: Till) -> Ids:
    return _of(till.open(tip("5.00")))


def seen_before(till: Till) -> Ids:
    """Begin a sale that a second window has changed since."""
    ids = begun(till)
    change_line(**till.given, sale_id=ids["sale"], line_id=ids["line"], changes={"quantity": 2})
    return ids


def partly_paid(till: Till) -> Ids:
    sale = till.pay(till.open(product(till.oil)), "20.00")
    return _of(sale, payment=Payment.objects.get().pk)


def paid(till: Till) -> Ids:
    sale = till.sold(product(till.oil, 2))
    return _of(sale, payment=Payment.objects.get().pk, other=make_client("Mia").pk, reward=make_reward(till.shampoo).pk)


def declared_void(till: Till) -> Ids:
    ids = paid(till)
    void(**till.given, sale_id=ids["sale"])
    return _of(Sale.objects.get(), **{name: ids[name] for name in ("payment", "other", "reward")})


def given_back(till: Till) -> Ids:
    ids = paid(till)
    refund(**till.given, sale_id=ids["sale"], method=Method.CARD)
    return _of(Sale.objects.get())


def partly_given_back(till: Till) -> Ids:
    ids = paid(till)
    refund(**till.given, sale_id=ids["sale"], method=Method.CARD, lines={ids["line"]: 1})
    return _of(Sale.objects.get())


def _offered(till: Till, points: int = 400, **given: Any) -> Ids:
    """Let Lena buy a brush, with oil to be had for 385 points."""
    give_treatcard(till.day.lena, points)
    return _of(till.open(product(make_product("Bürste", "24.90"))), reward=make_reward(till.oil, 385, **given).pk)


def too_dear(till: Till) -> Ids:
    return _offered(till, 384)


def had_before(till: Till) -> Ids:
    till.sold(product(till.oil))
    return _offered(till)


def item_archived(till: Till) -> Ids:
    ids = _offered(till)
    Product.objects.filter(pk=till.oil.pk).update(archived_at=AFTER)
    return ids


def reward_archived(till: Till) -> Ids:
    ids = _offered(till)
    Reward.objects.filter(pk=ids["reward"]).update(archived_at=AFTER)
    return ids


def without_treatcard(till: Till) -> Ids:
    return _of(till.open(product(till.shampoo)), reward=make_reward(till.oil).pk)


def of_nobody(till: Till) -> Ids:
    return _of(till.open(product(till.shampoo), client_id=None), reward=make_reward(till.oil).pk)


def for_a_service(till: Till) -> Ids:
    give_treatcard(till.day.lena, 400)
    return _of(till.open(product(till.shampoo)), reward=make_reward(till.day.brows).pk)


def redeemed(till: Till) -> Ids:
    """Let Lena have oil for her points; the line is that of the oil."""
    ids = _offered(till, matrix=Matrix.ANYTIME)
    redeem_at_checkout(**till.given, sale_id=ids["sale"], reward_id=ids["reward"])
    return _of(Sale.objects.get(), 1, other=make_client("Mia").pk)


def of_a_visit(till: Till) -> Ids:
    return _of(till.charge(till.visit()))


def cut_with_a_treat(till: Till) -> Ids:
    """Let Lena have a cut, and her brows done for her points; the line is that of the cut."""
    give_treatcard(till.day.lena, 400)
    visit = till.visit()
    reward = make_reward(till.day.brows)
    append_reward(**till.given, appointment_id=visit.pk, reward_id=reward.pk)
    return _of(till.charge(visit), other=make_client("Mia").pk)


def called_off(till: Till) -> Ids:
    return {"booking": till.visit(state=State.CANCELLED).pk}


def missed(till: Till) -> Ids:
    return {"booking": till.visit(state=State.NO_SHOW).pk}


def owed(till: Till) -> Ids:
    """Let the sale of an appointment be begun: what is paid for it beforehand stands there."""
    visit = till.visit(state=State.BOOKED)
    return _of(till.charge(visit), booking=visit.pk)
