"""What each line of a file would do, before anything is done (domain.md §10)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date

from clients.card_numbers import fault_of
from clients.details import ClientDetails
from clients.importing.formats import Format, Target
from clients.importing.mapping import Mapping, Problem, Read, Wanted, read_cells
from clients.importing.matching import Cards, Match, first_lines, keys_of
from clients.importing.on_file import OnFile
from clients.importing.since import known_earlier, listed_since
from clients.importing.whose import contacts_of, is_same_person
from clients.labels import CategoryDetails
from clients.models import (
    Client,
    Decision,
    ImportBatch,
    ImportRow,
    KnownClients,
    LookAlikes,
    Outcome,
)
from salon.audit.recording import Change
from salon.catalogue.details import key_of

BETWEEN_NOTES = "\n\n"
LONGEST_NOTE = 4000
# The line of a client whose card was erased here.
ERASED = "erased"
# Of a category: the import makes it.
MADE = "made"
# Fields of the card beside its master data that an import can write.
FACTS = ("listed_on", "treatcard_number", "carried_first_visit_on", "carried_last_visit_on", "carried_visits")


@dataclass(frozen=True, slots=True)
class Plan:
    """What one line does: a new card, changes of the one it speaks of, nothing, or nothing because it is faulty.

    `details` and `facts` are what the card then says, `assumed_listed_on` what nothing but the import says of it; the
    rest is what is added to it, `points` as the balance that opens its ledger. `changes` tells all of it as old and
    new, `remarks` of some, by field and new value, what the file does not say; `hints` are what is odd without being
    wrong, `left_out` the faulty cells without which the line is taken over.
    """

    number: int
    outcome: Outcome
    wanted: Wanted = field(default_factory=Wanted)
    card: Client | None = None
    problems: tuple[Problem, ...] = ()
    hints: tuple[Problem, ...] = ()
    left_out: tuple[Problem, ...] = ()
    changes: tuple[Change, ...] = ()
    remarks: tuple[tuple[str, str, str], ...] = ()
    details: ClientDetails = field(default_factory=ClientDetails)
    facts: dict[str, date | int | str] = field(default_factory=dict)
    assumed_listed_on: date | None = None
    points: int = 0
    categories: tuple[str, ...] = ()
    services: tuple[tuple[str, int], ...] = ()
    note: str = ""
    decision: Decision | None = None

    @property
    def is_erased(self) -> bool:
        """Whether the line is left out as its client was erased."""
        return any(problem.code == ERASED for problem in self.problems)


def plan_lines(
    batch: ImportBatch, mapping: Mapping, rows: Sequence[ImportRow], reads: Sequence[Read] | None = None
) -> list[Plan]:
    """Return what each of some lines of a file would do, in their order; a number of queries that does not grow.

    `reads` are the lines as they were understood, if they have been.
    """
    reads = [read_cells(row.cells, mapping) for row in rows] if reads is None else reads
    sound = [read.wanted for read in reads if not read.problems]
    cards = Cards(batch, sound)
    matches = [Match() if read.problems else cards.match(read.wanted) for read in reads]
    earlier = _Earlier(batch, mapping, list(zip(rows, reads, matches, strict=True)))
    stored = OnFile([match.card for match in matches if match.card], sound)
    planner = _Planner(batch, mapping, earlier, stored)
    return [
        Plan(row.number, Outcome.FAULTY, read.wanted, problems=read.problems)
        if read.problems
        else planner.plan(row.number, read, match)
        for row, read, match in zip(rows, reads, matches, strict=True)
    ]


class _Earlier:
    """The lines before these that name the same contacts, cards or numbers."""

    def __init__(self, batch: ImportBatch, mapping: Mapping, lines: Sequence[tuple[ImportRow, Read, Match]]) -> None:
        sound = [(row, read.wanted, match) for row, read, match in lines if not read.problems]
        keys = [(key, row.number) for row, wanted, match in sound for key in keys_of(wanted, match.card)]
        self._first = first_lines(batch, keys)
        here = {row.number for row, _wanted, _match in sound}
        before = {number for number in self._first.values() if number not in here}
        self._wanted: dict[int, Wanted] = {row.number: wanted for row, wanted, _match in sound}
        for number, cells in ImportRow.objects.filter(batch=batch, number__in=before).values_list("number", "cells"):
            self._wanted[number] = read_cells(cells, mapping).wanted

    def line(self, key: str, number: int) -> int | None:
        """Return the first line with that key, if it stands before `number`."""
        first = self._first.get(key, number)
        return first if first < number else None

    def wanted(self, number: int) -> Wanted:
        return self._wanted.get(number, Wanted())


class _Planner:
    """One file's options, and what was looked up for a block of its lines."""

    def __init__(self, batch: ImportBatch, mapping: Mapping, earlier: _Earlier, stored: OnFile) -> None:
        self.batch = batch
        self.today = mapping.today
        self.earlier = earlier
        self.stored = stored
        self.ours = batch.format == Format.OURS

    def plan(self, number: int, read: Read, match: Match) -> Plan:
        wanted, left_out = read.wanted, read.left_out
        problems, hints = self._problems(number, wanted, match), self._erased_again(wanted)
        card_fault = self._card_fault(number, wanted, match)
        if card_fault and self.batch.leave_out_cells:
            wanted, left_out = replace(wanted, treatcard_number=""), (*left_out, card_fault)
        elif card_fault:
            problems.append(card_fault)
        if alike := self._look_alike(number, wanted, match):
            (problems if self.batch.look_alikes == LookAlikes.LEAVE_OUT else hints).append(alike)
        if problems:
            return Plan(number, Outcome.FAULTY, wanted, match.card, problems=(*left_out, *problems))
        plan = self._update(number, wanted, match.card) if match.card else self._create(number, wanted)
        remarks = _as_read(read, plan.changes)
        return replace(
            plan, hints=(*read.hints, *plan.hints, *hints), left_out=left_out, remarks=(*plan.remarks, *remarks)
        )

    def _erased_again(self, wanted: Wanted) -> list[Problem]:
        return [Problem("", "erased_again", str(wanted.number))] if wanted.number in self.stored.erased else []

    def _problems(self, number: int, wanted: Wanted, match: Match) -> list[Problem]:
        found = []
        if wanted.number in self.stored.erased and not self.batch.take_erased:
            # Also where she has another card by now: what was erased does not come back onto it.
            return [Problem("", ERASED, str(wanted.number))]
        if match.card and (line := self.earlier.line(f"c:{match.card.pk}", number)):
            found.append(Problem("", "same_client_line", str(line)))
        elif not self._told_apart(wanted, match):
            for key in keys_of(wanted, None):
                line = None if key.startswith("t:") else self.earlier.line(key, number)
                if line and is_same_person(wanted.details, self.earlier.wanted(line).details):
                    found.append(Problem("", "same_client_line", str(line)))
                    break
        return found

    def _card_fault(self, number: int, wanted: Wanted, match: Match) -> Problem | None:
        """Return why a line's Treatcard number cannot be hers, if it cannot."""
        card_number = wanted.treatcard_number
        if not card_number:
            return None
        holder = self.stored.treatcards.get(card_number)
        if holder and (not match.card or holder != match.card.pk):
            return Problem("treatcard_number", "treatcard_taken", card_number)
        if line := self.earlier.line(f"t:{card_number}", number):
            return Problem("treatcard_number", "treatcard_line", str(line))
        if not holder and fault_of(card_number):
            # One that a card has already was accepted when it was given.
            return Problem("treatcard_number", "treatcard_invalid", card_number)
        return None

    def _told_apart(self, wanted: Wanted, match: Match) -> bool:
        # Two numbers of our own are two cards, however alike.
        named = match.card is not None and match.card.number == wanted.number
        return wanted.number is not None and (self.ours or named)

    def _look_alike(self, number: int, wanted: Wanted, match: Match) -> Problem | None:
        if match.card or self._told_apart(wanted, match):
            return None
        if match.alike:
            return Problem("", "look_alike", str(match.alike.number))
        for key in contacts_of(wanted.details):
            if line := self.earlier.line(key, number):
                return Problem("", "look_alike_line", str(line))
        return None

    def _create(self, number: int, wanted: Wanted) -> Plan:
        listed_on, says = listed_since(wanted, self.today)
        given: dict[str, date | int | str | None] = {
            "listed_on": listed_on,
            "treatcard_number": wanted.treatcard_number,
            "carried_first_visit_on": wanted.first_visit_on,
            "carried_last_visit_on": wanted.last_visit_on,
            "carried_visits": wanted.visits,
        }
        facts = {name: value for name, value in given.items() if value}
        points, hints = self._opening(None, wanted)
        plan = Plan(number, Outcome.CREATE, wanted, details=wanted.details, facts=facts, points=points, hints=hints)
        if says:
            plan = replace(plan, remarks=(("listed_on", str(listed_on), says),), assumed_listed_on=listed_on)
        told = [
            Change(one.name, None, text) for one in fields(ClientDetails) if (text := getattr(wanted.details, one.name))
        ]
        told += [Change(name, None, str(value)) for name, value in facts.items()]
        told += [Change("points", None, str(points))] if points else []
        return self._with_additions(plan, told, None)

    def _update(self, number: int, wanted: Wanted, card: Client) -> Plan:
        plan = Plan(number, Outcome.SAME, wanted, card, details=card.details)
        if self.batch.known_clients == KnownClients.LEAVE:
            return plan
        changes = self._changed_details(card.details, wanted.details)
        facts = self._changed_facts(card, wanted)
        told = [Change(name, getattr(card.details, name) or None, text) for name, text in changes.items()]
        told += [Change(name, str(getattr(card, name) or "") or None, str(value)) for name, value in facts.items()]
        details = replace(card.details, **changes)
        points, hints = self._opening(card, wanted)
        told += [Change("points", None, str(points))] if points else []
        plan = replace(plan, details=details, facts=facts, points=points, hints=hints)
        plan = self._with_additions(plan, told, card)
        if "email" in changes and card.email and card.email_consent and plan.decision is None:
            plan = replace(plan, hints=(*plan.hints, Problem("email", "consent_ends")))
        return replace(plan, outcome=Outcome.UPDATE) if plan.changes else plan

    def _changed_details(self, before: ClientDetails, given: ClientDetails) -> dict[str, str]:
        """Return the fields of a card that a line changes; what it does not say stays."""
        overwrite = self.batch.known_clients == KnownClients.UPDATE
        changes = {}
        for name in (one.name for one in fields(ClientDetails)):
            old, new = getattr(before, name), getattr(given, name)
            if not new or new == old or (old and not overwrite and not _adds_year(name, old, new)):
                continue
            if name in {"mobile", "landline"} and new in {before.mobile, before.landline}:
                continue
            if (name == "email" and new.casefold() == old.casefold()) or _adds_year(name, new, old):
                continue
            changes[name] = new
        if changes.keys() & {"first_name", "last_name"} and not overwrite:
            # A card of one name is not given a second one of another writing of the same.
            whole = f"{given.first_name} {given.last_name}".strip()
            if whole == f"{before.first_name} {before.last_name}".strip():
                changes = {name: text for name, text in changes.items() if name not in {"first_name", "last_name"}}
        return changes

    def _changed_facts(self, card: Client, wanted: Wanted) -> dict[str, date | int | str]:
        overwrite = self.batch.known_clients == KnownClients.UPDATE
        # In our own file stands what appointments and imports make together, elsewhere only what was before.
        before: tuple[tuple[str, object, object, object], ...] = (
            ("treatcard_number", wanted.treatcard_number, card.treatcard_number, card.treatcard_number),
            (
                "carried_first_visit_on",
                wanted.first_visit_on,
                card.carried_first_visit_on,
                card.first_success_on if self.ours else card.carried_first_visit_on,
            ),
            (
                "carried_last_visit_on",
                wanted.last_visit_on,
                card.carried_last_visit_on,
                card.last_success_on if self.ours else card.carried_last_visit_on,
            ),
            (
                "carried_visits",
                max(wanted.visits - card.visits, 0) if self.ours and wanted.visits else wanted.visits,
                card.carried_visits,
                card.visits + card.carried_visits if self.ours else card.carried_visits,
            ),
            ("listed_on", wanted.listed_on, card.listed_on, card.listed_on),
        )
        facts: dict[str, date | int | str] = {
            name: new  # type: ignore[misc]
            for name, new, old, shown in before
            if new and new not in {old, shown} and (overwrite or not shown)
        }
        if "listed_on" not in facts and (known_by := known_earlier(card, wanted)):
            facts["listed_on"] = known_by
        return facts

    def _opening(self, card: Client | None, wanted: Wanted) -> tuple[int, tuple[Problem, ...]]:
        """Return with how many points a line opens the ledger of a card: where there is one, it alone says."""
        points = wanted.points or 0
        if card and card.pk in self.stored.with_points:
            kept = wanted.points is not None and points != card.points
            return 0, (Problem("points", "points_kept", str(card.points)),) if kept else ()
        # In our own file they are those of a ledger, which a card keeps whatever becomes of its number.
        if points and not self.ours and not wanted.treatcard_number and not (card and card.treatcard_number):
            return 0, (Problem("points", "points_without_card", str(points)),)
        return points, (Problem("points", "points_owed", str(points)),) if points < 0 else ()

    def _with_additions(self, plan: Plan, told: list[Change], card: Client | None) -> Plan:
        """Add categories, services had, a note and consent, as far as the card has not got them."""
        wanted = plan.wanted
        categories, hints = self._categories(wanted, card)
        told += [Change("categories", None, self.stored.names.get(_key(name), name)) for name in categories]
        made = [("categories", name, MADE) for name in categories if _key(name) not in self.stored.names]
        services = self._services(wanted, card, told)
        hints += [
            Problem("services", "service_unknown", name)
            for name, _times in services
            if key_of(name) not in self.stored.offered
        ]
        note = self._note(wanted.note, card)
        if note:
            told.append(Change("notes", None, note))
        decision = self._decision(plan, card)
        if decision:
            told.append(Change("consent", None, decision))
        elif self._has_objected(plan) and (card is None or not self._has_decided(card)):
            hints.append(Problem("consent", "consent_objected"))
        elif wanted.consent and not self._is_for_its_address(plan) and not (card and self._has_decided(card)):
            hints.append(Problem("consent", "consent_without_address"))
        elif wanted.consent and not self.batch.consent_wording and card is None:
            hints.append(Problem("consent", "consent_without_words"))
        return replace(
            plan,
            categories=tuple(categories),
            services=tuple(services),
            note=note,
            decision=decision,
            hints=(*plan.hints, *hints),
            changes=tuple(told),
            remarks=(*plan.remarks, *made),
        )

    def _categories(self, wanted: Wanted, card: Client | None) -> tuple[list[str], list[Problem]]:
        has = self.stored.assigned[card.pk] if card else set()
        found, unknown = [], []
        for name in wanted.categories:
            category_id = self.stored.categories.get(_key(name))
            if category_id is None and not self.batch.create_categories:
                unknown.append(Problem("categories", "category_unknown", name))
            elif category_id is None or category_id not in has:
                found.append(name)
        return list({_key(name): name for name in found}.values()), unknown

    def _services(self, wanted: Wanted, card: Client | None, told: list[Change]) -> list[tuple[str, int]]:
        has = self.stored.services[card.pk] if card else {}
        overwrite = self.batch.known_clients == KnownClients.UPDATE
        found = [
            (name, times) for name, times in wanted.services if name not in has or (overwrite and has[name] != times)
        ]
        for name, times in found:
            old = f"{name} × {has[name]}" if name in has else None
            told.append(Change("services", old, f"{name} × {times}"))
        return found

    def _note(self, text: str, card: Client | None) -> str:
        """Return what a note says that no note of the card says yet, paragraph by paragraph."""
        if not text or card is None:
            return text
        stands = "\n\n".join(self.stored.notes[card.pk])
        known = {" ".join(one.split()) for one in stands.split(BETWEEN_NOTES)}
        new = [one for one in text.split(BETWEEN_NOTES) if " ".join(one.split()) not in known and one.strip()]
        return BETWEEN_NOTES.join(new)

    def _decision(self, plan: Plan, card: Client | None) -> Decision | None:
        wanted = plan.wanted
        if wanted.consent and self.batch.consent_wording:
            # Who has decided anything here is not overruled by a file, nor is who has objected at the address.
            decided = card is not None and not self._agrees_anew(plan, card) and self._has_decided(card)
            barred = decided or self._has_objected(plan) or not self._is_for_its_address(plan)
            return None if barred else Decision.GRANTED
        overwrite = self.batch.known_clients == KnownClients.UPDATE
        wants = card is not None and self.stored.said.get(card.pk) in {Decision.REQUESTED, Decision.GRANTED}
        if wanted.consent is False and overwrite and wants:
            return Decision.WITHDRAWN
        return None

    def _agrees_anew(self, plan: Plan, card: Client) -> bool:
        # Who had agreed does so again for the address that the same line brings.
        return plan.details.email != card.email and self.stored.said.get(card.pk) == Decision.GRANTED

    def _is_for_its_address(self, plan: Plan) -> bool:
        # Of those who agreed before they had an address only our own file knows.
        email = plan.wanted.details.email
        return (bool(email) or self.ours) and email.casefold() == plan.details.email.casefold()

    def _has_decided(self, card: Client) -> bool:
        return card.email_consent or self.stored.said.get(card.pk, Decision.UNDONE) != Decision.UNDONE

    def _has_objected(self, plan: Plan) -> bool:
        return bool(plan.wanted.consent) and plan.details.email.lower() in self.stored.objected


_FIELDS = {Target.FIRST_VISIT_ON: "carried_first_visit_on", Target.LAST_VISIT_ON: "carried_last_visit_on"}


def _as_read(read: Read, changes: Sequence[Change]) -> list[tuple[str, str, str]]:
    """Return of what is written from a line how it was read, where the cell said less."""
    how = {_FIELDS.get(target, target.value): code for target, code in read.remarks}
    return [(one.field, one.new, how[one.field]) for one in changes if one.field in how and one.new]


def _key(name: str) -> str:
    return CategoryDetails(name=name).name_key


def _adds_year(name: str, old: str, new: str) -> bool:
    """Return whether a birthday without its year is the other one with it."""
    return name == "birthday" and old.startswith("--") and not new.startswith("--") and old[-5:] == new[-5:]
