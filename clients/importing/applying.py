"""Writing what a block of lines asks for: cards, tokens, audit and lines in one transaction (domain.md §10)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time
from itertools import batched
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from clients.categories import create_category
from clients.classification import CreatedVia, Facts, classify
from clients.details import ClientDetails
from clients.holding import tell_what_holds
from clients.importing.mapping import Mapping, Problem, Read, read_cells
from clients.importing.on_file import IMPORTED, JOINED
from clients.importing.planning import plan_lines
from clients.importing.plans import LONGEST_NOTE, Plan
from clients.importing.rows import JOINS, Result, hand_over, save_results
from clients.importing.saving import Held, save_cards
from clients.labels import CategoryDetails
from clients.models import (
    CarriedService,
    Category,
    CategoryAssignment,
    Cause,
    Client,
    ConsentEntry,
    ConsentPurpose,
    ConsentSource,
    Decision,
    ImportBatch,
    ImportRow,
    Note,
    Outcome,
)
from clients.objections import object_at
from clients.points import Posting, post_all
from clients.standing import refresh
from clients.tokens import add_tokens, replace_tokens
from salon.audit.recording import Change, record_many
from salon.errors import DomainError, InvalidInput, refusing
from salon.folding import fold
from salon.identity.roles import Actor
from salon.locks import take_locks
from salon.tenancy.models import Salon, new_id

_TRIES = 5
# So many lines of one block can be of one person; those beyond are no list of clients.
_ROUNDS = 8


class TreatcardTaken(DomainError):
    """Somebody gave the number of a Treatcard to another client a moment ago."""


@dataclass(frozen=True, slots=True)
class Applying:
    """Who takes which file over into which salon, and when."""

    actor: Actor
    salon: Salon
    batch: ImportBatch
    mapping: Mapping
    now: datetime

    @property
    def today(self) -> date:
        """The salon's day."""
        return self.salon.date_at(self.now)


def apply_lines(work: Applying, rows: Sequence[ImportRow]) -> list[Result]:
    """Write what these lines ask for as things are now, which may be something else than the preview saw.

    The open transaction holds the file's batch locked. A line that has become faulty meanwhile writes nothing.
    """
    waiting = {row.number: (row, read_cells(row.cells, work.mapping)) for row in rows}
    _lock_contacts(work, [read for _row, read in waiting.values()])
    results: dict[int, Result] = {}
    for _round in range(_ROUNDS):
        # The lines that join others of the same block come after them.
        now = [result for result in _apply(work, list(waiting.values())) if not result.plan.waits]
        save_results(now)
        results |= {result.plan.number: result for result in now}
        waiting = {number: one for number, one in waiting.items() if number not in results}
        if not waiting:
            break
    else:
        late = [_refused(row, read) for row, read in waiting.values()]
        save_results(late)
        results |= {result.plan.number: result for result in late}
    return [results[row.number] for row in rows]


def _refused(row: ImportRow, read: Read) -> Result:
    problem = Problem("", "too_many_of_her")
    return Result(row, Plan(row.number, Outcome.FAULTY, read.wanted, problems=(problem,)))


def _apply(work: Applying, lines: Sequence[tuple[ImportRow, Read]]) -> list[Result]:
    rows, reads = [row for row, _read in lines], [read for _row, read in lines]
    made = list(work.batch.made_categories)
    for _try in range(_TRIES):
        work.batch.made_categories = list(made)
        plans = plan_lines(work.batch, work.mapping, rows, reads)
        # A card somebody changed between look-up and lock is looked at once more, this time under the lock.
        while _lock_cards(plans):
            plans = plan_lines(work.batch, work.mapping, rows, reads)
        try:
            with refusing({"clients_client_treatcard_number": TreatcardTaken()}):
                results = _write(work, plans)
        except TreatcardTaken:
            continue
        break
    else:
        busy = Problem("treatcard_number", "treatcard_taken")
        results = [Result(None, replace(plan, outcome=Outcome.FAULTY, problems=(busy,), waits=False)) for plan in plans]
    by_line = {result.plan.number: result for result in results}
    return [replace(by_line[row.number], row=row) for row in rows]


def _lock_contacts(work: Applying, reads: Sequence[Read]) -> None:
    """Wait for whoever is just making a card with one of these contacts, as `clients.editing` does."""
    details = [read.wanted.details for read in reads]
    contacts = {one for card in details for one in (fold(card.email), card.mobile, card.landline) if one}
    take_locks(f"client {work.salon.pk} {contact}" for contact in contacts)


def _lock_cards(plans: Sequence[Plan]) -> bool:
    """Lock the cards that will change, in order of keys; return whether any is not as it was looked up."""
    versions = {plan.card.pk: plan.card.version for plan in plans if plan.card and plan.outcome == Outcome.UPDATE}
    if not versions:
        return False
    locked = Client.objects.select_for_update(no_key=True).filter(pk__in=versions).order_by("pk")
    return {card.pk: card.version for card in locked.listed()} != versions


