"""What a line says of the person of an earlier line of the same file, beyond what is said of her already: pure."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from clients.details import ClientDetails, Gender
from clients.importing.formats import Target
from clients.importing.mapping import Wanted
from clients.importing.noting import BETWEEN_NOTES, joined, written
from clients.importing.whose import birthdays_differ, contacts_of, first_names_differ
from clients.labels import CategoryDetails
from salon.folding import fold
from salon.phone import display_phone

_PHONES = ("mobile", "landline")


def may_join(line: Wanted, earlier: Wanted) -> bool:
    """Return whether two lines that name one person do so beyond doubt, so that nobody has to look at them."""
    one, other = line.details, earlier.details
    if not contacts_of(one) and not contacts_of(other) and not (one.first_name and one.last_name):
        # Half a name alone may be anybody's.
        return False
    if one.email and other.email and {line.consent, earlier.consent} == {True, False}:
        # Whether news may go to the address, nobody knows.
        return False
    return not first_names_differ(one, other) and not birthdays_differ(one, other)


def said(before: ClientDetails, line: ClientDetails, *, overwrite: bool) -> ClientDetails:
    """Return what a card says once a line has filled it, or overwritten."""
    told = {one.name: getattr(line, one.name) for one in fields(ClientDetails)}
    new = {name: text for name, text in told.items() if text and (overwrite or not getattr(before, name))}
    return replace(before, **new)


def beyond(there: Wanted, wanted: Wanted, country: str) -> Wanted:
    """Return what a line fills in beside what is there already; where both say something else, a note says it."""
    rest, differing = {}, []
    stored = there.details
    phones = {stored.mobile, stored.landline} - {""}
    called = {"preferred_staff": wanted.staff, "referred_by": wanted.referrer}
    if wanted.details.gender:
        called["gender"] = str(Gender(wanted.details.gender).label)
    for name in (one.name for one in fields(ClientDetails)):
        old, new = getattr(stored, name), getattr(wanted.details, name)
        if name in _PHONES and new in phones:
            rest[name] = ""
        elif new and old and not (name == "birthday" and old.startswith("--")):
            rest[name] = ""
            if name != "birthday" and fold(new) != fold(old):
                differing.append(
                    written(name, display_phone(new, country) if name in _PHONES else called.get(name, new))
                )
    number, visits = wanted.treatcard_number, wanted.visits
    if there.treatcard_number and number not in {"", there.treatcard_number}:
        differing.append(written(Target.TREATCARD, number))
        number = ""
    if there.visits and visits not in {None, 0, there.visits}:
        differing.append(written(Target.VISITS, str(visits)))
        visits = None
    details = replace(wanted.details, **rest)
    note = joined(wanted.note, *differing)
    return replace(wanted, details=details, treatcard_number=number, visits=visits, note=note)


def unsaid(first: Wanted, later: Wanted) -> Wanted:
    """Return of what stands on a card more than once, or has its days, what only the later one of two lines says."""
    has = {CategoryDetails(name=name).name_key for name in first.categories}
    paragraphs = {" ".join(one.split()) for one in first.note.split(BETWEEN_NOTES)}
    new = [one for one in later.note.split(BETWEEN_NOTES) if " ".join(one.split()) not in paragraphs]
    begins = [day for day in (first.first_visit_on, later.first_visit_on) if day]
    ends = [day for day in (first.last_visit_on, later.last_visit_on) if day]
    return replace(
        later,
        treatcard_number="" if first.treatcard_number else later.treatcard_number,
        visits=None if first.visits else later.visits,
        points=None if first.points else later.points,
        first_visit_on=later.first_visit_on if begins and min(begins) != first.first_visit_on else None,
        last_visit_on=later.last_visit_on if ends and max(ends) != first.last_visit_on else None,
        listed_on=None if first.listed_on else later.listed_on,
        consent=None if first.consent else later.consent,
        categories=tuple(name for name in later.categories if CategoryDetails(name=name).name_key not in has),
        services=tuple(one for one in later.services if one[0] not in dict(first.services)),
        note=BETWEEN_NOTES.join(new),
    )


def together(first: Wanted, later: Wanted, country: str) -> Wanted:
    """Return what a card says that two lines have filled, one after the other."""
    rest = unsaid(first, beyond(first, later, country))
    return replace(
        first,
        details=said(first.details, rest.details, overwrite=False),
        treatcard_number=first.treatcard_number or rest.treatcard_number,
        visits=first.visits or rest.visits,
        points=first.points or rest.points,
        first_visit_on=rest.first_visit_on or first.first_visit_on,
        last_visit_on=rest.last_visit_on or first.last_visit_on,
        listed_on=first.listed_on or rest.listed_on,
        consent=first.consent or rest.consent,
        categories=(*first.categories, *rest.categories),
        services=(*first.services, *rest.services),
        note=joined(first.note, rest.note),
    )


def joined_effects(first: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """Return what there is to undo of two lines that changed one card, as if one had: from before to afterwards."""
    made: dict[str, Any] = {**first, **later}
    for what in ("details", "facts"):
        old, new = first.get(what, {}), later.get(what, {})
        made[what] = old | {name: [old.get(name, then)[0], then[1]] for name, then in new.items()}
    for what in ("categories", "notes"):
        if found := [*first.get(what, ()), *later.get(what, ())]:
            made[what] = list(dict.fromkeys(found))
    if services := {**later.get("services", {}), **first.get("services", {})}:
        made["services"] = services
    return made
