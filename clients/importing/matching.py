"""Whose card a line speaks of: by client number where it has one of this salon, else by `whose` (domain.md §10).

Everything is looked up for a block of lines at once, never line by line.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from clients.details import ClientDetails
from clients.importing.formats import Format, Target, names_cards_made
from clients.importing.mapping import Wanted
from clients.importing.whose import Known, contacts_of, whose
from clients.models import Client, ImportBatch, ImportKey, ImportRow, Outcome, TokenField
from clients.tokens import holders
from salon.folding import fold
from salon.tenancy.context import current_salon_id


@dataclass(frozen=True, slots=True)
class Match:
    """The card of a line, if there is one, and another that looks like hers without being surely hers."""

    card: Client | None = None
    alike: Client | None = None


def keys_of(wanted: Wanted, card: Client | None) -> list[str]:
    """Return what only one line of a file should have: contacts, else the name; the Treatcard; the card itself."""
    keys = contacts_of(wanted.details) or [f"n:{wanted.details.sort_key}"]
    if wanted.treatcard_number:
        keys.append(f"t:{wanted.treatcard_number}")
    if card:
        keys.append(f"c:{card.pk}")
    return keys


def first_lines(batch: ImportBatch, keys: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the first line of the file that has each of these keys; `keys` are those of a block, with their lines."""
    salon_id = current_salon_id()
    wanted = sorted(keys, key=lambda one: (one[0], one[1]))
    ImportKey.objects.bulk_create(
        [ImportKey(salon_id=salon_id, batch_id=batch.pk, key=key, number=number) for key, number in wanted],
        ignore_conflicts=True,
    )
    found = ImportKey.objects.filter(batch=batch, key__in=list({key for key, _number in wanted}))
    return dict(found.values_list("key", "number"))


class Cards:
    """The cards in use that some lines of a file may speak of: none that the file itself has made."""

    def __init__(self, batch: ImportBatch, wanted: Sequence[Wanted]) -> None:
        self.by_number = by_number = Target.NUMBER in batch.targets
        # Lines that were mended, of which cards were made before.
        self._mended = batch.format != Format.OURS and any(
            target == Target.NUMBER and names_cards_made(heading)
            for target, heading in zip(batch.targets, batch.header, strict=False)
        )
        contacts = {contact for one in wanted for contact in contacts_of(one.details)}
        names = {one.details.sort_key for one in wanted if one.details.sort_key}
        numbers = {one.number for one in wanted if one.number is not None} if by_number else set()
        found = Client.objects.listed().filter(
            Q(pk__in=holders(map(_token_of, contacts))) | Q(sort_key__in=names) | Q(number__in=numbers)
        )
        self._of_contact: dict[str, list[Client]] = defaultdict(list)
        self._of_name: dict[str, list[Client]] = defaultdict(list)
        self._of_number: dict[int, Client] = {}
        cards = list(found.order_by("number"))
        made = ImportRow.objects.filter(batch=batch, outcome=Outcome.CREATE, card_id__in=[card.pk for card in cards])
        own = set(made.values_list("card_id", flat=True))
        for card in (card for card in cards if card.pk not in own):
            for contact in contacts_of(card.details):
                self._of_contact[contact].append(card)
            self._of_name[card.sort_key].append(card)
            self._of_number[card.number] = card

    def match(self, wanted: Wanted) -> Match:
        """Return the card of a line."""
        details = wanted.details
        if self.by_number and wanted.number is not None:
            numbered = self._of_number.get(wanted.number)
            # The export of another salon has the same numbers for other people.
            if numbered and self._is_plausible(numbered.details, details):
                return Match(numbered)
        near = [card for contact in contacts_of(details) for card in self._of_contact[contact]]
        cards = {card.pk: card for card in (*near, *self._of_name[details.sort_key])}
        found = whose(details, [_known(card) for card in cards.values()])
        return Match(cards[found.card] if found.card else None, cards[found.alike] if found.alike else None)

    def _is_plausible(self, card: ClientDetails, given: ClientDetails) -> bool:
        if card.sort_key == given.sort_key or {*contacts_of(card)} & {*contacts_of(given)}:
            return True
        # Whoever mends a phone may mend half of the name, too.
        names = ((card.first_name, given.first_name), (card.last_name, given.last_name))
        return self._mended and any(one and fold(one) == fold(other) for one, other in names)


def _known(card: Client) -> Known:
    return Known(card.pk, card.details, card.number, card.listed_on, card.last_success_on)


def _token_of(contact: str) -> tuple[TokenField, str]:
    kind, _colon, text = contact.partition(":")
    return (TokenField.EMAIL, text) if kind == "e" else (TokenField.PHONE, text.removeprefix("+"))
