"""What each line of a file would do, before anything is done (domain.md §10)."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from clients.card_numbers import fault_of
from clients.importing.doubtful import is_only_a_name, looks_like_divider
from clients.importing.filling import Filler
from clients.importing.formats import Format, Target
from clients.importing.joining import beyond, may_join, said, together, unsaid
from clients.importing.mapping import Mapping, Problem, Read, Wanted, read_cells
from clients.importing.matching import Cards, Match, first_lines, keys_of
from clients.importing.noting import joined, written
from clients.importing.on_file import OnFile
from clients.importing.plans import ERASED, FACTS, ONLY_NAME, Plan
from clients.importing.whose import contacts_of, is_same_person
from clients.models import Client, ImportBatch, ImportRow, ImportState, KnownClients, LookAlikes, OnlyNames, Outcome
from salon.audit.recording import Change
from salon.folding import fold

# What a line may make earlier, later or blocked on a card that is the file's to say.
_OWN = frozenset({*FACTS, "blocked"})


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
    cards_named = {card.pk: card for card in (*earlier.cards.values(), *(one.card for one in matches if one.card))}
    planner = _Planner(batch, mapping, earlier, OnFile(batch, list(cards_named.values()), sound))
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
        self._wanted: dict[int, Wanted] = {row.number: wanted for row, wanted, _match in sound}
        # What became of those before, which of them join another one, what they fill, and their cards.
        self.outcomes: dict[int, str] = {}
        self.joins: dict[int, int] = {}
        self.fields: dict[int, set[str]] = {}
        self._card_ids: dict[int, UUID | None] = {}
        self._look_up(batch, mapping, {*self._first.values()} - here)
        self._look_up(batch, mapping, {*self.joins.values()} - here - {*self.outcomes})
        self.cards = Client.objects.listed().in_bulk([one for one in self._card_ids.values() if one])

    def _look_up(self, batch: ImportBatch, mapping: Mapping, numbers: set[int]) -> None:
        rows = ImportRow.objects.filter(batch=batch, number__in=numbers)
        for row in rows.only("number", "cells", "outcome", "card_id", "plan", "made"):
            self._wanted[row.number] = read_cells(row.cells, mapping).wanted
            self.outcomes[row.number], self._card_ids[row.number] = row.outcome, row.card_id
            self.fields[row.number] = {one[0] for one in row.plan.get("changes", ())} | {*row.made.get("facts", ())}
            if first := row.plan.get("joins"):
                self.joins[row.number] = first

    def line(self, key: str, number: int) -> int | None:
        """Return the first line with that key, if it stands before `number`."""
        first = self._first.get(key, number)
        return first if first < number else None

    def wanted(self, number: int) -> Wanted:
        return self._wanted.get(number, Wanted())

    def card(self, number: int) -> Client | None:
        """Return the card of a line that stands before all of these."""
        card_id = self._card_ids.get(number)
        return self.cards.get(card_id) if card_id else None


class _Planner:
    """One file's options, and what was looked up for a block of its lines."""

    def __init__(self, batch: ImportBatch, mapping: Mapping, earlier: _Earlier, stored: OnFile) -> None:
        self.batch = batch
        self.country = mapping.country
        self.earlier = earlier
        self.stored = stored
        self.ours = batch.format == Format.OURS
        self.is_writing = batch.state == ImportState.APPLYING
        self.filler = Filler(batch, mapping.today, stored, batch.known_clients)
        # Of the lines of a file none overwrites another.
        self.joiner = Filler(batch, mapping.today, stored, KnownClients.FILL)
        self.planned: dict[int, Plan] = {}
        # What the lines so far say of a client, by her first one.
        self.told: dict[int, Wanted] = {}
        # Cards that a line has joined: while they are written, one at a time does.
        self.filled: set[UUID] = set()

    def plan(self, number: int, read: Read, match: Match) -> Plan:
        plan = self.planned[number] = self._plan(number, read, match)
        return plan

    def _plan(self, number: int, read: Read, match: Match) -> Plan:
        line = self._earlier_of_her(number, read.wanted, match)
        joins = self._first_of_her(line) if line else None
        card = match.card or (self._card_of(joins) if joins else None)
        wanted, unknown = self._with_people(read.wanted, card)
        left_out = read.left_out
        problems, hints = self._problems(wanted, line, card), self._erased_again(wanted)
        card_fault = self._card_fault(number, wanted, card, joins)
        if card_fault and self.batch.leave_out_cells:
            wanted, left_out = replace(wanted, treatcard_number=""), (*left_out, card_fault)
        elif card_fault:
            problems.append(card_fault)
        only_name = (ONLY_NAME,) if self._is_only_a_name(read, match, joins) else ()
        if only_name and self._leaves_out(wanted):
            problems.append(Problem("", ONLY_NAME))
        alike = None if joins else self._look_alike(number, wanted, match)
        if alike:
            (problems if self.batch.look_alikes == LookAlikes.LEAVE_OUT else hints).append(alike)
        if problems:
            return Plan(number, Outcome.FAULTY, wanted, match.card, (*left_out, *problems), found=only_name)
        if line and joins:
            before = self._told_before(line, joins)
            plan = self._join(number, wanted, joins, card, before)
            self.told[joins] = together(before, wanted, self.country)
        elif match.card:
            plan = self.filler.update(number, wanted, match.card)
        else:
            plan = self.filler.create(number, wanted)
        remarks = _as_read(read, plan.changes)
        return replace(
            plan,
            hints=(*read.hints, *unknown, *plan.hints, *hints),
            left_out=(*left_out, *plan.left_out),
            remarks=(*plan.remarks, *remarks),
            found=(*plan.found, *only_name),
        )

    def _with_people(self, wanted: Wanted, card: Client | None) -> tuple[Wanted, list[Problem]]:
        """Return a line with whom it names beside its client; whoever is not found alone stands in a note."""
        staff, referrer = self.stored.staff.get(fold(wanted.staff)), self.stored.referrers.get(wanted.referrer)
        people = ((Target.STAFF, wanted.staff, staff), (Target.REFERRER, wanted.referrer, referrer))
        found = {target.value: str(one) for target, _name, one in people if one and not (card and one == card.pk)}
        unknown = [(target, name) for target, name, one in people if name and not one]
        note = joined(wanted.note, *(written(target, name) for target, name in unknown))
        hints = [Problem(target, "person_unknown", name) for target, name in unknown]
        return replace(wanted, details=replace(wanted.details, **found), note=note), hints

    def _is_only_a_name(self, read: Read, match: Match, joins: int | None) -> bool:
        told = match.card or joins or self.ours or read.left_out
        return not told and is_only_a_name(read.wanted)

    def _leaves_out(self, wanted: Wanted) -> bool:
        if self.batch.only_names == OnlyNames.DIVIDERS:
            return looks_like_divider(wanted.details)
        return self.batch.only_names == OnlyNames.LEAVE_OUT

    def _told_before(self, line: int, first: int) -> Wanted:
        """Return what is known of the lines of a client: those of this block, the first, and the one that led to it."""
        if first in self.told:
            return self.told[first]
        told, _unknown = self._with_people(self.earlier.wanted(first), None)
        also, _unknown = self._with_people(self.earlier.wanted(line), None)
        return told if line == first else together(told, also, self.country)

    def _join(self, number: int, wanted: Wanted, line: int, card: Client | None, before: Wanted) -> Plan:
        """Return what a line fills on the card of an earlier one; in a preview, beside what those `before` say."""
        if self.is_writing and (line in self.planned or (card and card.pk in self.filled)):
            # Its card is locked with the others, in one order.
            return Plan(number, Outcome.UPDATE, wanted, card, joins=line, waits=True)
        self.filled |= {card.pk} if card else set()
        first, _unknown = self._with_people(self.earlier.wanted(line), None)
        known = self._outcome(line) != Outcome.CREATE
        # On a card that was there the file has what it has filled in, unless it may overwrite.
        own = self._fields(line) if known and self.batch.known_clients == KnownClients.FILL else _OWN
        if known and self.batch.known_clients == KnownClients.LEAVE:
            plan = self.filler.update(number, wanted, card) if card else Plan(number, Outcome.SAME, wanted)
        elif self.is_writing and card:
            there = Wanted(card.details, treatcard_number=card.treatcard_number, visits=card.carried_visits)
            plan = self.joiner.update(number, beyond(there, wanted, self.country), card, own=own)
        else:
            overwrite = self.batch.known_clients == KnownClients.UPDATE
            details = said(card.details, first.details, overwrite=overwrite) if card else first.details
            details = said(details, before.details, overwrite=False)
            rest = unsaid(before, beyond(replace(before, details=details), wanted, self.country))
            plan = self.joiner.update(number, rest, card, own=own) if card else self.joiner.add(number, rest, details)
        # The line says whose it is, whatever of it is known already.
        return replace(plan, wanted=wanted, joins=line, hints=(*plan.hints, Problem("", "joined_line", str(line))))

    def _outcome(self, line: int) -> str:
        return self.planned[line].outcome if line in self.planned else self.earlier.outcomes.get(line, "")

    def _fields(self, line: int) -> set[str]:
        if line in self.planned:
            return {one.field for one in self.planned[line].changes}
        return self.earlier.fields.get(line, set())

    def _card_of(self, line: int) -> Client | None:
        return self.planned[line].card if line in self.planned else self.earlier.card(line)

    def _first_of_her(self, line: int) -> int:
        """Return the line that the one before joins, which made her card or speaks of it; itself if it joins none."""
        first = self.planned[line].joins if line in self.planned else self.earlier.joins.get(line)
        return first or line

    def _earlier_of_her(self, number: int, wanted: Wanted, match: Match) -> int | None:
        """Return a line of the file that names the same person, if one stands before this one."""
        if match.card:
            # Whoever shares something with another line, too, is still whose card it is.
            return self.earlier.line(f"c:{match.card.pk}", number)
        if self._told_apart(wanted, match):
            return None
        for key in keys_of(wanted, None):
            earlier = None if key.startswith("t:") else self.earlier.line(key, number)
            if earlier and is_same_person(wanted.details, self.earlier.wanted(earlier).details):
                return earlier
        return None

    def _erased_again(self, wanted: Wanted) -> list[Problem]:
        return [Problem("", "erased_again", str(wanted.number))] if wanted.number in self.stored.erased else []

    def _problems(self, wanted: Wanted, line: int | None, card: Client | None) -> list[Problem]:
        if wanted.number in self.stored.erased and not self.batch.take_erased:
            # Also where she has another card by now: what was erased does not come back onto it.
            return [Problem("", ERASED, str(wanted.number))]
        if line is None:
            return []
        joins = self._first_of_her(line)
        clear = all(may_join(wanted, self.earlier.wanted(one)) for one in {line, joins})
        # Somebody may have merged it into another one meanwhile.
        gone = self.is_writing and joins not in self.planned and card is None
        if clear and not gone and self._outcome(joins) != Outcome.FAULTY:
            return []
        return [Problem("", "same_client_line", str(joins))]

    def _card_fault(self, number: int, wanted: Wanted, card: Client | None, joins: int | None) -> Problem | None:
        """Return why a line's Treatcard number cannot be hers, if it cannot."""
        card_number = wanted.treatcard_number
        if not card_number:
            return None
        holder, line = self.stored.treatcards.get(card_number), self.earlier.line(f"t:{card_number}", number)
        if (card and holder == card.pk) or (line and self._first_of_her(line) == joins):
            return None
        if holder:
            return Problem("treatcard_number", "treatcard_taken", card_number)
        if line:
            return Problem("treatcard_number", "treatcard_line", str(line))
        # One that a card has already was accepted when it was given.
        return Problem("treatcard_number", "treatcard_invalid", card_number) if fault_of(card_number) else None

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


_FIELDS = {Target.FIRST_VISIT_ON: "carried_first_visit_on", Target.LAST_VISIT_ON: "carried_last_visit_on"}


def _as_read(read: Read, changes: Sequence[Change]) -> list[tuple[str, str, str]]:
    """Return of what is written from a line how it was read, where the cell said less."""
    how = {_FIELDS.get(target, target.value): code for target, code in read.remarks}
    return [(one.field, one.new, how[one.field]) for one in changes if one.field in how and one.new]
