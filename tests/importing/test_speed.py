"""An import of known clients asks the database no more for many lines than for few, and never for all there is.

PostgreSQL takes a salon that came after it had counted its tables for one without rows, and any way through them for
as good as another.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from clients.importing.saving import save_cards
from clients.listing import sharing_address
from clients.models import Client, KnownClients, SearchToken, TokenField
from clients.tokens import holders, replace_tokens, tokens_of
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.importing.files import applied, counts, table, undone
from tests.marketing.watching import rows_looked_at
from tests.uncounted import uncounted as _uncounted

CARDS, BLOCK = 600, 150
HEADER = ("Vorname", "Nachname", "E-Mail", "Mobil", "Straße", "Ort", "Treatcard-Nr.")


@pytest.fixture
def uncounted(sonnenschein: Salon, dom: Salon) -> Iterator[Salon]:
    """Return a salon whose cards came after PostgreSQL had counted those of another one."""
    with _uncounted(sonnenschein, dom, CARDS):
        yield sonnenschein


@pytest.mark.django_db(transaction=True)
def test_a_block_is_looked_up_and_written_by_itself(uncounted: Salon) -> None:
    with salon_scope(uncounted.pk):
        cards = list(Client.objects.filter(number__lte=BLOCK))
        contacts = [(TokenField.EMAIL, card.email) for card in cards]
        contacts += [(TokenField.PHONE, card.mobile.removeprefix("+")) for card in cards]
        tokens, of_cards = SearchToken.objects.count(), SearchToken.objects.filter(client__in=cards).count()
        assert holders(contacts) == {card.pk for card in cards}
        assert _rows_read(lambda: holders(contacts)) <= 5 * len(contacts)
        # Once through all of the salon at worst, never for each of a block.
        assert _rows_read(lambda: sharing_address("Anna.7@mail.example")) <= CARDS + 10
        for card in cards:
            card.mobile = card.mobile.replace("+49171", "+49172")
        assert _rows_read(lambda: save_cards(cards)) <= CARDS + 10 * BLOCK
        assert _rows_read(lambda: replace_tokens(*cards)) <= tokens + 10 * of_cards
        assert Client.objects.filter(mobile__startswith="+49172").count() == BLOCK
        assert _stored(cards[0]) == tokens_of(cards[0].details, cards[0].number)


@pytest.mark.django_db
@pytest.mark.parametrize("known", [KnownClients.UPDATE, KnownClients.FILL])
def test_statements_do_not_grow_with_the_lines(sonnenschein: Salon, dom: Salon, known: KnownClients) -> None:
    asked = {}
    for salon, many in ((sonnenschein, 4), (dom, 40)):
        rows = [(f"Anna{n}", "Lang", f"a{n}@mail.example", f"0171 55{n:05}", "", "Ulm", "") for n in range(many)]
        later = [(*row[:4], f"Weg {n}", "Bonn", f"TC-{n:05}") for n, row in enumerate(rows)]
        assert counts(applied(salon, table(HEADER, *rows))) == (many, 0, 0, 0)
        with salon_scope(salon.pk):
            # Half of them get back the address that their consent was for.
            Client.objects.filter(email__regex="[02468]@").update(email="", email_consent_for=F("email"))
        seen: list[str] = []

        def watch(execute: Callable[..., Any], sql: str, *given: Any, into: list[str] = seen) -> Any:
            into.append(sql)
            return execute(sql, *given)

        with connection.execute_wrapper(watch):
            assert counts(applied(salon, table(HEADER, *later), known_clients=known)) == (0, many, 0, 0)
        asked[many] = len(seen)
        # What was planned while there were no cards is not gone on with.
        assert "DISCARD PLANS" in seen
        with salon_scope(salon.pk):
            card = Client.objects.get(first_name="Anna3")
            again = AuditEntry.objects.filter(action="client.consent_holds_again").count()
            assert again == many / 2
            assert (card.treatcard_number, card.street, card.version) == ("TC-00003", "Weg 3", 2)
            assert card.city == ("Bonn" if known == KnownClients.UPDATE else "Ulm")
            assert _stored(card) == tokens_of(card.details, card.number, card.treatcard_number)
    assert asked[4] == asked[40]


def _stored(card: Client) -> set[tuple[int, str]]:
    return set(SearchToken.objects.filter(client=card).values_list("field", "token"))


def _rows_read(act: Callable[[], object]) -> float:
    """Return how many rows the database looks at for what is done."""
    seen: list[tuple[Any, Any]] = []

    def watch(execute: Callable[..., Any], sql: Any, values: Any, many: bool, context: dict[str, Any]) -> Any:
        if "INSERT" not in str(sql):
            seen.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(watch):
        act()
    return sum(rows_looked_at(*one) for one in seen)


ADDED = ("Kategorien", "Notizen", "Leistungen", "Punkte", "Newsletter")


@pytest.mark.django_db
def test_statements_of_an_undo_do_not_grow_with_the_lines(sonnenschein: Salon, dom: Salon) -> None:
    undoing: dict[str, dict[int, int]] = {"known": {}, "new": {}}
    for salon, many in ((sonnenschein, 4), (dom, 40)):
        rows = [(f"Anna{n}", "Lang", f"a{n}@mail.example", f"0171 55{n:05}", "", "Ulm", "") for n in range(many)]
        assert counts(applied(salon, table(HEADER, *rows))) == (many, 0, 0, 0)
        added = [("VIP,Farbe", "mag Tee", "Facial x3", "100", "ja")] * many
        known = [(*row[:4], f"Weg {n}", "Bonn", f"TC-{n:05}", *added[n]) for n, row in enumerate(rows)]
        new = [(f"Mia{n}", "Rot", f"m{n}@mail.example", "", "", "", f"NEU-{n:05}", *added[n]) for n in range(many)]
        for kind, lines in (("known", known), ("new", new)):
            batch = applied(
                salon, table((*HEADER, *ADDED), *lines), known_clients=KnownClients.UPDATE, consent_wording="Liste"
            )
            assert counts(batch) == ((0, many, 0, 0) if kind == "known" else (many, 0, 0, 0))
            seen: list[str] = []

            def watch(execute: Callable[..., Any], sql: str, *given: Any, into: list[str] = seen) -> Any:
                into.append(sql)
                return execute(sql, *given)

            with connection.execute_wrapper(watch):
                assert undone(salon, batch).kept == 0
            undoing[kind][many] = len(seen)
        with salon_scope(salon.pk):
            card = Client.objects.get(first_name="Anna3")
            assert (card.city, card.street, card.treatcard_number, card.points) == ("Ulm", "", "", 0)
            assert _stored(card) == tokens_of(card.details, card.number)
            assert Client.objects.listed().count() == many
    assert {kind: told[4] for kind, told in undoing.items()} == {kind: told[40] for kind, told in undoing.items()}
    # Of the block, and of the end behind it.
    assert max(undoing["known"][40], undoing["new"][40]) <= 70