def _write(work: Applying, plans: Sequence[Plan]) -> list[Result]:
    categories = _categories(work, plans)
    additions = _Additions(work, categories)
    created = [plan for plan in plans if plan.outcome == Outcome.CREATE]
    updated = [(plan, plan.card) for plan in plans if plan.outcome == Outcome.UPDATE and plan.card and not plan.waits]
    cards = _create(work, created)
    held = _update(work, updated)
    _open_ledgers(work, zip(created, cards, strict=True), made_now=True)
    _open_ledgers(work, updated)
    results = [
        Result(None, plan, plan.card.pk if plan.card else None)
        for plan in plans
        if plan.outcome in {Outcome.SAME, Outcome.FAULTY} or plan.waits
    ]
    results += [
        Result(None, plan, card.pk, additions.add(card, plan)) for plan, card in zip(created, cards, strict=True)
    ]
    made: dict[UUID, dict[str, object]] = {}
    for plan, card in updated:
        before = {"details": _old_and_new(plan), "facts": _facts_old_and_new(plan)}
        made[card.pk] = before | additions.add(card, plan)
    joined = hand_over(work.batch, {card.pk: (plan.number, made[card.pk]) for plan, card in updated if plan.joins})
    results += [Result(None, plan, card.pk, JOINS if card.pk in joined else made[card.pk]) for plan, card in updated]
    additions.save()
    source = Change("import", None, work.batch.file_name)
    changes = {card.pk: [source] for card in cards}
    changes |= {card.pk: [source, *_recorded(plan)] for plan, card in updated if not plan.joins}
    record_many(actor=work.actor, action=IMPORTED, subject_kind="client", changes=changes, now=work.now)
    further = {card.pk: [source, *_recorded(plan)] for plan, card in updated if plan.joins}
    record_many(actor=work.actor, action=JOINED, subject_kind="client", changes=further, now=work.now)
    tell_what_holds(actor=work.actor, held=held, now=work.now)
    return results


def _recorded(plan: Plan) -> list[Change]:
    # What a note says stays out of the audit, as everywhere.
    return [change for change in plan.changes if change.field != "notes"]


def _create(work: Applying, plans: Sequence[Plan]) -> list[Client]:
    if not plans:
        return []
    first = _draw_numbers(work.salon.pk, len(plans))
    cards = [_new_card(work, plan, number) for number, plan in enumerate(plans, first)]
    Client.objects.bulk_create(cards)
    add_tokens(*cards)
    return cards


def _new_card(work: Applying, plan: Plan, number: int) -> Client:
    granted = plan.decision == Decision.GRANTED
    card = Client(
        id=new_id(),
        number=number,
        created_via=CreatedVia.IMPORT,
        assumed_listed_on=plan.assumed_listed_on,
        created_at=work.now,
        updated_at=work.now,
        email_consent_for=plan.details.email if granted else None,
        email_consent_at=_consent_at(work, plan) if granted else None,
    )
    card.details = plan.details
    for name, value in plan.facts.items():
        setattr(card, name, value)
    facts = Facts(card.listed_on, CreatedVia.IMPORT, card.carried_first_visit_on, card.carried_last_visit_on)
    verdict = classify(facts, work.today)
    card.status, card.status_reason = verdict.status, verdict.reason
    card.status_changes_on = verdict.changes_on
    return card


def _consent_at(work: Applying, plan: Plan) -> datetime:
    if plan.wanted.consent_on is None or plan.card is not None:
        return work.now
    noon = datetime.combine(plan.wanted.consent_on, time(12), ZoneInfo(work.salon.timezone)).astimezone(UTC)
    return min(noon, work.now)


