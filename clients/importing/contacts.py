"""Which numbers and addresses of a line become the fields of a card, and which go into a note (domain.md §2)."""

from collections.abc import Mapping
from dataclasses import dataclass

from clients.importing.cells import Found, addresses_in, e164_of, is_landline, numbers_in
from clients.importing.formats import Target


@dataclass(frozen=True, slots=True)
class Contacts:
    """The contacts of a card, and the cells that say more than it has fields for, each with its column."""

    mobile: str
    landline: str
    email: str
    noted: tuple[tuple[Target, str], ...]


def contacts_in(cells: Mapping[Target, list[str]], country: str) -> Contacts:
    """Return where the contacts of a line belong; a cell that is understood as none stays as it is.

    The first number of a column of its own is the first of that kind in it; the others, and those of no said kind, go
    where there is room.
    """
    placing = _Placing(country)
    for target in (Target.MOBILE, Target.LANDLINE):
        for cell in cells.get(target, ()):
            placing.put_into(target, cell)
    for cell in cells.get(Target.PHONE, ()):
        placing.put_anywhere(cell)
    placing.put_spare()
    email = "\n".join(cells.get(Target.EMAIL, ()))
    addresses = addresses_in(email)
    if addresses.entries and (len(addresses.entries) > 1 or not addresses.alone):
        placing.note(Target.EMAIL, email)
    return Contacts(
        placing.fields[Target.MOBILE],
        placing.fields[Target.LANDLINE],
        addresses.entries[0] if addresses.entries else email,
        tuple(dict.fromkeys(placing.noted)),
    )


class _Placing:
    """The numbers of one line, being put into the two fields for them."""

    def __init__(self, country: str) -> None:
        self.country = country
        self.fields: dict[Target, str] = {Target.MOBILE: "", Target.LANDLINE: ""}
        self.spare: list[tuple[Target, str, str]] = []
        self.noted: list[tuple[Target, str]] = []

    def note(self, target: Target, cell: str) -> None:
        self.noted.append((target, cell))

    def put_into(self, target: Target, cell: str) -> None:
        """Fill a column's own field."""
        found = self._found(target, cell)
        first, *more = found.entries or (cell,)
        if more:
            first = next((one for one in found.entries if self._kind(one) == target), first)
        self.fields[target] = first
        self.spare += [(target, cell, one) for one in found.entries if one != first]

    def put_anywhere(self, cell: str) -> None:
        """Fill the field that a number without a said kind belongs to, or else the one that is empty."""
        found = self._found(Target.PHONE, cell)
        if len(found.entries) > 1:
            self.spare += [(Target.PHONE, cell, one) for one in found.entries]
            return
        number = found.entries[0] if found.entries else cell
        kind = Target.LANDLINE if self.fields[Target.MOBILE] else self._kind(number)
        target = Target.MOBILE if self.fields[kind] else kind
        if not self.fields[target]:
            self.fields[target] = number
        else:
            self.spare.append((Target.PHONE, cell, number))

    def put_spare(self) -> None:
        """Fill what is still empty with the rest; what does not fit is noted, unless it stands on the card anyway."""
        for target, cell, number in self.spare:
            kind = self._kind(number)
            if e164_of(number, self.country) in {e164_of(one, self.country) for one in self.fields.values()}:
                continue
            if self.fields[kind]:
                self.note(target, cell)
            else:
                self.fields[kind] = number

    def _found(self, target: Target, cell: str) -> Found:
        found = numbers_in(cell, self.country)
        if not found.alone:
            self.note(target, cell)
        return found

    def _kind(self, number: str) -> Target:
        return Target.LANDLINE if is_landline(number, self.country) else Target.MOBILE
