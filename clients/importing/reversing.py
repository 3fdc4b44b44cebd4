"""Setting cards back that an import has changed, by the block, where nobody has changed them since (domain.md §10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from clients.holding import tell_what_holds
from clients.importing.plans import FACTS
from clients.importing.saving import save_cards
from clients.importing.withdrawing import Undoing, withdraw_consents, withdraw_points
from clients.models import (
    CarriedService,
    Category,
    CategoryAssignment,
    Client,
    ConsentEntry,
    ConsentPurpose,
    Decision,
    ImportRow,
    Note,
)
from clients.tokens import replace_tokens
from salon.audit.recording import Change, record_many
from salon.errors import DomainError, refusing
from salon.tenancy.context import current_salon_id

UNDONE = "client.import_undone"


class _NumberTaken(DomainError):
    """A Treatcard number that a card had before belongs to another one by now."""


@dataclass(slots=True)
class _Return:
    """A card on its way back: what an import made of it, what of that is taken back so far, and whether that is all."""

    card: Client
    made: Mapping[str, Any]
    told: list[Change] = field(default_factory=list)
    whole: bool = True
    decided: bool = False


def reverse(work: Undoing, changed: Sequence[tuple[Client, ImportRow]]) -> set[UUID]:
    """Set locked cards back where they still say what the import wrote; return those that could not be in full."""
    if not changed:
        return set()
    returns = [_Return(card, row.made) for card, row in changed]
    _set_details(returns)
    _set_facts(returns)
    used = withdraw_points(work, [row for _card, row in changed], [card for card, _row in changed])
    _withdraw(work, returns)
    _take_categories(returns)
    _take_notes(work, returns)
    _take_services(returns)
    _save(work, [one for one in returns if one.told])
    return used | {one.card.pk for one in returns if not one.whole}


def _set_details(returns: Sequence[_Return]) -> None:
    for one in returns:
        written = one.made.get("details", {})
        before = one.card.details
        old = {name: then for name, (then, now) in written.items() if getattr(before, name) == now}
        details = replace(before, **old)
        if details.first_name or details.last_name:
            one.card.details = details
            one.told += [Change(name, getattr(before, name) or None, then or None) for name, then in old.items()]
        else:
            old = {}
        one.whole &= len(old) == len(written)


def _set_facts(returns: Sequence[_Return]) -> None:
    unchanged = {
        one.card.pk: {
            name: old
            for name, (old, new) in one.made.get("facts", {}).items()
            if name in FACTS and str(getattr(one.card, name) or "") == new
        }
        for one in returns
    }
    numbers = {
        card_id: facts["treatcard_number"] for card_id, facts in unchanged.items() if "treatcard_number" in facts
    }
    given = _give_back(numbers)
    for one in returns:
        facts = unchanged[one.card.pk]
        if one.card.pk not in given:
            facts.pop("treatcard_number", None)
        for name, old in facts.items():
            one.told.append(Change(name, str(getattr(one.card, name) or "") or None, old or None))
            setattr(one.card, name, _typed(name, old))
        one.whole &= len(facts) == len(one.made.get("facts", {}))


def _typed(name: str, text: str) -> Any:
    if name.endswith("_on"):
        return date.fromisoformat(text) if text else None
    return text if name == "treatcard_number" else int(text or 0)


def _give_back(numbers: Mapping[UUID, str]) -> set[UUID]:
    """Give cards the Treatcard numbers they had; return those whose number no other card has by now."""
    held = _held({number for number in numbers.values() if number})
    free: dict[UUID, str] = {}
    for card_id, number in numbers.items():
        if number not in held:
            free[card_id] = number
            held |= {number} - {""}
    try:
        with refusing({"clients_client_treatcard_number": _NumberTaken()}):
            _write_numbers(free)
    except _NumberTaken:
        # Somebody was given one a moment ago, and holds it at the next look.
        return _give_back(numbers)
    return set(free)


def _held(numbers: set[str]) -> set[str]:
    if not numbers:
        return set()
    return set(Client.objects.filter(treatcard_number__in=numbers).values_list("treatcard_number", flat=True))


def _write_numbers(numbers: Mapping[UUID, str]) -> None:
    if not numbers:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clients_client card SET treatcard_number = told.number FROM unnest(%s::uuid[], %s::text[]) "
            "AS told (id, number) WHERE card.salon_id = %s AND card.id = told.id AND card.id = ANY (%s::uuid[])",
            [list(numbers), list(numbers.values()), current_salon_id(), list(numbers)],
        )


def _withdraw(work: Undoing, returns: Sequence[_Return]) -> None:
    """Take consents back that are still what was said last."""
    asked = [one for one in returns if one.made.get("consent")]
    ledgers = ConsentEntry.objects.filter(
        client__in=[one.card.pk for one in asked], purpose=ConsentPurpose.EMAIL_MARKETING
    )
    newest = {
        client_id: (str(entry_id), decision)
        for client_id, entry_id, decision in ledgers.order_by("at", "id").values_list("client_id", "id", "decision")
    }
    for one in asked:
        # Nobody is made to have agreed again by an undo.
        one.decided = newest.get(one.card.pk) == (one.made["consent"], Decision.GRANTED)
        one.whole &= one.decided
        if one.decided:
            one.card.email_consent_for, one.card.email_consent_at = None, work.now
            one.told.append(Change("consent", Decision.GRANTED, Decision.UNDONE))
    withdraw_consents(work, [one.card.pk for one in asked if one.decided])


def _take_categories(returns: Sequence[_Return]) -> None:
    given = {one.card.pk: one for one in returns if one.made.get("categories")}
    names = dict(Category.objects.filter(pk__in=_all_of(returns, "categories")).values_list("pk", "name"))
    assigned = CategoryAssignment.objects.filter(client__in=given, category__in=names)
    taken = [
        (names[category_id], given[client_id], assignment_id)
        for assignment_id, client_id, category_id in assigned.values_list("pk", "client_id", "category_id")
        if str(category_id) in given[client_id].made["categories"]
    ]
    for name, one, _assignment_id in sorted(taken, key=lambda found: found[0]):
        one.told.append(Change("categories", name, None))
    CategoryAssignment.objects.filter(pk__in=[assignment_id for _name, _one, assignment_id in taken]).delete()


def _take_notes(work: Undoing, returns: Sequence[_Return]) -> None:
    written = {(one.card.pk, note_id): one for one in returns for note_id in one.made.get("notes", [])}
    standing = Note.objects.filter(pk__in=_all_of(returns, "notes"), deleted_at=None)
    untouched = {}
    for note_id, client_id, edited_at in standing.values_list("pk", "client_id", "edited_at"):
        one = written.get((client_id, str(note_id)))
        if one and edited_at is None:
            untouched[note_id] = one
        elif one:
            one.whole = False
    Note.objects.filter(pk__in=untouched).update(deleted_at=work.now)
    for one in {id(one): one for one in untouched.values()}.values():
        one.told.append(Change("notes", None, None))


def _take_services(returns: Sequence[_Return]) -> None:
    given = {(one.card.pk, name): times for one in returns for name, times in one.made.get("services", {}).items()}
    carried = CarriedService.objects.filter(client__in={client_id for client_id, _name in given})
    found = [one for one in carried if (one.client_id, one.name) in given]
    for service in found:
        service.times = given[service.client_id, service.name]
    CarriedService.objects.filter(pk__in=[service.pk for service in found if not service.times]).delete()
    CarriedService.objects.bulk_update([service for service in found if service.times], ["times"])
    for one in returns:
        one.told += [Change("services", name, None) for name in one.made.get("services", {})]


def _all_of(returns: Sequence[_Return], what: str) -> set[str]:
    return {made for one in returns for made in one.made.get(what, [])}


def _save(work: Undoing, returns: Sequence[_Return]) -> None:
    cards = [one.card for one in returns]
    for card in cards:
        card.version += 1
        card.updated_at = work.now
    held = save_cards(cards)
    replace_tokens(*cards)
    changes = {one.card.pk: one.told for one in returns}
    record_many(actor=work.actor, action=UNDONE, subject_kind="client", changes=changes, now=work.now)
    decided = {one.card.pk for one in returns if one.decided}
    tell_what_holds(actor=work.actor, held=[one for one in held if one[0] not in decided], now=work.now)