def _draw_numbers(salon_id: UUID, count: int) -> int:
    """Return the first of so many client numbers, and keep the counter's row locked until the commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clients_clientnumbers (salon_id, last_number) VALUES (%s, %s) ON CONFLICT (salon_id) "
            "DO UPDATE SET last_number = clients_clientnumbers.last_number + EXCLUDED.last_number "
            "RETURNING last_number",
            [salon_id, count],
        )
        return int(cursor.fetchone()[0]) - count + 1


def _update(work: Applying, updated: Sequence[tuple[Plan, Client]]) -> list[Held]:
    """Change the cards; return of those about whose consent their lines say nothing whether one held, and holds."""
    if not updated:
        return []
    found_anew = []
    for plan, card in updated:
        before = (card.details, card.treatcard_number)
        card.details = plan.details
        for name, value in plan.facts.items():
            setattr(card, name, value)
        if plan.decision:
            card.email_consent_for = plan.details.email if plan.decision == Decision.GRANTED else None
            card.email_consent_at = work.now
        card.version += 1
        card.updated_at = work.now
        if before != (card.details, card.treatcard_number):
            found_anew.append(card)
    held = save_cards([card for _plan, card in updated])
    replace_tokens(*found_anew)
    changed = [card.pk for plan, card in updated if plan.facts]
    if changed:
        refresh(changed, today=work.today)
    decided = {card.pk for plan, card in updated if plan.decision}
    return [one for one in held if one[0] not in decided]


def _open_ledgers(work: Applying, opened: Iterable[tuple[Plan, Client]], *, made_now: bool = False) -> None:
    postings = [
        Posting(card.pk, plan.points, Cause.OPENING, work.batch.pk, reason=work.batch.file_name)
        for plan, card in opened
        if plan.points
    ]
    post_all(postings, actor=work.actor, now=work.now, made_now=made_now)


def _old_and_new(plan: Plan) -> dict[str, list[str]]:
    told = {change.field: [change.old or "", change.new or ""] for change in plan.changes}
    return {one.name: told[one.name] for one in fields(ClientDetails) if one.name in told}


def _facts_old_and_new(plan: Plan) -> dict[str, list[str]]:
    told = {change.field: [change.old or "", change.new or ""] for change in plan.changes}
    return {name: told[name] for name in plan.facts}


def _categories(work: Applying, plans: Sequence[Plan]) -> dict[str, UUID]:
    """Return the ids of all categories that the lines name, making those that the salon has not got."""
    wanted = {CategoryDetails(name=name).name_key: name for plan in plans for name in plan.categories}
    found = _live(wanted)
    for key, name in sorted(wanted.items()):
        if key in found:
            continue
        try:
            category = create_category(actor=work.actor, details=CategoryDetails(name=name), now=work.now)
        except InvalidInput:
            # Made by somebody else a moment ago, or by a name that differs in nothing but its writing.
            found |= _live({key})
        else:
            found[category.name_key] = category.pk
            work.batch.made_categories.append(str(category.pk))
    return found


def _live(keys: "set[str] | dict[str, str]") -> dict[str, UUID]:
    rows = Category.objects.filter(deleted_at=None, name_key__in=list(keys))
    return dict(rows.values_list("name_key", "id"))


class _Additions:
    """What lines add to cards beside their fields, gathered for a block and written at once."""

    def __init__(self, work: Applying, categories: dict[str, UUID]) -> None:
        self.work = work
        self.categories = categories
        self.assignments: list[CategoryAssignment] = []
        self.notes: list[Note] = []
        self.services: list[CarriedService] = []
        self.consents: list[ConsentEntry] = []
        self.objecting: set[str] = set()

    def add(self, card: Client, plan: Plan) -> dict[str, object]:
        """Gather what one line adds; return what there will be to undo."""
        made: dict[str, object] = {}
        keys = {CategoryDetails(name=name).name_key for name in plan.categories}
        if ids := sorted({self.categories[key] for key in keys if key in self.categories}):
            self.assignments += [
                CategoryAssignment(client_id=card.pk, category_id=one, assigned_at=self.work.now) for one in ids
            ]
            made["categories"] = [str(one) for one in ids]
        if plan.note:
            notes = [self._note(card, text) for text in _pages(plan.note)]
            self.notes += notes
            made["notes"] = [str(note.pk) for note in notes]
        if plan.services:
            self.services += [
                CarriedService(client_id=card.pk, name=name, times=times) for name, times in plan.services
            ]
            told = [change for change in plan.changes if change.field == "services"]
            made["services"] = {
                name: int(change.old.rpartition(" × ")[2]) if change.old else 0
                for (name, _times), change in zip(plan.services, told, strict=True)
            }
        if plan.decision == Decision.WITHDRAWN:
            self.objecting.add(card.email)
        if plan.decision:
            entry = self._consent(card, plan, plan.decision)
            self.consents.append(entry)
            made["consent"] = str(entry.pk)
        return made

    def _note(self, card: Client, text: str) -> Note:
        return Note(client_id=card.pk, text=text, author_name=self.work.actor.name, written_at=self.work.now)

    def _consent(self, card: Client, plan: Plan, decision: Decision) -> ConsentEntry:
        actor = self.work.actor
        return ConsentEntry(
            client_id=card.pk,
            purpose=ConsentPurpose.EMAIL_MARKETING,
            decision=decision,
            source=ConsentSource.IMPORT,
            wording=self.work.batch.consent_wording if decision == Decision.GRANTED else "",
            at=_consent_at(self.work, plan),
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
        )

    def save(self) -> None:
        """Write everything gathered."""
        CategoryAssignment.objects.bulk_create(self.assignments, ignore_conflicts=True)
        Note.objects.bulk_create(self.notes)
        CarriedService.objects.bulk_create(
            self.services,
            update_conflicts=True,
            unique_fields=["salon", "client", "name"],
            update_fields=["times"],
        )
        ConsentEntry.objects.bulk_create(self.consents)
        object_at(self.objecting, now=self.work.now)


def _pages(text: str) -> list[str]:
    """Return a note in pieces that fit, parted between paragraphs or lines where possible."""
    pages: list[str] = []
    for paragraph in text.split("\n\n"):
        pieces = ["".join(piece) for piece in batched(paragraph, LONGEST_NOTE)] or [""]
        for piece in pieces:
            if pages and len(pages[-1]) + 2 + len(piece) <= LONGEST_NOTE:
                pages[-1] += f"\n\n{piece}"
            else:
                pages.append(piece)
    return [page.strip() for page in pages if page.strip()]
