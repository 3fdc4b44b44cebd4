"""A salon that came after PostgreSQL had counted its tables: it is taken for one without rows, and any way through them
for as good as another."""

from collections.abc import Iterator
from contextlib import contextmanager

from clients.details import ClientDetails
from clients.models import Client
from clients.tokens import add_tokens
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.conftest import NOW


@contextmanager
def uncounted(salon: Salon, other: Salon, cards: int) -> Iterator[None]:
    """Give a salon so many cards after those of another one were counted."""
    database.forget_counts()
    _fill(other, cards)
    database.count_rows()
    _fill(salon, cards)
    try:
        yield
    finally:
        database.forget_counts()


def _fill(salon: Salon, many: int) -> None:
    with salon_scope(salon.pk):
        cards = []
        for number in range(1, many + 1):
            card = Client(number=number, listed_on=NOW.date(), created_via="IMPORT", created_at=NOW, updated_at=NOW)
            card.details = ClientDetails(
                first_name=f"Anna {number}",
                last_name="Lang",
                email=f"anna.{number}@mail.example",
                mobile=f"+49171{5_000_000 + number}",
                city="Berlin",
            )
            cards.append(card)
        Client.objects.bulk_create(cards)
        add_tokens(*cards)
